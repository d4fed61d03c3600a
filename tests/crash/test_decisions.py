"""The process is killed in the middle of decisions on an expensive request; each is applied once, and counted once."""

import asyncio
import contextlib
import signal
from pathlib import Path

from aiohttp import web

from aimodels.reference import MODELS
from tests.support.channel.adapter import Channel, Message, channel_server
from tests.support.database.sqlite import tables
from tests.support.killed_service import serve
from tests.support.media_files import PNG
from tests.support.processes import Process, process
from tests.support.scripted_api import ScriptedApi, data, scripted_api


class PaintingApi:
    """An API that makes as many pictures as it is asked for."""

    def __init__(self, api: ScriptedApi) -> None:
        self.url = api.url.removesuffix("/v1")
        self.asked: list[int] = []
        api.play(self)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return web.Response(body=PNG, content_type="image/png")
        number = (await request.json())["n"]
        self.asked.append(number)
        pictures = [{"url": f"{self.url}/{n}.png", "width": 1, "height": 1} for n in range(number)]
        return await data({"images": pictures, "usage": {"images": number}})(request)


async def shown(channel: Channel, where: str, text: str) -> Message:
    """Wait for a message at a place that contains a text."""

    def found() -> list[Message]:
        return [message for message in channel.answers(where) if message.final and text in message.text]

    await channel.until(lambda: bool(found()))
    return found()[0]


async def press(channel: Channel, message: Message, action: str, who: str) -> str:
    """Press a button of a message that is shown for good, as a later answer is; return the press's id."""
    await channel.wait_for_answers(await channel.ask("", command="help", who=who))
    chosen = {"event": message.key, "action": action}
    return await channel.ask("", command="press", options=chosen, who=who, member=True)


async def test_decisions_survive_kills(tmp_path: Path) -> None:
    """A pressed quote, counted and reopened, and an approval: the pictures are made once, within a limit of three."""
    async with channel_server() as channel, scripted_api() as api, asyncio.timeout(200):
        painter = PaintingApi(api)
        environment = {
            "AIMODELS_BASE_URL": api.url,
            "AIMODELS_API_KEY": "key",
            "BOT_DATA_DIR": str(tmp_path),
            "BOT_PRICES": f"{MODELS['image']}=picture:0.5",
            "BOT_QUOTE_ABOVE": "0.6",
            "BOT_APPROVE_ABOVE": "0.8",
            "BOT_APPROVERS": "person:bob",
            "BOT_MEDIA_PER_DAY": "3",
        }

        def run(seam: str) -> contextlib.AbstractAsyncContextManager[Process]:
            return process(serve, channel.url, seam, environment=environment, folder=tmp_path)

        async def picture(number: int) -> str:
            return await channel.ask("foxes", command="image", options={"n": f"{number}"}, who="ann", member=True)

        async with run("store.admit:after") as doomed:
            asked = await picture(2)
            agreed = await press(channel, await shown(channel, asked, "will cost 1.00"), "quote-make", "ann")
            assert await doomed.wait() == -signal.SIGKILL
        async with run("store.reopen:after") as doomed:
            assert await doomed.wait() == -signal.SIGKILL
        async with run("store.reopen:before") as doomed:
            granted = await press(channel, await shown(channel, "to bob", "foxes"), "approve", "bob")
            assert await doomed.wait() == -signal.SIGKILL
        assert painter.asked == []
        async with run(""):
            await channel.wait_for_answers(agreed, granted)
            await channel.until(lambda: any(message.files for message in channel.answers(asked)))
            await shown(channel, "to ann", "Approved by")
            await channel.wait_for_answers(last := await picture(1))
            await channel.wait_for_answers(refused := await picture(1))
    assert [len(message.files) for message in channel.answers(asked)] == [2]
    assert [len(message.files) for message in channel.answers(last)] == [1]
    assert "used up your limit: 3 pictures" in channel.answers(refused)[0].text
    assert painter.asked == [2, 1]
    assert sum("Approved by" in message.text for message in channel.answers("to ann")) == 1
    rows = tables(tmp_path / "bot.db")
    assert [row[-1] for row in rows["calls"]] == ["settled", "settled"]
    assert sum("approval.approve" in str(row) for row in rows["audit"]) == 1
