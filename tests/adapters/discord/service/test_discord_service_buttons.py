"""The buttons under answers, and second thoughts about questions, on the whole service: also after a restart."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from aimodels import request
from bot.i18n import translate
from simulators.discord.components import INPUT, RADIOS
from simulators.discord.errors import refused as refused_form
from simulators.discord.people.forms import fields
from simulators.discord.people.person import Person
from simulators.discord.rest import Call
from simulators.discord.values import ADA, BOB, CHANNEL, DM, ME, member, snowflake
from tests.support.discord.messages import actions_of, buttons_of, text_of
from tests.support.discord.whole import Whole, whole
from tests.support.media_files import pdf
from tests.support.scripted_api import failure


def is_modal(call: Call) -> bool:
    """Whether a call answers an interaction with a modal."""
    return bool(call.body["type"] == MODAL)


MODAL = 9
NOBODY = {**member(BOB), "permissions": "0"}


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole(tmp_path) as one:
        yield one


async def test_chat_buttons(one: Whole) -> None:
    """Under an answer one can ask again, go on where it was cut, and say what one thinks; what one thinks is kept."""
    one.echo.cut = {"love"}
    thread = await one.mention("what is love?")
    answer = await one.see(thread, "re: what is love?")
    assert actions_of(answer) == ["again", "continue", "good", "bad"]
    await one.stop()
    await one.start()
    await one.press(answer, "continue")
    await one.see(thread, f"re: {translate('chat.continue', 'en-US')}")
    await one.press(answer, "again")
    await one.simulator.until(
        lambda: sum(text_of(m).startswith("re: what is love?") for m in one.simulator.bot_messages(thread)) == 2
    )
    await one.press(answer, "good")
    await one.see_ephemeral(thread, translate("feedback.done", "zh-TW"))
    await one.idle()
    since = datetime.now(UTC) - timedelta(days=1)
    assert await one.core.store.feedback_totals(since=since, adapter="discord", channel=CHANNEL) == (1, 0)


async def test_a_refused_form_is_edited_again(one: Whole) -> None:
    """The typed values are there again, after a restart, too; the answer to what is sent then is for everybody."""
    ada = Person(one.simulator, ADA, "Ada", locale="zh-TW")
    await ada.command(CHANNEL, "compose", {"command": "image"})
    await ada.submit({"prompt": "a fox", "style": "anime", "n": "nine"})
    refused = await one.see_ephemeral(CHANNEL, "`nine`")
    assert actions_of(refused) == ["correct"]
    await one.stop()
    await one.start()
    [button] = buttons_of(refused)
    opened = await ada.press(refused, button["custom_id"])
    shown = {field["custom_id"]: field for field in fields(opened.response["data"]["components"])}
    assert [*shown] == ["prompt", "size", "style", "n", "model"]
    assert [shown["prompt"]["value"], shown["n"]["value"]] == ["a fox", "nine"]
    assert [option["value"] for option in shown["style"]["options"] if option["default"]] == ["anime"]
    await ada.submit({"n": "", "size": "512x512"})
    await one.simulator.until(lambda: [m for m in one.simulator.bot_messages(CHANNEL) if m["attachments"]])
    asked = one.echo.bodies[-1]
    assert [asked[name] for name in ("prompt", "n", "style", "size")] == ["a fox", 1, "anime", "512x512"]
    await ada.command(CHANNEL, "audit", {"action": "settings"})
    assert actions_of(await one.see_ephemeral(CHANNEL, translate("audit.not_allowed", "zh-TW"))) == []
    await one.idle()


async def test_what_is_too_long_for_a_form(tmp_path: Path) -> None:
    """A text that no field takes stays as it was typed, and the form says so; only its author opens it.

    Of a form that Discord refuses all the same the person reads.
    """
    async with whole(tmp_path, bot_chat_models=("alpha", "beta")) as one:
        ada, prompt = Person(one.simulator, ADA, "Ada"), "why? " * 900
        await ada.command(CHANNEL, "duel", {"prompt": prompt, "models": "alpha,gamma"})
        refused = await one.see_ephemeral(CHANNEL, "gamma")
        [button] = buttons_of(refused)
        opened = await ada.press(refused, button["custom_id"])
        note, *_ = opened.response["data"]["components"]
        assert note["content"] == translate("form.too_long", "en-US", names="prompt")
        kinds = {field["custom_id"]: field["type"] for field in fields(opened.response["data"]["components"])}
        assert kinds == {"models": INPUT, "kind": RADIOS}
        await ada.submit({"models": ""})
        await one.simulator.until(lambda: len([p for p in one.echo.prompts if p == prompt.strip()]) == 2)
        await one.idle()
        one.simulator.rest.fail("POST", "callback", refused_form(50035), times=2, where=is_modal)
        await one.press(refused, "correct")
        await one.see_ephemeral(CHANNEL, translate("discord.form_refused", "zh-TW"))
        past = str(int(snowflake()) - (16 * 60_000 << 22))  # whose token has ended
        await one.command("duel", prompt="who?", models="delta", told={"id": past})
        public = await one.see(CHANNEL, "delta")
        assert not public["flags"] & 64
        await one.press(public, "correct", member=NOBODY)
        assert actions_of(await one.see_ephemeral(CHANNEL, translate("correct.not_yours", "zh-TW"))) == []


async def test_retry_after_an_error(tmp_path: Path) -> None:
    """Where the API failed, the sentence that says so has a button; the answer takes the sentence's place."""
    async with whole(tmp_path, bot_max_attempts=1) as one:
        one.echo.instead = [failure(503)] * request.MAX_TRIES
        thread = await one.mention("hello")
        sentence = await one.see(thread, translate("error.server", "en-US"))
        assert actions_of(sentence) == ["retry"]
        await one.press(sentence, "retry")
        await one.see(thread, "re: hello")
        await one.idle()
        assert [text_of(message) for message in one.simulator.bot_messages(thread)] == ["re: hello"]
        one.echo.instead = [failure(503)] * request.MAX_TRIES
        await one.command("chat", prompt="good day")
        sentence = await one.see(CHANNEL, translate("error.server", "zh-TW"))
        await one.press(sentence, "retry")
        await one.see(CHANNEL, "re: good day")
        await one.idle()
        assert [text_of(message) for message in one.simulator.bot_messages(CHANNEL)] == ["re: good day"]


async def test_a_pdf_is_read(one: Whole) -> None:
    """The text of a PDF that comes with the question reaches the model."""
    one.simulator.files["report.pdf"] = pdf("Bees dance.")
    url = f"http://127.0.0.1:{one.simulator.port}/cdn/report.pdf"
    size = len(one.simulator.files["report.pdf"])
    file = {"id": "1", "filename": "report.pdf", "content_type": "application/pdf", "size": size, "url": url}
    thread = await one.mention("what do they do?", attachments=[{**file, "proxy_url": url}])
    await one.see(thread, "what do they do?")
    assert "Bees dance." in str(one.echo.bodies[-1]["messages"][-1])


async def test_ready_only_while_connected(tmp_path: Path) -> None:
    """`/readyz` is 503 and says so while no connection to the gateway stands, and 200 again with the next one."""
    async with whole(tmp_path, bot_ops_port=0) as one, httpx.AsyncClient() as http:
        assert one.ops is not None
        url = f"http://127.0.0.1:{one.ops.port}/readyz"

        async def platform(status: int) -> str:
            while (answer := await http.get(url)).status_code != status:  # noqa: ASYNC110 - a poll, as probes do
                await asyncio.sleep(0.01)
            return str(answer.json()["platforms"]["discord"])

        assert await platform(200) == "ok"
        one.simulator.gateway.is_away = True
        await one.simulator.gateway.drop()
        assert await platform(503) == translate("discord.connecting")
        one.simulator.gateway.is_away = False
        assert await platform(200) == "ok"


async def test_quick_double_clicks_make_one(one: Whole) -> None:
    """A second press of the same button right after the first is the same press; another button is another press."""
    one.echo.cut = {"love"}
    thread = await one.mention("what is love?")
    answer = await one.see(thread, "re: what is love?")
    for button in ("again", "again", "continue"):
        await one.press(answer, button)
    await one.see(thread, f"re: {translate('chat.continue', 'en-US')}")
    await one.simulator.until(
        lambda: sum(text_of(m).startswith("re: what is love?") for m in one.simulator.bot_messages(thread)) == 2
    )
    await one.idle()
    assert one.echo.prompts.count("what is love?") == 2
    acknowledged = [call["type"] for call in one.simulator.called("POST", "callback")]
    assert sorted(acknowledged) == [5, 5, 6]  # two are "thinking", one shows nothing


async def test_stop_is_for_who_asked(one: Whole) -> None:
    """Only the asker can stop an answer; somebody else gets an ephemeral refusal."""
    one.echo.hold("hello")
    thread = await one.mention("hello")
    answer = await one.see(thread, translate("chat.making", "en-US"))
    assert actions_of(answer) == ["stop"]
    await one.press(answer, "stop", member=NOBODY)
    await one.see_ephemeral(thread, translate("cancel.not_yours", "zh-TW"))
    assert actions_of(answer) == ["stop"]
    await one.press(answer, "stop")
    await one.see(thread, translate("status.stopped", "en-US").strip("*"))
    await one.idle()
    assert one.echo.left == {"hello": 1}


async def test_a_typed_stop_leaves_the_stopped_answer_alone(one: Whole) -> None:
    """It says that it was stopped; the stop says nothing more, typed or as a command."""
    one.echo.hold("slow")
    thread = await one.mention("slow one")
    await one.see(thread, translate("chat.making", "en-US"))
    await one.simulator.say(thread, "stop")
    stopped = await one.see(thread, translate("status.stopped", "en-US").strip("*"))
    await one.idle()
    assert one.simulator.bot_messages(thread) == [stopped]
    await one.simulator.say(thread, "slow two")
    await one.echo.until(lambda: one.echo.running == 1)
    await one.command("stop", channel=thread)
    await one.echo.until(lambda: one.echo.left["slow two"] == 1)
    await one.idle()
    assert [text_of(message) for message in one.simulator.bot_messages(thread)] == [text_of(stopped)] * 2


async def test_pictures_lead_on(one: Whole) -> None:
    """Each of several pictures has a variation; a style is asked for in a form; only who asked takes it back."""
    await one.command("image", prompt="a fox", n=4)
    answer = (await one.simulator.until(lambda: [m for m in one.simulator.bot_messages(CHANNEL) if m["attachments"]]))[
        0
    ]
    variations = [f"variation-{number}" for number in range(1, 5)]
    assert actions_of(answer) == ["again", *variations, "style", "video", "branch", "back", "delete"]
    await one.stop()
    await one.start()
    await one.press(answer, "variation-3")
    await one.simulator.until(
        lambda: len(one.simulator.bot_messages(CHANNEL)) == 2 and one.simulator.bot_messages(CHANNEL)[1]["attachments"]
    )
    assert one.echo.bodies[-1]["n"] == 1
    assert one.echo.prompts[-1].startswith("a fox")
    assert one.echo.prompts[-1] != "a fox"
    await one.press(answer, "style")
    await one.submit(answer, style="anime")
    await one.simulator.until(
        lambda: len(one.simulator.bot_messages(CHANNEL)) == 3 and one.simulator.bot_messages(CHANNEL)[2]["attachments"]
    )
    assert one.echo.bodies[-1]["style"] == "anime"
    await one.press(answer, "delete", member=NOBODY)
    await one.see_ephemeral(CHANNEL, translate("delete.not_yours", "zh-TW"))
    assert len(one.simulator.bot_messages(CHANNEL)) == 3
    await one.press(answer, "delete")
    await one.simulator.until(lambda: len(one.simulator.bot_messages(CHANNEL)) == 2)
    await one.idle()


async def test_an_edited_question_is_answered_anew_in_its_message(one: Whole) -> None:
    """An edited question is answered anew in the message it has, when that is the newest; an older one stays."""
    first = await one.simulator.say(DM, "hello")
    await one.see(DM, "re: hello")
    await one.edit(first, "good day")
    await one.see(DM, "re: good day")
    await one.simulator.say(DM, "and then?")
    await one.see(DM, "re: and then?")
    await one.edit(first, "good night")
    await one.idle()
    assert [text_of(m) for m in one.simulator.bot_messages(DM)[:2]] == ["re: good day", "re: and then?"]
    assert "good night" not in one.echo.prompts


async def test_a_deleted_question_leaves_the_context(one: Whole) -> None:
    """A deleted question and its answer leave the context."""
    first = await one.simulator.say(DM, f"<@{ME}> my secret")
    await one.see(DM, "re: my secret")
    await one.delete(first)
    await one.simulator.say(DM, "hello")
    await one.see(DM, "re: hello")
    assert "secret" not in str(one.echo.bodies[-1])
    await one.idle()


async def test_nobody_waits_for_the_command_of_another(one: Whole) -> None:
    """Commands of different people in one channel are answered at once, and are a conversation each."""
    hold = one.echo.hold("slow")
    await one.command("chat", prompt="slow")
    await one.echo.until(lambda: "slow" in one.echo.prompts)
    bob = {"member": {**member(BOB), "permissions": "0"}}
    await one.command("chat", prompt="quick", told=bob)
    answer = await one.see(CHANNEL, "re: quick")
    stopped = await one.command("stop", told=bob)
    await one.simulator.until(lambda: text_of(one.simulator.originals.get(stopped, {"content": "", "components": []})))
    hold.set()
    await one.see(CHANNEL, "re: slow")
    await one.simulator.say(CHANNEL, "go on", answers=answer)
    await one.see(CHANNEL, "go on")
    said = [message["content"] for message in one.echo.bodies[-1]["messages"] if message["role"] == "user"]
    assert [text.split(": ")[-1] for text in said] == ["quick", "go on"]


@pytest.mark.parametrize("is_member", [True, False])
async def test_conversations_in_a_thread(one: Whole, is_member: bool) -> None:
    """In a thread people share a conversation, but not where each of them brought the bot along."""
    thread = "1457510428359007777"
    await one.simulator.open_thread(thread, owner=ADA)
    told = {} if is_member else {"authorizing_integration_owners": {"1": ADA}}
    await one.command("chat", prompt="I am Ada", channel=thread, told=told)
    await one.see(thread, "re: I am Ada")
    bob = {**told, "member": {**member(BOB), "permissions": "0"}}
    await one.command("chat", prompt="who am I?", channel=thread, told=bob)
    await one.see(thread, "who am I?")
    assert ("I am Ada" in str(one.echo.bodies[-1]["messages"])) is is_member


async def test_an_unknown_button_is_answered_with_a_sentence(one: Whole) -> None:
    """A button that this version does not know is acknowledged with a sentence."""
    thread = await one.mention("hello")
    answer = await one.see(thread, "re: hello")
    data = {"component_type": 2, "custom_id": "of another version", "id": 2}
    await one.simulator.interact(3, data, channel=thread, message=answer)
    await one.see_ephemeral(thread, translate("usage.button_gone", "zh-TW"))


@pytest.mark.parametrize("action", ["again", "variation", "style", "/retry"])
async def test_what_comes_of_a_hidden_picture_is_hidden(one: Whole, action: str) -> None:
    """What a button, or `/retry`, makes of a picture that is a spoiler is one, too."""
    await one.command("image", prompt="a fox", spoiler=True)
    [answer] = await one.simulator.until(lambda: [m for m in one.simulator.bot_messages(CHANNEL) if m["attachments"]])
    if action == "/retry":
        await one.command("retry")
    else:
        [name] = [name for name in actions_of(answer) if name.startswith(action)]
        await one.press(answer, name)
    if action == "style":
        await one.submit(answer, style="anime")
    found = await one.simulator.until(
        lambda: [m for m in one.simulator.bot_messages(CHANNEL) if m["attachments"] and m is not answer]
    )
    assert [item["spoiler"] for part in found[0]["components"] for item in part.get("items", ())] == [True]


async def test_form_that_takes_a_file(one: Whole) -> None:
    """A form takes a file where its command does."""
    number = snowflake()
    one.simulator.files["a.txt"] = b"Cats are liquid."
    url = f"http://127.0.0.1:{one.simulator.port}/cdn/a.txt"
    file = {"id": number, "filename": "a.txt", "content_type": "text/plain", "size": 16, "url": url, "proxy_url": url}
    await one.command("compose", command="chat")
    [form] = await one.simulator.until(lambda: [c for c in one.simulator.called("POST", "callback") if c["type"] == 9])
    upload = form["data"]["components"][-1]["component"]
    assert (upload["type"], upload["custom_id"]) == (19, "file")
    parts = [
        {"type": 18, "component": {"type": 4, "custom_id": "prompt", "value": "what are they?"}},
        {"type": 18, "component": {"type": 19, "custom_id": "file", "values": [number]}},
    ]
    data = {"custom_id": form["data"]["custom_id"], "components": parts, "resolved": {"attachments": {number: file}}}
    await one.simulator.interact(5, data)
    await one.echo.until(lambda: bool(one.echo.bodies))
    assert "Cats are liquid." in str(one.echo.bodies[0])
