"""Settings from environment variables and `.env`, read and explained in one way for the core and the platforms."""

from collections.abc import Mapping
from types import NoneType
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import AfterValidator, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import SettingsError

S = TypeVar("S", bound=BaseSettings)


def _http_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        is_fit = not value or (parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0)
    except ValueError:
        is_fit = False
    if not is_fit:
        raise ValueError("must be an http:// or https:// address")
    return value.rstrip("/")


#: An http or https address without a slash at its end, or "".
HttpUrl = Annotated[str, AfterValidator(_http_url)]


class EnvironmentSettings(BaseSettings):
    """Settings by upper-case name; the environment wins over `.env`, and an empty value is none."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True, allow_inf_nan=False
    )


def read(kind: type[S]) -> S:
    """Read the settings of a class. Raises `SettingsError` with each invalid setting's name and the allowed values."""
    try:
        return kind()
    except ValidationError as exc:
        raise SettingsError(explain(exc, kind)) from None
    except UnicodeDecodeError as exc:
        raise SettingsError(".env can't be read: it is not UTF-8. Save it as UTF-8.") from exc
    except OSError as exc:
        raise SettingsError(f".env can't be read: {exc.strerror}. Let the user that runs this read it.") from exc


def explain(error: ValidationError, kind: type[BaseSettings]) -> str:
    """Return one line per invalid setting: its name and the allowed values, never the value, which may be a secret."""
    lines = []
    for item in error.errors(include_input=False, include_url=False):
        name = str(item["loc"][0])
        # What one of our own validators says is made for people.
        is_ours = item["type"] == "value_error"
        text = item["msg"].removeprefix("Value error, ") if is_ours else allowed(kind.model_fields[name.lower()])
        lines.append(f"{name.upper()}: {text}")
    return "\n".join(lines)


def allowed(field: FieldInfo) -> str:
    """Describe the allowed values of a setting."""
    kind = next((part for part in get_args(field.annotation) if part is not NoneType), field.annotation)
    bounds = {
        name: bound
        for item in field.metadata
        for name in ("ge", "gt", "le", "max_length")
        if (bound := getattr(item, name, None)) is not None
    }
    if get_origin(field.annotation) is Literal:
        *others, last = map(str, get_args(field.annotation))
        return f"must be {', '.join(others)} or {last}"
    if kind in {int, float}:
        return f"must be a {'whole ' if kind is int else ''}number{_range(bounds)}"
    if get_origin(field.annotation) is tuple:
        return "must be a list separated by commas, with at least one entry"
    if field.annotation is bool:
        return "must be true or false"
    return "must have at most {max_length} characters".format(**bounds)


def _range(bounds: Mapping[str, Any]) -> str:
    if "ge" in bounds and "le" in bounds:
        return " from {ge} to {le}".format(**bounds)
    words = {"ge": " of at least {ge}", "gt": " above {gt}", "le": " and at most {le}"}
    return "".join(text.format(**bounds) for name, text in words.items() if name in bounds)
