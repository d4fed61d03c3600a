"""Buttons and forms that somebody else's client has changed or moved, on the whole service."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.i18n import translate
from simulators.slack import Message, Person, SlackSimulator
from tests.support.service import quiet_logs
from tests.support.slack.installing import install
from tests.support.slack.service import Service, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

OUTDATED = translate("request.outdated", "en-US")


async def post_button(running: Service, person: Person, value: str) -> Message:
    """Let the bot's message in #general of that person's workspace have a button of that value."""
    channel = person.team.channels["C0GENERAL"]
    client = await running.core.adapters["slack"].workspaces.find_client(person.team.id)  # type: ignore[attr-defined]
    element = {"type": "button", "action_id": "press:again", "value": value}
    block = {"type": "actions", "elements": [{**element, "text": {"type": "plain_text", "text": "Again"}}]}
    posted = await client.chat_postMessage(channel=channel.id, text="an answer", blocks=[block])
    return next(message for message in running.slack.messages(channel) if message.ts == posted["ts"])


async def refuses(running: Service, person: Person, value: str) -> None:
    """Press a button of that value in #general; see that it does nothing but a private sentence."""
    channel = person.team.channels["C0GENERAL"]
    asked, seen = list(running.echo.prompts), len(person.sees(channel))
    person.press(await post_button(running, person, value), "press:again")
    await running.slack.until(lambda: len(person.sees(channel)) == seen + 2)
    told = person.sees(channel)[-1]
    assert (told.content, told.is_ephemeral) == (OUTDATED, True)
    await running.idle()
    assert running.echo.prompts == asked


def value_of(message: Message, person: Person) -> str:
    return str(person.control(message, "press:again")["value"])


async def test_buttons_work_in_their_channel_alone(slack: SlackSimulator, tmp_path: Path) -> None:
    """A button of Ada's direct messages does nothing in a channel, and neither does a changed one."""
    async with service(slack, tmp_path) as running:
        [secret] = await running.answers(slack.ada.direct("my salary is 12345"))
        [answer] = await running.answers(slack.ada.mention("what is love?"))
        private, public = value_of(secret, slack.ada), value_of(answer, slack.ada)
        signature, _, text = public.partition("{")
        before, after = (str(json.loads(value[value.index("{") :])["event"]) for value in (public, private))
        changed = text.replace(before, after)
        assert changed != text
        for value in (private, f"{signature}{{{changed}", f"{{{text}", f"AAAAAAAAAAA{{{text}", "{}", "junk"):
            await refuses(running, slack.bob, value)
        slack.bob.press(await post_button(running, slack.bob, public), "press:again")  # his own place's
        await slack.until(lambda: running.echo.prompts.count("what is love?") == 2)


async def test_buttons_work_in_their_workspace_alone(slack: SlackSimulator, tmp_path: Path) -> None:
    """A button of one workspace does nothing in another, though channels and people have the same ids there."""
    other = slack.add_team("T0LAB2", "Lab 2")
    slack.add_channel("general", team=other, id="C0GENERAL")
    eve = slack.person("Eve", team=other, id="U0ADA")
    many: dict[str, Any] = {"slack_client_id": slack.client_id, "slack_client_secret": slack.client_secret}
    async with service(slack, tmp_path, http=True, slack_bot_token=None, **many) as running:
        for team in (slack.team, other):
            assert await install(slack, f"http://127.0.0.1:{running.port}", team) == 200
        [answer] = await running.answers(slack.ada.mention("what is love?"))
        await refuses(running, eve, value_of(answer, slack.ada))


async def test_forms_are_one_persons(slack: SlackSimulator, tmp_path: Path) -> None:
    """The form that was opened for Ada is sent by Ada; Bob can't send it, and nobody can change where it leads."""
    async with service(slack, tmp_path) as running:
        slack.ada.slash("/image")
        view = await slack.ada.modal()
        signature, _, text = view.content["private_metadata"].partition("{")
        metadata = json.loads("{" + text)
        private = slack.add_channel("private", members=[slack.ada.id])
        moved = signature + json.dumps({**metadata, "channel": private.id})
        forms = [
            (slack.bob, signature + "{" + text),
            (slack.ada, moved),
            (slack.ada, json.dumps(metadata)),
            (slack.ada, ""),
        ]
        for person, private_metadata in forms:
            forged = slack.modals.show(slack.team, person.id, {**view.content, "private_metadata": private_metadata})
            await person.submit(forged, {"prompt": "a fox"})
            assert list(forged.errors.values()) == [OUTDATED]
        assert running.echo.prompts == []
        await slack.ada.submit(view, {"prompt": "a fox"})
        await slack.until(lambda: running.echo.prompts == ["a fox"])


async def test_ephemeral_buttons_are_one_persons(slack: SlackSimulator, tmp_path: Path) -> None:
    """The button that only Ada sees does nothing for Bob."""
    async with service(slack, tmp_path) as running:
        slack.ada.slash("/forget")
        await slack.until(lambda: any(message.is_ephemeral and message.blocks for message in slack.ada.sees()))
        question = next(message for message in slack.ada.sees() if message.is_ephemeral and message.blocks)
        [button] = [e for block in question.blocks for e in block.get("elements", ()) if e.get("type") == "button"]
        await refuses(running, slack.bob, str(button["value"]))
