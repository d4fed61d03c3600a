"""Named parameters, as PostgreSQL takes them."""

import pytest

from bot.store.shared.sql import to_numbered


@pytest.mark.parametrize(
    ("sql", "text", "names"),
    [
        ("SELECT 1", "SELECT 1", ()),
        ("a = :a AND b = :b_2 AND c = :a", "a = $1 AND b = $2 AND c = $1", ("a", "b_2")),
        ("ANY(:lanes::text[]) || ''", "ANY($1::text[]) || ''", ("lanes",)),
        ("(:a, :b::integer, 0::bigint)", "($1, $2::integer, 0::bigint)", ("a", "b")),
        ("recent[1:n]", "recent[1:n]", ()),
    ],
)
def test_names_become_numbers(sql: str, text: str, names: tuple[str, ...]) -> None:
    """In the order of their first appearance; casts and slices stay as they are."""
    assert to_numbered(sql) == (text, names)
