"""Installed platforms, found by entry point: the core names none."""

import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from inspect import get_annotations

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings

from bot.commands import load_offered
from bot.errors import SettingsError
from bot.i18n import join_list, operator_locale, operator_text
from bot.models import Kind
from bot.ports import Adapter, Platform
from bot.security.keys import signing_key
from bot.settings.core import Settings
from bot.settings.roles import Role

#: Entry point group under which distributions offer a `Platform`.
GROUP = "channelmuse.adapters"
_PUBLIC_URL = re.compile(r"https://[^\s/?#]+\.[^\s/?#]+(?:/[^\s?#]*)?")


@cache
def find_platforms() -> Mapping[str, Platform]:
    """The installed platforms by name, those that need no configuration last.

    Raises `SettingsError` when there is none, when two have one name, and for one that can't be loaded.
    """
    found: dict[str, Platform] = {}
    for entry in entry_points(group=GROUP):
        platform = _load(entry)
        if platform.name in found:
            raise SettingsError(operator_text("platform.twice", name=platform.name))
        found[platform.name] = platform
    if not found:
        raise SettingsError(operator_text("platform.none"))
    return {p.name: p for p in sorted(found.values(), key=lambda p: (p.is_fallback, p.name))}


def _load(entry: EntryPoint) -> Platform:
    package = entry.dist.name if entry.dist is not None else entry.module
    try:
        platform = entry.load()
    except (ImportError, AttributeError) as exc:
        raise SettingsError(operator_text("platform.broken", name=entry.name, package=package, reason=exc)) from exc
    if not isinstance(platform, Platform):
        reason = operator_text("platform.wrong_type", value=entry.value)
        raise SettingsError(operator_text("platform.broken", name=entry.name, package=package, reason=reason))
    return platform


def known_settings() -> list[type[BaseSettings]]:
    """Every class of settings: the core's, the sandbox's and each platform's. Raises `SettingsError`."""
    from sandbox.config import SandboxSettings

    return [Settings, SandboxSettings, *(platform.settings for platform in find_platforms().values())]


def known_secrets(settings: Settings) -> list[SecretStr]:
    """Values that no log may show: secrets of the core and of every platform, and the key that signs links.

    Raises `SettingsError` when that key can't be kept.
    """
    found = [*settings.secrets, signing_key(settings)]
    for kind in known_settings():
        with suppress(ValidationError):  # reported where that part of the service is set up
            found += [value for value in dict(kind()).values() if isinstance(value, SecretStr)]
    return found


def _raise(_platform: str, error: SettingsError) -> None:
    raise error


def create_adapters(
    settings: Settings,
    *,
    conversation: str | None = None,
    on_error: Callable[[str, SettingsError], None] = _raise,
) -> tuple[dict[str, Adapter], bool]:
    """Adapters of the configured platforms; without any, those that need no configuration, and True.

    Only those that `BOT_PLATFORMS` names, where it names any. `on_error` gets the name of a platform whose settings are
    wrong, and its error; by default the error is raised.
    """
    if unknown := [name for name in settings.bot_platforms if name not in find_platforms()]:
        names = join_list(list(find_platforms()), operator_locale())
        on_error(unknown[0], SettingsError(operator_text("platform.unknown", name=unknown[0], names=names)))
    configured: dict[str, Adapter] = {}
    fallback: dict[str, Adapter] = {}
    for platform in find_platforms().values():
        is_named = not settings.bot_platforms or platform.name in settings.bot_platforms
        if not is_named or (platform.is_fallback and configured):
            continue
        try:
            adapter = platform.create(data_dir=settings.bot_data_dir, conversation=conversation)
            _require_complete(platform.name, adapter)
        except SettingsError as exc:
            on_error(platform.name, exc)
            continue
        if adapter is not None:
            (fallback if platform.is_fallback else configured)[adapter.name] = adapter
    return (configured, False) if configured else (fallback, True)


def require_possible_roles(settings: Settings, *, has_platforms: bool) -> None:
    """Raise `SettingsError` where this process can't do its part with these settings."""
    given = ",".join(settings.bot_roles)
    if {Role.RECEIVE, Role.WORK} <= set(settings.bot_roles):
        return
    if settings.postgres_url is None:  # an SQLite file serves one process
        raise SettingsError(operator_text("start.roles_need_postgres", roles=given))
    if not has_platforms:  # the terminal is one person's, in one process
        raise SettingsError(operator_text("start.roles_need_platform", roles=given))


def _require_complete(platform: str, adapter: Adapter | None) -> None:
    """Raise `SettingsError` for an adapter without all members of the protocol: it would fail when it is asked."""
    missing = [] if adapter is None else [name for name in _adapter_members() if not _has(adapter, name)]
    if missing:
        kind = type(adapter)
        values = {"name": platform, "adapter": f"{kind.__module__}.{kind.__qualname__}", "missing": ", ".join(missing)}
        raise SettingsError(operator_text("platform.lacks", **values))


def _has(adapter: Adapter, name: str) -> bool:
    return hasattr(type(adapter), name) or hasattr(adapter, name)  # in this order: a property is not called


@cache
def _adapter_members() -> list[str]:
    parts = [part for part in Adapter.__mro__ if part.__module__.startswith("bot.ports.")]
    return sorted({name for part in parts for name in (*vars(part), *get_annotations(part)) if name[0] != "_"})


def write_manifest(settings: Settings, platform: str, *, url: str | None, lacking: Collection[Kind] = ()) -> str:
    """The registration of this service with a platform, to be pasted there. Raises `SettingsError`.

    `url`: the service's public address, which platforms require to be https; None: they are connected to instead.
    `lacking`: the kinds of content that the API does not make, whose commands are left out.
    """
    if url is not None and not _PUBLIC_URL.fullmatch(url):
        raise SettingsError(operator_text("platform.no_address", url=repr(url)))
    writers = {name: found.manifest for name, found in find_platforms().items() if found.manifest is not None}
    if platform not in writers:
        names = join_list(sorted(writers), operator_locale())
        raise SettingsError(operator_text("platform.no_manifest", name=repr(platform), names=names))
    registry = load_offered(settings, lacking)
    return writers[platform](registry.specs, url=url)
