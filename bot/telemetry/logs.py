"""Structured logs on standard error, of the service and of its libraries, in one format and without secrets."""

import json
import logging
import sys
import time
import traceback
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Literal, TextIO

import structlog
from pydantic import SecretStr
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from bot.characters import CONTROLS, escape_controls, escape_lines
from bot.security.written_forms import SHORTEST_SECRET, written_forms
from bot.telemetry.standard_streams import ErrorLines

#: Replaces a secret in a record.
REDACTED = "[secret]"

#: Loggers that follow the configured level; libraries log warnings and errors only.
_OWN_LOGGERS = ("bot", "adapters", "__main__")


#: What every line of this task says of its request. One value, as each context variable is looked at for every line.
_context: ContextVar[Mapping[str, object]] = ContextVar("log_context", default=MappingProxyType({}))


def bind_context(**values: object) -> None:
    """Let each line that this task logs from now on, and those that it starts, have these values."""
    _context.set(values)


def add_context(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Add what the task's lines have in common; a line's own values win. A processor."""
    return {**event, **_context.get(), **event}


def configure(
    level: Literal["debug", "info", "warning", "error"],
    format: Literal["auto", "console", "json"],  # noqa: A002 - the setting's own name
    *,
    secrets: Iterable[SecretStr] = (),
) -> None:
    """Send the records of structlog and of the standard library to standard error. A second call replaces the first.

    `secrets` are redacted everywhere in a record: in its text, in values and in tracebacks.
    """
    chosen = logging.getLevelName(level.upper())
    shared: list[Processor] = [
        add_context,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    finishing: list[Processor] = [*_renderers(format), _Redactor(secrets)]
    handler = _StderrHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *finishing],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one, _StderrHandler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(max(chosen, logging.INFO if level == "debug" else logging.WARNING))
    for name in _OWN_LOGGERS:
        logging.getLogger(name).setLevel(chosen)
    logging.captureWarnings(True)
    logging.getLogger("asyncio").filters = [_Throttle()]
    logging.getLogger("uvicorn.error").filters = [_Throttle("Invalid HTTP request")]  # of any stranger
    # Not via the standard library, which would triple the cost of a line.
    structlog.configure(
        processors=[*shared, *finishing],
        logger_factory=_Lines,
        wrapper_class=structlog.make_filtering_bound_logger(chosen),
        cache_logger_on_first_use=True,
    )


def _renderers(form: str) -> list[Processor]:
    if form == "json" or (form == "auto" and not sys.stderr.isatty()):
        return [
            structlog.processors.format_exc_info,
            _render_json,
        ]
    return [
        _escape_controls,
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_write_traceback, pad_event_to=0),
    ]


def _indent(text: str) -> str:
    """Return lines that none can be taken for a record's first one."""
    return "\n".join(f"    {escape_controls(line)}" for line in text.rstrip("\n").split("\n"))


def _escape_controls(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Escape what strangers may have written into a record: no terminal is steered, no line is forged."""
    for key, value in event.items():
        if isinstance(value, str) and CONTROLS.search(value):
            event[key] = f"\n{_indent(value)}" if key in {"exception", "stack"} else escape_controls(value)
    return event


def _write_traceback(out: TextIO, exc_info: ExcInfo) -> None:
    """Write the plain traceback: the pretty one shows local variables, and wraps lines in the middle of a secret."""
    out.write("\n" + _indent("".join(traceback.format_exception(*exc_info))))


_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode  # `json.dumps` would create an encoder for each line


def _render_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """Encode a record; what the encoder leaves, such as C1 controls and marks of direction, is escaped, too."""
    return escape_lines(_encode(event))


class _Throttle(logging.Filter):
    """Passes a message once in a while: without free file descriptors the event loop repeats one thousands of times.

    `begins`: only messages that begin so are held back.
    """

    _INTERVAL, _KNOWN = 10.0, 100  # seconds, messages in memory

    def __init__(self, begins: str = "") -> None:
        super().__init__()
        self._begins = begins
        self._passed: dict[str, float] = {}  # monotonic times until which a message is held back

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if not message.startswith(self._begins):
            return True
        now = time.monotonic()
        if now < self._passed.get(message, now):
            return False
        if len(self._passed) >= self._KNOWN:
            self._passed.clear()
        self._passed[message] = now + self._INTERVAL
        return True


def _report_lost(lines: int) -> None:
    structlog.get_logger(__name__).warning("lines of the log lost, as nobody read them", lines=lines)


#: The lines of all loggers. Those of terminal programs, which replace `sys.stderr`, go where these want them.
_stderr = ErrorLines(_report_lost)


class _StderrHandler(logging.Handler):
    """Writes the records of the standard library to the current `sys.stderr`."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - a record that can't be rendered fails alone, as with the library's handlers
            self.handleError(record)
        else:
            _stderr.write(line)


class _Lines:
    """Writes structlog's rendered lines to standard error. A line that can't be written is dropped."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    def _write(self, line: str) -> None:
        _stderr.write(line)

    debug = info = warning = error = critical = exception = _write


class _Redactor:
    """The last processor: redacts secrets in the rendered line, so that it sees everything that is written."""

    def __init__(self, secrets: Iterable[SecretStr]) -> None:
        values = {secret.get_secret_value() for secret in secrets}
        forms = {form for value in values if len(value) >= SHORTEST_SECRET for form in written_forms(value)}
        self._forms = sorted(forms, key=len, reverse=True)  # longest first: a form may contain another

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict | str) -> str:
        line = str(event)
        for form in self._forms:
            if form in line:
                line = line.replace(form, REDACTED)
        return line
