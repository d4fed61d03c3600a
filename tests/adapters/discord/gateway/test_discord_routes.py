"""The routes of answers are the library's own."""

import pytest
from discord.http import Route

from adapters.discord.gateway.requests import ChannelRoute


@pytest.mark.parametrize("path", ["/channels/{channel_id}/messages", "/channels/{channel_id}/messages/{message_id}"])
def test_route_of_a_channel(path: str) -> None:
    """It leads where the library's route leads, and shares its rate limit."""
    own, library = ChannelRoute("POST", path, "12", "34"), Route("POST", path, channel_id=12, message_id=34)
    assert str(own.url) == library.url
    assert (own.key, own.major_parameters) == (library.key, library.major_parameters)
    assert (own.method, own.channel_id) == (library.method, str(library.channel_id))
