"""A report for a support ticket: everything that matters, nothing secret."""
