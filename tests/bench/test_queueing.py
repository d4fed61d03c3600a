"""The queueing model against what queueing theory says."""

import pytest

from bench.queueing.model import Load, Site, simulate


@pytest.mark.parametrize("use", [0.5, 0.8])
def test_waits_are_those_of_the_formula(use: float) -> None:
    """One server and Poisson arrivals (M/D/1): the mean wait is use / 2(1 - use) services, by Pollaczek and Khinchine.

    The API is that server, as each event comes to it once.
    """
    site = Site(cpu=0.0, api=0.01, concurrency=1)
    found = simulate(site, Load(channels=10_000, per_second=use / site.api), seconds=200)
    assert found.mean == pytest.approx(site.api * (1 + use / (2 * (1 - use))), rel=0.08)
    assert found.per_second == pytest.approx(use / site.api, rel=0.03)
    assert found.use["API"] == pytest.approx(use, rel=0.03)


def test_what_limits_the_answers() -> None:
    """50 channels that always ask get as many answers as the slowest stage gives, or as they can ask for."""
    busy = simulate(Site(cpu=0.002, api=0.05), Load(channels=50), seconds=20)
    assert busy.per_second == pytest.approx(1 / 0.002, rel=0.01)
    assert busy.first_limit == "CPU"
    idle = simulate(Site(cpu=0.0001, api=0.2, processes=2), Load(channels=50), seconds=20)
    assert idle.per_second == pytest.approx(50 / 0.2001, rel=0.01)


def test_a_channel_is_answered_in_order() -> None:
    """One channel gets one answer after the other, however many calls may run."""
    found = simulate(Site(cpu=0.0, api=0.1), Load(channels=1, per_second=9), seconds=500)
    assert found.wait(0.5) > 0.2
    assert simulate(Site(cpu=0.0, api=0.1), Load(channels=1000, per_second=9), seconds=500).wait(0.5) < 0.11


def test_the_same_seed_gives_the_same_result() -> None:
    """A result can be repeated."""
    site, load = Site(cpu=0.002, api=0.05), Load(channels=100, per_second=100)
    one, same, other = (simulate(site, load, seconds=20, seed=seed) for seed in (1, 1, 2))
    assert one == same != other
