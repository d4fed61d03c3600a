"""`usage`: whose, by what, and in which form."""

import csv
from io import StringIO
from typing import Any

import pytest

from bot.csv_text import csv_text
from bot.errors import UsageError
from tests.support.command_runner import CommandRunner


async def rows(runner: CommandRunner, by: str, **more: Any) -> list[list[str]]:
    """Return the cells of a table of the channel, without head and total."""
    text = (await runner.ask("usage", options={"whose": "channel", "by": by}, admin=True, **more)).text
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:-1]]


async def test_usage_is_summed_by_what_is_asked_for(runner: CommandRunner) -> None:
    """The most expensive first, people by name, a person in each of their roles; the total counts everything once."""
    await runner.ask("chat", "hello", roles=("staff", "artists"))
    await runner.ask("image", "a fox", options={"n": "2"}, roles=("staff", "artists"))
    await runner.ask("image", "a fox", actor="bob", roles=("staff",))
    assert await rows(runner, "person") == [["`Ada`", "2", "15", "2", "0.0016"], ["`Bob`", "1", "0", "1", "0.0008"]]
    assert await rows(runner, "role") == [
        ["`staff`", "3", "15", "3", "0.0024"],
        ["`artists`", "2", "15", "2", "0.0016"],
    ]
    assert [row[0] for row in await rows(runner, "kind")] == ["Pictures", "Chat"]
    assert {row[0] for row in await rows(runner, "model")} >= {"`gpt-4-turbo`"}
    assert [row[0] for row in await rows(runner, "channel")] == ["`ch1`"]
    [month] = await rows(runner, "month")
    assert len(month[0]) == len("2026-11")
    text = (await runner.ask("usage", options={"by": "month"})).text
    assert "last 366 days" in text
    text = (await runner.ask("usage", options={"whose": "channel", "by": "role"}, admin=True)).text
    assert "| **Total** | **3** | **15** | **3** | **0.0024** |" in text


async def test_a_chart_is_a_picture_with_words_for_it(runner: CommandRunner) -> None:
    """Its bars are named in its alternative text; a name that it can't draw is a number of the table's row."""
    await runner.ask("image", "a fox")
    await runner.ask("chat", "hello", actor="小明")
    said = await runner.ask("usage", options={"whose": "channel", "by": "person", "as": "chart"}, admin=True)
    [picture] = said.media
    assert picture.path is not None
    assert picture.path.read_bytes().startswith(b"\x89PNG")
    assert picture.description.endswith(": Ada 0.0008, #2 0.00")
    assert "#" in said.text.splitlines()[-1]
    said = await runner.ask("usage", options={"as": "chart"}, actor="nobody")
    assert not said.media


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_a_field_of_a_file_is_no_formula(first: str) -> None:
    """A field that a spreadsheet might calculate is marked as text."""
    assert csv_text([[f'{first}1"', 'a=1"']]) == f'"\'{first}1""","a=1"""\r\n'


async def test_administrators_get_a_file(runner: CommandRunner) -> None:
    """Every field in one row each; a name can't be a formula; the export is in the audit log, one's own is not."""
    await runner.ask("image", "a fox", actor="=cmd", roles=("staff", "artists"))
    [file] = (await runner.ask("usage", options={"as": "file"}, actor="=cmd")).media
    assert file.name == "usage.csv"
    options = {"whose": "channel", "as": "file"}
    with pytest.raises(UsageError, match="administrator"):
        await runner.ask("usage", options=options)
    assert "nothing" in (await runner.ask("audit", admin=True)).text.lower()
    [file] = (await runner.ask("usage", options=options, admin=True)).media
    assert file.path is not None
    [row] = csv.DictReader(StringIO(file.path.read_text(encoding="utf-8")))
    assert (row["channel"], row["person"], row["name"], row["roles"]) == ("ch1", "'=cmd", "'=cmd", "artists staff")
    assert (row["kind"], row["requests"], row["items"], row["cost"]) == ("image", "1", "1", "0.000800")
    assert "`usage.export`" in (await runner.ask("audit", admin=True)).text
