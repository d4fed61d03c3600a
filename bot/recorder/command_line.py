"""The recorder from the command line: the recording of one request as a file."""

from collections.abc import Mapping
from typing import Any

from bot.cockpit.address import PageAddress
from bot.cockpit.command_line import ServiceClient, ServiceNotRunning
from bot.errors import BotError
from bot.i18n import operator_text
from bot.recorder.opening import recording_files, recording_key
from bot.recorder.recordings import read_recording
from bot.recorder.redaction import RecordingRedactor
from bot.security.keys import signing_key
from bot.settings.core import Settings


def export_recording(settings: Settings, request: str) -> Mapping[str, Any]:
    """Return the recording of a request: from the running service, else what it has written.

    `request`: its number or id; of a service that does not run, its id. Raises `BotError` where nothing is known of it.
    """
    found = None
    if not PageAddress.from_settings(settings).problem:
        try:
            found = ServiceClient(settings).recording(request)
        except ServiceNotRunning:  # the files are there all the same
            found = None
    return found or _read_files(settings, request)


def _read_files(settings: Settings, request: str) -> Mapping[str, Any]:
    key = RecordingRedactor(recording_key(signing_key(settings))).pseudonym(request)
    recording = read_recording(recording_files(settings), key)
    if recording is None:
        raise BotError(operator_text("record.nothing", request=request))
    return recording.to_json(settings)
