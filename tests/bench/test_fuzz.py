"""The targets of the fuzzer work: each takes its seeds, and inputs that are no text."""

import pytest

from bench.fuzz.targets import SEEDS, TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_takes_its_seeds(name: str) -> None:
    """Also cut anywhere, and bytes that are no UTF-8."""
    for seed in SEEDS[name]:
        for cut in (seed, seed[: len(seed) // 2], seed[::-1], b"\xff\xfe\x00" + seed, b""):
            TARGETS[name](cut)
