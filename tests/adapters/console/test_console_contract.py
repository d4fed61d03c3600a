"""The adapter contract over a pipe."""

from tests.contract.adapter_contract import AdapterContract
from tests.support.console.harness import PipedConsole


class TestPipe(AdapterContract):
    harness_type = PipedConsole
