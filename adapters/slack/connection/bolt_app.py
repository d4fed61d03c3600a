"""The Bolt app, before it has a router."""

import logging
from copy import copy
from typing import Any

from slack_bolt.async_app import AsyncApp, AsyncBoltContext
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.request.internals import (
    extract_enterprise_id,
    extract_is_enterprise_install,
    extract_team_id,
    extract_user_id,
)
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.connection.workspaces import Authorize, Workspaces


def create_app(workspaces: Workspaces, *, client: AsyncWebClient, signing_secret: str) -> AsyncApp:
    """Return an app whose last middleware is to answer each request.

    `client`: a client whose session and address the app uses; `signing_secret`: "" in Socket Mode.
    """
    logger = logging.getLogger(f"{__name__}.bolt")
    logger.setLevel(logging.ERROR)  # its warnings are advice for developers of a new app
    return _App(
        name="slack",
        logger=logger,
        client=client,
        authorize=Authorize(workspaces),  # type: ignore[arg-type]
        signing_secret=signing_secret,
        ssl_check_enabled=bool(signing_secret),
        request_verification_enabled=bool(signing_secret),
        url_verification_enabled=bool(signing_secret),
        attaching_conversation_kwargs_enabled=False,
        attaching_function_token_enabled=False,
    )


class _App(AsyncApp):
    """An app whose requests get a copy of its client; a new one would read the environment and the system's name."""

    def _init_context(self, req: AsyncBoltRequest) -> None:
        req.context["logger"] = self.logger
        req.context["client"] = copy(self.client)


class SocketModeBoltRequest(AsyncBoltRequest):
    """A request of Socket Mode with those parts of Bolt's context that are used.

    Bolt looks for a dozen ids in every place that any request has them in, and for some of them several times.
    """

    def __init__(self, body: dict[str, Any]) -> None:
        self.mode, self.body, self.raw_body = "socket_mode", body, ""
        self.query, self.headers, self.content_type = {}, {}, None
        self.lazy_only, self.lazy_function_name = False, None
        self.context = AsyncBoltContext(
            is_enterprise_install=extract_is_enterprise_install(body),
            enterprise_id=extract_enterprise_id(body),
            team_id=extract_team_id(body),
            user_id=extract_user_id(body),
            response_url=body.get("response_url"),
        )
