"""Parts of pages that move: made once for all who look, and not at all without anybody."""

import asyncio
from itertools import count

import structlog

from bot.cockpit.live import LiveParts, Rendering


async def test_a_hundred_viewers_share_each_rendering() -> None:
    """However many look, a part is made once for each refresh; without anybody nothing runs."""
    parts, numbers = LiveParts(0.0, 60.0), count(1)
    made: list[int] = []

    async def render() -> dict[str, str]:
        made.append(next(numbers))
        return {"n": str(made[-1])}

    async def look() -> list[int]:
        seen: list[int] = []
        async for found in parts.watch("overview", render):
            assert found is not None
            seen.append(int(found.html["n"]))
            if len(seen) == 3:
                return seen
        raise AssertionError("the part has ended")

    everybody = await asyncio.gather(*(look() for _ in range(100)))
    assert all(seen == sorted(set(seen)) for seen in everybody)
    assert len(made) < 100  # alone they would need 300
    await asyncio.sleep(0)
    assert [task for task in asyncio.all_tasks() if task.get_name() == "cockpit"] == []


async def test_a_part_that_does_not_change_keeps_its_connections() -> None:
    """Watchers can say now and then that they are there, so that no proxy ends them, and go on with what is new."""
    parts, words = LiveParts(0.0, 0.0), ["the same"]

    async def render() -> dict[str, str]:
        return {"word": words[-1]}

    seen: list[str | None] = []
    async for found in parts.watch("overview", render):
        seen.append(None if found is None else found.html["word"])
        if seen[-3:] == ["the same", None, None]:
            words.append("new")
        if seen[-1] == "new":
            break
    assert [text for text in seen if text is not None] == ["the same", "new"]


async def test_a_part_that_fails_is_made_again() -> None:
    """Those who look learn that it is not up to date; the log has one line, however often it fails."""
    parts, texts = LiveParts(0.0, 60.0), iter(["first", "!", "! still", "second"])

    async def render() -> dict[str, str]:
        text = next(texts, "second")
        if text.startswith("!"):
            raise KeyError(text)
        return {"n": text}

    seen: list[Rendering | None] = []
    with structlog.testing.capture_logs() as lines:
        async for found in parts.watch("overview", render):
            seen.append(found)
            if found == Rendering({"n": "second"}):
                break
    assert seen == [Rendering({"n": "first"}), Rendering({"n": "first"}, is_stale=True), Rendering({"n": "second"})]
    assert [(line["event"], type(line["exc_info"])) for line in lines] == [("page not refreshed", KeyError)]
