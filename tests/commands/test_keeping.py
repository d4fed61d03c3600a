"""`reset`, `export`, `forget`, `usage`, `retry` and `stop`."""

import pytest

from bot.errors import UsageError
from tests.support.command_runner import CommandRunner


async def test_a_reset_begins_a_new_context(runner: CommandRunner) -> None:
    """Earlier turns are counted, no longer sent, and still exported."""
    await runner.exchange(("my name is Ada", "Hello Ada"), ("I like tea", "Noted"))
    assert "4" in (await runner.ask("reset")).text
    await runner.ask("chat", "who am I?")
    assert [m["content"] for m in runner.api_server.bodies("chat")[-1]["messages"][1:]] == ["who am I?"]
    (file,) = (await runner.ask("export")).media
    assert file.path is not None
    assert "my name is Ada" in file.path.read_text(encoding="utf-8")


async def test_a_reset_of_nothing_says_so(runner: CommandRunner) -> None:
    """A reset of a new conversation says that there is nothing to drop."""
    assert "is new already" in (await runner.ask("reset")).text


async def test_an_export_is_this_conversation_in_order(runner: CommandRunner) -> None:
    """The export has every turn with speaker and media, and nothing of other conversations."""
    await runner.exchange(("first question", "first answer"))
    await runner.ask("image", "a red fox", actor="bob")
    await runner.exchange(("elsewhere", "a secret"), conversation="c2")
    said = await runner.ask("export")
    (file,) = said.media
    assert file.content_type == "text/markdown"
    assert file.name.endswith(".md")
    assert file.path is not None
    text = file.path.read_text(encoding="utf-8")
    order = [
        "# Conversation",
        "## Ada",
        "first question",
        "## Assistant",
        "first answer",
        "## Bob",
        "[image: a red fox",
    ]
    places = [text.find(item) for item in order]
    assert -1 not in places
    assert places == sorted(places)
    assert "(image/png, " in text
    assert "secret" not in text
    assert "Messages: 4" in said.text


async def test_an_empty_conversation_exports_nothing(runner: CommandRunner) -> None:
    """An empty conversation yields a sentence and no file."""
    said = await runner.ask("export")
    assert said.media == []
    assert "empty" in said.text


async def test_forget_asks_first(runner: CommandRunner) -> None:
    """Nothing is erased without a confirmation, by button or text."""
    await runner.exchange(("my name is Ada", "Hello Ada"))
    said = await runner.ask("forget")
    assert "/forget --confirm yes" in said.text
    assert said.actions[0].is_danger
    assert (await runner.store.context("runner", "c1", limit=10)).total == 2


async def test_forget_erases_the_person_s_data(runner: CommandRunner) -> None:
    """The person's turns, answers and files are erased; other people's stay."""
    await runner.exchange(("my name is Ada", "Hello Ada"))
    (picture,) = (await runner.ask("image", "my cat")).media
    assert picture.path is not None
    await runner.exchange(("I am Bob", "Hello Bob"), actor="bob")
    action = (await runner.ask("forget")).actions[0]
    said = await runner.ask(action.command, options=dict(action.options))
    assert "1 file" in said.text
    assert not picture.path.exists()
    memory = await runner.store.context("runner", "c1", limit=10)
    assert [turn.content for turn in memory.turns] == ["I am Bob", "Hello Bob"]


async def test_a_button_to_forget_works_for_its_person_only(runner: CommandRunner) -> None:
    """Another person's press of the button erases nothing."""
    action = (await runner.ask("forget")).actions[0]
    await runner.exchange(("I am Bob", "Hello Bob"), actor="bob")
    with pytest.raises(UsageError, match="somebody else"):
        await runner.ask(action.command, options=dict(action.options), actor="bob")
    assert (await runner.store.context("runner", "c1", limit=10)).total == 2


async def test_usage_is_a_table_with_totals(runner: CommandRunner) -> None:
    """The table is by day and kind, of the person or of the whole channel."""
    await runner.ask("chat", "hello")
    await runner.ask("image", "a red fox", options={"n": "2"})
    await runner.ask("chat", "hello", actor="bob")
    await runner.ask("chat", "hello", actor="bob", channel="other")
    lines = (await runner.ask("usage")).text.splitlines()
    assert lines[2] == "| Day (UTC) | Kind | Requests | Tokens | Media | Cost |"
    rows = {line.split("|")[2].strip(): line.split("|")[3:7] for line in lines[4:]}
    assert [cell.strip() for cell in rows["Chat"]] == ["1", "15", "0", "–"]
    assert [cell.strip() for cell in rows["Pictures"]] == ["1", "0", "2", "0.0016"]
    assert [cell.strip() for cell in rows[""]] == ["**2**", "**15**", "**2**", "**0.0016**"]
    options = {"whose": "channel", "days": "1"}
    channel = (await runner.ask("usage", options=options, admin=True)).text
    assert "| **Total** |  | **3** | **30** |" in channel
    assert "**3**" in (await runner.ask("usage", options=options, private=True)).text
    for whose, word in (("channel", "administrator"), ("workspace", "administrator"), ("everybody", "BOT_ADMINS")):
        with pytest.raises(UsageError, match=word):
            await runner.ask("usage", options={"whose": whose})


async def test_without_usage_there_is_a_sentence(runner: CommandRunner) -> None:
    """A person without usage gets a sentence and no empty table."""
    said = await runner.ask("usage")
    assert "nothing yet" in said.text
    assert "|" not in said.text


@pytest.mark.parametrize("options", [{"days": "0"}, {"days": "400"}, {"whose": "bobs"}])
async def test_usage_rejects_unknown_values(runner: CommandRunner, options: dict[str, str]) -> None:
    """The error names the allowed values."""
    with pytest.raises(UsageError):
        await runner.ask("usage", options=options)


async def test_a_retry_with_nothing_to_repeat_says_so(runner: CommandRunner) -> None:
    """The command itself runs only if there is nothing to repeat."""
    assert "nothing" in (await runner.ask("retry")).text


async def test_stop_says_when_there_is_nothing(runner: CommandRunner) -> None:
    """Where something was stopped, the stopped answers say so themselves."""
    assert "Nothing" in (await runner.ask("stop")).text
    runner.running = 3
    assert (await runner.ask("stop")).text == ""
