"""People's actions in Slack, through the whole service to the messages that they see."""

import secrets
from pathlib import Path
from typing import Any

import pytest

from simulators.slack import SlackSimulator
from tests.support.service import quiet_logs
from tests.support.slack.installing import install
from tests.support.slack.service import service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def test_command_and_what_follows_it(slack: SlackSimulator, tmp_path: Path) -> None:
    """A slash command opens a thread with its answer; messages there continue the conversation, after a restart too."""
    async with service(slack, tmp_path, http=True) as running:
        slack.ada.slash("/chat", "what is love?")
        await slack.until(lambda: len(slack.from_bot(slack.general)) == 2)
        parent, answer = slack.from_bot(slack.general)
        assert "what is love?" in parent.content
        assert (answer.thread_ts, answer.content) == (parent.ts, "re: what is love?")
        await running.restart()
        question = slack.ada.say("go on", thread=parent)
        await running.answers(question, 2)
        note = running.echo.bodies[-1]["messages"]
        assert [message["content"] for message in note if message["role"] != "system"] == [
            "what is love?",
            "re: what is love?",
            "go on",
        ]


async def test_edited_question_is_answered_again_in_place(slack: SlackSimulator, tmp_path: Path) -> None:
    """The newest question of a thread, edited, gets its new answer in place of the old one."""
    async with service(slack, tmp_path) as running:
        question = slack.ada.mention("helo")
        [first] = await running.answers(question)
        assert first.content == "re: helo"
        slack.ada.edit(question, f"<@{slack.team.bot.id}> hello")
        await slack.until(lambda: [m.content for m in slack.from_bot(slack.general)] == ["re: hello"])
        await running.idle()
        [second] = await running.answers(question)
        assert second.ts == first.ts


async def test_deleted_question_leaves_the_context(slack: SlackSimulator, tmp_path: Path) -> None:
    """A deleted question is no longer sent to the model."""
    async with service(slack, tmp_path) as running:
        root = slack.ada.mention("hello")
        await running.answers(root)
        secret = slack.ada.say("my password is 1234", thread=root)
        await running.answers(root, 2)
        slack.ada.delete(secret)
        await running.idle()
        slack.ada.say("what did I say?", thread=root)
        await running.answers(root, 3)
        assert "1234" not in str(running.echo.bodies[-1])


async def test_question_deleted_while_it_is_answered(slack: SlackSimulator, tmp_path: Path) -> None:
    """The request to the API ends, and nothing of the answer stays."""
    async with service(slack, tmp_path) as running:
        running.echo.hold("slow")
        question = slack.ada.mention("slow")
        await running.echo.until(lambda: running.echo.running == 1)
        slack.ada.delete(question)
        await running.echo.until(lambda: running.echo.left["slow"] == 1)
        await running.idle()
        assert [message.content for message in slack.from_bot(slack.general)] == []


async def test_a_typed_stop_leaves_the_stopped_answer_alone(slack: SlackSimulator, tmp_path: Path) -> None:
    """It says that it was stopped. Where nothing runs, the person alone reads that."""
    async with service(slack, tmp_path) as running:
        running.echo.hold("slow")
        question = slack.ada.mention("slow")
        await running.echo.until(lambda: running.echo.running == 1)
        slack.ada.say("stop", thread=question)
        [stopped] = await running.answers(question)
        assert "Stopped" in stopped.content
        assert [note for note in slack.ada.sees(thread=question.ts) if note.is_ephemeral] == []
        slack.ada.say("stop", thread=question)
        [note] = await slack.until(lambda: [m for m in slack.ada.sees(thread=question.ts) if m.is_ephemeral])
        assert note.content == "Nothing is running here."
        assert await running.answers(question) == [stopped]


async def test_stop_in_the_agent_view(slack: SlackSimulator, tmp_path: Path) -> None:
    """Slack's Stop ends the answer that is being written in its thread."""
    async with service(slack, tmp_path) as running:
        running.echo.hold("slow")
        question = slack.ada.direct("slow")
        await running.echo.until(lambda: running.echo.running == 1)
        direct = slack.team.direct(slack.ada.id)
        await slack.until(lambda: slack.team.sessions.get((direct.id, question.ts)) == ["processing"])
        slack.ada.stop(question)
        await running.echo.until(lambda: running.echo.left["slow"] == 1)
        await running.idle()
        assert any("Stopped" in m.content for m in slack.ada.sees(direct, thread=question.ts))
        assert slack.team.sessions[direct.id, question.ts][-1] == "active"


async def test_stranger_gets_one_private_sentence(slack: SlackSimulator, tmp_path: Path) -> None:
    """A person from outside gets one private sentence that they are not answered; the API is not called."""
    eve = slack.person("Eve", home="T0ELSE")
    async with service(slack, tmp_path) as running:
        eve.mention("hello")
        eve.mention("hello?")
        await running.idle()
        [notice] = eve.sees()
        assert notice.viewer == eve.id
        assert "workspace" in notice.content
        assert slack.ada.sees() == []
        assert running.echo.prompts == []


async def test_earlier_talk_is_read_once(slack: SlackSimulator, tmp_path: Path) -> None:
    """A thread's earlier messages are sent to the model with their authors, and read from Slack once."""
    root = slack.bob.say("the deploy failed at noon")
    async with service(slack, tmp_path) as running:
        question = slack.ada.mention("why?", thread=root)
        await running.answers(question)
        assert "the deploy failed at noon" in str(running.echo.bodies[0])
        assert "Bob" in str(running.echo.bodies[0])
        slack.ada.say("since when?", thread=root)
        await running.answers(question, 2)
        assert "the deploy failed at noon" in str(running.echo.bodies[1])
        assert len(slack.called("conversations.replies")) <= 1 + len(
            [c for c in slack.called("conversations.replies") if c.params.get("include_all_metadata")]
        )


async def test_a_summary_is_the_askers_own(slack: SlackSimulator, tmp_path: Path) -> None:
    """The shortcut sends the thread with its authors to the model, and the answer to the person alone."""
    root = slack.bob.say("shall we ship?")
    reply = slack.bob.say("on Friday", thread=root)
    async with service(slack, tmp_path) as running:
        slack.ada.message_shortcut("summarise", reply)
        [note] = await slack.until(lambda: slack.ada.sees(thread=root.ts))
        await running.idle()
        assert "shall we ship?" in str(running.echo.bodies)
        assert "on Friday" in str(running.echo.bodies)
        assert note.is_ephemeral
        assert not slack.from_bot(slack.general)


async def test_a_thread_that_can_not_be_read_is_not_made_up(slack: SlackSimulator, tmp_path: Path) -> None:
    """Where the bot is no member, a summary is answered with a sentence that says so."""
    room = slack.add_channel("plans", members=[slack.ada.id, slack.bob.id])
    message = slack.ada.say("shall we ship?", channel=room)
    async with service(slack, tmp_path) as running:
        slack.ada.message_shortcut("summarise", message)
        [note] = await slack.until(lambda: slack.ada.sees(room))
        await running.idle()
        assert "/invite" in note.content
        assert running.echo.prompts == []


async def test_attached_text_is_read(slack: SlackSimulator, tmp_path: Path) -> None:
    """A text file that comes with a question is sent to the model."""
    async with service(slack, tmp_path) as running:
        file = slack.ada.file("plan.md", b"Ship on Friday.", mimetype="text/markdown")
        question = slack.ada.mention("when?", files=[file])
        await running.answers(question)
        assert "Ship on Friday." in str(running.echo.bodies[0])


async def test_home_changes_the_language(slack: SlackSimulator, tmp_path: Path) -> None:
    """The language chosen in the App Home is used from then on."""
    async with service(slack, tmp_path) as running:
        slack.ada.open_home()
        await slack.until(lambda: slack.team.homes)
        slack.ada.press_home("home:prefer:language", value="zh-Hant")
        await slack.until(lambda: "你的偏好" in str(slack.team.homes[slack.ada.id]))
        slack.ada.slash("/help")
        await slack.until(slack.ada.sees)
        await running.idle()
        assert any("指令" in message.content for message in slack.ada.sees())


async def test_form_makes_a_picture(slack: SlackSimulator, tmp_path: Path) -> None:
    """A form's request is answered in the chosen channel, under a parent that says who asked."""
    async with service(slack, tmp_path) as running:
        slack.ada.shortcut("make:image")
        view = await slack.ada.modal()
        await slack.ada.submit(view, {"prompt": "a red fox", "where": "C0GENERAL"})
        await slack.until(lambda: slack.from_bot(slack.general))
        await running.idle()
        assert "a red fox" in slack.from_bot(slack.general)[0].content
        assert running.echo.prompts == ["a red fox"]


async def test_tokens_are_not_readable_at_rest(slack: SlackSimulator, tmp_path: Path) -> None:
    """The token of a workspace that installed the app is encrypted on disk, and readable after the key was changed."""
    first, second = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    many: dict[str, Any] = {
        "slack_bot_token": None,
        "slack_client_id": slack.client_id,
        "slack_client_secret": slack.client_secret,
    }
    async with service(slack, tmp_path, http=True, bot_encryption_keys=first, **many) as running:
        await install(slack, f"http://127.0.0.1:{running.port}", slack.team)
        await running.answers(slack.ada.mention("hello"))
    token = next(token for token in slack.grants if token.startswith("xoxb-T0LAB") and token != slack.token)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"slack.installation.T0LAB" in written
    assert token.encode() not in written
    async with service(slack, tmp_path, http=True, bot_encryption_keys=f"{second},{first}", **many) as running:
        await running.answers(slack.ada.mention("still there?"))
    async with service(slack, tmp_path, http=True, bot_encryption_keys=second, **many) as running:
        [answer] = await running.answers(slack.ada.mention("and now?"))
    assert answer.content == "re: and now?"


async def test_a_response_url_is_not_readable_at_rest(slack: SlackSimulator, tmp_path: Path) -> None:
    """It lets whoever knows it write in the bot's name. It answers where the bot is no member; no file has it."""
    room = slack.add_channel("plans", members=[slack.ada.id])
    async with service(slack, tmp_path) as running:
        slack.ada.slash("/usage", channel=room)
        [answer] = await slack.until(lambda: slack.ada.sees(room))
        await running.idle()
        assert answer.is_ephemeral
    written = b"".join(path.read_bytes() for path in tmp_path.glob("bot.db*"))
    assert b"requested_at" in written
    assert slack.responses.by_secret
    assert not any(secret.encode() in written for secret in slack.responses.by_secret)
