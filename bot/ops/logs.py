"""Structured logs on standard error: ours and every library's, in one form, without secrets."""

import json
import logging
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Literal, TextIO
from urllib.parse import quote

import structlog
from pydantic import SecretStr
from structlog.typing import EventDict, Processor, WrappedLogger

#: What stands where a secret would be.
REDACTED = "[secret]"

#: Loggers that follow the configured level; a library is heard from when something is wrong.
_OURS = ("bot", "adapters", "__main__")


def configure(
    level: Literal["debug", "info", "warning", "error"],
    format: Literal["auto", "console", "json"],  # noqa: A002 - the setting's own name
    *,
    secrets: Iterable[SecretStr] = (),
) -> None:
    """Send structlog's and the standard library's records to standard error. Repeating it replaces what was set.

    `secrets` never appear in a record, however they got there: in its text, a value, or a traceback.
    """
    chosen = logging.getLevelName(level.upper())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
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
    for name in _OURS:
        logging.getLogger(name).setLevel(chosen)
    logging.captureWarnings(True)
    # Not by way of the standard library, which costs three times as much as the line itself.
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
            _to_json,
        ]
    # The plain traceback: the pretty one shows local variables, and wraps lines in the middle of a secret.
    return [
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
        )
    ]


_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode  # `json.dumps` would make one for each line


def _to_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return _encode(event)


class _StderrHandler(logging.StreamHandler[TextIO]):
    """Writes to what `sys.stderr` is at that moment: a terminal program may have put itself in between."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, _: TextIO) -> None:
        raise AttributeError("always sys.stderr")


class _Lines:
    """Where structlog's finished lines go: to the same place. One that can't be written is lost, not an error."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    def _write(self, line: str) -> None:
        with suppress(OSError, ValueError):  # nobody reads any more; it is closed
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

    debug = info = warning = error = critical = exception = _write


class _Redactor:
    """The last processor: works on the finished line, so that nothing is written which it has not seen."""

    def __init__(self, secrets: Iterable[SecretStr]) -> None:
        values = {secret.get_secret_value() for secret in secrets} - {""}
        forms = {form for value in values for form in _forms(value)}
        self._forms = sorted(forms, key=len, reverse=True)  # the longest first: one may contain another

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict | str) -> str:
        line = str(event)
        for form in self._forms:
            if form in line:
                line = line.replace(form, REDACTED)
        return line


def _forms(value: str) -> set[str]:
    """How a value looks written plainly, as bytes or in a URL, and quoted once or twice by Python or JSON."""
    forms = {value, repr(value.encode())[2:-1], quote(value, safe=""), quote(value)}
    for _ in range(2):
        for form in tuple(forms):
            forms |= {repr(form)[1:-1], json.dumps(form)[1:-1], json.dumps(form, ensure_ascii=False)[1:-1]}
    return forms
