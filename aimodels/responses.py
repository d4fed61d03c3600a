"""Types of the API's answers. Fields that are absent or malformed take their defaults where they are not essential."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import core_schema

#: aimodels: answers come in the reference's envelope; openai: answers come without one.
Flavor = Literal["aimodels", "openai"]
T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _OrDefault:
    """Replaces a malformed value by a default, so that an unimportant field does not invalidate the whole answer."""

    value: object

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.with_default_schema(handler(source), default=self.value, on_error="default")


@dataclass(frozen=True, slots=True)
class _Figure(_OrDefault):
    """A field as above, for a figure that is counted or summed; a malformed one is logged, as it costs money."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        ignored = core_schema.no_info_plain_validator_function(self._ignore)
        return core_schema.union_schema([handler(source), ignored], mode="left_to_right")

    def _ignore(self, value: object) -> object:
        log.warning("the API's usage has a figure that is ignored: %.40r", value)
        return self.value


def text_content(value: object) -> object:
    """Normalise a message's content, which may also be null or a list of parts."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "".join(str(part.get("text", "")) for part in value if isinstance(part, dict))
    return value


#: A count or a sum of money that stays exact in JSON and in a database, also summed over years.
MAX_FIGURE = 2**53
Content = Annotated[str, BeforeValidator(text_content)]
Label = Annotated[str, _OrDefault("")]
Whole = Annotated[int | None, Field(ge=0, le=MAX_FIGURE), _OrDefault(None)]
Number = Annotated[float | None, Field(ge=0, allow_inf_nan=False), _OrDefault(None)]
Moment = Annotated[datetime | None, _OrDefault(None)]
Count = Annotated[int, Field(ge=0, le=MAX_FIGURE), _Figure(0)]
Cost = Annotated[float | None, Field(ge=0, le=MAX_FIGURE, allow_inf_nan=False), _Figure(None)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", protected_namespaces=())


class TokenUsage(_Model):
    """Tokens used by a chat or code answer."""

    prompt_tokens: Count = 0
    completion_tokens: Count = 0
    total_tokens: Count = 0
    cost: Cost = None  #: in the API's currency; None: not said


class Message(_Model):
    """One message of a conversation."""

    role: Label = "assistant"
    content: Content


class Choice(_Model):
    """One answer to a conversation."""

    index: Whole = 0
    message: Message
    finish_reason: Label = ""


class ChatCompletion(_Model):
    """Data of a chat answer."""

    id: Label = ""
    object: Label = "chat.completion"
    created: Whole = None  #: Unix seconds
    model: Label = ""
    choices: list[Choice] = Field(min_length=1)
    usage: Annotated[TokenUsage | None, _OrDefault(None)] = None


class CodeCompletion(_Model):
    """Data of a code answer."""

    code: str
    model: str = ""
    finish_reason: str = ""
    usage: TokenUsage | None = None


class MediaItem(_Model):
    """One generated file: it has a `url`, or its bytes as base64 in `b64_json`."""

    url: str | None = None
    b64_json: str | None = Field(None, repr=False)
    width: Whole = None  #: pixels
    height: Whole = None  #: pixels
    duration: Number = None  #: seconds
    format: Annotated[str | None, _OrDefault(None)] = None
    #: words of the prompt that the offline sandbox made the file from; None: not made by the sandbox
    sandbox_words: Annotated[list[str] | None, _OrDefault(None)] = None


class MediaUsage(_Model):
    """Resources used by generated files."""

    images: Whole = None
    cost: Cost = None  #: in the API's currency; None: not said


class GeneratedImages(_Model):
    """Data of an image answer."""

    images: list[MediaItem]
    usage: MediaUsage = MediaUsage()


class GeneratedMedia(_Model):
    """Data of an audio or video answer."""

    items: list[MediaItem]
    usage: MediaUsage = MediaUsage()


class Response(_Model, Generic[T]):
    """The envelope around an answer's data. With the flavour openai the other fields keep their defaults."""

    success: bool = True
    data: T
    message: Label = ""
    timestamp: Moment = None


ChatResponse = Response[ChatCompletion]
CodeResponse = Response[CodeCompletion]
ImagesResponse = Response[GeneratedImages]
MediaResponse = Response[GeneratedMedia]


@dataclass(frozen=True, slots=True)
class ChatDelta:
    """The next piece of a streamed chat answer. The last pieces may have no text, but a finish reason and the usage."""

    text: str
    usage: TokenUsage | None = None
    model: str = ""
    finish_reason: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """A generation that the API has not finished."""

    id: str
    status: str
    progress: float | None = None  #: 0 to 1
