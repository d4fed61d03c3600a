"""Interactions of the simulator follow Discord's rules, as the unmodified library sees them."""

from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest

from simulators.discord.components import LEGACY, MODAL, V2, check
from simulators.discord.errors import Form
from simulators.discord.people.forms import fill_in_form
from simulators.discord.people.person import Person
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import ADA, CHANNEL, GUILD, Json, snowflake
from tests.support.discord.bare import Bot, bot

SLASH, PRESSED, CHOICES = 2, 3, 4
ELSEWHERE = "1457510428359008888"


@pytest.fixture
async def client(simulator: DiscordSimulator) -> AsyncIterator[Bot]:
    async with bot(simulator) as client:
        yield client


async def used(client: Bot, simulator: DiscordSimulator, kind: int = SLASH, **more: Any) -> tuple[Any, Json]:
    """Use a command, or something else; return the interaction and its payload."""
    data: Json = {"id": snowflake(), "name": "chat", "type": 1, "options": []}
    if kind == PRESSED:
        data = {"component_type": 2, "custom_id": "a", "id": 2}
    known = len(client.interactions)
    told = await simulator.interact(kind, data, **more)
    await client.until(lambda: len(client.interactions) > known)
    return client.interactions[-1], told


async def refused(request: Any) -> int:
    """The code of the refusal."""
    with pytest.raises(discord.HTTPException) as raised:
        await request
    return raised.value.code


async def test_deferred_answer(client: Bot, simulator: DiscordSimulator) -> None:
    """A deferred command shows that something comes; it becomes the answer, which everybody sees."""
    interaction, _ = await used(client, simulator)
    await interaction.response.defer(thinking=True)
    [message] = simulator.bot_messages(CHANNEL)
    assert message["flags"] & 128
    await interaction.edit_original_response(content="answer")
    assert (message["content"], message["flags"]) == ("answer", 0)
    assert message["interaction_metadata"]["user"]["id"] == ADA
    assert (await interaction.original_response()).content == "answer"
    assert (await client.get_partial_messageable(int(CHANNEL)).fetch_message(int(message["id"]))).content == "answer"
    await interaction.delete_original_response()
    assert not simulator.bot_messages(CHANNEL)
    assert await refused(interaction.edit_original_response(content="again")) == 10008


async def test_first_follow_up_is_the_answer(client: Bot, simulator: DiscordSimulator) -> None:
    """While the deferred answer is open, a follow-up fills it; later ones are messages of their own."""
    interaction, _ = await used(client, simulator)
    await interaction.response.defer(thinking=True)
    first = await interaction.followup.send("one", wait=True)
    second = await interaction.followup.send("two", wait=True)
    assert [message["content"] for message in simulator.bot_messages(CHANNEL)] == ["one", "two"]
    await second.edit(content="2")
    await first.delete()
    assert [message["content"] for message in simulator.bot_messages(CHANNEL)] == ["2"]


async def test_private_answers(client: Bot, simulator: DiscordSimulator) -> None:
    """An ephemeral message has one viewer and is not in the history."""
    interaction, _ = await used(client, simulator)
    await interaction.response.send_message("secret", ephemeral=True)
    whisper = await interaction.followup.send("secret too", ephemeral=True, wait=True)
    assert list(simulator.viewers.values()) == [ADA, ADA]
    assert not simulator.bot_messages(CHANNEL)
    channel = client.get_partial_messageable(int(CHANNEL))
    assert [message async for message in channel.history()] == []
    assert await refused(channel.fetch_message(whisper.id)) == 10008
    assert (await interaction.followup.fetch_message(whisper.id)).content == "secret too"


async def test_acknowledged_once_and_in_time(client: Bot, simulator: DiscordSimulator) -> None:
    """An interaction is acknowledged once, within three seconds, and not before anything follows it."""
    interaction, _ = await used(client, simulator)
    assert await refused(interaction.followup.send("early", wait=True)) == 10015
    await interaction.response.defer(thinking=True)
    interaction.response._response_type = None  # the library would not ask a second time
    assert await refused(interaction.response.defer(thinking=True)) == 40060
    late, told = await used(client, simulator)
    simulator.interactions[told["token"]].is_late = True
    assert await refused(late.response.defer()) == 10062


async def test_expired_token(client: Bot, simulator: DiscordSimulator) -> None:
    """After fifteen minutes nothing can be answered by the token; the bot's own works."""
    interaction, told = await used(client, simulator)
    await interaction.response.defer(thinking=True)
    simulator.interactions[told["token"]].is_expired = True
    for request in (interaction.edit_original_response(content="x"), interaction.followup.send("x", wait=True)):
        assert await refused(request) == 50027
    [message] = simulator.bot_messages(CHANNEL)
    await client.get_partial_messageable(int(CHANNEL)).get_partial_message(int(message["id"])).edit(content="x")


async def test_where_the_bot_is_no_member(client: Bot, simulator: DiscordSimulator) -> None:
    """Installed by a person the bot answers by the interaction alone, and follows it up five times."""
    owners = {"1": ADA}
    interaction, _ = await used(client, simulator, channel=ELSEWHERE, authorizing_integration_owners=owners)
    await interaction.response.send_message("one")
    for _ in range(5):
        await interaction.followup.send("more", wait=True)
    assert await refused(interaction.followup.send("more", wait=True)) == 40094
    assert await refused(client.get_partial_messageable(int(ELSEWHERE)).send("x")) == 10003
    assert len(simulator.bot_messages(ELSEWHERE)) == 6


async def test_a_press_changes_its_message_or_leaves_it(client: Bot, simulator: DiscordSimulator) -> None:
    """A press can change the message it belongs to, or leave it."""
    row = {"type": 1, "id": 1, "components": [{"type": 2, "style": 2, "label": "A", "custom_id": "a", "id": 2}]}
    message = simulator.message(CHANNEL, "answer", by="1457469483726668048", components=[row])
    interaction, _ = await used(client, simulator, PRESSED, message=message)
    await interaction.response.edit_message(content="changed")
    assert message["content"] == "changed"
    interaction, _ = await used(client, simulator, PRESSED, message=message)
    await interaction.response.defer()
    await interaction.edit_original_response(content="later")
    assert message["content"] == "later"


async def test_form_and_choices(client: Bot, simulator: DiscordSimulator) -> None:
    """A form has five fields at most, and offers 25 choices at most; each kind is answered by its own."""
    form: Any = discord.ui.Modal(title="t" * 46)
    form.add_item(discord.ui.Label(text="Prompt", component=discord.ui.TextInput(custom_id="prompt")))
    interaction, _ = await used(client, simulator)
    assert await refused(interaction.response.send_modal(form)) == 50035
    form.title = "Image"
    await interaction.response.send_modal(form)
    typed, _ = await used(client, simulator, CHOICES)
    choices = [discord.app_commands.Choice(name=str(n), value=str(n)) for n in range(26)]
    assert await refused(typed.response.autocomplete(choices)) == 50035
    await typed.response.autocomplete(choices[:25])


def test_radio_buttons_and_checkboxes() -> None:
    """Two to ten radio buttons, one to ten checkboxes, in modals alone; what is chosen fits what was asked for."""

    def form(component: Json) -> Json:
        return {"custom_id": "f", "title": "F", "components": [{"type": 18, "label": "L", "component": component}]}

    def options(number: int, **more: Any) -> Json:
        return {"options": [{"label": str(n), "value": str(n), **more} for n in range(number)]}

    def faults(allowed: Any, components: list[Json]) -> bool:
        found = Form()
        check(found, components, allowed, "components", set())
        return bool(found.errors)

    radios, boxes, box = ({"type": number, "custom_id": "c"} for number in (21, 22, 23))
    wrong: list[Json] = [
        radios | options(1),
        radios | options(11),
        radios | options(2, default=True),
        radios | options(2, description="d" * 101),
        boxes | options(0),
        boxes | options(11),
        boxes | options(2) | {"max_values": 3},
        boxes | options(2) | {"min_values": 2, "max_values": 1},
        boxes | options(2) | {"min_values": 0},
        {"type": 23},
    ]
    right: list[Json] = [radios | options(10), boxes | options(10) | {"min_values": 0, "required": False}, box]
    verdicts = [faults(MODAL, form(one)["components"]) for one in (*wrong, *right)]
    assert verdicts == [True] * len(wrong) + [False] * len(right)
    assert all(faults(kinds, [row]) for kinds in (V2, LEGACY) for row in (box, {"type": 1, "components": [box]}))

    def submitted(component: Json, value: Any) -> Json:
        values = {} if value is None else {"c": value}
        [label] = fill_in_form(form(component)["components"], values, {}, upload=lambda _: [])
        return {name: label["component"].get(name) for name in ("value", "values") if name in label["component"]}

    assert submitted(radios | options(2), "1") == {"value": "1"}
    assert submitted(radios | options(2) | {"required": False}, None) == {"value": None}
    assert submitted(boxes | options(3), ["2", "0"]) == {"values": ["0", "2"]}
    assert submitted(boxes | options(3) | {"required": False}, []) == {"values": []}
    assert [submitted(box, value)["value"] for value in (None, True, False)] == [False, True, False]
    for component, value in (
        (radios | options(2), None),
        (radios | options(2), "2"),
        (boxes | options(2), []),
        (boxes | options(3) | {"max_values": 1}, ["0", "1"]),
    ):
        with pytest.raises(LookupError):
            submitted(component, value)


async def test_closed_places(client: Bot, simulator: DiscordSimulator) -> None:
    """In an archived thread and a deleted channel interactions can't be answered either."""
    number = snowflake()
    await simulator.open_thread(number, owner=ADA)
    interaction, _ = await used(client, simulator, channel=number)
    await interaction.response.defer(thinking=True)
    await simulator.close_thread(number, is_locked=True)
    assert await refused(interaction.edit_original_response(content="x")) == 50083
    interaction, _ = await used(client, simulator)
    await interaction.response.defer(thinking=True)
    await simulator.delete_channel(CHANNEL)
    assert await refused(interaction.followup.send("x", wait=True)) == 10003
    assert GUILD in simulator.guilds


def test_people_are_those_of_one_simulator() -> None:
    """A person of another simulator in the same process is nobody that can be picked here."""
    one, other = DiscordSimulator(), DiscordSimulator()
    cleo = Person(one, snowflake(), "Cleo")
    assert one.member(cleo.id)["user"]["username"] == "Cleo"
    assert cleo.id in one.pickable()["users"]
    assert cleo.id not in other.pickable()["users"]
