"""A sound of 100 MB, and one as large as the API takes, pass through the service without being in its memory."""

import asyncio
import wave
from io import BytesIO
from pathlib import Path

import pytest

from tests.support.channel.adapter import channel_server
from tests.support.killed_service import serve
from tests.support.processes import HAS_PROC, megabytes, process
from tests.support.scripted_api import scripted_api
from tests.support.third_party.openai_servers import OpenAiApi

MP3 = "fffb90640000"  #: the first frame's header
LARGE = 24_000_000  #: bytes


def wav_head(size: int) -> str:
    file = BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((2, 2, 44100, size // 4, "NONE", ""))
    return file.getvalue().hex()


@pytest.mark.skipif(not HAS_PROC, reason="reads a process's memory in /proc")
async def test_huge_sounds_are_in_no_memory(tmp_path: Path) -> None:
    """The first is read no further than the limit, and a sentence says so; the second is answered. No file is left."""
    async with channel_server() as channel, scripted_api() as api, asyncio.timeout(120):
        openai = OpenAiApi(api.url)
        api.play(openai)
        environment = {
            "AIMODELS_API_FLAVOR": "openai",
            "AIMODELS_BASE_URL": api.url,
            "AIMODELS_API_KEY": "key",
            "BOT_DATA_DIR": str(tmp_path),
        }
        async with process(serve, channel.url, environment=environment, folder=tmp_path) as running:
            first = await channel.ask("hello")
            await channel.wait_for_answers(first)
            before, files = megabytes(running, "VmHWM"), set(tmp_path.rglob("*"))
            huge = await channel.ask("", streams={"huge.mp3": (MP3, 100_000_000)})
            await channel.wait_for_answers(huge)
            assert "huge.mp3 was not transcribed: a sound may have 25 MB at most." in channel.answers(huge)[0].text
            assert channel.streamed < 100_000_000
            large = await channel.ask("", streams={"large.wav": (wav_head(LARGE), LARGE)})
            await channel.wait_for_answers(large)
            assert channel.answers(large)[0].text.endswith("re: what is love?")
            assert len(openai.heard[0]) > LARGE * 0.98
            assert megabytes(running, "VmHWM") - before < 48
            assert set(tmp_path.rglob("*")) == files
