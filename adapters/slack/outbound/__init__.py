"""From answers to Slack messages."""
