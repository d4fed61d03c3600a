"""The choice of the engine by the settings."""

from functools import partial
from zoneinfo import ZoneInfo

from bot.ports import Store
from bot.settings.core import Settings
from bot.store.driver import require_driver
from bot.store.sqlite.store import SqliteStore
from bot.store.timing import StoreTiming


def make_store(settings: Settings, timing: StoreTiming | None = None) -> Store:
    """Make the store, not opened yet. Raises `SettingsError` if its extra is not installed."""
    zone = ZoneInfo(settings.bot_time_zone)
    before = partial(_back_up, settings) if settings.bot_migration_backups else None
    if settings.postgres_url is None:
        path, roles = settings.database_path, settings.bot_roles
        return SqliteStore(path, timing=timing, zone=zone, before_migration=before, roles=roles)
    require_driver()
    from bot.store.postgres.store import PostgresStore  # of an extra

    url, roles = settings.postgres_url, settings.bot_roles
    return PostgresStore(url, timing=timing, zone=zone, before_migration=before, roles=roles)


async def _back_up(settings: Settings, version: int) -> None:
    from bot.backup.create import back_up_version  # only needed once a version

    await back_up_version(settings, version)
