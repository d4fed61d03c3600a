"""The whole service on OpenAI-compatible servers that are not ours: llama.cpp's own, and @copilotkit/aimock."""

import asyncio
import base64
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from tests.support.forked import command_line
from tests.support.media_files import MP4, image, sound
from tests.support.third_party.openai_servers import aimock_server, llama_server

ROOT = Path(__file__).parents[1]
# llama.cpp is an extra, and the npm registry may be out of reach.
pytestmark = [pytest.mark.optional, pytest.mark.programs]


async def bot(folder: Path, url: str, *arguments: str, text: str = "", **settings: str) -> tuple[int, str, str]:
    """Run the service on that server; returns status, output and errors."""
    given = dict(os.environ, PYTHONPATH=str(ROOT), BOT_DATA_DIR=str(folder / "data"), BOT_ANSWER_TOKENS="4")
    given |= {"AIMODELS_BASE_URL": url, "AIMODELS_API_FLAVOR": "openai", "AIMODELS_API_KEY": "sk-right", **settings}
    done = await asyncio.to_thread(command_line.bot, *arguments, environment=given, folder=folder, text=text)
    return done.returncode, done.stdout, done.stderr


async def test_a_server_with_chat_alone(tmp_path: Path) -> None:
    """llama.cpp: chat and code work, streamed or not; what it lacks is said by `check`, and is no command."""
    async with llama_server(tmp_path) as url:
        streamed, (status, checked, _), (refused, unauthorised, _) = await asyncio.gather(
            bot(tmp_path, url, text="hello\n/code f\n/image a fox\n/video a fox\n/usage\n", AIMODELS_STREAMING="true"),
            bot(tmp_path, url, "check", BOT_DATA_DIR=str(tmp_path / "checked")),
            bot(tmp_path, url, "check", BOT_DATA_DIR=str(tmp_path / "refused"), AIMODELS_API_KEY="sk-wrong"),
        )
    shown = re.split(r"^> .*\n", streamed[1], flags=re.MULTILINE)
    assert re.search(r"\| Chat +\| +1 \| +[1-9]", shown[5]), streamed
    assert re.search(r"\| Code +\| +1 \| +[1-9]", shown[5]), streamed
    for answer in shown[3:5]:
        assert "There is no command" in answer
    assert status == 0, checked
    assert "does not make: pictures, sound, video. These commands are not offered: image, audio, video" in checked
    assert refused == 1
    assert "the key is refused" in unauthorised


@asynccontextmanager
async def files(folder: Path) -> AsyncIterator[str]:
    """A file server of the operator's, on plain http."""
    app = web.Application()
    app.router.add_static("/", folder)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_a_server_with_all_kinds(tmp_path: Path) -> None:
    """aimock: every kind; files come from an origin that the operator lists, or not at all; captions are true."""
    (tmp_path / "a.png").write_bytes(image("PNG"))
    (tmp_path / "a.mp4").write_bytes(MP4)
    speech = base64.b64encode(sound("mp3", "libmp3lame", seconds=5)).decode()
    async with files(tmp_path) as origin:
        answers = [
            ("chat", "hello", {"content": "Hello from another server."}),
            ("chat", "sort", {"content": "```python\nsorted(xs)\n```"}),
            ("image", "a fox", {"image": {"b64Json": base64.b64encode(image("PNG")).decode()}}),
            ("image", "far away", {"image": {"url": f"{origin}/a.png"}}),
            ("audio", "say it", {"audio": speech, "format": "mp3"}),
            ("video", "a film", {"video": {"id": "v1", "status": "completed", "url": f"{origin}/a.mp4"}}),
        ]
        lines = ("hello", "/code sort", "/image a fox", "/image far away", "/audio say it", "/video a film")
        async with aimock_server(tmp_path, answers) as url:
            models = {"BOT_CHAT_MODELS": "gpt-4o", "BOT_AUDIO_MODELS": "tts-1", "BOT_IMAGE_MODELS": "dall-e-3"}
            given = {**models, "BOT_MEDIA_ORIGINS": origin, "AIMODELS_STREAMING": "true"}
            asked, unlisted, checked = await asyncio.gather(
                bot(tmp_path, url, text="\n".join(lines), **given),
                bot(tmp_path, url, text="/image far away", BOT_DATA_DIR=str(tmp_path / "other"), **models),
                bot(tmp_path, url, "check", BOT_DATA_DIR=str(tmp_path / "checked"), **models),
            )
    shown = re.split(r"^> .*\n", asked[1], flags=re.MULTILINE)[1:]
    assert "Hello from another server." in shown[0]
    assert "sorted(xs)" in shown[1]
    assert re.search(r"dall-e-3 · 123x45\nsaved: \S+\.png", shown[2])
    assert re.search(r"dall-e-3 · 123x45\nsaved: \S+\.png", shown[3])
    assert re.search(r"tts-1 · 5 s · mp3\nsaved: \S+\.mp3", shown[4])
    assert re.search(r"saved: \S+\.mp4", shown[5])
    assert "saved" not in unlisted[1]
    assert f"BOT_MEDIA_ORIGINS must have {origin}" in unlisted[2]
    assert checked[0] == 0, checked
    assert "answers and takes the key\n" in checked[1]
