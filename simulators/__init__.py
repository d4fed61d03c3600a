"""Slack and Discord offline: servers that the platforms' own client libraries connect to.

See README.md.
"""
