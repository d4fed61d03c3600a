"""Voice with nothing configured: the sandbox reads aloud, and knows again what it has read."""

from base64 import b64decode
from io import BytesIO
from pathlib import Path

import pytest

from aimodels import AsyncAIModels
from aimodels.errors import BadRequest
from sandbox.server import Sandbox
from simulators.slack import SlackSimulator
from tests.support.media_files import sound
from tests.support.service import quiet_logs
from tests.support.slack.service import service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def test_a_newcomer_tries_voice(tmp_path: Path) -> None:
    """The sandbox understands what it has spoken; of any other sound it says that it does not."""
    async with Sandbox() as sandbox, SlackSimulator() as slack:
        openai = AsyncAIModels(api_key=sandbox.api_key, base_url=sandbox.base_url, flavor="openai")
        async with (
            openai,
            service(
                slack,
                tmp_path,
                aimodels_base_url=sandbox.base_url,
                aimodels_api_key=sandbox.api_key,
                aimodels_speech=True,
            ) as running,
        ):
            asked = "My name is Ada."
            made = [
                (await openai.audio.create(model="audiogen", prompt=asked, format="opus")).data.items[0] for _ in "ab"
            ]
            assert made[0].b64_json == made[1].b64_json
            question = slack.ada.direct(
                "",
                files=[slack.ada.file("audio_message.ogg", b64decode(made[0].b64_json or ""), subtype="slack_audio")],
            )
            [answer] = await running.answers(question)
            assert answer.content.startswith(f"🎤 {asked}\n\nNice to meet you, Ada.")
            slack.ada.press(answer, "Read aloud")
            spoken = (await running.answers(question, 2))[-1]
            assert spoken.content.startswith("the sandbox hums, as it has no voice · ")
            [file] = spoken.files
            back = slack.ada.file("again.mp3", file.content or b"", subtype="slack_audio")
            again = slack.ada.direct("", files=[back])
            assert "🎤 Nice to meet you, Ada." in (await running.answers(again))[0].content
            strange = sound("ogg", "libopus", seconds=0.2)
            other = slack.ada.direct("", files=[slack.ada.file("voice.ogg", strange, subtype="slack_audio")])
            [told] = await running.answers(other)
            assert told.content.startswith("🎤 (0.2 s of sound; the sandbox does not understand speech · ")
            assert "The sandbox does not understand speech; with a real API" in told.content
            assert "沙盒聽不懂人話；用" in told.content
            written = slack.ada.direct(
                "what is in it?", files=[slack.ada.file("v.ogg", strange, subtype="slack_audio")]
            )
            [told] = await running.answers(written)
            assert "with a real API" in told.content
            assert "沙盒聽不懂人話；用" not in told.content
            [told] = await running.answers(slack.ada.direct("你好"))
            chinese = slack.ada.file("voice.ogg", strange, subtype="slack_audio")
            told = (await running.answers(slack.ada.direct("", files=[chinese], thread=told.root), 2))[-1]
            assert "with a real API" not in told.content
            assert "沙盒聽不懂人話；用" in told.content
            assert not await openai.lacks_speech()
            for model, content, words in (("whisper-9", strange, "whisper-9"), ("whisper-1", b"no sound", "no sound")):
                with pytest.raises(BadRequest, match=words):
                    await openai.transcriptions.create(model=model, file=BytesIO(content), content_type="audio/ogg")
