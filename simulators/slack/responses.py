"""`response_url`: five answers within half an hour to somebody who pressed or typed something."""

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from simulators.slack.blocks.blocks import validate
from simulators.slack.faults import ApiError
from simulators.slack.messages import Message
from simulators.slack.values import Json
from simulators.slack.workspace import Channel, Team

if TYPE_CHECKING:
    from simulators.slack.server import SlackSimulator


@dataclass(slots=True)
class Right:
    """What one address allows."""

    team: Team
    channel: Channel
    user: str
    made: float
    message: Message | None = None
    left: int = 5


class ResponseUrls:
    """The addresses and what came to them."""

    def __init__(self, slack: "SlackSimulator") -> None:
        self.slack = slack
        self.lifetime = 1800.0
        self.rights: dict[str, Right] = {}
        self.received: list[Json] = []

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/actions/{team}/{number}/{secret}", self._receive)]

    def new(self, team: Team, channel: Channel, user: str, message: Message | None = None) -> str:
        """An address for somebody's interaction."""
        secret = secrets.token_urlsafe(18)
        self.rights[secret] = Right(team, channel, user, time.monotonic(), message)
        return f"{self.slack.url}/actions/{team.id}/{len(self.rights)}/{secret}"

    async def _receive(self, request: web.Request) -> web.Response:
        right = self.rights.get(request.match_info["secret"])
        if right is None:
            return web.Response(status=404, text="no_service")
        if time.monotonic() - right.made > self.lifetime:
            return web.Response(status=404, text="expired_url")
        if right.left == 0:
            return web.Response(status=404, text="used_url")
        right.left -= 1
        told = await request.json()
        self.received.append(told)
        try:
            self.respond(right, told)
        except ApiError as error:
            return web.Response(status=400, text=str(error))
        finally:
            self.slack.tell()
        return web.Response(text="ok")

    def respond(self, right: Right, told: Json) -> None:
        """Show what was sent. Raises `ApiError`."""
        if "markdown_text" in told:
            raise ApiError("invalid_payload")
        if told.get("delete_original"):
            if right.message:
                right.message.is_deleted = True
            return
        blocks = validate(told["blocks"], surface="message", files=right.team.files) if told.get("blocks") else []
        if not told.get("text") and not blocks:
            raise ApiError("no_text")
        if told.get("replace_original") and right.message:
            right.message.text, right.message.blocks = told.get("text", ""), blocks
            right.message.changed()
            return
        is_public = told.get("response_type") == "in_channel"
        bot = right.team.bot
        message = Message(
            ts=self.slack.clock.ts(),
            channel=right.channel.id,
            team=right.team.id,
            user_team=right.team.id,
            user=bot.id,
            bot_id=bot.bot_id,
            app_id=self.slack.app_id,
            text=str(told.get("text", "")),
            blocks=blocks,
            thread_ts=str(told.get("thread_ts") or ""),
            viewer="" if is_public else right.user,
        )
        message.changed()
        right.channel.messages.append(message)
