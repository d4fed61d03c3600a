"""The driver of PostgreSQL, which an extra installs."""

from bot.errors import SettingsError
from bot.i18n import operator_text


def require_driver() -> None:
    """Raise `SettingsError` where it is not installed."""
    try:
        import asyncpg  # type: ignore[import-untyped]  # noqa: F401
    except ModuleNotFoundError as exc:
        if exc.name != "asyncpg":
            raise
        raise SettingsError(operator_text("start.no_driver")) from exc
