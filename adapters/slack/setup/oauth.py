"""Many workspaces: the way from a link to an installation, which is the library's, with our stores."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import Settings
from adapters.slack.connection.http_endpoints import INSTALL, REDIRECT
from adapters.slack.setup.installation_store import STATE_LIFE, Installations, States
from adapters.slack.setup.manifest import SCOPES
from bot.ports import AdapterServices


@asynccontextmanager
async def installing(
    settings: Settings, desk: AdapterServices, client: AsyncWebClient, *, api: str
) -> AsyncIterator[tuple[Installations, AsyncOAuthFlow]]:
    """The installations, and how there come to be more. `client`: without a token; `api`: the Web API's address."""
    secret = settings.slack_client_secret
    assert secret is not None, "checked when the adapter was made"
    rotator = AsyncTokenRotator(
        client_id=settings.slack_client_id, client_secret=secret.get_secret_value(), client=client
    )
    installations = Installations(desk, rotator)
    flow = AsyncOAuthFlow(
        client=client,
        settings=AsyncOAuthSettings(
            client_id=settings.slack_client_id,
            client_secret=secret.get_secret_value(),
            scopes=sorted(SCOPES),
            install_path=INSTALL,
            redirect_uri_path=REDIRECT,
            authorization_url=f"{api.removesuffix('/api')}/oauth/v2/authorize",
            installation_store=installations,
            installation_store_bot_only=True,
            state_store=States(desk),
            state_expiration_seconds=STATE_LIFE,
        ),
    )
    try:
        yield installations, flow
    finally:
        await installations.close()
