"""What travels beside the JSON: response headers and server-sent events."""
