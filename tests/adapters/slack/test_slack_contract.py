"""The adapter contract, in a channel's threads and in direct messages."""

from tests.contract.adapter_contract import AdapterContract
from tests.support.slack.harness import SlackChannel, SlackDirect


class TestChannelThreads(AdapterContract):
    harness_type = SlackChannel


class TestDirectMessages(AdapterContract):
    harness_type = SlackDirect
