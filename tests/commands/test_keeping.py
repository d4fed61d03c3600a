"""`reset`, `export`, `forget`, `usage`, `retry` and `stop`: what is kept, shown, erased and ended."""

import pytest

from bot.errors import UsageError
from tests.support.command_runner import AdapterServices


async def test_a_reset_begins_a_new_context(desk: AdapterServices) -> None:
    """What was said before is counted, no longer sent, and still exported."""
    await desk.tell(("my name is Ada", "Hello Ada"), ("I like tea", "Noted"))
    assert "4" in (await desk.ask("reset")).text
    await desk.ask("chat", "who am I?")
    assert [m["content"] for m in desk.wire.bodies("chat")[-1]["messages"][1:]] == ["who am I?"]
    (file,) = (await desk.ask("export")).media
    assert file.path is not None
    assert "my name is Ada" in file.path.read_text(encoding="utf-8")


async def test_a_reset_of_nothing_says_so(desk: AdapterServices) -> None:
    """A new conversation has nothing to leave behind."""
    assert "nothing" in (await desk.ask("reset")).text


async def test_an_export_is_this_conversation_in_order(desk: AdapterServices) -> None:
    """Every turn with its speaker, media listed, and nothing of other conversations."""
    await desk.tell(("first question", "first answer"))
    await desk.ask("image", "a red fox", actor="bob")
    await desk.tell(("elsewhere", "a secret"), conversation="c2")
    said = await desk.ask("export")
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


async def test_an_empty_conversation_exports_nothing(desk: AdapterServices) -> None:
    """There is no empty file."""
    said = await desk.ask("export")
    assert said.media == []
    assert "empty" in said.text


async def test_forget_asks_first(desk: AdapterServices) -> None:
    """Nothing is erased without a yes, by button or in words."""
    await desk.tell(("my name is Ada", "Hello Ada"))
    said = await desk.ask("forget")
    assert "/forget --confirm yes" in said.text
    assert said.actions[0].is_danger
    assert (await desk.store.context("desk", "c1", limit=10)).total == 2


async def test_forget_erases_what_is_the_persons(desk: AdapterServices) -> None:
    """Their turns, the answers to them and the files go; other people's stay."""
    await desk.tell(("my name is Ada", "Hello Ada"))
    (picture,) = (await desk.ask("image", "my cat")).media
    assert picture.path is not None
    await desk.tell(("I am Bob", "Hello Bob"), actor="bob")
    action = (await desk.ask("forget")).actions[0]
    said = await desk.ask(action.command, options=dict(action.options))
    assert "1 file" in said.text
    assert not picture.path.exists()
    memory = await desk.store.context("desk", "c1", limit=10)
    assert [turn.content for turn in memory.turns] == ["I am Bob", "Hello Bob"]


async def test_a_button_to_forget_works_for_its_person_only(desk: AdapterServices) -> None:
    """Pressing somebody else's button must not erase what is one's own."""
    action = (await desk.ask("forget")).actions[0]
    await desk.tell(("I am Bob", "Hello Bob"), actor="bob")
    with pytest.raises(UsageError, match="somebody else"):
        await desk.ask(action.command, options=dict(action.options), actor="bob")
    assert (await desk.store.context("desk", "c1", limit=10)).total == 2


async def test_usage_is_a_table_with_totals(desk: AdapterServices) -> None:
    """By day and kind; mine is mine, the channel's is everybody's there."""
    await desk.ask("chat", "hello")
    await desk.ask("image", "a red fox", options={"n": "2"})
    await desk.ask("chat", "hello", actor="bob")
    await desk.ask("chat", "hello", actor="bob", channel="other")
    lines = (await desk.ask("usage")).text.splitlines()
    assert lines[2] == "| Day (UTC) | Kind | Requests | Tokens | Media | Cost |"
    rows = {line.split("|")[2].strip(): line.split("|")[3:7] for line in lines[4:]}
    assert [cell.strip() for cell in rows["Chat"]] == ["1", "15", "0", "–"]
    assert [cell.strip() for cell in rows["Pictures"]] == ["1", "0", "2", "0.0016"]
    assert [cell.strip() for cell in rows[""]] == ["**2**", "**15**", "**2**", "**0.0016**"]
    channel = (await desk.ask("usage", options={"whose": "channel", "days": "1"})).text
    assert "| **Total** |  | **3** | **30** |" in channel


async def test_no_usage_is_said(desk: AdapterServices) -> None:
    """A person who has asked nothing gets a sentence and no empty table."""
    said = await desk.ask("usage")
    assert "nothing yet" in said.text
    assert "|" not in said.text


@pytest.mark.parametrize("options", [{"days": "0"}, {"days": "400"}, {"whose": "bobs"}])
async def test_usage_refuses_what_it_does_not_know(desk: AdapterServices, options: dict[str, str]) -> None:
    """The sentence says what is allowed."""
    with pytest.raises(UsageError):
        await desk.ask("usage", options=options)


async def test_a_retry_with_nothing_to_repeat_says_so(desk: AdapterServices) -> None:
    """It arrives as itself only when there is nothing."""
    assert "nothing" in (await desk.ask("retry")).text


async def test_stop_says_how_many(desk: AdapterServices) -> None:
    """Or that there was nothing."""
    assert "Nothing" in (await desk.ask("stop")).text
    desk.running = 3
    assert "3" in (await desk.ask("stop")).text
