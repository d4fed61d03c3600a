"""Readers of Discord's submitted modals, on any components."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.discord.ui.buttons import BUTTON_ID, MODAL_ID
from adapters.discord.ui.modals import read_values

LEAVES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from([3, 4, 19, 99]),
        "custom_id": st.text(max_size=8),
        "value": st.text(max_size=8),
        "values": st.lists(st.text(max_size=8), max_size=2),
    },
)
COMPONENTS = st.recursive(
    LEAVES,
    lambda inner: (
        st.fixed_dictionaries({"type": st.just(18), "component": inner})
        | st.fixed_dictionaries({"type": st.just(1), "components": st.lists(inner, max_size=2)})
    ),
    max_leaves=8,
)


@given(st.lists(COMPONENTS, max_size=4))
@settings(max_examples=150, deadline=None)
def test_any_modal_is_read(components: list[dict[str, Any]]) -> None:
    """Fields left empty, unknown kinds, and nested ones."""
    values, picked, files = read_values({"components": components})
    ids = [number for numbers in picked.values() for number in numbers]
    assert all(isinstance(text, str) for text in (*values.values(), *ids, *files))


@given(st.text(max_size=120))
@settings(max_examples=150, deadline=None)
def test_any_id_is_ours_or_not(custom_id: str) -> None:
    """Ids of other apps match neither pattern, and none is slow to tell."""
    assert BUTTON_ID.fullmatch(custom_id) is None or custom_id.startswith("cm:")
    assert MODAL_ID.fullmatch(custom_id) is None or custom_id.startswith("cf:")
