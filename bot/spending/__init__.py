"""Cost and limits: prices of the API, quotes before a request is made, and limits on use."""
