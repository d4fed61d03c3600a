"""Settings of who may do what. Lists have ids; an empty one means everybody."""

from pydantic import Field

from bot.settings.base import EnvironmentSettings, Ids, Words


class AccessSettings(EnvironmentSettings):
    """A part of `Settings`."""

    bot_allow_people: Ids = Field((), description="People who may use the service, by id. Empty: everybody.")
    bot_deny_people: Ids = Field((), description="People who may not use it.")
    bot_allow_roles: Ids = Field(
        (), description="Roles that may use it; one of a person's roles is enough. Empty: all."
    )
    bot_deny_roles: Ids = Field((), description="Roles that may not use it.")
    bot_allow_channels: Ids = Field((), description="Channels in which it answers. Empty: all.")
    bot_deny_channels: Ids = Field((), description="Channels in which it does not answer.")
    bot_allow_workspaces: Ids = Field((), description="Workspaces or servers in which it answers. Empty: all.")
    bot_deny_workspaces: Ids = Field((), description="Workspaces or servers in which it does not answer.")
    bot_command_rules: Words = Field(
        (),
        description="Rules for single commands: video=role:112233445566778899 (only they may), image!=channel:C012 (not there). The words are person, role, channel and workspace.",
    )
    bot_admins: Ids = Field(
        (), description="People and roles that administer the whole service, by id. Empty: nobody but the operator."
    )
    bot_allow_bots: bool = Field(False, description="Answer other bots.")
    bot_allow_strangers: bool = Field(
        False, description="Answer people from outside the workspace that installed the service."
    )
