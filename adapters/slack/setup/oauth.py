"""Installation by OAuth, for many workspaces: the library's flow with our stores."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.connection.http_paths import INSTALL, REDIRECT
from adapters.slack.settings import Settings
from adapters.slack.setup.installation_store import InstallationStore
from adapters.slack.setup.manifest import SCOPES
from adapters.slack.setup.oauth_states import STATE_LIFETIME, OAuthStateStore
from adapters.slack.timing import Timing
from bot.ports import AdapterValues


@asynccontextmanager
async def open_installations(
    settings: Settings, services: AdapterValues, client: AsyncWebClient, *, api: str, timing: Timing
) -> AsyncIterator[tuple[InstallationStore, AsyncOAuthFlow]]:
    """Open the store of installations, and the flow that adds to it.

    `client`: one without a token; `api`: the Web API's address.
    """
    secret = settings.slack_client_secret
    assert secret is not None, "checked when the adapter was made"
    rotator = AsyncTokenRotator(
        client_id=settings.slack_client_id, client_secret=secret.get_secret_value(), client=client
    )
    installations = InstallationStore(services, rotator, timing)
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
            state_store=OAuthStateStore(services, secret),
            state_expiration_seconds=STATE_LIFETIME,
        ),
    )
    try:
        yield installations, flow
    finally:
        await installations.close()
