"""The process is killed again and again while it catches somebody up, and remembers something for them."""

import asyncio
from pathlib import Path
from typing import Any

from tests.support.catchup.digest_api import DigestApi
from tests.support.channel.adapter import channel_server
from tests.support.database.engines import engine, server, url
from tests.support.database.lives import Lives
from tests.support.scripted_api import scripted_api

__all__ = ["engine", "server", "url"]


async def test_what_was_paid_is_not_paid_twice(tmp_path: Path, engine: dict[str, Any]) -> None:
    """One digest, of which each death repeats one call at most; one note, whatever becomes of the process."""
    async with channel_server() as channel, scripted_api() as server, asyncio.timeout(120):
        server.play(api := DigestApi())
        environment = {"AIMODELS_BASE_URL": server.url, "BOT_CONTEXT_TOKENS": "600"}
        lives = Lives(channel=channel, engine=engine, folder=tmp_path, environment=environment, shortest=12)
        said = [["bob", f"DECIDED: {number} " + "word " * 60] for number in range(20)]
        asked = await channel.ask("", command="catchup", earlier=said)

        def is_answered(event: str) -> bool:
            return any(message.final for message in channel.answers(event))

        def repeated() -> int:
            return len(api.bodies) - len(api.distinct)

        await lives.until(lambda: len(api.distinct) > 2, first=("draft.status:after", "store.begin_call:after"))
        for seam in ("store.commit:before", "store.commit:after"):
            before = repeated()
            await lives.until(lambda: True, first=(seam,))
            assert repeated() <= before + 1, seam
        assert repeated() <= lives.count + 3
        paid = len(api.bodies)
        await lives.until(lambda: is_answered(asked))
        assert len(api.bodies) == paid
        [answer] = channel.answers(asked)
        assert [f"(https://channel.example/{number})" in answer.text for number in (0, 19, 20)] == [True, True, False]
        [(requests,)] = await lives.rows("SELECT sum(requests) FROM usage")
        assert len(api.distinct) <= int(requests) <= len(api.bodies) + 1
        note = await channel.ask("I write Go", command="remember")
        await lives.until(lambda: is_answered(note), first=("store.commit:before",))
        assert len(channel.answers(note)) == 1
        [(kept,)] = await lives.rows("SELECT value FROM key_values WHERE name LIKE 'memory:%'")
        assert "I write Go" in kept
