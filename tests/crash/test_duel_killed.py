"""The process is killed again and again during a duel: votes and answers count once, and the names are shown."""

import asyncio
from pathlib import Path
from typing import Any

from tests.support.channel.adapter import Message, channel_server
from tests.support.database.engines import engine, server, url
from tests.support.database.lives import Lives
from tests.support.scripted_api import scripted_api
from tests.support.service import EchoApi

__all__ = ["engine", "server", "url"]

MODELS = ("alpha", "beta")
#: Between what a button keeps, what the board shows, and what the presser reads.
SEAMS = ("store.reopen:before", "store.reopen:after", "store.commit:before")


async def test_a_duel_counts_once_however_often_the_service_is_killed(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Each answer is charged once, the last vote of each person counts, and the names are shown and stay."""
    async with channel_server() as channel, scripted_api() as server, asyncio.timeout(120):
        server.play(echo := EchoApi(server.url))
        environment = {"AIMODELS_BASE_URL": server.url, "BOT_CHAT_MODELS": ",".join(MODELS)}
        lives = Lives(channel=channel, engine=engine, folder=tmp_path, environment=environment, shortest=6)
        duel = await channel.ask("why?", command="duel")

        def board() -> Message | None:
            return next((message for message in channel.answers(duel) if message.final), None)

        def says(*words: str) -> bool:
            shown = board()
            return shown is not None and all(word in shown.text for word in words)

        async def press(action: str, who: str, told: str, *words: str, seams: tuple[str, ...] = SEAMS) -> None:
            """Press a button; its presser is told that it worked, and the board has words."""
            options = {"event": duel, "action": action}
            pressed = await channel.ask("", command="press", options=options, who=who)
            await lives.until(lambda: says(*words) and any(m.final for m in channel.answers(pressed)), first=seams)
            assert told in channel.answers(pressed)[0].text

        await lives.until(lambda: says("Which is better?"))
        await press("vote-0", "ada", "is counted", "1 vote so far")
        await press("vote-1", "ada", "is counted", "1 vote so far", seams=())
        await press("vote-1", "bob", "is counted", "2 votes so far")
        await press("vote-show", "ada", "names are shown", *(f"`{model}`" for model in MODELS))
        [message] = channel.answers(duel)
        assert message.text.count("2 votes") == 1
        assert message.actions == []
        boards = [change["text"] for event, change in channel.seen if event == duel and change.get("final")]
        names = ["`alpha`" in text for text in boards]
        assert names == sorted(names)  # once shown, they stay
        usage = await lives.rows("SELECT model, sum(requests) FROM usage GROUP BY model ORDER BY model")
        assert [(model, int(count)) for model, count in usage] == [("alpha", 1), ("beta", 1)]
        assert len(echo.bodies) >= len(MODELS)
        assert lives.count > 4
