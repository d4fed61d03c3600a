"""Incoming: messages and interactions of Slack become events."""
