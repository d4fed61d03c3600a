"""Memory where people use it: commands, buttons and forms of the platforms, which show it to the right people."""

from pathlib import Path

import pytest

from adapters.discord.timing import Timing
from simulators.discord.values import CHANNEL
from simulators.slack import SlackSimulator
from tests.support.discord.messages import actions_of, text_of
from tests.support.discord.whole import whole
from tests.support.service import EchoApi, quiet_logs
from tests.support.slack.drafts import labels
from tests.support.slack.service import service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


def system_of(echo: EchoApi) -> str:
    """Return what the model was told first."""
    return "\n".join(m["content"] for m in echo.bodies[-1]["messages"] if m["role"] == "system")


async def test_notes_are_kept_changed_and_forgotten_on_slack(tmp_path: Path) -> None:
    """By a command and by a form, offered and shown under answers, changed in a form; in one's own language."""
    async with SlackSimulator() as slack, service(slack, tmp_path) as running:
        await running.ask(slack.ada, "/remember I write Go", "Remembered for you: “I write Go”")
        assert not any("I write Go" in m.content for m in slack.bob.sees())
        await running.ask(slack.bob, "/remember be rude --for channel", "administrator")
        [answer] = await running.answers(slack.ada.mention("from now on, be brief"))
        assert "I write Go" in system_of(running.echo)
        assert labels(answer)[:4] == ["Again", "Remember this for me", "Remember it for this channel", "Memory: 1"]
        slack.ada.press(answer, "Remember it for this channel")
        await running.see(slack.ada, "Remembered for this channel: “from now on, be brief”")
        [told] = await running.answers(slack.bob.mention("hello there, who are you?"))
        assert "be brief" in system_of(running.echo)
        assert "I write Go" not in system_of(running.echo)
        slack.bob.press(told, "Memory: 1")
        assert "from now on, be brief" in (await running.see(slack.bob, "The model got these notes")).content
        await running.ask(slack.ada, "/memory", "For you (1 of 50)")
        listed = await running.see(slack.ada, "For you (1 of 50)")
        assert labels(listed) == ["Change 1", "Forget 1", "Change 2", "Forget 2", "Remember something"]
        slack.ada.press(listed, "Change 1")
        form = await slack.ada.modal()
        assert form.content["blocks"][0]["element"]["initial_value"] == "I write Go"
        await slack.ada.submit(form, {"text": "I write Rust"})
        await running.see(slack.ada, "Changed. I remember: “I write Rust”")
        slack.ada.press(listed, "Remember something")
        form = await slack.ada.modal()
        await slack.ada.submit(form, {"prompt": "Lunch is at noon", "for": "workspace", "until": "2w"})
        await running.see(slack.ada, "Remembered for this workspace: “Lunch is at noon”")
        noted, bot = slack.ada.mention("remember: I like tea"), f"<@{slack.team.bot.id}>"
        await running.see(slack.ada, "Remembered for you: “I like tea”")
        slack.ada.edit(noted, f"{bot} remember: I like coffee")
        await running.see(slack.ada, "Remembered for you: “I like coffee”")
        slack.ada.edit(noted, f"{bot} remember: I like coffee --for channel")
        await running.see(slack.ada, "Remembered for this channel: “I like coffee”")
        listed_now = await running.ask(slack.ada, "/memory", "For you (1 of 50)")
        assert ("tea" in listed_now, listed_now.count("coffee")) == (False, 1)
        await running.ask(slack.ada, "/settings language zh-Hant --for me", "zh-Hant")
        shown = await running.ask(slack.ada, "/memory --for workspace", "為這個工作區（1 / 50）")
        assert "Lunch is at noon" in shown


async def test_notes_are_kept_changed_and_forgotten_on_discord(tmp_path: Path) -> None:
    """By a slash command, ephemeral; listed, changed in a modal, forgotten; offered under an answer. In Chinese."""
    async with whole(tmp_path, timing=Timing(double_press=0.0)) as one:
        await one.see(await one.mention("hello"), "re: hello")
        await one.command("remember", prompt="I write Go")
        added = await one.see_ephemeral(CHANNEL, "已為你記住：「I write Go」")
        assert actions_of(added) == ["forget-1"]
        thread = await one.mention("my name is Ann")
        answer = await one.see(thread, "re: my name is Ann")
        await one.core.worker.drain()
        assert "I write Go" in system_of(one.echo)
        [answer] = [m for m in one.simulator.bot_messages(thread) if m["id"] == answer["id"]]
        assert actions_of(answer)[:3] == ["again", "remember-me", "memory"]
        await one.press(answer, "remember-me")
        await one.see_ephemeral(thread, "已為你記住：「my name is Ann」")
        await one.command("memory")
        listed = await one.see_ephemeral(CHANNEL, "為你（2 / 50）")
        await one.press(listed, "edit-1")
        await one.submit(listed, text="I write Rust")
        await one.see_ephemeral(CHANNEL, "已修改。我記住：「I write Rust」")
        await one.press(listed, "forget-2")
        await one.see_ephemeral(CHANNEL, "已忘記：「my name is Ann」")
        assert len(await one.core.store.find_by_prefix("memory:")) == 1
        assert "I write" not in "".join(text_of(m) for m in one.simulator.bot_messages(thread))
