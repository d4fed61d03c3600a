"""Settings from environment variables and `.env`: read and explained in one way by the core and by platforms."""

from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import SettingsError

S = TypeVar("S", bound="EnvironmentSettings")


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise ValueError("must be an http:// or https:// address")
    return value.rstrip("/")


#: An http or https address without a slash at its end, or "".
HttpUrl = Annotated[str, AfterValidator(_http_url)]


class EnvironmentSettings(BaseSettings):
    """Settings by upper-case name; the environment wins over `.env`, and an empty value is none."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True)


def read(kind: type[S]) -> S:
    """The settings of that class. Raises `SettingsError` with each wrong setting's name and what is allowed."""
    try:
        return kind()
    except ValidationError as exc:
        raise SettingsError(explain(exc)) from None


def explain(error: ValidationError) -> str:
    """One line a wrong setting: its name and what is allowed; never the value, which may be a secret."""
    lines = []
    for item in error.errors(include_input=False, include_url=False):
        name = str(item["loc"][0]).upper() if item["loc"] else "settings"
        allowed = "must be true or false" if item["type"] == "bool_parsing" else item["msg"]
        lines.append(f"{name}: {allowed.removeprefix('Value error, ')}")
    return "\n".join(lines)
