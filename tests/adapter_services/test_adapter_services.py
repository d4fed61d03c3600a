"""The core's services for adapters: edits, deletions, buttons, participants, preferences, encrypted storage."""

import asyncio
import secrets
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.errors import UsageError
from bot.models import Actor
from bot.security.token_cipher import TokenCipher
from tests.support.channel.adapter import parse
from tests.support.scripted_api import events, failure, piece
from tests.support.service import FAST, Service, quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


def sent(one: Service) -> list[str]:
    """Return the contents of the last API request, without the system prompt."""
    return [message["content"] for message in one.echo.bodies[-1]["messages"] if message["role"] != "system"]


def shown(one: Service, key: str) -> list[str]:
    """Return the texts of the messages that answer an event."""
    return [message.text for message in one.channel.messages.values() if message.key == key]


async def edited(one: Service, event: str, text: str, **more: str) -> None:
    await one.core.services.revise(replace(parse({**one.channel.questions[event], "text": text}), **more))  # type: ignore[arg-type]


async def test_an_edited_question_is_answered_again_in_place(tmp_path: Path) -> None:
    """The message shows the new answer, and only the new exchange is stored."""
    async with service(tmp_path) as one:
        await one.ask("helo")
        await edited(one, "e1", "hello")
        await one.channel.until(lambda: any(m.text == "re: hello" and m.final for m in one.channel.answers("e1")))
        assert one.answer("e1").text == "re: hello"
        await one.ask("next")
        assert sent(one) == ["hello", "re: hello", "next"]


async def test_an_edit_without_effect_is_ignored(tmp_path: Path) -> None:
    """An unchanged text, an older question and an unknown one cause no request."""
    async with service(tmp_path) as one:
        await one.ask("one")
        await edited(one, "e1", "one")
        await one.ask("two")
        await edited(one, "e1", "other")
        await one.core.services.revise(parse({"id": "unknown", "command": "chat", "text": "x", "options": {}}))
        await one.ask("three")
        assert one.echo.prompts == ["one", "two", "three"]


async def test_an_edit_of_words_that_ask_for_a_picture_is_read_like_them(tmp_path: Path) -> None:
    """Such words with another description replace the picture; in place of a question they get one."""
    async with service(tmp_path) as one:
        await one.ask("draw me a fox")
        await edited(one, "e1", "Draw me a fox!")
        await edited(one, "e1", "draw me a cat")
        await one.channel.until(lambda: one.echo.prompts == ["a fox", "a cat"] and one.answer("e1").final)
        assert len(shown(one, "e1")) == 1
        asked = await one.ask("hello")
        await edited(one, asked.key, "draw me a dog")
        await one.channel.until(
            lambda: any(m.files and m.key != "e1" and m.final for m in one.channel.messages.values())
        )
        assert (asked.text, one.echo.prompts[-1]) == ("re: hello", "a dog")


async def test_a_question_edited_while_it_is_answered(tmp_path: Path) -> None:
    """The running call is cancelled, and the answer is that to the new question."""
    async with service(tmp_path) as one:
        one.echo.hold("slow")
        await one.start_asking("slow")
        await edited(one, "e1", "quick")
        await one.channel.until(lambda: any(m.text == "re: quick" for m in one.channel.answers("e1")))
        assert one.echo.left["slow"] == 1
        assert one.answer("e1").text == "re: quick"


async def test_an_edit_corrects_a_rejected_request(tmp_path: Path) -> None:
    """The edit of a request that was answered privately is a new request."""
    async with service(tmp_path) as one:
        await one.ask("x", rejection="What?")
        await edited(one, "e1", "hello", rejection="")
        await one.channel.until(lambda: any(m.text == "re: hello" for m in one.channel.messages.values()))
        assert shown(one, "e1") == ["What?"]


async def test_an_edit_counts_as_a_request(tmp_path: Path) -> None:
    """An edit over the rate limit is refused privately, and the answer stays."""
    async with service(tmp_path, bot_requests_per_minute=1) as one:
        await one.ask("one")
        await edited(one, "e1", "two")
        await one.channel.until(lambda: any("1 request" in m.text and m.private for m in one.channel.messages.values()))
        assert shown(one, "e1") == ["re: one"]


async def test_a_deleted_question_leaves_the_context(tmp_path: Path) -> None:
    """A deleted question and its answer are no longer sent to the API."""
    async with service(tmp_path) as one:
        await one.ask("secret")
        await one.ask("keep")
        await one.core.services.retract("channel", "e1")
        await one.ask("next")
        assert sent(one) == ["keep", "re: keep", "next"]


async def test_a_question_deleted_while_it_is_answered_is_dropped(tmp_path: Path) -> None:
    """The API call ends, what was shown is removed, and the context has neither question nor answer."""
    async with service(tmp_path, aimodels_streaming=True) as one:
        one.echo.instead = [events(piece("Hello "), piece("world"), wait=asyncio.Event())]
        event = await one.channel.ask("secret")
        await one.channel.until(lambda: (event, {"text": "Hello world"}) in one.channel.seen)
        waiting = await one.channel.ask("also secret")
        await one.channel.until(lambda: waiting in one.channel.acknowledged)
        await one.core.services.retract("channel", waiting)
        await one.core.services.retract("channel", event)
        await one.api.hung_up.wait()
        await one.channel.until(lambda: not any(message.text for message in one.channel.answers(event)))
        assert not any("Stopped" in change.get("text", "") for _, change in one.channel.seen)
        assert (await one.ask("next")).text == "re: next"
        assert sent(one) == ["next"]
        assert not one.channel.answers(waiting)


async def test_a_question_deleted_before_its_next_try_is_dropped(tmp_path: Path) -> None:
    """The status of the failed try is removed, and there is no other try."""
    async with service(tmp_path, timing=replace(FAST.pipeline, shortest_pause=1000.0)) as one:
        one.echo.instead = [failure(500)] * 5
        event = await one.channel.ask("secret")
        await one.channel.until(lambda: any("1000" in change["text"] for _, change in one.channel.seen))
        await one.core.services.retract("channel", event)
        await one.channel.until(lambda: not any(message.text for message in one.channel.answers(event)))
        one.echo.instead.clear()
        assert (await one.ask("next")).text == "re: next"


async def test_variations_of_a_picture_are_numbered(tmp_path: Path) -> None:
    """The first is variation 1, whatever was asked before; one of a variation is the next; so are the files named."""
    async with service(tmp_path) as one:
        await one.ask("something else")
        await one.ask("a fox", id="p", command="image")
        names = []
        for number, of in enumerate(("p", "p", "v0")):
            options = {"event": of, "action": "variation"}
            picture = await one.ask("", id=f"v{number}", command="press", options=options)
            names += [file["name"] for file in picture.files]
        again = await one.ask("", command="press", options={"event": "v2", "action": "again"})
        assert one.echo.prompts[1:] == ["a fox", *(f"a fox (variation {n})" for n in (1, 2, 3, 3))]
        assert names == [f"a-fox-variation-{n}.png" for n in (1, 2, 3)]
        assert [file["name"] for file in again.files] == ["a-fox-variation-3.png"]


async def test_a_place_shows_fewer_buttons(tmp_path: Path) -> None:
    """All of them, the first two, or none, as `buttons` has it."""
    async with service(tmp_path) as one:
        shown = (await one.ask("a fox", command="image")).actions
        assert len(shown) > 2
        for value, left in (("few", shown[:2]), ("none", [])):
            await one.ask(f"buttons {value}", command="settings", options={"for": "channel"})
            assert (await one.ask("a fox", command="image")).actions == left


async def press(one: Service, event: str, action: str, **more: str) -> str:
    options = {"event": event, "action": action, **{k: v for k, v in more.items() if k != "who"}}
    told = await one.ask("", command="press", options=options, **{k: v for k, v in more.items() if k == "who"})
    return told.text


async def test_the_author_can_delete_the_answer(tmp_path: Path) -> None:
    """Only the author can; message and files are deleted, and the API no longer gets them."""
    async with service(tmp_path) as one:
        picture = await one.ask("a fox", command="image")
        path = (await one.core.store.job("channel", "e1")).answer.media[0].path  # type: ignore[union-attr]
        assert path is not None
        assert "Only the person who asked" in await press(one, "e1", "delete", who="bob")
        assert path.exists()
        assert await press(one, "e1", "delete") == "Deleted."
        await one.channel.until(lambda: not picture.text and not picture.files)
        assert not path.exists()
        await one.ask("next")
        assert sent(one) == ["next"]


async def test_feedback_is_counted(tmp_path: Path) -> None:
    """Both buttons are acknowledged privately and counted in the channel's usage."""
    async with service(tmp_path) as one:
        await one.ask("what is love?")
        assert await press(one, "e1", "good") == "Thank you, noted."
        assert await press(one, "e1", "bad", who="bob") == "Thank you, noted."
        told = await one.ask("", command="usage", options={"whose": "channel"})
        assert "1 good, 1 bad" in told.text


async def test_the_stop_button(tmp_path: Path) -> None:
    """The button stops this answer, for its author only; the stopped answer has a note."""
    async with service(tmp_path) as one:
        one.echo.hold("slow")
        await one.start_asking("slow")
        async with one.channel.changed:
            one.channel.questions["e1"]["admin"] = False
        await press(one, "e1", "stop")
        await one.channel.wait_for_answers("e1")
        assert one.answer("e1").text == "*Stopped.*"
        assert one.echo.left["slow"] == 1
        assert "Nothing is running" in await press(one, "e1", "stop")


async def test_a_form_completes_the_options_of_a_button(tmp_path: Path) -> None:
    """Options that the button prompts for are accepted, others are not."""
    async with service(tmp_path) as one:
        await one.ask("a fox", command="image", options={"size": "512x512"})
        await press(one, "e1", "style", style="anime", size="2048x2048")
        assert (one.echo.bodies[-1]["style"], one.echo.bodies[-1]["size"]) == ("anime", "512x512")


async def test_prior_messages_are_read_once(tmp_path: Path) -> None:
    """The first event of a conversation sends other people's earlier messages with their names; they are stored."""
    async with service(tmp_path) as one:
        before = [["bob", "The fox is red."], ["cid", "No, it is grey."]]
        await one.ask("who is right?", earlier=before)
        expected = ["Bob: The fox is red.", "Cid: No, it is grey.", "Ada: who is right?"]
        assert sent(one) == expected
        await one.ask("sure?", earlier=before)
        assert sent(one) == [*expected, "re: Ada: who is right?", "Ada: sure?"]
        for _ in range(2):  # what it read goes with the answer that is replaced, so a repetition reads it again
            await one.ask("", command="press", options={"event": "e1", "action": "again"}, earlier=before)
            assert expected[:2] == [said for said in sent(one) if "fox" in said or "grey" in said]
        assert sum(call.startswith("earlier") for call in one.channel.calls) == 3


async def test_participants(tmp_path: Path) -> None:
    """Participants are the people who asked and have not left since."""
    async with service(tmp_path) as one:
        await one.ask("hello")
        await one.ask("hello", who="bob")
        assert set(await one.core.services.participants("channel", "general")) == {"ada", "bob"}
        await one.ask("", command="stop")
        assert set(await one.core.services.participants("channel", "general")) == {"ada", "bob"}
        assert "alone" in (await one.ask("", command="leave", who="bob")).text
        assert set(await one.core.services.participants("channel", "general")) == {"ada"}
        assert set(await one.core.services.departed("channel", "general")) == {"bob"}


async def test_preferences_are_personal(tmp_path: Path) -> None:
    """Language and models apply to their person only; invalid values are refused."""
    async with service(tmp_path, bot_chat_models=("m1", "m2"), bot_media_per_day=5) as one:
        services = one.core.services
        await services.set_preference("channel", "ada", "language", "zh-Hant")
        await services.set_preference("channel", "ada", "model.chat", "m2")
        with pytest.raises(UsageError):
            await services.set_preference("channel", "ada", "model.chat", "m3")
        await one.ask("hello")
        await one.ask("hello", who="bob", conversation="bobs")
        assert [body["model"] for body in one.echo.bodies] == ["m2", "m1"]
        assert "指令" in (await one.ask("x", command="help")).text
        profile = await services.profile("channel", Actor(id="ada", is_admin=True))
        own = {option.name: (option.choices, value) for option, value in profile.settings}
        assert (profile.language, own["model.chat"]) == ("zh-Hant", (("m1", "m2"), "m2"))
        assert not {"system_prompt", "answer_all"} & own.keys()
        assert own["image.style"][1] == ""
        assert [row.requests for row in profile.usage] == [1]
        assert sum(row.requests for row in profile.everybody) == 2
        assert any("5" in sentence for sentence in profile.limits)
        await services.set_preference("channel", "ada", "language", None)
        assert (await services.profile("channel", Actor(id="ada"))).language == ""


async def test_the_storage_is_encrypted(tmp_path: Path) -> None:
    """Values are unreadable in the database, and survive a restart and a new first key."""
    old, new = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    async with service(tmp_path, bot_encryption_keys=old) as one:
        await one.core.services.storage("tokens").set("team", "xoxb-secret")
        assert await one.core.services.storage("tokens").items() == {"team": "xoxb-secret"}
        await one.stop()
        assert not any(b"xoxb-secret" in path.read_bytes() for path in tmp_path.glob("bot.db*"))
        await one.start(bot_encryption_keys=f"{new}, {old}")
        assert await one.core.services.storage("tokens").items() == {"team": "xoxb-secret"}
        await one.stop()
        await one.start(bot_encryption_keys=new)  # sealed anew when it was read
        assert await one.core.services.storage("tokens").items() == {"team": "xoxb-secret"}
        await one.core.services.storage("tokens").delete("team")
        assert await one.core.services.storage("tokens").items() == {}


async def test_values_that_are_no_secrets_are_stored_as_they_are(tmp_path: Path) -> None:
    """They survive a restart without the key; those that an earlier version encrypted can be read with it."""
    old, new = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    async with service(tmp_path, bot_encryption_keys=old) as one:
        await one.core.services.storage("places").set("1", "encrypted")
        plain = one.core.services.storage("places", has_secrets=False)
        await plain.set("2", "plain:text")
        assert await plain.items() == {"1": "encrypted", "2": "plain:text"}
        await one.stop()
        await one.start(bot_encryption_keys=new)
        plain = one.core.services.storage("places", has_secrets=False)
        assert await plain.items() == {"2": "plain:text"}
        await plain.delete("2")
        assert await plain.get("2") is None


def test_a_foreign_key_decrypts_nothing() -> None:
    """A value encrypted with another key yields None."""
    token = TokenCipher([SecretStr("a")]).encrypt("text")
    assert "text" not in token
    assert TokenCipher([SecretStr("b")]).decrypt(token) is None
    assert TokenCipher([SecretStr("b"), SecretStr("a")]).decrypt(token) == "text"
