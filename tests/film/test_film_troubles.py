"""Films that are stopped, that can't be made, or that may not be; and other people beside them."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from aimodels.reference import MODELS
from bot.ports import RequestFilter
from tests.support.film.studio import SCRIPT, press, see, settled, studio
from tests.support.service import Service, quiet_logs

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

CLIPS = {"transition": "none"}
STOPPED = "Stopped. What is made so far is kept."
NOTHING = "That changes nothing: the film stays as it is."
#: An answer that is not what was asked for, and can be read.
BAD = 'Sure!\n```json\n{"title": "T", "scenes": ["a cat", {"image": "a dog", "duration": "x"}]}\n```'
PRICES = (f"{MODELS['image']}=picture:0.5", f"{MODELS['video']}=second:0.1", f"{MODELS['audio']}=second:0.01")


async def plan(one: Service, prompt: str = "a fox", **more: Any) -> str:
    """Plan a film; return its id."""
    return (await one.ask(prompt, command="film", **{"options": CLIPS, **more})).reply_to


async def change(one: Service, who: str = "ada", **options: str) -> str:
    """Type `/shots`; return its answer."""
    return (await one.ask("", command="shots", options=options, who=who)).text


async def decide(one: Service, choice: str) -> None:
    """Have the approver decide on what they were asked last."""
    *_, ask = [message for message in one.channel.messages.values() if message.reply_to == "to boss"]
    await one.ask("", command="press", options={"event": ask.key, "action": choice}, who="boss", conversation="dm")


async def test_a_film_is_stopped_and_goes_on(tmp_path: Path) -> None:
    """By its maker or an administrator, or with /stop; what is there is kept. Nobody else changes it."""
    async with studio(tmp_path, bot_admins=("channel:root",)) as (one, api):
        api.holds["video: a fox, two"] = held = asyncio.Event()
        film = await plan(one, who="ada")
        assert "One change at a time" in await change(one, again="2", drop="3")
        for do in ("stop", "continue"):
            assert await change(one, do=do) == NOTHING
        assert "Only the person who asked" in await press(one, film, "make", who="bob", member=True)
        await press(one, film, "make", who="ada")
        board = await see(one, film, "clip 40%", "Shot four (5 s) · picture ✓", "music ✓")  # nothing else is under way
        assert {file["type"] for file in board.files} == {"image/png"}  # they are shown as they come
        assert "Only the person who asked" in await press(one, film, "halt", who="bob", member=True)
        assert (await press(one, film, "halt", who="root")).startswith(f"{STOPPED}\nCost so far: ")
        board = await see(
            one, film, "What is made so far is kept", "Shot one (5 s) · picture ✓ · clip ✓", "clip stopped"
        )
        await settled(one)
        assert board.actions[:2] == ["continue", "again-1"]
        made = api.made
        await press(one, film, "continue", who="ada")
        await api.until(lambda: api.made["video: a fox, two"] == 2)
        await one.ask("", command="stop", who="ada")
        await see(one, film, "What is made so far is kept")
        assert await change(one, do="continue") == "The film goes on."
        await api.until(lambda: api.made["video: a fox, two"] == 3)
        assert await change(one, do="make") == "The film is being made."  # as it is
        assert (await change(one, do="cancel")).startswith(STOPPED)
        await see(one, film, "What is made so far is kept")
        held.set()
        assert await change(one, do="continue") == "The film goes on."
        await settled(one)
        assert "music ✓" in one.answer(film).text
        assert {what: count for what, count in api.made.items() if count > 1} == {"video: a fox, two": 4}
        await one.ask("", command="forget", options={"confirm": "yes"}, who="ada", conversation="dm")
        for who in ("ada", "bob"):  # of a film that is erased the channel still shows the buttons
            assert "This button no longer works" in await press(one, film, "again-1", who=who)
        assert made.items() <= {**api.made, "video: a fox, two": 1}.items()


async def test_a_part_that_fails(tmp_path: Path) -> None:
    """The others are made; the board says which failed and why. It is reworded, left out, or tried again."""
    rules = tmp_path / "rules.toml"
    rules.write_text('[refuse.words]\n"secret plans" = ["nightfall"]')
    async with studio(tmp_path, bot_media_per_day=9, bot_content_rules=rules) as (one, api):
        api.broken = {"image: a fox, two", "audio"}
        film = await plan(one)
        assert "secret plans" in (await one.ask("5 | Nightfall | a fox", command="shots")).text
        assert "secret plans" in (await one.ask("", command="shots", options={"music": "nightfall"})).text
        assert "ightfall" not in one.answer(film).text
        await press(one, film, "make")
        await settled(one)
        board = one.answer(film).text
        assert "Shot two (5 s) · picture ✗ only the person who asked" in board
        assert "content rules" not in board
        assert "2. picture: " in (why := await press(one, film, "why"))
        assert "content rules" in why
        assert "Shot four (5 s) · picture ✓ · clip ✓" in board
        await one.ask("", command="shots", options={"drop": "2"})
        await settled(one)
        assert api.made["audio: slow strings"] == 2
        api.broken = set()
        for order, words in (("3 9", "no shot 9"), (",", "in their new order")):
            assert words in (await one.ask("", command="shots", options={"order": order})).text
        await one.ask("", command="shots", options={"order": "3 1 2"})
        await settled(one)
        shown = one.answer(film)
        assert "1. Shot four (5 s) · picture ✓ · clip ✓\n2. Shot one" in shown.text
        assert shown.files[0]["name"] == "a-fox-four.mp4"
        assert (api.made_by("image"), api.made_by("video"), api.made_by("audio")) == (4, 3, 3)
        await press(one, film, "again-1")
        await settled(one)
        await press(one, film, "again-1")
        await settled(one)
        assert "✗ only the person who asked can see why" in one.answer(film).text
        assert "9" in await press(one, film, "why")  # the limit of the day, as for /image


async def test_a_film_where_parts_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, and where no music is made, the plan says so, and the clips come one by one."""
    monkeypatch.setitem(sys.modules, "av", None)  # as if it were not installed
    given: dict[str, Any] = {"bot_approve_above": 3.0, "bot_approvers": ("person:channel:boss",)}
    async with studio(tmp_path, bot_disabled_commands=("audio",), **given) as (one, api):
        film = await plan(one, options={})
        assert "No music: this service makes none." in one.answer(film).text
        assert "installed without the extra `film`" in one.answer(film).text
        await press(one, film, "make")
        await settled(one)
        assert [file["type"] for file in one.answer(film).files] == ["video/mp4"] * 4
        assert "music" not in one.answer(film).actions
        assert await change(one, music="a drum") == "No music: this service makes none."
        for do in ("remix", "mute"):
            assert await change(one, do=do) == NOTHING
        assert await change(one, drop="4") == "The shot is left out."  # no approver is asked for what is spent
        await settled(one)
        assert [file["type"] for file in one.answer(film).files] == ["video/mp4"] * 3
        assert (api.made_by("image"), api.made_by("video"), api.made_by("audio")) == (4, 4, 0)
        await one.stop()
        api.is_openai = True
        await one.start(aimodels_api_flavor="openai", bot_video_models=("sora-2",), bot_prices=("sora-2=second:0.1",))
        film = await plan(one, options={"duration": "30"})
        assert "4 shots, 32 s" in one.answer(film).text  # of lengths that the model makes, as after each change
        assert "You asked for 30 s." in one.answer(film).text
        await press(one, film, "shorter")
        board = await see(one, film, "4 shots, 16 s")
        assert board.actions == ["make", "edit", "fewer", "cancel"]
        assert "You asked for" not in board.text
        await press(one, film, "edit", values={"prompt": "20 | a wolf"})
        await see(one, film, "1 shot, 12 s")


async def test_an_approver_grants_a_film_as_a_whole(tmp_path: Path) -> None:
    """The price of everything counts; its parts are not asked for one by one."""
    given: dict[str, Any] = {"bot_prices": PRICES, "bot_approve_above": 3.0, "bot_quote_above": 0.2}
    given["bot_approvers"] = ("person:channel:boss",)
    async with studio(tmp_path, **given) as (one, api):
        film = await plan(one, who="ada")
        assert "**4.20**" in one.answer(film).text
        assert "approver decides" in await press(one, film, "make", who="ada")
        await see(one, film, "4.20", "approv")
        job = await one.core.store.job("channel", film)
        assert job is not None
        assert await one.core.store.reopen(job.event)  # as after an edit, or by an administrator
        await see(one, film, "Nothing is made until")
        assert not api.made
        await press(one, film, "make", who="ada")
        await see(one, film, "4.20", "approv")
        await decide(one, "approve")
        await see(one, film, "music ✓")
        await settled(one)
        assert "Cost so far: 4.20" in one.answer(film).text
        assert set(api.made.values()) == {1}
        made = api.made
        assert "approver decides" in await press(one, film, "again-2", who="ada")
        await see(one, film, "5.20", "approv")
        await decide(one, "decline")
        await see(one, film, "Declined")
        assert "approver decides" in (await one.ask("", command="shots", options={"do": "continue"}, who="ada")).text
        await see(one, film, "5.20", "approv")
        assert api.made == made
        await decide(one, "approve")
        await see(one, film, "Cost so far: 5.20")
        parts = await one.core.store.jobs_with_files("channel", job.event.conversation, limit=20)
        assert {part.event.approved for part in parts if part.event.part_of} == {500_000, 200_000}


async def test_a_film_that_grows_is_agreed_to_anew(tmp_path: Path) -> None:
    """Its maker reads the new price, and nothing more is made before they say so; a smaller film goes on by itself."""
    prices = (*PRICES, f"{MODELS['chat']}=input:1|output:3")
    async with studio(tmp_path, bot_prices=prices, bot_quote_above=0.2) as (one, api):
        film = await plan(one)
        await press(one, film, "make")
        await settled(one)
        made = api.made
        assert "agree to the new price" in await press(one, film, "again-2")
        board = await see(one, film, "**5.20**")
        assert (board.actions[0], api.made) == ("continue", made)
        assert board.text.endswith("Cost so far: 4.20 of 5.20")  # the plan's fraction of a cent is left out
        await press(one, film, "continue")
        await settled(one)
        assert "Cost so far: 5.20" in one.answer(film).text
        await press(one, film, "again-1")
        await settled(one)
        assert len(api.made) == len(made) + 2
        for options, answer in (({"drop": "1"}, "new price"), ({"do": "mute"}, "no music")):
            assert answer in (await one.ask("", command="shots", options=options)).text
        # shots that are equal are made and paid for once
        api.plans = [json.dumps({**SCRIPT, "shots": SCRIPT["shots"][:1] * 2})]
        asked = {"music": "no", "duration": "10", "shots": "2"}
        film = await plan(one, conversation="2", options={**CLIPS, **asked})
        assert "**1.00**" in one.answer(film).text
        before = api.made_by("image", "video")
        await press(one, film, "make", conversation="2")
        await settled(one)
        assert one.answer(film).text.endswith("Cost so far: 1.00")
        assert api.made_by("image", "video") == before + 2


async def test_a_model_that_answers_badly(tmp_path: Path) -> None:
    """It is asked once more; an answer that can be read in some way is used; else people read that there is none."""
    async with studio(tmp_path) as (one, api):
        api.plans = ["I can't", BAD, "no", "no"]
        film = await plan(one, options={"duration": "6", "shots": "2", **CLIPS})
        assert "2 shots, 6 s\n1. a cat (3 s)\n2. a dog (3 s)\n\n♪ T" in one.answer(film).text
        assert api.asked["plan"] == 2
        answers = [(await one.ask("", command="shots", options={"drop": "2"})).text for _ in range(2)]
        assert answers == ["The shot is left out.", "There is no shot 2: this film has 1."]
        assert "at least one shot" in (await one.ask("", command="shots", options={"drop": "1"})).text
        assert one.answer(await plan(one)).private
        assert api.asked["plan"] == 4


async def test_films_take_their_turn(tmp_path: Path) -> None:
    """Two people make films with one place for media; a third's picture waits for at most one running request."""
    async with studio(tmp_path, bot_media_concurrency=1) as (one, api):
        api.holds["a fox, one"] = held = asyncio.Event()
        api.holds["a wolf, one"] = later = asyncio.Event()
        api.plans = [json.dumps(SCRIPT), json.dumps(SCRIPT).replace("a fox", "a wolf")]
        films = [await plan(one, who=who, conversation=who) for who in ("ada", "bob")]
        for film, who in zip(films, ("ada", "bob"), strict=True):
            await press(one, film, "make", who=who, conversation=who)
            await api.until(lambda: bool(api.order))
        third = await one.channel.ask("a tree", command="image", who="cleo", conversation="cleo")
        await one.channel.until(lambda: third in one.channel.acknowledged)
        assert "music waits, number 3 in the queue" in (await see(one, films[1], "picture waits, number 2")).text
        begun = len(api.order)
        held.set()
        await one.channel.wait_for_answers(third)
        assert api.order.index("image: a tree") <= begun + 1
        await see(one, films[1], "picture is being made")  # it waits no longer
        later.set()
        await settled(one)
        for film in films:
            assert "music ✓" in one.answer(film).text


async def test_a_film_that_is_deleted_leaves_nothing(tmp_path: Path) -> None:
    """What is being made of it is ended; its files leave the disk, the family and the board."""
    async with studio(tmp_path) as (one, api):
        film = await plan(one)
        await press(one, film, "make")
        await settled(one)
        api.holds["a fox, one (variation 2)"] = asyncio.Event()
        await press(one, film, "again-1")
        await api.until(lambda: "image: a fox, one (variation 2)" in api.made)
        files = [path for path in tmp_path.rglob("*") if path.suffix in {".png", ".mp4", ".wav"}]
        assert len(files) == len(api.made) - 1
        await one.ask("", command="delete", options={"event": film})
        await settled(one)
        assert not [path for path in files if path.exists()]
        assert "Nothing was made" in (await one.ask("", command="tree")).text
        assert "no film" in (await one.ask("", command="shots", options={"do": "continue"})).text
        is_open = await one.core.store.list_requests(RequestFilter(is_open=True), limit=9)
        assert not [row.id for row in is_open if row.id.startswith(f"{film}/")]
