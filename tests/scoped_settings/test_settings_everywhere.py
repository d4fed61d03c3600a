"""Settings with a scope from end to end, on Slack and on both engines: what is set decides what the API is asked."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aimodels.reference import MODELS
from bot.models import KINDS
from simulators.slack import Message, Person, SlackSimulator
from tests.support.database.engines import engine, server, url
from tests.support.service import quiet_logs
from tests.support.slack.drafts import labels
from tests.support.slack.service import FAST, service

__all__ = ["engine", "server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

#: Two models of each kind: the usual one, and `KIND-2`.
TWO_MODELS: dict[str, Any] = {f"bot_{kind}_models": (MODELS[kind], f"{kind}-2") for kind in KINDS}


def buttons(message: Message) -> int:
    """Return the number of buttons under an answer."""
    return len(labels(message))


def said_last(body: dict[str, Any]) -> list[str]:
    """Return the question of a request for chat."""
    return [message["content"] for message in body.get("messages", ())][-1:]


async def test_the_nearest_scope_decides_on_slack(tmp_path: Path, engine: dict[str, Any]) -> None:
    """The nearest scope decides: models of all kinds, sizes, words, buttons, what is read along."""
    async with SlackSimulator() as slack:
        carol = slack.person("Carol", id="U0CAROL")
        rooms = [slack.add_channel(f"room-{number}", members=[slack.bob.id, slack.team.bot.id]) for number in range(3)]
        random = slack.add_channel("random", members=[slack.ada.id, slack.bob.id, slack.team.bot.id])
        operators = slack.group("Operators", carol, id="S0OPS")
        given = {**TWO_MODELS, **engine, "bot_admins": ("slack:S0OPS",), "bot_extra_parameters": ("chat.top_p=0..1",)}
        async with service(slack, tmp_path, timing=replace(FAST, groups_pause=0.0), **given) as running:

            async def change(text: str, where: str, by: Person = slack.ada) -> None:
                await running.ask(by, text, f"({where})")

            async def body(text: str, prompt: str = "", **more: Any) -> dict[str, Any]:
                slack.bob.mention(text, **more)
                async with asyncio.timeout(120):
                    await running.echo.until(lambda: (prompt or text) in running.echo.prompts)
                await running.idle()
                return sent(prompt or text)

            def sent(prompt: str) -> dict[str, Any]:
                bodies = [one for one in running.echo.bodies if prompt in (one.get("prompt"), *said_last(one))]
                return bodies[-1]

            # a member of a user group that BOT_ADMINS names administers the service, as long as she is one
            await running.answers(carol.mention("the groups are read"))
            await change("/settings temperature 0.9 --for service", "everybody", carol)
            await change("/settings model.audio audio-2 --for service", "everybody", carol)
            slack.people.group_members(slack.team, operators, added=[], removed=[carol.id])
            while not any("BOT_ADMINS" in m.content for m in carol.sees()):
                carol.slash("/settings", "temperature 0.9 --for service")
                await running.idle()
            # each kind has its model, from another scope
            assert (await body("of the service"))["temperature"] == 0.9
            await change("/settings temperature 0.5 --for workspace", "this workspace")
            await change("/settings temperature 0.1 --for channel", "this channel")
            await change("/settings model.code code-2 --for workspace", "this workspace")
            await change("/settings model.video video-2 --for workspace", "this workspace")
            await change("/settings video.resolution 640x360 --for channel", "this channel")
            await change("/settings model.image image-2 --for channel", "this channel")
            await change("/settings audio.duration 30 --for me", "you", slack.bob)
            await change("/settings chat.top_p 0.5 --for channel", "this channel")
            await change("/settings answer_tokens 500 --for channel", "this channel")
            await change("/settings image.style anime --for workspace", "this workspace")
            await running.ask(slack.ada, "/model chat chat-2 --channel yes", "chat-2 is used in the whole channel")
            await running.ask(slack.ada, "/system Be brief.", "Done.")
            here = await body("here")
            assert (here["temperature"], here["model"]) == (0.1, "chat-2")
            assert (here["top_p"], here["max_tokens"]) == (0.5, 500)
            assert "Be brief." in here["messages"][0]["content"]
            there = await body("there", channel=random)
            assert (there["temperature"], there["model"]) == (0.5, MODELS["chat"])
            assert "Be brief." not in str(there)
            assert (await body("/code sort", "sort", channel=random))["model"] == "code-2"
            assert (await body("image a fox", "a fox"))["model"] == "image-2"
            cat = await body("image a cat", "a cat", channel=random)
            assert (cat["model"], cat["style"]) == (MODELS["image"], "anime")
            rain = await body("audio rain", "rain", channel=random)
            assert (rain["model"], rain["duration"]) == ("audio-2", 30)
            hare = await body("video a hare", "a hare")
            assert (hare["model"], hare["resolution"]) == ("video-2", "640x360")
            # buttons, and what is read along
            shown = []
            for many, channel in zip(("all", "few", "none"), rooms, strict=True):
                await change(f"/settings buttons {many} --for workspace", "this workspace")
                [answer] = await running.answers(slack.bob.mention(f"buttons: {many}", channel=channel))
                shown.append(buttons(answer))
            assert shown[0] > shown[1] == 2
            assert shown[2] == 0
            await change("/settings context_turns 2 --for workspace", "this workspace")
            question, long = slack.bob.mention("1", channel=rooms[0]), "word " * 300
            for number in (2, 3):
                await running.answers(question, number - 1)
                slack.bob.say(f"{number}", thread=question)
            await running.answers(question, 3)
            assert len(sent("3")["messages"]) == 4  # the instruction, two turns, the question
            await change("/settings context_tokens 200 --for workspace", "this workspace")
            question = slack.bob.mention(long, channel=rooms[1])
            await running.answers(question)
            slack.bob.say("and?", thread=question)
            await running.answers(question, 2)
            assert long not in str(sent("and?"))
            # a command is switched off; a value is cleared
            await change("/settings commands_off audio --for workspace", "this workspace")
            slack.bob.slash("/audio", "thunder")
            await running.see(slack.bob, "audio is switched off here.")
            await change("/settings temperature --clear --for channel", "this channel")
            assert "In effect here: 0.5 (this workspace)" in await running.ask(
                slack.bob, "/settings temperature", "In effect"
            )
            # it is explained, recorded, and kept
            await running.restart()
            assert "In effect here: chat-2 (this channel)" in await running.ask(
                slack.bob, "/settings model.chat", "In effect"
            )
            await running.ask(slack.ada, "/model chat default --channel yes", MODELS["chat"])
            log = (await running.ask(slack.ada, "/audit -n 50", "model.chat")).split("\n")
            for entry in (
                ("U0CAROL", "settings.set", "temperature (service)", "–", "0.9"),
                (slack.ada.id, "settings.clear", "temperature (channel)", "0.1", "–"),
                (slack.ada.id, "settings.set", "buttons (workspace)", "all", "few"),
                (slack.ada.id, "settings.set", "model.chat (channel)", "–", "chat-2"),
                (slack.ada.id, "settings.clear", "model.chat (channel)", "chat-2", "–"),
                (slack.ada.id, "settings.set", "system_prompt (channel)", "–", "Be brief."),
            ):
                assert [at for at in range(len(log)) if tuple(log[at : at + len(entry)]) == entry], entry
            await running.ask(slack.ada, "/settings language zh-Hant --for workspace", "zh-Hant")
            assert "temperature" in await running.ask(slack.bob, "/settings temperature", "模型用詞的自由程度")
