"""Reading the newest messages of a thread."""

from collections.abc import Sequence

from adapters.slack.reading.threads import ThreadMessages, read_newest
from adapters.slack.types import Json


async def test_a_page_without_replies_has_nothing_new() -> None:
    """Also where Slack names a page after it, and with the thread's first message alone; it is asked for once."""
    root: Json = {"ts": "100.000000", "latest_reply": "300.000000", "reply_count": 2}
    for page in ([root], []):
        asked = []

        async def read(since: float, until: float, page: Sequence[Json] = page) -> tuple[Sequence[Json], bool]:
            asked.append((since, until))  # noqa: B023 - called in this round alone
            return page, False

        found = await read_newest(read, "100.000000", since=0, until=400, count=10, page=900, requests=5)
        assert found == ThreadMessages(root=page[0] if page else None, replies=[])
        assert asked == [(0, 400)]
