"""The `check` command: checks settings, database, API key and each configured platform at no cost."""

from aimodels.errors import ApiError, AuthenticationFailed, BadRequest, NotPermitted
from bot.commands import load_commands
from bot.errors import SettingsError, StoreError, StoreInUse
from bot.models import KINDS, CheckResult
from bot.platforms import create_adapters, known_settings
from bot.policy.rules import command_lists
from bot.settings.api_endpoint import needs_sandbox, open_client
from bot.settings.core import Settings, load_settings
from bot.settings.unknown import unknown_settings
from bot.store.engine import make_store


async def check() -> list[CheckResult]:
    """Return all results, successful ones included, in the order in which to fix them."""
    try:
        settings = load_settings()
    except SettingsError as exc:  # nothing else can be checked without settings
        return [*_errors("settings", exc), *_check_names()]
    findings = [_check_rules(settings), *_check_names()]
    findings.append(await _check_database(settings))
    findings.append(await _check_api(settings))
    errors: list[CheckResult] = []
    adapters, is_fallback = create_adapters(settings, on_error=lambda name, exc: errors.extend(_errors(name, exc)))
    findings += errors
    for adapter in () if errors and is_fallback else adapters.values():
        findings.extend(await adapter.check())
    return findings


def _errors(subject: str, exc: SettingsError) -> list[CheckResult]:
    return [CheckResult(subject=subject, text=line, is_ok=False) for line in str(exc).splitlines()]


def _check_rules(settings: Settings) -> CheckResult:
    """Check the rules, which must name existing commands; single values were validated when they were read."""
    registry = load_commands({kind: settings.models(kind) for kind in KINDS})
    try:
        command_lists(settings.bot_command_rules, [spec.name for spec in registry.specs])
    except SettingsError as exc:
        return CheckResult(subject="settings", text=str(exc), is_ok=False)
    return CheckResult(subject="settings", text="all values are allowed", is_ok=True)


def _check_names() -> list[CheckResult]:
    return [
        CheckResult(subject="settings", text=str(unknown), is_ok=not unknown.meant)
        for unknown in unknown_settings(known_settings())
    ]


async def _check_database(settings: Settings) -> CheckResult:
    subject = f"database {settings.database_name}"
    try:
        async with make_store(settings) as store:
            await store.check()
    except StoreInUse:
        return CheckResult(subject=subject, text="in use by a running service", is_ok=True)
    except (SettingsError, StoreError) as exc:
        return CheckResult(subject=subject, text=str(exc), is_ok=False)
    text = "can be read and written"
    if settings.postgres_url is not None and settings.bot_secret_key is None:
        text += "; where several machines use it, set the same BOT_SECRET_KEY on each"
    return CheckResult(subject=subject, text=text, is_ok=True)


async def _check_api(settings: Settings) -> CheckResult:
    subject = "API " + ("sandbox" if needs_sandbox(settings) else settings.aimodels_base_url)
    model = settings.models("chat")[0]
    try:
        async with open_client(settings) as api:
            await api.verify(model)
    except SettingsError as exc:
        return CheckResult(subject=subject, text=str(exc), is_ok=False)
    except ApiError as exc:
        return CheckResult(subject=subject, text=_remedy(exc, model), is_ok=False)
    if needs_sandbox(settings):
        return CheckResult(subject=subject, text="answers; set AIMODELS_API_KEY to use the real API", is_ok=True)
    return CheckResult(subject=subject, text="answers and takes the key", is_ok=True)


def _remedy(error: ApiError, model: str) -> str:
    if isinstance(error, AuthenticationFailed):
        return "the key is refused: put a valid one into AIMODELS_API_KEY"
    if isinstance(error, NotPermitted):
        return "the key may not use the chat endpoint: ask the API's provider for the permission"
    if isinstance(error, BadRequest) and error.is_about_model:
        return f"has no model {model}: put models that it has into BOT_CHAT_MODELS"
    return f"no usable answer ({error}): check AIMODELS_BASE_URL, AIMODELS_API_FLAVOR and the network"
