"""Settings of what is kept, recorded and logged."""

from typing import Literal

from pydantic import Field

from bot.settings.base import EnvironmentSettings


class OperationSettings(EnvironmentSettings):
    """A part of `Settings`."""

    bot_retention_days: int = Field(
        90, ge=0, le=36500, description="Days for which conversations and files are kept. 0: for ever."
    )
    bot_migration_backups: int = Field(
        3,
        ge=0,
        le=100,
        description="Backups that are kept in BOT_DATA_DIR/backups of those made before a new version changes the database, and of those made before a restore (at least one). 0: a new version makes none.",
    )
    bot_audit_days: int = Field(365, ge=0, le=36500, description="Days for which the audit log is kept. 0: for ever.")
    bot_recorder: Literal["off", "redacted", "full"] = Field(
        "off",
        description="Flight recorder of each request: off, redacted (without texts, names, ids and secrets) or full (without secrets only).",
    )
    bot_recorder_megabytes: int = Field(
        64, ge=1, le=100_000, description="Size of all recordings together, at most; the oldest are deleted."
    )
    bot_recorder_days: float = Field(7, gt=0, le=3650, description="Days for which recordings are kept, at most.")
    bot_log_level: Literal["auto", "debug", "info", "warning", "error"] = Field(
        "auto",
        description="Level of the log: debug, info, warning, error, or auto (info; warning if only the terminal is used).",
    )
    bot_log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="Format of the log: console, json, or auto (console on a terminal, else json)."
    )
