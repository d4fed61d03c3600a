"""What the guide for administrators tells them to type does what it says, typed as an administrator of Slack."""

import re
from pathlib import Path

import structlog

from simulators.slack import SlackSimulator
from tests.support.documents import ROOT
from tests.support.slack.service import service

_TYPED = re.compile(r"`(/[a-z]+(?: [^`]*)?)`")


def typed(name: str) -> list[str]:
    """Return the commands in the first column of tables, in blocks, and with their options in sentences, in order."""
    found: list[str] = []
    for line in (ROOT / "docs" / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("/"):
            found.append(line)
        elif line.startswith("|"):
            found += _TYPED.findall(line.split(" | ")[0])
        else:
            found += [command for command in _TYPED.findall(line) if " " in command]
    return list(dict.fromkeys(found))


async def test_each_command_does_what_it_says(tmp_path: Path) -> None:
    """None is refused or misunderstood; in both languages they are the same, but for the reason of a pause."""
    commands = typed("administration.md")
    assert len(set(typed("administration.zh-Hant.md")) ^ set(commands)) == 2
    assert len(commands) > 40
    async with SlackSimulator() as slack:
        group = slack.group("Design", slack.bob)
        named = {
            "@Bob": f"<@{slack.bob.id}|bob>",
            "@Ada": f"<@{slack.ada.id}|ada>",
            "@design": f"<!subteam^{group.id}|@design>",
            "@trainees": f"<!subteam^{group.id}|@design>",
            "#general": f"<#{slack.general.id}|general>",
            "#approvals": f"<#{slack.general.id}|general>",
        }
        with structlog.testing.capture_logs() as logs:
            async with service(slack, tmp_path, bot_admins=(slack.ada.id,)) as running:
                await running.answers(slack.bob.mention("hello"))
                for line in commands:
                    text = re.sub("|".join(named), lambda match: named[match[0]], line)
                    command, _, rest = text.partition(" ")
                    logs.clear()
                    used = slack.ada.slash(command, rest)
                    await running.idle()
                    assert used.response is None, (line, used.response)
                    [ended] = [entry for entry in logs if entry["event"] == "request ended"]
                    assert ended["outcome"] == "answered", line
                    if line == "/access deny all here":  # nothing else would be answered
                        slack.ada.slash("/access", "clear all here")
                        await running.idle()
