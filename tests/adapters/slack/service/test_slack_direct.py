"""Direct messages to an app without the agent view: one conversation, and one more in each thread."""

from pathlib import Path
from typing import Any

import pytest

from simulators.slack import Message, SlackSimulator
from tests.support.service import quiet_logs
from tests.support.slack.service import Service, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


@pytest.fixture(autouse=True)
def without_agents(slack: SlackSimulator) -> None:
    slack.grants[slack.token].scopes.discard("assistant:write")


def answers(slack: SlackSimulator) -> list[Message]:
    """The bot's messages that are in no thread."""
    return [m for m in slack.from_bot(slack.team.direct(slack.ada.id)) if m.thread_ts in ("", m.ts)]


async def ask(running: Service, text: str) -> Message:
    """Ask in no thread; return the answer."""
    before = len(answers(running.slack))
    running.slack.ada.direct(text)
    await running.slack.until(lambda: len(answers(running.slack)) > before)
    await running.idle()
    return answers(running.slack)[-1]


def talk(running: Service) -> list[str]:
    """The conversation that the model was sent last."""
    messages: list[dict[str, Any]] = running.echo.bodies[-1]["messages"]
    return [str(message["content"]) for message in messages if message["role"] != "system"]


async def test_direct_messages_are_one_conversation(slack: SlackSimulator, tmp_path: Path) -> None:
    """They are answered where they are written and read along, after a restart too; agents' methods are not called."""
    async with service(slack, tmp_path) as running:
        slack.ada.open_home("messages")
        assert (await ask(running, "my cat is called Tom")).content == "re: my cat is called Tom"
        await running.restart()
        assert (await ask(running, "what is she called?")).content == "re: what is she called?"
        assert talk(running) == ["my cat is called Tom", "re: my cat is called Tom", "what is she called?"]
        assert slack.called("assistant.threads.setTitle") == []


async def test_a_thread_there_is_its_own_conversation(slack: SlackSimulator, tmp_path: Path) -> None:
    """It begins with the message that it is under, and leaves the other conversation as it is."""
    async with service(slack, tmp_path) as running:
        await ask(running, "a secret")
        answer = await ask(running, "what is love?")
        slack.ada.direct("why?", thread=answer)
        await slack.until(lambda: slack.from_bot(slack.team.direct(slack.ada.id), thread=answer.ts))
        await running.idle()
        assert talk(running) == ["re: what is love?", "why?"]
        await ask(running, "next")
        assert "why?" not in talk(running)
        assert "a secret" in talk(running)


async def test_commands_and_buttons_belong_to_it(slack: SlackSimulator, tmp_path: Path) -> None:
    """A button's answer is beside the others; a slash command about the conversation means this one."""
    async with service(slack, tmp_path) as running:
        running.echo.cut = {"love"}
        answer = await ask(running, "what is love?")
        slack.ada.press(answer, "Continue")
        await slack.until(lambda: len(answers(slack)) == 2)
        await running.idle()
        assert [text[:17] for text in talk(running)[:2]] == ["what is love?", "re: what is love?"]
        slack.ada.slash("/reset", channel=slack.team.direct(slack.ada.id))
        await slack.until(lambda: len(answers(slack)) == 3)
        await running.idle()
        await ask(running, "anew")
        assert talk(running) == ["anew"]
