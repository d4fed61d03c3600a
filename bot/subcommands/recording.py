"""The recorder from the command line: the recording of one request as a file."""

from collections.abc import Mapping
from typing import Any

from bot.commands import load_offered
from bot.errors import BotError
from bot.i18n import operator_text
from bot.recorder.opening import in_flight_files, make_redactor, recording_files
from bot.recorder.recordings import read_recording
from bot.recorder.requests import describe, unpack
from bot.security.keys import signing_key
from bot.settings.core import Settings
from bot.sign_in.address import PageAddress
from bot.subcommands.running_service import ServiceClient, ServiceNotRunning


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
    """Return what processes have written of a request, those that were killed while they answered it included."""
    secret, files = signing_key(settings), recording_files(settings)
    redactor = make_redactor(settings, secret, load_offered(settings))
    parts = [describe(unpack(part), redactor).content for part in in_flight_files(files, secret).find(request)]
    recording = read_recording(files, redactor.pseudonym(request), unfinished=parts)
    if recording is None:
        raise BotError(operator_text("record.nothing", request=request))
    return recording.to_json(settings)
