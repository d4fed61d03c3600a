"""Outgoing: answers become messages on Slack."""
