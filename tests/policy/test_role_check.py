"""Rules of the environment that name roles, compared with the roles that the platforms have."""

from pathlib import Path

from pydantic import SecretStr

from adapters.discord.adapter import Discord
from adapters.slack.adapter import Slack
from bot.policy.role_check import unmatched_roles
from bot.ports import Adapter
from bot.settings.core import Settings
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
            return await unmatched_roles(chosen, adapters)

        assert await unmatched(f"S0DESIGN,slack:S0DESIGN,{ROLE},discord:{ROLE}") == ""
        text = await unmatched(f"S0DESIGN,artists,S0EMPTY,slack:{ROLE}")
        assert [role for role in ("S0DESIGN", "artists", "S0EMPTY", f"slack:{ROLE}") if role in text] == [
            "artists",
            "S0EMPTY",
            f"slack:{ROLE}",
        ]
        slack.grants[slack.token].scopes.discard("usergroups:read")
        assert await unmatched("artists") == ""
