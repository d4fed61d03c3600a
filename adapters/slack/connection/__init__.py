"""The connection to Slack: Bolt, Socket Mode, HTTP endpoints and the Web API."""
