"""`access`: what it understands, shows and refuses."""

import pytest

from bot.commands import load_commands
from bot.errors import UsageError
from bot.models import KINDS
from tests.support.command_runner import CommandRunner


async def test_words_that_are_understood(runner: CommandRunner) -> None:
    """A command, an alias or a kind; here; an end in the future; a mistake is answered with what is possible."""
    assert (
        "`image` deny [@bob](person:bob) (this channel)"
        in (await runner.ask("access", "deny image person:bob", admin=True)).text
    )
    assert "`kind:video` allow [#" in (await runner.ask("access", "allow kind:video here", admin=True)).text
    assert "`all` deny" in (await runner.ask("access", "deny person:eve, role:r1", admin=True)).text
    for wrong, options, word in (
        ("dance image", {}, "show"),
        ("deny imgae person:bob", {}, "Did you mean `image`"),
        ("deny help person:bob", {}, "open to everybody"),
        ("deny image", {}, "Name whom"),
        ("deny image bob", {}, "`bob` names nobody"),
        ("clear video person:bob", {}, "no such rule"),
        ("wyh image", {}, "Did you mean `why`"),
        ("deny image person:bob", {"until": "2001-01-01"}, "not a time in the future"),
        ("deny image person:bob", {"until": "0d"}, "not a time in the future"),
        ("deny image person:bob", {"until": "soon"}, "not a time in the future"),
        ("deny image person:bob", {"for": "service"}, "BOT_ADMINS"),
    ):
        with pytest.raises(UsageError, match=word):
            await runner.ask("access", wrong, options=options, admin=True)
    shown = (await runner.ask("access", admin=True)).text
    assert "- `image` deny [@bob](person:bob) (this channel)" in shown
    assert shown.count("`all`") == 2
    cleared = (await runner.ask("access", "clear kind:video here", admin=True)).text
    assert "Cleared: `kind:video` allow [#" in cleared, "the rule as it was"
    ended = (await runner.ask("access", "deny audio person:bob", options={"until": "2996-12-31"}, admin=True)).text
    assert "deny until 2996-12-31 23:59 UTC" in ended


def test_no_option_has_the_name_of_a_field_of_a_press() -> None:
    """A form behind a button sends the option's value in addition to the ids of answer and button."""
    registry = load_commands(dict.fromkeys(KINDS, ("model",)))
    behind_buttons = [registry.find_spec(name) for name in ("access", "limits", "settings")]
    names = {option.name for spec in behind_buttons if spec is not None for option in spec.options}
    assert names.isdisjoint({"event", "action"})


async def test_who_does_not_administer_reads_no_ids(runner: CommandRunner) -> None:
    """Neither of a hidden channel nor of a person: only their own commands, and that a rule decides."""
    await runner.ask("access", "deny image person:bob, channel:secret, person:ada", admin=True)
    for text in ("", "why image"):
        shown = (await runner.ask("access", text)).text
        assert "a rule on people does not let you" in shown
        assert not any(word in shown for word in ("secret", "bob", "person:"))
    with pytest.raises(UsageError, match="Only administrators"):
        await runner.ask("access", "why image person:bob")
