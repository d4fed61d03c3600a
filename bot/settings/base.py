"""Settings from environment variables and `.env`, read and explained in one way for the core and the platforms."""

import logging
from collections.abc import Mapping
from types import NoneType
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.errors import SettingsError
from bot.i18n import join_list, operator_locale, operator_text

S = TypeVar("S", bound=BaseSettings)


def _http_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        is_fit = not value or (parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0)
    except ValueError:
        is_fit = False
    if not is_fit:
        raise ValueError(operator_text("setting.url"))
    return value.rstrip("/")


#: An http or https address without a slash at its end, or "".
HttpUrl = Annotated[str, AfterValidator(_http_url)]


def _public_url(value: str) -> str:
    """Return an address as browsers send it. Raises `ValueError`."""
    value = _http_url(value.strip())
    parts = urlsplit(value)
    host = parts.hostname or ""
    try:
        host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        host = ""
    if value and (not host or "@" in parts.netloc or set(value) & set("?# ")):
        raise ValueError(operator_text("setting.public_url"))
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in {None, _PORTS.get(parts.scheme)} else f":{parts.port}"
    return value and f"{parts.scheme}://{host}{port}{parts.path}"


#: The address under which others reach the service, without a slash at its end; or "".
PublicUrl = Annotated[str, AfterValidator(_public_url)]
_PORTS = {"http": 80, "https": 443}  # that addresses leave out


def _words(value: object) -> object:
    """Read a comma-separated list."""
    if isinstance(value, str):
        return tuple(word.strip() for word in value.split(",") if word.strip())
    return value


#: A comma-separated list.
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]


def _ids(words: tuple[str, ...]) -> tuple[str, ...]:
    for word in words:
        if word.startswith(("@", "#", "<")) or len(word.split()) > 1:
            raise ValueError(operator_text("setting.id", value=repr(word)))
    return words


#: A comma-separated list of ids of a platform. Raises `ValueError` for a name or a mention, which would match nobody.
Ids = Annotated[Words, AfterValidator(_ids)]


class _Environment(EnvSettingsSource):
    """Reads the settings that have a variable; the library's own takes most of its time for the others."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        if field.validation_alias is None and field_name not in self.env_vars:
            return None, field_name, True  # of a complex value the library looks for no other name
        return super().get_field_value(field, field_name)

    def prepare_field_value(self, field_name: str, field: FieldInfo, value: Any, value_is_complex: bool) -> Any:
        return None if value is None else super().prepare_field_value(field_name, field, value, value_is_complex)


class EnvironmentSettings(BaseSettings):
    """Settings by upper-case name; the environment wins over `.env`, and an empty value is none."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        env_ignore_empty=True,
        allow_inf_nan=False,
        defer_build=True,  # the groups of settings are never instantiated
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - see _Environment
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - nothing is read from a folder of secrets
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return what is read: the arguments, the environment, and `.env` if there is anything in it."""
        assert isinstance(dotenv_settings, DotEnvSettingsSource)
        files = (dotenv_settings,) if dotenv_settings.env_vars else ()
        return init_settings, _Environment(settings_cls), *files


def read(kind: type[S]) -> S:
    """Read the settings of a class. Raises `SettingsError` with each invalid setting's name and the allowed values."""
    logging.getLogger("dotenv.main").setLevel(logging.ERROR)  # of a line that can't be read `find_mistakes` tells, once
    try:
        return kind()
    except ValidationError as exc:
        raise SettingsError(explain(exc, kind)) from None
    except UnicodeDecodeError as exc:
        raise SettingsError(operator_text("setting.file_encoding")) from exc
    except OSError as exc:
        raise SettingsError(operator_text("setting.file_unreadable", reason=exc.strerror)) from exc


def explain(error: ValidationError, kind: type[BaseSettings]) -> str:
    """Return one line per invalid setting: its name and the allowed values, never the value, which may be a secret."""
    lines = []
    for item in error.errors(include_input=False, include_url=False):
        name = str(item["loc"][0])
        # What one of our own validators says is made for people.
        is_ours = item["type"] == "value_error"
        text = item["msg"].removeprefix("Value error, ") if is_ours else allowed(kind.model_fields[name.lower()])
        lines.append(operator_text("setting.wrong", name=name.upper(), problem=text))
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
        return operator_text("setting.choice", others=join_list(others, operator_locale()), last=last)
    if kind in {int, float}:
        return operator_text("setting.integer" if kind is int else "setting.number", range=_range(bounds))
    if get_origin(field.annotation) is tuple:
        return operator_text("setting.list")
    if field.annotation is bool:
        return operator_text("setting.boolean")
    return operator_text("setting.length", **bounds)


def _range(bounds: Mapping[str, Any]) -> str:
    known = {("ge", "le"): "setting.from_to", ("ge",): "setting.at_least", ("gt", "le"): "setting.above_to"}
    key = known.get(tuple(name for name in ("ge", "gt", "le") if name in bounds))
    return operator_text(key, **bounds) if key is not None else ""
