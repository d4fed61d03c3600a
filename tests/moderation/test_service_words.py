"""The rules on words in the whole service: every command and every path passes them before the API."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.errors import SettingsError
from tests.support.database.postgres import server, url
from tests.support.scripted_api import data, events, failure, piece
from tests.support.service import Service, quiet_logs, service

__all__ = ["server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

EMAIL, PHONE, KEY, CARD = "ann@example.com", "0912-345-678", "sk-proj-abcdefghijklmnop123", "4111 1111 1111 1111"
PRIVATE = (EMAIL, PHONE, KEY, CARD)


def sent(one: Service) -> str:
    """Return everything that the API was sent."""
    return json.dumps(one.echo.bodies, ensure_ascii=False)


async def use_every_path(one: Service, words: str) -> None:
    """Bring `words` to the API by each command and each path; the first answer has them in front of it."""
    await one.ask(f"{words} first", earlier=[["bob", f"bob says {words}"]])
    await one.ask(f"be kind to {words}", command="system")
    await one.ask("what is in it?", files={f"{words}.txt": f"in a file: {words}"})
    await one.ask(f"{words} merge lists", command="code", options={"language": KEY})
    await one.ask("sort it", command="code", files={"a.py": f"# {words}"})
    for kind in ("image", "audio", "video"):
        await one.ask(f"{words} as {kind}", command=kind)
    picture = await one.channel.ask(f"{words} painted", command="image")
    await one.channel.wait_for_answers(picture)
    for button in ("again", "variation", "style", "video"):
        await one.ask("", command="press", options={"event": picture, "action": button})
    one.echo.cut = {"told"}
    asked = await one.channel.ask(f"{words} told", who=words, conversation="several")
    await one.channel.wait_for_answers(asked)
    for button in ("again", "continue"):
        await one.ask("", command="press", options={"event": asked, "action": button}, conversation="several")
    await one.ask("and you?", who="bob", conversation="several")
    edited = await one.channel.ask(f"{words} edited", replaces=asked, conversation="several")
    await one.channel.wait_for_answers(edited)
    one.echo.instead = [failure(404, "model_not_found")]
    assert "`mini` answered" in (await one.ask(f"{words} for another model")).text
    one.echo.instead = [failure(400, text="max_tokens is too large: this model supports at most 1,024 tokens")]
    await one.ask(f"{words} with a value corrected")
    for number in range(4):
        await one.ask(f"{words} {number}", conversation="long")
    await one.echo.until(lambda: any("Summarise our conversation" in prompt for prompt in one.echo.prompts))
    await one.ask("what did I say?", conversation="long")


async def test_every_path_is_redacted(tmp_path: Path) -> None:
    """Nothing private reaches the API: prompts, history, names, files, system prompts, buttons, summaries."""
    models: dict[str, Any] = {"bot_chat_models": ("big", "mini"), "bot_chat_fallbacks": ("mini",)}
    async with service(tmp_path, bot_redaction="pseudonyms", bot_context_turns=4, **models) as one:
        await use_every_path(one, " ".join(PRIVATE))
        kinds = {spec.kind for spec in one.core.registry.specs} - {None}
        asked = {request.path.split("/")[2].rstrip("s") for request in one.api.requests if request.method == "POST"}
        assert asked == kinds, "a kind of request that this test does not make"
        assert not [words for words in PRIVATE if words in sent(one)]
        assert "[EMAIL]" not in sent(one)
        assert (await one.ask(f"who is {EMAIL}?")).text.startswith(f"re: who is {EMAIL}?")
        assert EMAIL not in one.echo.prompts[-1]


async def test_without_a_rule_nothing_changes(tmp_path: Path) -> None:
    """What people say is sent as it is, unless somebody wants it otherwise."""
    async with service(tmp_path) as one:
        await one.ask(" ".join(PRIVATE))
        assert one.echo.prompts == [" ".join(PRIVATE)]


async def test_pseudonyms_stay_in_a_conversation(tmp_path: Path) -> None:
    """The next question and the restarted service use the same pseudonym; the stored history has the words."""
    async with service(tmp_path, bot_redaction="pseudonyms") as one:
        await restart_between(one)


async def test_pseudonyms_on_postgres(tmp_path: Path, url: SecretStr) -> None:
    """The same on a database server."""
    async with service(tmp_path, bot_redaction="pseudonyms", bot_database_url=url) as one:
        await restart_between(one)


async def restart_between(one: Service) -> None:
    """Restart the service between two questions."""
    assert (await one.ask(f"write to {EMAIL}")).text == f"re: write to {EMAIL}"
    pseudonym = one.echo.prompts[0].removeprefix("write to ")
    assert pseudonym.startswith("EMAIL_")
    await one.stop()
    await one.start()
    await one.ask("again")
    history = [message["content"] for message in one.echo.bodies[-1]["messages"]]
    assert history[-3:] == [f"write to {pseudonym}", f"re: write to {pseudonym}", "again"]
    [(question, _), (answer, _), *_] = [turn async for turn in one.core.store.transcript("channel", "general")]
    assert (question.content, answer.content) == (f"write to {EMAIL}", f"re: write to {EMAIL}")


async def test_a_streamed_answer_gets_its_words_back(tmp_path: Path) -> None:
    """Although a pseudonym comes in pieces; it is never shown."""
    async with service(tmp_path, bot_redaction="pseudonyms", aimodels_streaming=True) as one:

        async def stream(request: Any) -> Any:
            pseudonym = one.echo.prompts[-1].split()[-1]
            escaped = pseudonym.replace("_", r"\_")  # as models do in Markdown
            letters = (piece(character) for character in f"{pseudonym}, {escaped}")
            pieces = [piece("Dear "), *letters, piece(", hello", "stop")]
            return await events(*pieces)(request)

        one.echo.instead = [stream]
        asked = await one.channel.ask(f"greet {EMAIL}")
        await one.channel.wait_for_answers(asked)
        assert one.answer(asked).text == f"Dear {EMAIL}, {EMAIL}, hello"
        assert not [change for _, change in one.channel.seen if "EMAIL" in str(change)]


async def test_the_strictest_scope_decides(tmp_path: Path) -> None:
    """A person and a channel may ask for more than the workspace, never for less; a change holds at once."""
    async with service(tmp_path) as one:
        await one.ask("redaction mask", command="settings", options={"for": "workspace"})
        await one.ask("redaction off", command="settings", options={"for": "channel"})
        await one.ask("redaction pseudonyms", command="settings", options={"for": "me"})
        await one.ask(f"to {EMAIL}")
        assert one.echo.prompts == ["to [EMAIL]"]
        shown = await one.ask("redaction", command="settings")
        assert "this workspace" in shown.text
        await one.ask("redaction", command="settings", options={"for": "workspace", "clear": "yes"})
        await one.ask(f"to {EMAIL}")
        assert one.echo.prompts[-1].startswith("to EMAIL_")
        await one.stop()
        await one.start(bot_redaction="mask")
        refused = await one.ask("redaction pseudonyms", command="settings", options={"for": "workspace"})
        assert "mask" in refused.text
        await one.ask(f"to {EMAIL}")
        assert one.echo.prompts[-1] == "to [EMAIL]"


RULES = r"""
[redact]
EMPLOYEE = 'E-\d{6}'
[refuse.words]
"project names" = ["Falcon"]
[refuse.patterns]
"customer numbers" = 'KD-\d{8}'
"""


async def test_refused_requests_are_not_sent(tmp_path: Path) -> None:
    """Each command says in a private sentence which rule it is; nothing is sent, and nothing is counted as paid."""
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES, encoding="utf-8")
    async with service(tmp_path, bot_content_rules=rules) as one:
        for command in ("chat", "code", "image", "audio", "video"):
            refused = await one.ask("draw a falcon", command=command)
            assert refused.private
            assert "project names" in refused.text
        in_file = await one.ask("what is it?", files={"a.txt": "customer KD-12345678"})
        assert "customer numbers" in in_file.text
        assert one.echo.bodies == []
        usage = await one.ask("", command="usage")
        assert "nothing yet" in usage.text


async def test_the_service_s_own_words_are_never_refused(tmp_path: Path) -> None:
    """A rule that the request for a summary matches does not keep long conversations from being summarized."""
    rules = tmp_path / "rules.toml"
    rules.write_text('[refuse.words]\nwords = ["decision", "secret"]', encoding="utf-8")
    async with service(tmp_path, bot_context_turns=4) as one:
        for number in range(3):
            await one.ask(f"a secret {number}")
        await one.stop()
        await one.start(bot_content_rules=rules)
        await one.ask("and now?")
        await one.echo.until(lambda: any("Summarise our conversation" in prompt for prompt in one.echo.prompts))
        assert "secret" not in str(one.echo.bodies[-1])


async def test_disguises_are_seen_through(tmp_path: Path) -> None:
    """Invisible characters, full width, styled and look-alike letters, line breaks: rules see what people see."""
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES, encoding="utf-8")
    private = (
        "a\u200bnn@exam\u00adple.com",
        "ａｎｎ＠ｅｘａｍｐｌｅ．ｃｏｍ",
        "\u0430nn@ex\u0430mple.com",
        "\U0001d41a\U0001d427\U0001d427@example.com",
        "4111 11\u200b11 1111 1111",
        "4111 1111\n1111 1111",
        "DE89 3704 0044\n0532 0130 00",
        "sk-proj-abcdefg\u2060hijklmnop123",
        "scan_4111111111111111.pdf",
        "E-\u200b123456",
        "Ｅ－１２３４５６",
    )
    refused = (
        "f\u0430lcon",
        "f\u3164alcon",
        "f\u0336a\u0336lcon",
        "\U0001d5d9alcon",
        "KD-\ufe0f12345678",
        "ＫＤ-１２３４５６７８",
    )
    async with service(
        tmp_path, bot_content_rules=rules, bot_redaction="mask", bot_extra_parameters=("chat.who",)
    ) as one:
        for words in refused:
            assert (await one.ask(f"draw the {words}, please")).private, words
        assert one.echo.bodies == []
        await one.ask("chat.who 4111111111111111", command="settings", options={"for": "channel"})
        await one.ask("\n\n".join(f"it is {words} here" for words in private))
        sent = one.echo.prompts[-1].replace("scan_", "").replace(".pdf", "").split("\n\n")
        assert [line for line in sent if not re.fullmatch(r"it is \[[A-Z]+\] here", line)] == []
        assert len(sent) == len(private)
        assert one.echo.bodies[-1]["who"] == "[CARD]"


async def test_what_was_said_before_is_left_out(tmp_path: Path) -> None:
    """A rule that is made later does not end the conversation: what it refuses is no longer sent."""
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES, encoding="utf-8")
    async with service(tmp_path) as one:
        await one.ask("the falcon flies")
        await one.stop()
        await one.start(bot_content_rules=rules, bot_redaction="mask")
        assert (await one.ask("who is E-123456?")).text == "re: who is [EMPLOYEE]?"
        history = [message["content"] for message in one.echo.bodies[-1]["messages"][1:]]
        assert history == ["[…]", "[…]", "who is [EMPLOYEE]?"]


async def test_a_picture_s_address_is_not_changed(tmp_path: Path) -> None:
    """An address with a secret in it is refused, as another one would lead elsewhere."""
    async with service(tmp_path, bot_redaction="mask") as one:
        address = f"https://example.com/a.png?token={KEY}"
        refused = await one.ask("it moves", command="video", options={"image": address})
        assert refused.private
        assert "Attach the picture" in refused.text
        for no_picture in (f"data:image/png,{KEY}", f"data:image/png;base64,{KEY}"):
            refused = await one.ask("it moves", command="video", options={"image": no_picture})
            assert "Attach the picture" in refused.text
        await one.ask("it moves", command="video", options={"image": "https://example.com/a.png"})
        assert [body["image"] for body in one.echo.bodies] == ["https://example.com/a.png"]


async def test_the_sandbox_says_the_words_themselves(tmp_path: Path) -> None:
    """The caption of a picture has the words of the prompt, not their pseudonyms."""
    async with service(tmp_path, bot_redaction="pseudonyms") as one:

        async def paint(request: Any) -> Any:
            words = one.echo.prompts[-1].split()
            picture = {"url": f"{one.api.url.removesuffix('/v1')}/a.png", "sandbox_words": words}
            return await data({"images": [picture]})(request)

        one.echo.instead = [paint]
        assert EMAIL in (await one.ask(f"fox {EMAIL}", command="image")).text


async def test_wrong_rules_stop_the_start(tmp_path: Path) -> None:
    """A pattern that can't be matched in linear time is no rule that could be left out in silence."""
    rules = tmp_path / "rules.toml"
    rules.write_text(r"[redact]" + "\n" + r"TWICE = '(a+)\1'", encoding="utf-8")
    with pytest.raises(SettingsError, match="TWICE"):
        async with service(tmp_path, bot_content_rules=rules):
            pass
