"""People and user groups of workspaces of Slack, looked up and remembered."""
