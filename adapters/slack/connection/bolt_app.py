"""The Bolt app, before it has listeners."""

import logging

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.connection.workspaces import Authorize, Workspaces


def create_app(workspaces: Workspaces, *, client: AsyncWebClient, signing_secret: str) -> AsyncApp:
    """Return an app that acknowledges an event only when its listener has ended.

    `client`: a client whose session and address the app uses; `signing_secret`: "" in Socket Mode.
    """
    logger = logging.getLogger(f"{__name__}.bolt")
    logger.setLevel(logging.ERROR)  # its warnings are advice for developers of a new app
    return AsyncApp(
        name="slack",
        logger=logger,
        client=client,
        authorize=Authorize(workspaces),  # type: ignore[arg-type]
        signing_secret=signing_secret,
        process_before_response=True,
        attaching_conversation_kwargs_enabled=False,
        attaching_function_token_enabled=False,
    )
