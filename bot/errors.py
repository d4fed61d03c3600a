"""Errors that the service raises on purpose, as a tree. Those of the AI API are in `aimodels.errors`.

BotError
├── SettingsError            a setting is wrong; the service does not start
├── UsageError               a person's request can't be understood
├── OverLimit                a person, or everybody, has used up what is allowed
├── MediaError               a file can't be fetched or used
│   ├── UnsafeUrl            it is not at a public https address
│   ├── MediaTooLarge        it is bigger than allowed
│   ├── WrongContent         it is not what it claims to be
│   ├── DownloadFailed       it could not be read to its end
│   └── FileNotSaved         the local disk did not store it
├── StoreError               the database did not do what was asked; nothing acknowledged is lost
│   ├── StoreUnavailable     locked, or no space left
│   ├── StoreCorrupt         the file is damaged
│   ├── SchemaTooNew         it was written by a newer version
│   ├── StoreInUse           another process holds it
│   └── OwnershipLost        another worker has this event now
└── DeliveryError            the platform did not show an answer
    ├── UploadTooLarge       a file is over a limit learnt just now
    ├── DeliveryDelayed      try again later
    └── DeliveryRefused      it will never be shown there
"""

from typing import Literal

#: Requests a minute, media a day, money a day; `price`: what a kind costs is only known when its first request is done.
Limit = Literal["rate", "media", "money", "price"]


class BotError(Exception):
    """The root: every error this service raises on purpose. Its text is one clear sentence."""


class SettingsError(BotError):
    """A setting is missing or wrong."""


class UsageError(BotError):
    """A person's request can't be understood; the text says what is allowed."""


class OverLimit(BotError):
    """A request is over a limit: nothing of it was recorded or counted."""

    def __init__(self, limit: Limit, *, wait: float = 0.0, left: int = 0) -> None:
        super().__init__(f"over the limit of {limit}")
        self.limit = limit
        self.wait = wait  #: of `rate`: seconds until there is room again
        self.left = left  #: of `media`: how many files there is room for


# ------------------------------------------------------------------ media


class MediaError(BotError):
    """A file can't be fetched or used."""


class UnsafeUrl(MediaError):
    """The URL is not at a public https address."""


class MediaTooLarge(MediaError):
    """The file is bigger than allowed."""


class WrongContent(MediaError):
    """The file is not what it claims to be."""


class DownloadFailed(MediaError):
    """The file could not be read to its end."""


class FileNotSaved(MediaError):
    """The local disk did not store the file."""


# ------------------------------------------------------------------ store


class StoreError(BotError):
    """The database did not do what was asked; nothing acknowledged is lost."""


class StoreUnavailable(StoreError):
    """The database is locked, or there is no space left."""


class StoreCorrupt(StoreError):
    """The database file is damaged."""


class SchemaTooNew(StoreError):
    """The database was written by a newer version of this service."""


class StoreInUse(StoreError):
    """Another process of this service holds the database."""


class OwnershipLost(StoreError):
    """Another worker has this event now."""


# ------------------------------------------------------------------ delivery


class DeliveryError(BotError):
    """The platform did not show an answer."""


class UploadTooLarge(DeliveryError):
    """A file is over a limit that the platform told just now."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the platform takes files up to {limit} bytes here")
        self.limit = limit  #: bytes


class DeliveryDelayed(DeliveryError):
    """The platform can't show it now."""

    def __init__(self, message: str, *, retry_after: float = 5.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after  #: seconds


class DeliveryRefused(DeliveryError):
    """The platform will never show it there: the channel is gone, or the bot may not write."""
