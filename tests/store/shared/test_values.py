"""Values are equal, hashed and copied as frozen ones, and stored and read back the same."""

import pickle
from dataclasses import replace

from bot.models import Actor, Location, Text
from bot.store.shared import codec


def test_a_value_is_what_its_fields_are() -> None:
    """Two of the same fields are one in a set; a copy with another field is another."""
    one, other = (Actor(id="U1", name="Ada", roles=("r",)) for _ in range(2))
    assert one == other
    assert len({one, other, replace(one, name="Bob")}) == 2
    assert not hasattr(one, "__dict__")


def test_a_value_is_read_as_it_was_written() -> None:
    """By the store, and between processes."""
    place = Location(workspace="T1", channel="C1")
    assert codec.loads(Location, codec.dumps(place)) == place
    assert pickle.loads(pickle.dumps(Text("a"))) == Text("a")
