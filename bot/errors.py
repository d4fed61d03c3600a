"""Errors that the service raises on purpose, as a tree. Those of the AI API are in `aimodels.errors`.

BotError
├── SettingsError            a setting is wrong; the service does not start
├── UsageError               a person's request is invalid
│   └── NotAllowed           they may not do what they ask for, whatever they write
├── OverLimit                a person, or the service as a whole, has reached a limit
├── MediaError               a file can't be fetched or used
│   ├── UnsafeUrl            it is not at a public https address
│   ├── MediaTooLarge        it is bigger than allowed
│   ├── WrongContent         its content is not of the expected type
│   ├── DownloadFailed       it could not be read to its end
│   ├── FileNotSaved         the local disk did not store it
│   ├── ClipsNotJoined       clips could not become one film
│   └── MediaUnavailable     what keeps the files can't be reached; a later try may succeed
├── Paused                   an administrator has paused the place of a request
├── NothingAnswered          every question of an input that has ended failed
├── StoreError               the database failed; nothing acknowledged is lost
│   ├── StoreUnavailable     not reached, locked, or no space left
│   ├── StoreCorrupt         the file is damaged
│   ├── SchemaTooNew         it was written by a newer version
│   ├── StoreInUse           another process holds it
│   └── OwnershipLost        another worker has this event now
├── BackupError              a backup was not made, or can't be restored
└── DeliveryError            the platform did not show an answer
    ├── UploadTooLarge       a file is over a limit that the platform has just reported
    ├── DeliveryDelayed      a later try may succeed
    └── DeliveryRefused      no try will succeed
"""

from bot.limits import Limit


class BotError(Exception):
    """Base class of the errors that the service raises on purpose. The text is one sentence."""

    #: exit status of the command line that the error ends
    exit_status = 2


class SettingsError(BotError):
    """A setting is missing or wrong."""


class UsageError(BotError):
    """A person's request is invalid; the text, in the person's language, says what is allowed."""


class NotAllowed(UsageError):
    """A person may not do what they ask for, whatever they write."""


class Paused(BotError):
    """An administrator has paused the place of a request, which waits; the text is their reason."""


class NothingAnswered(BotError):
    """Every question of an input that has ended failed."""

    exit_status = 1


class OverLimit(BotError):
    """A request exceeds a limit; it was neither recorded nor counted."""

    def __init__(self, limit: Limit, *, wait: float = 0.0, left: int = 0, is_price_unknown: bool = False) -> None:
        super().__init__(f"over the limit of {limit.measure} a {limit.period}")
        self.limit = limit
        self.wait = wait  #: seconds until a request is allowed again
        self.left = left  #: of the limit's measure
        self.is_price_unknown = is_price_unknown  #: until the first request of its kind ends


# ------------------------------------------------------------------ media


class MediaError(BotError):
    """A file can't be fetched or used."""


class UnsafeUrl(MediaError):
    """The URL is not at a public https address."""


class MediaTooLarge(MediaError):
    """The file is bigger than allowed."""


class WrongContent(MediaError):
    """The content is not of the expected type."""


class DownloadFailed(MediaError):
    """The file could not be read to its end."""


class FileNotSaved(MediaError):
    """The local disk did not store the file."""


class ClipsNotJoined(MediaError):
    """Clips could not become one film."""

    def __init__(self, reason: str, *, clip: int | None = None, is_music: bool = False) -> None:
        super().__init__(f"{f'clip {clip}' if clip else 'the music' if is_music else 'the film'}: {reason}")
        #: "missing", "damaged", "cut", "no_picture", "too_long", "too_large"; "slow", "memory", "output", "crashed"
        self.reason = reason
        self.clip = clip  #: its number, from 1; None: it is not known, or none
        self.is_music = is_music


class MediaUnavailable(MediaError):
    """The place where files are kept can't be reached; a later try may succeed."""


# ------------------------------------------------------------------ store


class StoreError(BotError):
    """The database failed; nothing acknowledged is lost."""


class StoreUnavailable(StoreError):
    """The database can't be reached, is locked, or there is no space left."""

    exit_status = 75  # EX_TEMPFAIL: a later start may succeed


class StoreCorrupt(StoreError):
    """The database file is damaged."""


class SchemaTooNew(StoreError):
    """The database was written by a newer version of this service."""


class StoreInUse(StoreError):
    """Another process of this service holds the database."""


class OwnershipLost(StoreError):
    """Another worker has this event now."""


class BackupError(BotError):
    """A backup was not made, or can't be restored."""


# ------------------------------------------------------------------ delivery


class DeliveryError(BotError):
    """The platform did not show an answer."""


class UploadTooLarge(DeliveryError):
    """A file exceeds a limit that the platform has just reported."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the platform takes files up to {limit} bytes here")
        self.limit = limit  #: bytes


class DeliveryDelayed(DeliveryError):
    """The platform can't show the answer now; a later try may succeed."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after  #: seconds; None: the platform gave none


class DeliveryRefused(DeliveryError):
    """The platform will never show the answer: the channel is gone, or the bot may not write there."""
