"""The adapter contract, in a channel with its threads and in direct messages."""

from tests.contract.adapter_contract import AdapterContract
from tests.support.discord.harness import DiscordChannel, DiscordDirect


class TestChannel(AdapterContract):
    harness_type = DiscordChannel


class TestDirectMessages(AdapterContract):
    harness_type = DiscordDirect
