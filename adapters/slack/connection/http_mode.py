"""The paths that Slack calls, and which of them the settings demand."""

from typing import TYPE_CHECKING

from adapters.slack.settings import Settings

if TYPE_CHECKING:
    from adapters.slack.connection.http_endpoints import HttpEndpoints

#: Path of events, commands and everything interactive.
EVENTS = "/slack/events"
#: Paths of the installation: where it starts, and where Slack redirects to.
INSTALL, REDIRECT = "/slack/install", "/slack/oauth_redirect"


def create_endpoints(settings: Settings) -> "HttpEndpoints | None":
    """Return the endpoints; None: Socket Mode with one workspace needs none, nor the libraries of a web server."""
    receives_events, has_oauth = settings.slack_app_token is None, settings.slack_bot_token is None
    if not receives_events and not has_oauth:
        return None
    from adapters.slack.connection.http_endpoints import HttpEndpoints

    secret = settings.slack_signing_secret
    return HttpEndpoints(
        receives_events=receives_events,
        has_oauth=has_oauth,
        signing_secret=secret.get_secret_value() if secret else "",
    )
