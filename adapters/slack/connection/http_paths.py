"""The paths of the service that Slack calls."""

#: Path of events, commands and everything interactive.
EVENTS = "/slack/events"
#: Paths of the installation: where it starts, and where Slack redirects to.
INSTALL, REDIRECT = "/slack/install", "/slack/oauth_redirect"
