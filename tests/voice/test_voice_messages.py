"""What people say in voice messages: transcribed, quoted and answered; what can't be is said in a sentence."""

import asyncio
import wave
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from adapters.discord.timing import Timing
from simulators.discord.errors import refused
from simulators.discord.files import Upload
from simulators.discord.people.person import Person
from simulators.discord.rest import Call
from simulators.discord.values import ADA, DM
from simulators.slack import SlackSimulator
from tests.support.discord.messages import text_of
from tests.support.discord.whole import whole
from tests.support.media_files import WAV, sound
from tests.support.scripted_api import failure, hang_up
from tests.support.service import quiet_logs
from tests.support.service import service as channel_service
from tests.support.slack.drafts import labels
from tests.support.slack.service import service
from tests.support.third_party.openai_servers import OpenAiApi

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

OPENAI: dict[str, Any] = {
    "aimodels_api_flavor": "openai",
    "bot_audio_models": ("tts-1",),
    "bot_prices": ("whisper-1=second:0.0001", "tts-1=second:0.001"),
}
WEBM = b"\x1a\x45\xdf\xa3\x87\x42\x82\x84webm"  #: the beginning of a file that does not tell its length
QUOTED = "> 🎤 what is love?\n\nre: what is love?"


def forged_ogg(content: bytes) -> bytes:
    """Let the last page of an Ogg file tell a length of a hundredth of a second, with its right checksum."""
    at = content.rindex(b"OggS")
    page = bytearray(content[at:])
    page[6:14], page[22:26] = (480).to_bytes(8, "little"), bytes(4)
    check = 0
    for byte in page:
        check ^= byte << 24
        for _ in range(8):
            check = (check << 1 ^ (0x04C11DB7 if check & 1 << 31 else 0)) & 0xFFFFFFFF
    page[22:26] = check.to_bytes(4, "little")
    return content[:at] + page


def forged_mp4(content: bytes) -> bytes:
    """Let the header of an MP4 file tell a length of almost nothing."""
    at = content.index(b"mvhd") + 20
    return content[:at] + (1).to_bytes(4, "big") + content[at + 4 :]


def long_wav(seconds: int) -> bytes:
    """Encode silence in as few bytes as WAV has for it."""
    file = BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 1, 1000, 0, "NONE", ""))
        out.writeframes(bytes([128]) * 1000 * seconds)
    return file.getvalue()


def is_voice(call: Call) -> bool:
    """Whether a request posts a voice message."""
    return bool(call.body and call.body.get("flags") == 1 << 13)


async def test_a_voice_message_is_a_question_on_slack(tmp_path: Path) -> None:
    """A clip is a question, with words beside it as well; a huge one is not even loaded; no clip means silence."""
    async with SlackSimulator() as slack, service(slack, tmp_path, **OPENAI) as running:
        api = OpenAiApi(running.api.url)
        running.api.play(api)
        clip = slack.ada.file("audio_message.webm", sound("webm", "libopus", seconds=0.2), subtype="slack_audio")
        assert clip.mimetype == "video/webm"
        question = slack.ada.direct("", files=[clip])
        [answer] = await running.answers(question)
        assert answer.content == QUOTED.removeprefix("> ")
        assert api.heard == [clip.content]
        slack.ada.direct("and hate?", thread=question.ts)
        await running.answers(question, 2)
        assert "what is love?" in str(api.bodies[-1]["messages"][:-1])
        assert "Sound\n1\n0\n0\n0.0003" in await running.ask(slack.ada, "/usage", "Sound")

        api.speech = sound("mp3", "libmp3lame", seconds=1)
        slack.ada.press(answer, "Read aloud")
        spoken = (await running.answers(question, 3))[-1]
        assert (spoken.content, labels(spoken)) == ("tts-1 · 1 s · cost 0.001", ["Delete"])
        assert [file.content for file in spoken.files] == [api.speech]
        assert [body["input"] for body in api.spoken] == ["re: what is love?"]
        [thanks] = await running.answers(slack.ada.direct("thank you!"))
        assert "Read aloud" not in labels(thanks)

        huge = slack.ada.file("meeting.mp3", b"ID3", subtype="slack_audio")
        huge.size = 100_000_000
        [told] = await running.answers(slack.ada.direct("", files=[huge]))
        assert told.content.startswith("meeting.mp3 was not transcribed: a sound may have 25 MB at most.")
        assert (huge.id, True) not in slack.storage.downloads
        [told] = await running.answers(slack.ada.direct("sum up", files=[slack.ada.file("a.mp3", b"no sound")]))
        assert "a.mp3 was not transcribed: I can't read its format." in told.content
        assert "re: sum up" in told.content
        heard = len(api.heard)
        empty = {
            "none.wav": long_wav(0),
            "brief.wav": WAV,
            "cut.ogg": sound("ogg", "libopus", seconds=1)[:60],
            "bad.webm": WEBM + bytes(8000),
        }
        files = [slack.ada.file(name, content, subtype="slack_audio") for name, content in empty.items()]
        [told] = await running.answers(slack.ada.direct("", files=files))
        for name in empty:
            assert f"{name} was not transcribed: there is less than a tenth of a second of sound in it" in told.content
        assert len(api.heard) == heard
        await running.stop()
        running.given["aimodels_api_flavor"] = "aimodels"
        running.api.play(running.echo)
        await running.start()
        [told] = await running.answers(slack.ada.direct("", files=[slack.ada.file("a.wav", WAV)]))
        assert told.content.startswith("a.wav was not transcribed: speech can't be turned into text here.")
        assert running.echo.prompts == []


async def test_length_price_and_turns(tmp_path: Path) -> None:
    """A sound is as long as it is decoded, whatever it tells; it is paid once, within the budget; none waits."""
    async with SlackSimulator() as slack, service(slack, tmp_path, **OPENAI) as running:
        api = OpenAiApi(running.api.url, told=None)
        running.api.play(api)
        forged = {
            "forged.ogg": forged_ogg(sound("ogg", "libopus", seconds=5)),
            "forged.m4a": forged_mp4(sound("mp4", "aac", seconds=4)),
            "untold.webm": sound("webm", "libopus", seconds=1),
        }
        files = [slack.ada.file(name, content, subtype="slack_audio") for name, content in forged.items()]
        [answer] = await running.answers(slack.ada.direct("", files=files))
        assert "Sound\n3\n0\n0\n0.001" in await running.ask(slack.ada, "/usage", "Sound")
        slack.ada.press(answer, "Again")
        await slack.until(lambda: len(api.bodies) == 2)
        await running.idle()
        assert len(api.heard) == 3

        long = [slack.ada.file(f"{n}.wav", long_wav(800 + n), subtype="slack_audio") for n in (1, 2)]
        [told] = await running.answers(slack.ada.direct("", files=long))
        assert "the sounds of one question may have 25 minutes together" in told.content
        assert len(api.heard) == 4

        api.unheard = failure(404, "model_not_found", "The model `whisper-1` does not exist.")
        clip = slack.ada.file("clip.webm", sound("webm", "libopus", seconds=0.3), subtype="slack_audio")
        [told] = await running.answers(slack.ada.direct("sum up", files=[clip]))
        assert "speech can't be turned into text here" in told.content
        assert "re: sum up" in told.content

        both = asyncio.Barrier(2)

        async def when_both_are_sent(_request: web.Request) -> web.StreamResponse:
            await both.wait()
            return web.json_response({"text": "together"})

        api.unheard = when_both_are_sent
        spoken = [sound("webm", "libopus", seconds=seconds) for seconds in (0.4, 0.5)]
        clips = [slack.ada.file("clip.webm", content, subtype="slack_audio") for content in spoken]
        for question in [slack.ada.direct("", files=[clip]) for clip in clips]:
            [answer] = await running.answers(question)
            assert "re: together" in answer.content
        api.unheard, heard = None, len(api.heard)
        await running.stop()
        running.given |= {"bot_budget_per_day": 0.1, "bot_prices": (*OPENAI["bot_prices"], "gpt-4-turbo=request:0.001")}
        await running.start()
        dear = slack.ada.file("dear.wav", long_wav(1200), subtype="slack_audio")
        [told] = await running.answers(slack.ada.direct("", files=[dear]))
        assert "budget" in told.content
        assert len(api.heard) == heard
        await running.stop()
        running.given |= {"bot_budget_per_day": 1, "bot_quote_above": 0.05}
        await running.start()
        dear = slack.ada.file("long.wav", long_wav(600), subtype="slack_audio")
        question = slack.ada.direct("", files=[dear])
        [asked] = await running.answers(question)
        assert asked.content.startswith(
            "Your question has 10:00 (min:sec) of sound. The sound is transcribed first, then answered.\n\n"
            "This will cost 0.061 at most."
        )
        assert len(api.heard) == heard
        slack.ada.press(asked, "Make it (0.061)")
        channel = slack.team.channels[question.channel]
        [answer] = await slack.until(
            lambda: [m for m in slack.from_bot(channel, thread=question.root) if "re:" in m.content]
        )
        await running.idle()
        assert answer.content == QUOTED.removeprefix("> ")
        slack.ada.press(answer, "Again")
        await running.answers(question, 2)
        assert len(api.heard) == heard + 1


async def test_a_voice_message_is_a_question_on_discord(tmp_path: Path) -> None:
    """A voice message in a direct message, again after a broken connection; a file that is larger than Discord says."""
    async with whole(tmp_path, timing=Timing(double_press=0.0), **OPENAI) as one:
        api = OpenAiApi(one.api.url)
        spoken = sound("ogg", "libopus", seconds=0.2)
        one.api.play(hang_up, api)
        ada = Person(one.simulator, ADA, "Ada")
        await ada.speak(DM, Upload("voice-message.ogg", len(spoken), content=spoken), seconds=0.2)
        await one.see(DM, QUOTED)
        assert api.heard == [spoken]
        one.api.play(api)
        await ada.speak(DM, Upload("lie.ogg", 1000, content=spoken + bytes(25_000_000)), seconds=0.2)
        await one.see(DM, "lie.ogg was not transcribed: a sound may have 25 MB at most.")
        api.unheard = failure(400, "invalid_request_error", "Invalid file format.")
        await ada.speak(DM, Upload("odd.ogg", len(spoken) + 1, content=spoken + b"0"), seconds=0.2)
        await one.see(DM, "odd.ogg was not transcribed: the AI API can't read it.")
        assert [text_of(m) for m in one.simulator.bot_messages(DM)][1:]
        assert len(api.bodies) == 1
        api.speech = spoken
        await one.press(await one.see(DM, QUOTED), "aloud")
        [voice] = await one.simulator.until(
            lambda: [m for m in one.simulator.bot_messages(DM) if m["flags"] == 1 << 13]
        )
        [attachment] = voice["attachments"]
        assert one.simulator.cdn.uploads[attachment["id"]].content.startswith(b"OggS")
        assert (api.spoken[-1]["response_format"], attachment["filename"]) == ("opus", "voice-message.ogg")
        assert (attachment["duration_secs"], len(attachment["waveform"])) == (0.21, 4)
        await one.see(DM, "tts-1 · 1")
        one.simulator.rest.fail("POST", f"channels/{DM}/messages", refused(50173), where=is_voice)
        await one.press(await one.see(DM, QUOTED), "aloud")
        await one.simulator.until(
            lambda: [
                m for m in one.simulator.bot_messages(DM) for f in m["attachments"] if f["filename"][:5] == "sound"
            ]
        )


async def test_what_is_spoken_is_what_is_paid(tmp_path: Path) -> None:
    """Code is not read and not estimated; a sentence says that only the beginning of a long answer is looked at.

    What was said goes with what a workspace erases.
    """
    async with channel_service(tmp_path, **OPENAI) as one:
        api = OpenAiApi(one.api.url)
        one.api.play(api)
        api.speech = sound("mp3", "libmp3lame", seconds=1)
        answer = await one.ask(f"what is this?\n```\n{'x ' * 8500}\n```\nThe end")
        read = await one.ask("", command="press", options={"event": answer.reply_to, "action": "aloud"})
        assert read.text == (
            "tts-1 · 1 s · cost 0.001\nOnly the beginning is read: the answer is too long for one sound."
        )
        assert [body["input"] for body in api.spoken] == ["re: what is this?"]
        # transcripts go with what a workspace erases, and at once; what was said elsewhere stays
        for workspace, words in (("w", "said here"), ("v", "said there")):
            api.words = words
            files = {"a.wav": sound("wav", "pcm_s16le", seconds=len(words) / 10).decode("latin-1")}
            place = {"workspace": workspace, "conversation": workspace}
            answer = await one.ask("", files=files, encoding="latin-1", who="bob", **place)
            assert words in answer.text
        await one.core.store.forget("channel", "bob", workspace="w")
        left = str(await one.core.store.find_by_prefix(""))
        assert "said there" in left
        assert "said here" not in left
