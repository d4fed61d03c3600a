"""Connections to platforms: HTTP requests fenced by ownership and recorded, pauses between tries, stalls noticed."""
