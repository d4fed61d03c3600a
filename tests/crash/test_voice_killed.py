"""The process is killed while a voice message is answered, and while the answer is read aloud."""

import asyncio
import contextlib
import signal
import sqlite3
from pathlib import Path

from tests.support.channel.adapter import channel_server
from tests.support.killed_service import serve
from tests.support.media_files import sound, wav
from tests.support.processes import Process, process
from tests.support.scripted_api import scripted_api
from tests.support.third_party.openai_servers import OpenAiApi


async def test_a_voice_message_is_answered_once_however_often_the_service_is_killed(tmp_path: Path) -> None:
    """It is transcribed once, and what is read aloud is there once; nothing but a call in flight is made again."""
    async with channel_server() as channel, scripted_api() as api, asyncio.timeout(120):
        openai = OpenAiApi(api.url, told=None, speech=sound("mp3", "libmp3lame", seconds=1))
        api.play(openai)
        environment = {
            "AIMODELS_API_FLAVOR": "openai",
            "AIMODELS_BASE_URL": api.url,
            "AIMODELS_API_KEY": "key",
            "BOT_AUDIO_MODELS": "tts-1",
            "BOT_DATA_DIR": str(tmp_path),
            "BOT_PRICES": "whisper-1=second:0.01,tts-1=second:0.01,gpt-4-turbo=request:0.001",
        }

        async def kill(seam: str) -> None:
            async with run(seam) as doomed:
                assert await doomed.wait() == -signal.SIGKILL, seam

        def run(seam: str) -> contextlib.AbstractAsyncContextManager[Process]:
            return process(serve, channel.url, seam, environment=environment, folder=tmp_path)

        asked = await channel.ask("", files={"clip.wav": wav(1.5).decode("latin-1")}, encoding="latin-1")
        for seam, heard, answered in (
            ("store.begin_call:after", 0, 0),
            ("draft.write:before", 1, 0),
            ("store.commit:after", 1, 1),
        ):
            await kill(seam)
            assert (len(openai.heard), len(openai.bodies)) == (heard, answered), seam
        async with run(""):
            await channel.wait_for_answers(asked)
        [answer] = channel.answers(asked)
        assert answer.text == "> 🎤 what is love?\n\nre: what is love?"
        read = await channel.ask("", command="press", options={"event": asked, "action": "aloud"})
        for seam, spoken in (("store.begin_call:after", 0), ("store.commit:before", 1), ("store.commit:after", 2)):
            await kill(seam)
            assert len(openai.spoken) == spoken, seam
        async with run(""):
            await channel.wait_for_answers(read)
        [voice] = channel.answers(read)
        assert len(voice.files) == 1
        assert (len(openai.heard), len(openai.bodies), len(openai.spoken)) == (1, 1, 2)
    with contextlib.closing(sqlite3.connect(tmp_path / "bot.db")) as db:
        rows = db.execute("SELECT model, requests, milliseconds, micros FROM usage")
        used = {model: figures for model, *figures in rows}
        states = db.execute("SELECT DISTINCT state FROM calls").fetchall()
    # Requests, milliseconds and micros: a call in flight is paid for at its own price.
    assert used["whisper-1"] == [1, 1500, 30_000]
    assert used["gpt-4-turbo"] == [1, 0, 1000]
    assert used["tts-1"] == [1, 1000, 30_000]
    assert states == [("settled",)]
