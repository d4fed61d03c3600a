"""Rules of the environment that name roles, compared with the roles that the platforms have."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.discord.adapter import Discord
from adapters.slack.adapter import Slack
from adapters.slack.setup.manifest import SCOPES
from bot.limits import Measure, Period
from bot.ops.check import check
from bot.policy.role_check import unmatched_roles
from bot.ports import Adapter
from bot.scoped_settings.access import AccessRule
from bot.scoped_settings.scopes import Scope
from bot.settings.core import Settings, load_settings
from bot.spending.limits import LimitBook, LimitRule, Who
from bot.store.engine import make_store
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import ROLE, TOKEN
from simulators.slack import SlackSimulator
from tests.support.slack.adapter import settings


async def test_a_role_that_nobody_has_is_named(tmp_path: Path) -> None:
    """Neither a name in place of an id, nor an empty group; where a platform does not tell, nothing is claimed."""
    async with SlackSimulator() as slack, DiscordSimulator() as discord:
        slack.group("Design", slack.ada, id="S0DESIGN")
        slack.group("Empty", id="S0EMPTY")
        adapters: dict[str, Adapter] = {
            "slack": Slack(settings(slack)),
            "discord": Discord(token=SecretStr(TOKEN), api_url=discord.api),
        }

        async def unmatched(roles: str) -> str:
            chosen = Settings(_env_file=None, bot_data_dir=tmp_path, bot_deny_roles=tuple(roles.split(",")))  # type: ignore[call-arg]
            return " ".join(await unmatched_roles(chosen, adapters))

        assert await unmatched(f"S0DESIGN,slack:S0DESIGN,{ROLE},discord:{ROLE}") == ""
        text = await unmatched(f"S0DESIGN,artists,S0EMPTY,slack:{ROLE}")
        assert [role for role in ("S0DESIGN", "artists", "S0EMPTY", f"slack:{ROLE}") if role in text] == [
            "artists",
            "S0EMPTY",
            f"slack:{ROLE}",
        ]
        admins = Settings(_env_file=None, bot_data_dir=tmp_path, bot_admins=("U0ADA", "S0DESIGN", "slack:S0NOBODY"))  # type: ignore[call-arg]
        [text] = await unmatched_roles(admins, adapters)
        assert "the role slack:S0NOBODY" in text
        slack.grants[slack.token].scopes.discard("usergroups:read")
        assert await unmatched("artists") == ""


async def test_what_administrators_named_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Roles in rules, limits, managers and approvers that nobody has; a channel where approvers can't be asked."""
    async with SlackSimulator() as slack:
        slack.group("Design", slack.ada, id="S0DESIGN")
        slack.grants[slack.token].scopes &= set(SCOPES)
        hidden = slack.add_channel("hidden", members=[slack.ada.id])
        monkeypatch.chdir(tmp_path)
        for name in [name for name in os.environ if name.startswith(("BOT_", "SLACK_", "DISCORD_", "AIMODELS_"))]:
            monkeypatch.delenv(name)
        for name, value in (("BOT_TOKEN", slack.token), ("APP_TOKEN", slack.app_token), ("API_URL", slack.api_url)):
            monkeypatch.setenv(f"SLACK_{name}", value)
        monkeypatch.setenv("BOT_DATA_DIR", str(tmp_path))
        assert not any("S0DESIGN" in line.text or hidden.id in line.text for line in await check())
        chosen = load_settings()
        async with make_store(chosen) as store:
            for role in ("S0DESIGN", "S0RULE"):
                rule = AccessRule(scope=Scope.CHANNEL, what="chat", subject="role", id=role, allows=True)
                await store.namespace("channel:slack:C0GENERAL").set(rule.name, rule.dumps())
            limit = LimitRule(
                who=Who.ROLE, id="S0LIMIT", measure=Measure.REQUESTS, period=Period.DAY, amount=1, adapter="slack"
            )
            await LimitBook(chosen, store).set(limit)
            workspace = store.namespace("workspace:slack:T0LAB")
            await workspace.set("managers", "person:U0BOB role:S0MANAGERS")
            await workspace.set("approvers", "role:S0APPROVERS")
            await workspace.set("approval_channel", hidden.id)
        wrong = " ".join(line.text for line in await check() if not line.is_ok)
        assert all(role in wrong for role in ("S0RULE", "S0LIMIT", "S0MANAGERS", "S0APPROVERS"))
        assert "S0DESIGN" not in wrong
        assert f"approval_channel is {hidden.id}, where the bot may not write" in wrong
