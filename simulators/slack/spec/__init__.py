"""Validation against the types that Slack publishes."""
