"""The running service: start, receive, answer, stop on a signal; data past its retention is deleted meanwhile."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from bot.background import RestartPauses
from bot.backup.unfinished import refuse_unfinished
from bot.bootstrap import Core, build
from bot.errors import MediaUnavailable, SchemaTooNew, SettingsError, StoreCorrupt, StoreError
from bot.i18n import join_list, operator_locale, operator_text
from bot.ops import gc_tuning
from bot.ops.file_limit import raise_file_limit
from bot.platforms import create_adapters, find_platforms, known_secrets, known_settings, require_possible_roles
from bot.policy.role_check import roles_of_administrators, unmatched_roles
from bot.ports import Receiver
from bot.recorder.erasure import apply_erasures
from bot.recorder.opening import recording_files
from bot.security.private_files import make_private, restrict_new_files
from bot.security.shared_keys import require_shared_keys
from bot.settings.core import Settings
from bot.settings.mistakes import find_mistakes
from bot.settings.roles import Role
from bot.sign_in.links import operator_link
from bot.telemetry import logs
from bot.timing import ServiceTiming
from bot.web_servers import ops_server, web_server

log = structlog.get_logger(__name__)

_LONGEST_CALL = timedelta(hours=1)


async def run(settings: Settings, *, conversation: str | None = None, timing: ServiceTiming | None = None) -> None:
    """Run the service until a signal, or until input has ended and every answer is delivered.

    Raises `SettingsError` or `StoreError` when it can't start or go on.
    """
    refuse_unfinished(settings)
    adapters, is_fallback = create_adapters(settings, conversation=conversation)
    require_possible_roles(settings, has_platforms=bool(adapters) and not is_fallback)
    if not adapters and settings.bot_port is None:
        names = [name for name, platform in find_platforms().items() if not platform.is_fallback]
        raise SettingsError(operator_text("start.nothing_to_serve", names=join_list(names, operator_locale())))
    if is_fallback and "bot_requests_per_minute" not in settings.model_fields_set:
        # One person at their own terminal: piped input is answered to its end.
        settings = settings.model_copy(update={"bot_requests_per_minute": 0})
    level = settings.bot_log_level
    if level == "auto":  # answers are shown on the same terminal: only problems belong between them
        level = "warning" if is_fallback else "info"
    restrict_new_files()
    database = settings.database_path
    make_private(settings.bot_data_dir, *(database.with_name(f"{database.name}{end}") for end in ("", "-wal", "-shm")))
    logs.configure(level, settings.bot_log_format, secrets=known_secrets(settings))
    for mistake in find_mistakes(known_settings()):
        log.warning(mistake.text)
    raise_file_limit()
    async with AsyncExitStack() as stack:
        stopping = stack.enter_context(stop_signals())
        core = await stack.enter_async_context(build(settings, adapters, timing=timing))
        if not is_fallback:
            await require_shared_keys(settings, core.store, core.store)
        web = await stack.enter_async_context(web_server(core))
        await stack.enter_async_context(ops_server(core))
        gc_tuning.freeze_startup_objects()
        log.info("ready", roles=settings.bot_roles, adapters=list(adapters), commands=len(core.registry.specs))
        if web is not None and sys.stderr.isatty() and (link := operator_link(settings, web.port)):
            sys.stderr.write(f"{operator_text('cockpit.link', link=link)}\n")
        await run_until(core, stopping, restarts_adapters=not is_fallback)


async def run_until(core: Core, stopping: asyncio.Event, *, restarts_adapters: bool = True) -> None:
    """Receive and answer until `stopping` is set or input has ended; then let running answers finish.

    Only what the roles of this process are. `restarts_adapters`: a platform that fails is started again, while the
    others go on; else its error is raised.
    """
    roles = core.settings.bot_roles
    receiving = _receive(core, restarts_adapters) if Role.RECEIVE in roles else _wait_for(asyncio.Event())
    receivers = asyncio.create_task(receiving, name="adapters")
    working = asyncio.create_task(
        core.worker.run() if Role.WORK in roles else _wait_for(asyncio.Event()), name="worker"
    )
    files, pause = recording_files(core.settings), core.timing.erasure_look
    loops: dict[str, Callable[[], Awaitable[None]]] = {
        "erasure of recordings": partial(apply_erasures, core.store, files, core.recorder, pause=pause),
        "places in the queue": core.worker.line.run,
        "names of places": core.inbox.places.run,
    }
    if Role.WORK in roles:
        loops |= {
            "pruning": partial(_prune, core),
            "rules on roles": partial(_report_unmatched_roles, core),
            "approvals": core.approvals.run,
            "schedules": core.timer.run,
        }
    beside = {core.loops.start(name, run) for name, run in loops.items()}
    stopped = asyncio.create_task(_wait_for(stopping), name="signal")
    try:
        await asyncio.wait({receivers, working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if receivers.done() and not stopped.done():
            receivers.result()
            drained = asyncio.create_task(core.worker.drain())
            await asyncio.wait({drained, working, stopped}, return_when=asyncio.FIRST_COMPLETED)
            drained.cancel()
        if working.done():
            working.result()
    finally:
        tasks = {receivers, working, stopped, *beside}
        for task in tasks:
            task.cancel()
        # Bounded, as a library may swallow a cancellation; running answers get their time in any case.
        _, running = await asyncio.wait(tasks, timeout=core.timing.adapter_stop)
        if running:
            log.warning("ends without waiting any longer", tasks=sorted(task.get_name() for task in running))
        await core.worker.stop()


async def _report_unmatched_roles(core: Core) -> None:
    """Log the rules that name a role which nobody has."""
    try:
        named = await roles_of_administrators(core.settings, core.store)
    except StoreError as exc:
        log.warning("rules not checked", reason=str(exc))
        named = frozenset()
    for text in await unmatched_roles(core.settings, core.adapters, named):
        log.warning(text)


async def _wait_for(stopping: asyncio.Event) -> None:
    await stopping.wait()


async def _receive(core: Core, restarts: bool) -> None:
    """Run every adapter, and without any only serve. Raises the first error that no new start can mend."""
    if not core.adapters:
        await asyncio.Event().wait()
    try:
        async with asyncio.TaskGroup() as group:
            for adapter in core.adapters.values():
                group.create_task(_run_adapter(core, adapter, restarts), name=f"adapter {adapter.name}")
    except ExceptionGroup as failed:  # the operator reads one sentence
        raise failed.exceptions[0] from failed


async def _run_adapter(core: Core, adapter: Receiver, restarts: bool) -> None:
    """Run one adapter until its input has ended; where it fails, start it again after a pause that doubles."""
    pauses = RestartPauses(core.timing.restart_first, core.timing.restart_longest)
    loop = asyncio.get_running_loop()
    while True:
        started = loop.time()
        try:
            return await adapter.run(core.inbox.accept, core.registry.specs)
        except (SettingsError, StoreCorrupt, SchemaTooNew):
            raise
        except Exception as exc:  # a platform's defect must not end the others
            if not restarts:
                raise
            log.exception("platform failed", adapter=adapter.name, reason=type(exc).__name__)
        await asyncio.sleep(pauses.after(loop.time() - started))


async def _prune(core: Core) -> None:
    """Delete data past its retention and files left by killed processes, at start and every few hours."""
    days, audit_days = core.settings.bot_retention_days, core.settings.bot_audit_days
    while True:
        now = datetime.now(UTC)
        before = now - timedelta(days=days) if days else None
        audit_before = now - timedelta(days=audit_days) if audit_days else None
        try:
            await core.spool.remove(await core.retention.prune(now, audit_before=audit_before))
            await core.spool.sweep(before)
            for job in await core.store.lost_calls(now - _LONGEST_CALL):
                await core.store.settle_lost_calls(job)
        except (MediaUnavailable, StoreError, OSError) as exc:
            log.warning("not pruned", reason=str(exc))
        await asyncio.sleep(core.timing.prune_interval)


@contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """An event that the first SIGTERM, SIGINT or SIGHUP sets; a second one has its usual, immediate effect.

    SIGHUP, which a terminal sends as it is closed, stays ignored where it is, as under `nohup`.
    """
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def stop() -> None:
        stopping.set()
        restore()

    numbers = [signal.SIGTERM, signal.SIGINT]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}

    def restore() -> None:
        for number in numbers:
            try:
                loop.remove_signal_handler(number)
            except NotImplementedError:
                signal.signal(number, before[number])

    for number in numbers:
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows, whose event loops have no signal handlers
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
    try:
        yield stopping
    finally:
        restore()
