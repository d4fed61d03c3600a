"""The service's web pages, as a browser sees them."""
