"""The laws hold for the smallest platform, too: the one that the core's own tests are run on."""

from tests.contract.adapter_contract import AdapterContract
from tests.support.channel.harness import TestChannel


class TestTestPlatform(AdapterContract):
    harness_type = TestChannel
