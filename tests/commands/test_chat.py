"""`chat`: the answer, the request to the API, and the stored turns."""

import pytest

from aimodels.errors import BadRequest, UnexpectedAnswer
from bot.errors import UsageError
from bot.models import TurnRecord, Usage
from tests.support.command_runner import CommandRunner
from tests.support.media_files import PNG


async def test_an_answer_is_text_usage_and_a_button(runner: CommandRunner) -> None:
    """The turns are yielded first, so that a stopped answer is stored too."""
    said = await runner.ask("chat", "what is love?")
    assert said.parts[0] == TurnRecord(user="what is love?")
    assert said.text == "Hello there."
    assert said.usage == [Usage(kind="chat", model="gpt-4-turbo", prompt_tokens=10, completion_tokens=5)]
    event = {"event": said.event.id}
    assert [(a.command, dict(a.options)) for a in said.actions] == [
        ("retry", event),
        ("feedback", {**event, "opinion": "good"}),
        ("feedback", {**event, "opinion": "bad"}),
    ]


async def test_the_answer_of_a_turn_is_context_of_the_next(runner: CommandRunner) -> None:
    """The API gets the system prompt, the earlier turns, and the new message."""
    await runner.ask("chat", "my name is Ada")
    await runner.ask("chat", "who am I?")
    assert runner.api_server.bodies("chat")[1] == {
        "model": "gpt-4-turbo",
        "max_tokens": 2048,
        "messages": [
            {"role": "system", "content": runner.settings.bot_system_prompt},
            {"role": "user", "content": "my name is Ada"},
            {"role": "assistant", "content": "Hello there."},
            {"role": "user", "content": "who am I?"},
        ],
    }


async def test_ask_is_chat(runner: CommandRunner) -> None:
    """`ask` is an alias of `chat`."""
    assert (await runner.ask("ask", "hello")).text == "Hello there."


async def test_a_model_can_be_chosen_for_one_answer(runner: CommandRunner) -> None:
    """The option applies to this request only, and only to allowed models."""
    await runner.ask("chat", "hello", options={"model": "gpt-mini"})
    await runner.ask("chat", "hello")
    assert [body["model"] for body in runner.api_server.bodies("chat")] == ["gpt-mini", "gpt-4-turbo"]
    with pytest.raises(UsageError, match="gpt-mini"):
        await runner.ask("chat", "hello", options={"model": "gpt-5000"})


async def test_a_missing_prompt_is_an_error_with_an_example(runner: CommandRunner) -> None:
    """The error contains an example."""
    with pytest.raises(UsageError, match="/chat explain"):
        await runner.ask("chat", "  ")


async def test_attached_text_is_part_of_the_conversation(runner: CommandRunner) -> None:
    """A file is part of the message, in this and later requests, and needs no prompt."""
    said = await runner.ask("chat", "", attach={"a.py": b"print(1)"})
    assert runner.api_server.bodies("chat")[0]["messages"][-1]["content"] == "`a.py`:\n```py\nprint(1)\n```"
    assert said.turn_record is not None
    assert "print(1)" in said.turn_record.user


async def test_a_file_that_can_t_be_read_is_no_question(runner: CommandRunner) -> None:
    """Without words nothing is asked of a model; with words, or a file that can be read, it is."""
    with pytest.raises(UsageError, match="was not read"):
        await runner.ask("chat", "", attach={"a.bin": bytes(99)})
    for words, more in (("what is it?", {}), ("", {"b.txt": b"three words here"})):
        said = await runner.ask("chat", words, attach={"a.bin": bytes(99), **more})
        assert said.text.startswith("> a.bin was not read")


async def test_an_image_is_sent_to_a_model_with_vision(runner: CommandRunner) -> None:
    """A model with vision gets content parts; without vision, model and person get a note."""
    await runner.ask("chat", "what is it?", attach={"a.png": PNG}, options={"model": "seer"})
    text, picture = runner.api_server.bodies("chat")[0]["messages"][-1]["content"]
    assert text == {"type": "text", "text": "what is it?\n\n[a.png]"}
    assert picture["image_url"]["url"].startswith("data:image/png;base64,")
    said = await runner.ask("chat", "what is it?", attach={"a.png": PNG}, conversation="c2")
    assert said.text.startswith("> a.png is a picture, and this model can't look at pictures.\n\nHello")
    assert "can't look at pictures" in runner.api_server.bodies("chat")[1]["messages"][-1]["content"]


async def test_an_answer_at_its_limit_says_so(runner: CommandRunner) -> None:
    """An answer cut at its token limit ends with a note, and has a button to go on."""
    runner.api_server.finish_reason = "length"
    said = await runner.ask("chat", "tell me everything")
    assert "length limit" in said.text
    assert [action.name for action in said.actions] == ["again", "continue", "good", "bad"]


async def test_an_empty_answer_is_an_error(runner: CommandRunner) -> None:
    """An empty response is neither shown nor stored."""
    runner.api_server.reply = " \n"
    with pytest.raises(UnexpectedAnswer):
        await runner.ask("chat", "hello")
    assert (await runner.store.context("runner", "c1", limit=10)).total == 0


async def test_an_api_error_is_raised(runner: CommandRunner) -> None:
    """Commands raise the API's errors, which the pipeline turns into sentences."""
    runner.api_server.refusal = (400, "content_policy_violation")
    with pytest.raises(BadRequest):
        await runner.ask("chat", "hello")


@pytest.mark.parametrize(
    ("said", "is_small"),
    [
        ("hi", True),
        ("Good morning, Muse!", True),
        ("thanks a lot 🙏", True),
        ("謝謝你！", True),
        ("ok great, bye", True),
        ("你好嗎？", False),
        ("hi, what is love?", False),
        ("good morning routine ideas for parents", False),
        ("thanks, now in French", False),
        ("hello world in Rust", False),
        ("好的程式碼", False),
    ],
)
async def test_no_buttons_are_under_small_talk(runner: CommandRunner, said: str, is_small: bool) -> None:
    """A greeting or thanks is answered without buttons; whatever asks for something has them."""
    assert (not (await runner.ask("chat", said)).actions) is is_small
