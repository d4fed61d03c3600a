"""People in Discord and what the app receives from their actions."""
