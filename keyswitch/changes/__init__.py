"""A change while it is planned, and how it is committed and taken back."""
