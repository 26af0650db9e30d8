"""What is known, and may be shown, of one request."""
