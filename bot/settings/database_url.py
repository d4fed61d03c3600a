"""The address of the database in `BOT_DATABASE_URL`."""

from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.i18n import operator_text


def validate_database_url(value: SecretStr) -> SecretStr:
    """Validate the URL without quoting it, as it may contain a password, and so may a library's error."""
    text = value.get_secret_value()
    if text.startswith("sqlite:///") or not text:
        return value
    if not text.startswith(("postgresql://", "postgres://")):
        raise ValueError(operator_text("setting.database_url"))
    try:
        is_whole = urlsplit(text).port != 0 and not urlsplit(text).fragment
    except ValueError:
        is_whole = False
    if not is_whole:
        raise ValueError(operator_text("setting.postgres_url"))
    return value


def address(url: SecretStr) -> str:
    """Return host, port and database of a database's URL, without user and password."""
    parts = urlsplit(url.get_secret_value())
    return f"{parts.hostname or 'local'}{f':{parts.port}' if parts.port else ''}{parts.path}"
