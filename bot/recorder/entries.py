"""The course of a request: its entries in memory, of plain values alone."""

from typing import Any

API, PLATFORM, RECEIVED = "api call", "platform call", "received"  #: kinds
CALLS = (API, PLATFORM)

#: When it began and ended, in seconds since the epoch (0: it has no duration), its kind, the kind of the error that
#: ended it, and the rest: figures with their names, a call (`api_calls.Call`, `platform_calls.Call`), or the event with
#: its payload (as JSON with its name in there, or packed).
Entry = tuple[float, float, str, str, Any]
