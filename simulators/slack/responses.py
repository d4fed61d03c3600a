"""Response URLs: five answers within half an hour after an interaction."""

import secrets
import time
from dataclasses import dataclass

from aiohttp import web

from simulators.slack.blocks.blocks import validate
from simulators.slack.faults import ApiError
from simulators.slack.messages import Message
from simulators.slack.spec.bodies import MESSAGE
from simulators.slack.spec.request_schemas import faults
from simulators.slack.state import SlackState
from simulators.slack.values import Json
from simulators.slack.workspace import Channel, Team


@dataclass(slots=True)
class ResponseUrl:
    """One response URL and its context."""

    team: Team
    channel: Channel
    user: str
    made: float
    message: Message | None = None
    left: int = 5


class ResponseUrls:
    """The response URLs and the answers they received."""

    def __init__(self, slack: SlackState) -> None:
        self.slack = slack
        self.lifetime = 1800.0
        self.by_secret: dict[str, ResponseUrl] = {}
        self.received: list[Json] = []

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/actions/{team}/{number}/{secret}", self._receive)]

    def new(self, team: Team, channel: Channel, user: str, message: Message | None = None) -> str:
        """Make a URL for a user's interaction."""
        secret = secrets.token_urlsafe(18)
        self.by_secret[secret] = ResponseUrl(team, channel, user, time.monotonic(), message)
        return f"{self.slack.url}/actions/{team.id}/{len(self.by_secret)}/{secret}"

    async def _receive(self, request: web.Request) -> web.Response:
        response_url = self.by_secret.get(request.match_info["secret"])
        if response_url is None:
            return web.Response(status=404, text="no_service")
        if time.monotonic() - response_url.made > self.lifetime:
            return web.Response(status=404, text="expired_url")
        if response_url.left == 0:
            return web.Response(status=404, text="used_url")
        response_url.left -= 1
        body = await request.json()
        self.received.append(body)
        try:
            self.respond(response_url, body)
        except ApiError as error:
            return web.Response(status=400, text=str(error))
        finally:
            self.slack.notify()
        return web.Response(text="ok")

    def respond(self, response_url: ResponseUrl, body: Json) -> None:
        """Apply an answer. Raises `ApiError`."""
        if any(faults(MESSAGE, {**body, "blocks": []}, "")):
            raise ApiError("invalid_payload")
        if body.get("delete_original"):
            if response_url.message:
                response_url.message.is_deleted = True
            return
        blocks = (
            validate(body["blocks"], surface="message", files=response_url.team.files) if body.get("blocks") else []
        )
        if not body.get("text") and not blocks:
            raise ApiError("no_text")
        if body.get("replace_original") and response_url.message:
            response_url.message.text, response_url.message.blocks = body.get("text", ""), blocks
            response_url.message.changed()
            return
        is_public = body.get("response_type") == "in_channel"
        bot = response_url.team.bot
        message = Message(
            ts=self.slack.clock.ts(),
            channel=response_url.channel.id,
            team=response_url.team.id,
            user_team=response_url.team.id,
            user=bot.id,
            bot_id=bot.bot_id,
            app_id=self.slack.app_id,
            text=str(body.get("text", "")),
            blocks=blocks,
            thread_ts=str(body.get("thread_ts") or ""),
            viewer="" if is_public else response_url.user,
        )
        message.changed()
        response_url.channel.messages.append(message)
