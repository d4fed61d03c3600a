"""Slack and Discord offline: servers that speak the wire."""
