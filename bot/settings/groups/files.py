"""The settings of generated and attached files."""

import re
from importlib.util import find_spec
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo

from bot.i18n import operator_text
from bot.settings.base import EnvironmentSettings, HttpUrl, Words
from bot.settings.groups.api import ORIGIN

T = TypeVar("T")

_ADDRESS = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w.-]+)*/?")


def validate_media_store(value: str) -> str:
    """Validate an address such as s3://bucket/prefix; return it without a slash at its end. Raises `ValueError`."""
    if value and _ADDRESS.fullmatch(value) is None:
        raise ValueError(operator_text("setting.media_store"))
    if value and find_spec("obstore") is None:
        raise ValueError(operator_text("setting.media_store_extra"))
    return value.rstrip("/")


def require_both_keys(value: T, info: ValidationInfo) -> T:
    """Validate that an access key has its id where it has a secret, and the other way round. Raises `ValueError`."""
    if bool(value) != bool(info.data.get("bot_s3_access_key")):
        raise ValueError(operator_text("setting.both_keys"))
    return value


def _origins(values: tuple[str, ...]) -> tuple[str, ...]:
    """Validate origins; returns them without the slash at the end."""
    if not all(ORIGIN.fullmatch(value) for value in values):
        raise ValueError(operator_text("setting.origins"))
    return tuple(value.rstrip("/") for value in values)


class FileSettings(EnvironmentSettings):
    """A part of `Settings`."""

    bot_media_store: Annotated[str, AfterValidator(validate_media_store)] = Field(
        "",
        description="Where generated files are kept, for processes without a common folder: s3://bucket or s3://bucket/prefix of any S3-compatible object store. Needs the extra s3. Empty: in BOT_DATA_DIR.",
    )
    bot_s3_endpoint: HttpUrl = Field(
        "", description="Address of the object store, such as https://minio.internal:9000. Empty: Amazon S3."
    )
    bot_s3_region: str = Field("", description="Region of the bucket, such as eu-central-1.")
    bot_s3_access_key: str = Field(
        "", description="Id of the access key. Empty: AWS_ACCESS_KEY_ID, or the role of the machine."
    )
    bot_s3_secret_key: Annotated[SecretStr | None, AfterValidator(require_both_keys)] = Field(
        None, validate_default=True, description="The access key's secret. Empty: as for its id."
    )
    bot_media_origins: Annotated[Words, AfterValidator(_origins)] = Field(
        (),
        description="Origins other than the API's own that generated files may be fetched from although they are internal or plain http: https://files.internal,http://10.0.0.5:9000.",
    )
    bot_max_download_bytes: int = Field(
        200_000_000, ge=1_000_000, description="Size in bytes of a generated file that is downloaded, at most."
    )
    bot_max_attachment_bytes: int = Field(
        20_000_000, ge=1000, description="Size in bytes of an attached file that is read, at most."
    )
    bot_download_timeout: float = Field(300, gt=0, le=3600, description="Seconds for the download of a generated file.")
    bot_link_hours: float = Field(
        72, gt=0, le=8760, description="Hours for which a link to a file that is too big to upload works."
    )
    bot_content_credentials: bool = Field(
        True,
        description="Put content credentials (C2PA) into generated files, signed with BOT_SECRET_KEY; /verify reads them. Needs the extra provenance.",
    )
