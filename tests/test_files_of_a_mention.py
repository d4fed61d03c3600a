"""A newcomer can follow one mention: it passes few files of its platform."""

import pytest

from bench.files_of_a_mention import PLATFORMS, files_of

#: Two of Slack's are the Bolt app and the router, which take an event without Bolt's own search for its listener, and
#: two more its rate limits and the features that a workspace lacks. One of Discord's drops the library's rate limits
#: that nobody uses any more.
MOST = {"slack": 20, "discord": 17}


@pytest.mark.parametrize("name", PLATFORMS)
async def test_a_mention_passes_few_files(name: str) -> None:
    """From the platform's event to the answer with its buttons, few files of the adapter are executed."""
    files = [file for file in await files_of(PLATFORMS[name]) if file.startswith(f"adapters/{name}/")]
    assert files
    assert len(files) <= MOST[name], sorted(files)
