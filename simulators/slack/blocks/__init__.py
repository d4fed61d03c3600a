"""Validation of blocks as Slack does it."""
