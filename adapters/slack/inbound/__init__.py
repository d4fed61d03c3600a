"""From what Slack sends to events."""
