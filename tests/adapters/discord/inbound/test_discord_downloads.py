"""Downloads of attachments."""

import pytest

from bot.errors import DownloadFailed
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import DM, snowflake
from tests.support.discord.stage import RecordingCore, Service


async def test_file_whose_address_expired(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A file is read from the address that its message has now; one that is gone is an error with a sentence."""
    simulator.files["new.txt"] = b"text"
    base = f"http://127.0.0.1:{simulator.port}/cdn/"
    file = {"id": snowflake(), "filename": "a.txt", "size": 4, "url": base + "old.txt", "proxy_url": ""}
    said = await simulator.say(DM, "read this", attachments=[file])
    (event,) = await core.wait_for_events(1)
    said["attachments"] = [{**file, "url": base + "new.txt"}]
    assert b"".join([piece async for piece in service.adapter.open(event.attachments[0])]) == b"text"
    said["attachments"] = []
    with pytest.raises(DownloadFailed, match=r"a\.txt"):
        [piece async for piece in service.adapter.open(event.attachments[0])]
