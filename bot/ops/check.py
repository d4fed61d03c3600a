"""The `check` command: checks settings, database, API key and each configured platform at no cost."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from aimodels import AsyncAIModels
from aimodels.errors import ApiError, AuthenticationFailed, BadRequest, NotPermitted
from bot.commands import load_offered
from bot.conversation.links import ON, can_read_links
from bot.errors import MediaUnavailable, SettingsError, StoreError, StoreInUse
from bot.i18n import join_list, kind_label, operator_locale, operator_text
from bot.media.storage.folder import FolderStore
from bot.media.storage.opening import open_object_store
from bot.media.timing import MediaTiming
from bot.models import KINDS, CheckResult
from bot.moderation.moderator import require_endpoint
from bot.moderation.rules import load_rules
from bot.ops.web import is_served_by_us, listen
from bot.platforms import create_adapters, known_settings, require_possible_roles
from bot.policy.role_check import named_roles, roles_of_administrators, unmatched_roles
from bot.policy.rules import command_lists
from bot.ports import Adapter
from bot.scoped_settings.names import APPROVAL_CHANNEL
from bot.settings.api_endpoint import has_moderation, open_client
from bot.settings.core import Settings, load_settings
from bot.settings.mistakes import find_mistakes
from bot.sign_in.address import PageAddress
from bot.sign_in.links import CALLBACK
from bot.store.engine import make_store

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


async def check() -> list[CheckResult]:
    """Return all results, successful ones included, in the order in which to fix them."""
    try:
        settings = load_settings()
    except SettingsError as exc:  # nothing else can be checked without settings
        return [*_errors(operator_text("check.settings"), exc), *_check_names()]
    findings = [_check_rules(settings), *_check_names(), *await _check_ports(settings)]
    findings.append(await _check_database(settings))
    findings += await _check_media_store(settings)
    findings.append(await _check_api(settings))
    findings += [*check_links(settings), *_check_ops(settings), *await _check_sign_in(settings)]
    errors: list[CheckResult] = []
    adapters, is_fallback = create_adapters(settings, on_error=lambda name, exc: errors.extend(_errors(name, exc)))
    findings += errors
    try:
        require_possible_roles(settings, has_platforms=bool(adapters) and not is_fallback)
    except SettingsError as exc:
        findings += _errors(operator_text("check.settings"), exc)
    checked = {} if errors and is_fallback else adapters
    for adapter in checked.values():
        findings.extend(await adapter.check())
    roles, places = await _read_named(settings)
    findings += await _check_roles(settings, checked, roles)
    return _without_repeats([*findings, *await _check_places(checked, places)])


def _without_repeats(findings: Sequence[CheckResult]) -> list[CheckResult]:
    """Leave out what several parts found: it is mended once."""
    problems = {finding.text: finding for finding in reversed(findings) if not finding.is_ok}
    return [finding for finding in findings if finding.is_ok or problems[finding.text] is finding]


async def check_running(settings: Settings, adapters: Mapping[str, Adapter]) -> list[CheckResult]:
    """Return what a running service can check of itself: its ports and its database are in use, by itself.

    The database is not opened anew: closing a file of it would give up the lock that the process has on it.
    """
    findings = [_check_rules(settings), *_check_names(), await _check_api(settings), *_check_ops(settings)]
    findings += [*check_links(settings), *await _check_media_store(settings), *await _check_sign_in(settings)]
    for adapter in adapters.values():
        findings.extend(await adapter.check())
    return [*findings, *await _check_roles(settings, adapters, frozenset())]


def _errors(subject: str, exc: SettingsError) -> list[CheckResult]:
    return [CheckResult(subject=subject, text=line, is_ok=False) for line in str(exc).splitlines()]


def _check_rules(settings: Settings) -> CheckResult:
    """Check the rules, which must name existing commands; single values were validated when they were read."""
    try:
        registry = load_offered(settings)
        command_lists(settings.bot_command_rules, [spec.name for spec in registry.specs])
        load_rules(settings.bot_content_rules)
        require_endpoint(settings)
    except SettingsError as exc:
        return CheckResult(subject=operator_text("check.settings"), text=str(exc), is_ok=False)
    return CheckResult(subject=operator_text("check.settings"), text=operator_text("check.allowed"), is_ok=True)


async def _read_named(settings: Settings) -> tuple[frozenset[str], Sequence[tuple[str, str]]]:
    """Return the roles that administrators have named, and the channels in which approvers are asked, by adapter.

    None while a running service has the database: it has looked at its start.
    """
    try:
        async with make_store(settings) as store:
            roles, channels = await roles_of_administrators(settings, store), await store.find_values(APPROVAL_CHANNEL)
    except (SettingsError, StoreError):  # another line says so
        return frozenset(), ()
    return roles, sorted({(namespace.split(":")[1], channel) for namespace, channel in channels.items()})


async def _check_places(adapters: Mapping[str, Adapter], places: Sequence[tuple[str, str]]) -> list[CheckResult]:
    """Check that the service can ask approvers in the channels that administrators have set."""
    found = []
    for name, channel in places:
        problem = await adapters[name].channel_problem(channel) if name in adapters else ""
        if problem:
            text = operator_text(f"check.approval_channel.{problem}", channel=channel)
            found.append(CheckResult(subject=name, text=text, is_ok=False))
    return found


async def _check_roles(
    settings: Settings, adapters: Mapping[str, Adapter], by_administrators: frozenset[str]
) -> list[CheckResult]:
    """Check that rules on roles can match: platforms without roles take no notice of them."""
    named = named_roles(settings)
    found = []
    without = [name for name, adapter in adapters.items() if not adapter.capabilities.has_roles]
    if without and named:
        text = operator_text("check.no_roles", names=join_list(without, operator_locale()))
        is_ok = len(without) < len(adapters)
        found.append(CheckResult(subject=operator_text("check.settings"), text=text, is_ok=is_ok))
    unmatched = await unmatched_roles(settings, adapters, by_administrators)
    return [*found, *(CheckResult(subject=operator_text("check.settings"), text=t, is_ok=False) for t in unmatched)]


def _check_names() -> list[CheckResult]:
    return [
        CheckResult(subject=operator_text("check.settings"), text=mistake.text, is_ok=not mistake.is_certain)
        for mistake in find_mistakes(known_settings())
    ]


async def _check_ports(settings: Settings) -> list[CheckResult]:
    """Check that the ports which are set are free, or that the running service has them."""
    found = []
    for prefix, host, port in (
        ("BOT", settings.bot_host, settings.bot_port),
        ("BOT_OPS", settings.bot_ops_host, settings.bot_ops_port),
    ):
        if not port:
            continue
        is_ok, text = True, operator_text("check.port_free")
        try:
            listen(host, port, prefix).close()
        except SettingsError as exc:
            is_ok = await is_served_by_us(host, port)
            text = operator_text("check.in_use") if is_ok else str(exc)
        found.append(CheckResult(subject=operator_text("check.port", host=host, port=port), text=text, is_ok=is_ok))
    return found


async def _check_sign_in(settings: Settings) -> list[CheckResult]:
    """Ask the identity provider for its addresses, if the settings name one."""
    if not settings.bot_oidc_issuer:
        return []
    from bot.sign_in.openid import OpenIdProvider, SignInFailed  # of an extra

    subject = operator_text("check.sign_in", issuer=settings.bot_oidc_issuer)
    try:
        await OpenIdProvider(settings).discover()
    except SignInFailed as exc:
        text = operator_text("check.sign_in_fails", reason=exc)
        return [CheckResult(subject=subject, text=text, is_ok=False)]
    text = operator_text("check.sign_in_works", url=PageAddress.from_settings(settings).base_url() + CALLBACK)
    return [CheckResult(subject=subject, text=text, is_ok=True)]


async def _check_database(settings: Settings) -> CheckResult:
    subject = operator_text("check.database", name=settings.database_name)
    try:
        async with make_store(settings) as store:
            await store.check()
    except StoreInUse:
        return CheckResult(subject=subject, text=operator_text("check.in_use"), is_ok=True)
    except (SettingsError, StoreError) as exc:
        return CheckResult(subject=subject, text=str(exc), is_ok=False)
    is_shared = settings.postgres_url is not None and settings.bot_secret_key is None
    text = operator_text("check.writable_shared" if is_shared else "check.writable")
    return CheckResult(subject=subject, text=text, is_ok=True)


async def _check_media_store(settings: Settings) -> list[CheckResult]:
    """Write, read and delete an object, where files are kept in an object store; else report a folder without room."""
    if not settings.bot_media_store:
        return await _check_media_folder(settings.media_dir)
    subject = operator_text("check.media_store", name=settings.bot_media_store)
    timing = replace(MediaTiming(), object_store_write=MediaTiming().object_store_read)
    try:
        await open_object_store(settings, timing=timing).check()
    except MediaUnavailable as exc:
        text = operator_text("check.media_store_fails", reason=exc)
        return [CheckResult(subject=subject, text=text, is_ok=False)]
    return [CheckResult(subject=subject, text=operator_text("check.media_store_works"), is_ok=True)]


async def _check_media_folder(folder: Path) -> list[CheckResult]:
    """Report a folder that takes no files. One that is not there is made at the start."""
    try:
        if await asyncio.to_thread(folder.exists):
            await FolderStore(folder).reach()
    except (MediaUnavailable, OSError) as exc:
        subject = operator_text("check.media_store", name=folder)
        reason = operator_text("check.media_folder_fails", reason=exc)
        return [CheckResult(subject=subject, text=reason, is_ok=False)]
    return []


def check_links(settings: Settings) -> list[CheckResult]:
    """Report that linked pages are to be read and the extra for it is missing."""
    if settings.bot_links != ON or can_read_links():
        return []
    return [CheckResult(subject="BOT_LINKS", text=operator_text("check.no_links"), is_ok=False)]


def _check_ops(settings: Settings) -> list[CheckResult]:
    """Say who can read the metrics, where there is a web server."""
    host, port, has_token = settings.bot_ops_host, settings.bot_ops_port, settings.bot_ops_token is not None
    if has_token:
        key = "check.ops_token"
    elif port is not None:
        key = "check.ops_port" if host in _LOOPBACK else "check.ops_open"
    elif settings.bot_port is not None:
        key = "check.ops_closed"
    else:
        return []
    text = operator_text(key, host=host, port=port)
    return [CheckResult(subject=operator_text("check.ops"), text=text, is_ok=True)]


async def _check_api(settings: Settings) -> CheckResult:
    name = operator_text("check.sandbox") if settings.needs_sandbox else settings.aimodels_base_url
    subject = operator_text("check.api", name=name)
    model = settings.models("chat")[0]
    try:
        async with open_client(settings) as api:
            for name in dict.fromkeys((model, *settings.fallbacks("chat"))):
                model = name
                await api.verify(name)
            missing = await api.missing_kinds()
            wrong = await _moderation_error(api, settings)
            if settings.aimodels_speech and settings.aimodels_api_flavor == "aimodels" and await api.lacks_speech():
                wrong = wrong or operator_text("check.no_speech")
        specs = load_offered(settings).specs
        lacking = [spec for kind in KINDS for spec in specs if kind in missing and spec.kind == kind]
    except SettingsError as exc:
        return CheckResult(subject=subject, text=str(exc), is_ok=False)
    except ApiError as exc:
        return CheckResult(subject=subject, text=_remedy(exc, model), is_ok=False)
    if wrong:
        return CheckResult(subject=subject, text=wrong, is_ok=False)
    if settings.needs_sandbox:
        return CheckResult(subject=subject, text=operator_text("check.api_sandbox"), is_ok=True)
    text = operator_text("check.api_answers")
    if lacking:
        locale = operator_locale()
        kinds = join_list((kind_label(spec.kind, locale).lower() for spec in lacking if spec.kind is not None), locale)
        text = operator_text(
            "check.api_lacks", kinds=kinds, commands=join_list((spec.name for spec in lacking), locale)
        )
    return CheckResult(subject=subject, text=text, is_ok=True)


async def _moderation_error(api: AsyncAIModels, settings: Settings) -> str:
    """Return what is wrong with the moderation endpoint; "": nothing, or it is not used. A request of it is free."""
    if settings.bot_moderation == "off" or not has_moderation(settings):
        return ""
    try:
        await api.moderations.create(model=settings.bot_moderation_model, input="hello")
    except ApiError as exc:
        return operator_text("check.moderation", reason=exc)
    return ""


def _remedy(error: ApiError, model: str) -> str:
    if isinstance(error, AuthenticationFailed):
        return operator_text("check.key_refused")
    if isinstance(error, NotPermitted):
        return operator_text("check.not_permitted")
    if isinstance(error, BadRequest) and error.is_about_model:
        return operator_text("check.no_model", model=model)
    return operator_text("check.api_unusable", reason=error)
