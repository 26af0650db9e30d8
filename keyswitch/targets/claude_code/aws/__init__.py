"""The AWS files and what they give, as the JavaScript SDK reads them."""
