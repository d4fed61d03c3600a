"""Makes the HTTP endpoints, where the settings ask for events over HTTP or for installation by OAuth."""

from typing import TYPE_CHECKING

from adapters.slack.settings import Settings

if TYPE_CHECKING:
    from adapters.slack.connection.http_endpoints import HttpEndpoints


def create_endpoints(settings: Settings) -> "HttpEndpoints | None":
    """Return the endpoints; None: Socket Mode with one workspace needs none, nor the libraries of a web server."""
    receives_events, has_oauth = settings.slack_app_token is None, settings.slack_bot_token is None
    if not receives_events and not has_oauth:
        return None
    from adapters.slack.connection.http_endpoints import HttpEndpoints  # loads Starlette

    secret = settings.slack_signing_secret
    return HttpEndpoints(
        receives_events=receives_events,
        has_oauth=has_oauth,
        signing_secret=secret.get_secret_value() if secret else "",
    )
