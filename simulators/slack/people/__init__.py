"""People in Slack and what the app receives from their actions."""
