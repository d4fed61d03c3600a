"""The flight recorder as the settings describe it."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from bot.commands import Registry
from bot.models import CommandSpec
from bot.platforms import find_platforms, known_secrets
from bot.recorder.files import RecordingFiles
from bot.recorder.in_flight import InFlight, delete_left
from bot.recorder.recorder import Recorder
from bot.recorder.redaction import RecordingRedactor
from bot.recorder.wire import Wire
from bot.security.value_signer import derive_key
from bot.settings.core import Settings


@asynccontextmanager
async def open_recorder(
    settings: Settings, secret: SecretStr, registry: Registry, on_failure: Callable[[], None]
) -> AsyncIterator[Recorder | None]:
    """Record until the end of the block; None: the recorder is off. `on_failure` counts what could not be kept."""
    if settings.bot_recorder == "off":
        delete_left(settings.recordings_dir)
        yield None
        return
    redactor = make_redactor(settings, secret, registry)
    hidden = frozenset(spec.name for spec in registry.specs if spec.secrets)
    files = recording_files(settings)
    in_flight = in_flight_files(files, secret)
    recorder = Recorder(files=files, in_flight=in_flight, redactor=redactor, on_failure=on_failure, hidden=hidden)
    try:
        yield recorder
    finally:
        recorder.close()


def recording_key(secret: SecretStr) -> bytes:
    """Return the key of the stand-ins, the same in all processes."""
    return derive_key(secret, b"recordings")


def make_redactor(settings: Settings, secret: SecretStr, registry: Registry) -> RecordingRedactor:
    """Return what removes all that the settings say must not be kept."""
    return RecordingRedactor(
        recording_key(secret),
        words=[word for spec in registry.specs for word in _words(spec)],
        keeps_texts=settings.bot_recorder == "full",
        secrets=[one.get_secret_value() for one in known_secrets(settings)],
        wire=Wire.of(platform.wire_format for platform in find_platforms().values()),
    )


def in_flight_files(files: RecordingFiles, secret: SecretStr) -> InFlight:
    """Return the files of what is not at its end, in addition to those of the recordings."""
    return InFlight(files.folder, files.process, derive_key(secret, b"requests in flight"))


def recording_files(settings: Settings) -> RecordingFiles:
    """Return the files of the recordings."""
    largest = settings.bot_recorder_megabytes * 1_000_000
    return RecordingFiles(settings.recordings_dir, largest=largest, days=settings.bot_recorder_days)


def _words(spec: CommandSpec) -> Iterator[str]:
    """Yield the words that decide what a request does."""
    yield from (spec.name, *spec.aliases)
    for option in spec.options:
        yield option.name
        yield from (word for word in (option.short, *option.choices, *option.suggestions, option.default) if word)
