"""Parsers of response headers and of server-sent events."""
