"""The Bolt app: checks signatures, and leaves each request to the router."""

import logging
from typing import Any

from slack_bolt.async_app import AsyncApp, AsyncBoltContext
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.request.internals import (
    extract_enterprise_id,
    extract_is_enterprise_install,
    extract_team_id,
)
from slack_sdk.web.async_client import AsyncWebClient


def create_app(router: AsyncMiddleware, *, client: AsyncWebClient, signing_secret: str) -> AsyncApp:
    """Return an app whose requests the router answers, once their signature was checked.

    The router finds the workspace of a request. It passes on the checks of the endpoint, which Bolt answers, and what
    comes from a workspace that has not installed the app: Bolt tells the person. `client`: a client whose session and
    address the app uses; `signing_secret`: "" in Socket Mode.
    """
    logger = logging.getLogger(f"{__name__}.bolt")
    logger.setLevel(logging.ERROR)  # its warnings are advice for developers of a new app
    return _App(
        name="slack",
        logger=logger,
        client=client,
        before_authorize=router,
        authorize=_find_nothing,  # type: ignore[arg-type]
        signing_secret=signing_secret,
        ssl_check_enabled=bool(signing_secret),
        request_verification_enabled=bool(signing_secret),
        url_verification_enabled=bool(signing_secret),
        ignoring_self_events_enabled=False,
        attaching_conversation_kwargs_enabled=False,
        attaching_function_token_enabled=False,
    )


async def _find_nothing() -> None:
    """Return no authorization: the router has found that the app is not installed there."""


class _App(AsyncApp):
    """An app whose requests have its own client, whose token nothing here sets, where Bolt makes one for each."""

    def _init_context(self, req: AsyncBoltRequest) -> None:
        req.context["logger"] = self.logger
        req.context["client"] = self.client


class SocketModeBoltRequest(AsyncBoltRequest):
    """A request of Socket Mode with those parts of Bolt's context that are used.

    Bolt looks for a dozen ids in every place that any request has them in, and for some of them several times.
    """

    def __init__(self, body: dict[str, Any], envelope: str = "") -> None:
        """Make a request of a payload; `envelope`: as it came, as JSON; "": not known."""
        self.mode, self.body, self.raw_body = "socket_mode", body, envelope
        self.query, self.headers, self.content_type = {}, {}, None
        self.lazy_only, self.lazy_function_name = False, None
        installation = (body.get("authorizations") or (body,))[0]  # where an event has it, and Bolt looks first
        is_enterprise_install = extract_is_enterprise_install(installation)
        self.context = AsyncBoltContext(
            is_enterprise_install=is_enterprise_install,
            enterprise_id=extract_enterprise_id(installation) if is_enterprise_install else None,
            team_id=extract_team_id(installation),
            response_url=body.get("response_url"),
        )


def is_about_own_message(payload: dict[str, Any]) -> bool:
    """Whether a message of this app was posted, edited or deleted. Slack tells of each, and of a growing answer often.

    Others are found where messages are handled, after all that comes before.
    """
    event = payload.get("event")
    if event is None or event.get("type") != "message":
        return False
    message = event.get("message") or event.get("previous_message") or event
    app = message.get("app_id")
    return app is not None and app == payload.get("api_app_id")
