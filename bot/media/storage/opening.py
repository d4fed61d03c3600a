"""The spool, and where the files of answers are kept, by the settings."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from pydantic import SecretStr

from bot.media.spool import Spool
from bot.media.storage.folder import FolderStore
from bot.media.storage.store import MediaStore
from bot.media.timing import MediaTiming
from bot.ports import KeyValues
from bot.security.content_credentials import ContentCredentials
from bot.settings.core import Settings

if TYPE_CHECKING:
    from bot.media.storage.object_store import ObjectStore


def open_spool(
    settings: Settings,
    *,
    secret: SecretStr,
    origins: Collection[str],
    values: KeyValues,
    keeps_copies: bool,
    timing: MediaTiming,
) -> Spool:
    """Return the spool of a service. `origins`: of files, besides those of the settings; may be internal or http."""
    credentials = ContentCredentials(secret) if settings.bot_content_credentials else None
    return Spool(
        _open_media_store(settings, keeps_copies=keeps_copies, timing=timing),
        removals=values.namespace("media.removals"),
        allowed_origins=(*origins, *settings.bot_media_origins),
        secret=secret,
        public_url=settings.bot_public_url,
        max_bytes=settings.bot_max_download_bytes,
        timeout=settings.bot_download_timeout,
        link_hours=settings.bot_link_hours,
        timing=timing,
        credentials=credentials if credentials is not None and credentials.is_available else None,
    )


def _open_media_store(settings: Settings, *, keeps_copies: bool, timing: MediaTiming) -> MediaStore:
    """Return the object store of the settings, else their folder. `keeps_copies`: see `ObjectStore`."""
    if not settings.bot_media_store:
        return FolderStore(settings.media_dir)
    return open_object_store(settings, keeps_copies=keeps_copies, timing=timing)


def open_object_store(settings: Settings, *, keeps_copies: bool = False, timing: MediaTiming) -> "ObjectStore":
    """Return the object store that the settings name."""
    from bot.media.storage.object_store import Bucket, ObjectStore  # of an extra

    name, _, prefix = settings.bot_media_store.removeprefix("s3://").partition("/")
    bucket = Bucket(
        name=name,
        prefix=prefix,
        endpoint=settings.bot_s3_endpoint,
        region=settings.bot_s3_region,
        access_key=settings.bot_s3_access_key,
        secret_key=settings.bot_s3_secret_key,
    )
    folder = settings.bot_data_dir / "media-work"
    return ObjectStore(bucket, folder=folder, former=settings.media_dir, keeps_copies=keeps_copies, timing=timing)
