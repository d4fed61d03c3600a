"""Files carry what made them, and `/verify` says whether this service did; on the whole service."""

import asyncio
import re
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from pydantic import SecretStr

from bot.conversation import attachments
from bot.isolation import media_tags
from bot.models import Attachment
from bot.security.content_credentials import ContentCredentials
from tests.support.media_files import clip, film, image, noise, sound
from tests.support.service import Service, service


def attached(name: str, data: bytes, **more: str) -> dict[str, Any]:
    return {"command": "verify", "encoding": "latin-1", "files": {name: data.decode("latin-1")}, **more}


async def verify(one: Service, data: bytes, name: str = "a.png", **more: str) -> str:
    """Return what is said of a file; in private."""
    shown = await one.ask("", **attached(name, data, **more))
    assert shown.private
    return shown.text


async def test_a_file_tells_where_it_was_made(tmp_path: Path) -> None:
    """Its maker and those beside them read the prompt, strangers only when; whatever was changed is not believed."""
    async with service(tmp_path / "data", bot_content_credentials=True) as one:
        made = await one.ask("a red fox", command="image")
        job = await one.core.store.job("channel", made.reply_to)
        assert job is not None
        assert job.answer is not None
        [media] = job.answer.media
        assert media.path is not None
        data = media.path.read_bytes()
        assert len(data) == media.size
        assert b"a red fox" not in data
        assert b"trainedAlgorithmicMedia" in data
        known = await verify(one, data, who="bob")
        assert "made here on 20" in known
        assert "by seeddream-4.0 for Ada, from `a red fox`" in known
        stranger = {"who": "eve", "conversation": "elsewhere", "workspace": "other"}
        told = await verify(one, data, **stranger)
        assert "made by this service on 20" in told
        assert "fox" not in told
        assert "Ada" not in told
        assert "from `a red fox`" in await verify(one, data, conversation="elsewhere")
        changed = bytearray(data)
        changed[data.index(b"IDAT") + 6] ^= 1
        assert "other content" in await verify(one, bytes(changed))
        foreign = tmp_path / "foreign.mp4"
        clip(foreign, seconds=0.2)
        await ContentCredentials(SecretStr("another service's key")).sign(foreign, "video/mp4", made.reply_to)
        assert "somebody else has signed" in await verify(one, foreign.read_bytes(), "b.mp4")
        assert "has no credentials" in await verify(one, image("JPEG"))
        assert "is damaged" in await verify(one, data[:200])
        assert "of a kind that carries no" in await verify(one, b"words")
        assert "Attach the file" in (await one.ask("", command="verify")).text
        # What is erased is not told any more.
        asked = await one.ask("", command="forget")
        await one.ask("", command="press", options={"event": asked.reply_to, "action": asked.actions[0]})
        assert "fox" not in await verify(one, data, who="bob")
    async with service(tmp_path / "other", bot_content_credentials=True) as one:
        assert "somebody else has signed" in await verify(one, data)


async def test_every_kind_of_file_tells(tmp_path: Path) -> None:
    """WebM and Ogg files have a signed record in a tag; a file that is made smaller has what the bigger one had."""
    async with service(tmp_path / "data", bot_content_credentials=True) as one:
        asked = (await one.ask("a red fox", command="image")).reply_to
        other = ContentCredentials(SecretStr("another service's key"))
        for name, data, kind in (
            ("a.webm", film("webm", "libvpx", seconds=0.2), "video/webm"),
            ("a.ogg", sound("ogg", "libopus", seconds=0.2), "audio/ogg"),
        ):

            async def write(path: Path, data: bytes = data, kind: str = kind) -> str:
                path.write_bytes(data)
                return kind

            made = await one.core.spool.make(name, write, event=asked, person="ada")
            assert made.path is not None
            signed = made.path.read_bytes()
            assert "from `a red fox`" in await verify(one, signed, name)
            for played, other_way in ((b"\xe7\x81\x00", b"\xe7\x81\x09"), (b"\xb0\x82\x01\x40", b"\xb0\x82\x01\x20")):
                if name == "a.webm":  # the time of its pictures; their width
                    assert played in signed
                    changed = signed.replace(played, other_way)
                    assert "other content" in await verify(one, changed, name)
        assert "has no credentials" in await verify(one, film("webm", "libvpx", seconds=0.2), "b.webm")
        assert "has no credentials" in await verify(one, sound("ogg", "flac", seconds=0.2), "b.ogg")
        foreign = tmp_path / "foreign.ogg"
        foreign.write_bytes(data)
        await other.sign(foreign, kind, asked)
        assert "somebody else has signed" in await verify(one, foreign.read_bytes(), "b.ogg")
        _, record = media_tags.read(signed, container="ogg")
        longer = tmp_path / "longer.ogg"
        longer.write_bytes(sound("ogg", "libopus", seconds=0.3))
        media_tags.write(record, source=str(longer), target=str(foreign), container="ogg")
        assert "other content" in await verify(one, foreign.read_bytes(), "b.ogg")
        [picture] = (tmp_path / "data").rglob("*.png")
        found = re.search(rb"frecord.{2,3}(gAAAA[\w=-]+)", picture.read_bytes(), re.DOTALL)
        assert found is not None
        media_tags.write(found[1], source=str(longer), target=str(foreign), container="ogg")
        assert "somebody else has signed" in await verify(one, foreign.read_bytes(), "b.ogg")

        async def paint(path: Path) -> str:
            path.write_bytes(noise(400, 300))
            return "image/png"

        big = await one.core.spool.make("big.png", paint, event=asked, person="ada")
        small, _ = await one.core.spool.fit(big, 70_000)
        assert small.path is not None
        assert small.path != big.path
        assert small.size == small.path.stat().st_size <= 70_000
        assert "from `a red fox`" in await verify(one, small.path.read_bytes(), small.name)


async def test_files_are_read_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When one is opened, the one before is no longer in memory; one person's files are parsed one after another."""
    async with service(tmp_path, bot_content_credentials=True) as one:
        held, opened = [], one.adapter.open

        async def open_measured(attachment: Attachment) -> AsyncIterator[bytes]:
            found = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, attachments.__file__)])
            held.append(sum(trace.size for trace in found.traces))
            async for piece in opened(attachment):
                yield piece

        with monkeypatch.context() as patched:
            patched.setattr(one.adapter, "open", open_measured)
            files = {f"{number}.txt": "word " * 250_000 for number in range(3)}
            tracemalloc.start()
            try:
                told = (await one.ask("", command="verify", files=files)).text
            finally:
                tracemalloc.stop()
        assert told.count("of a kind that carries no") == len(held) == 3
        assert max(held) < 1_000_000
        picture = attached("a.png", image("PNG"))
        asked = [await one.channel.ask("", **picture, conversation=place) for place in ("here", "there")]
        answered = asyncio.create_task(one.channel.wait_for_answers(*asked))
        most, others = 0, set(psutil.Process().children())
        while not answered.done():
            most = max(most, len(set(psutil.Process().children()) - others))
            await asyncio.sleep(0.01)
        assert most == 1
