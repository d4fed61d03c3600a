import pytest

from adapters.kit.bounded import BoundedDict


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_drops_what_was_set_longest_ago() -> None:
    """One entry more than the limit drops the oldest; setting an entry again makes it the newest."""
    kept: BoundedDict[str, int] = BoundedDict(2)
    kept["a"], kept["b"] = 1, 2
    kept["a"] = 3
    kept["c"] = 4
    assert dict(kept) == {"a": 3, "c": 4}
    assert list(kept) == ["a", "c"]
    assert len(kept) == 2


def test_reading_does_not_renew() -> None:
    kept: BoundedDict[str, int] = BoundedDict(2)
    kept["a"], kept["b"] = 1, 2
    assert kept["a"] == 1
    kept["c"] = 3
    assert "a" not in kept


def test_reading_renews_where_wanted() -> None:
    """With `renews_on_read` the entry used longest ago is dropped."""
    kept: BoundedDict[str, int] = BoundedDict(2, renews_on_read=True)
    kept["a"], kept["b"] = 1, 2
    assert kept.get("a") == 1
    kept["c"] = 3
    assert dict(kept) == {"a": 1, "c": 3}


def test_looking_for_a_key_does_not_renew() -> None:
    kept: BoundedDict[str, int] = BoundedDict(2, renews_on_read=True)
    kept["a"], kept["b"] = 1, 2
    assert "a" in kept
    kept["c"] = 3
    assert "a" not in kept


def test_entries_expire() -> None:
    """After its lifetime an entry is gone in every way of asking; setting it again starts its lifetime anew."""
    clock = Clock()
    kept: BoundedDict[str, int] = BoundedDict(5, lifetime=10.0, clock=clock)
    kept["a"] = 1
    clock.now += 5
    kept["b"] = 2
    clock.now += 5
    assert "a" not in kept
    assert (list(kept), len(kept), kept.get("a")) == (["b"], 1, None)
    with pytest.raises(KeyError):
        kept["a"]
    kept["a"] = 3
    clock.now += 9.9
    assert dict(kept) == {"a": 3}


def test_reading_does_not_prolong_the_lifetime() -> None:
    clock = Clock()
    kept: BoundedDict[str, int] = BoundedDict(5, lifetime=10.0, renews_on_read=True, clock=clock)
    kept["a"] = 1
    clock.now += 9
    assert kept["a"] == 1
    clock.now += 1
    assert "a" not in kept


def test_is_a_mapping() -> None:
    """Everything that a mutable mapping has: deleting, popping, defaults."""
    kept: BoundedDict[str, int] = BoundedDict(3)
    kept.update(a=1, b=2)
    assert kept.pop("a") == 1
    assert kept.pop("a", 9) == 9
    assert kept.setdefault("c", 3) == 3
    del kept["b"]
    assert dict(kept) == {"c": 3}
    kept.clear()
    assert not kept


def test_the_limit_is_positive() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        BoundedDict(0)
