"""What goes over the wire, and the one place where an answer's shape is judged.

Documented shapes are read as documented. Where the reference shows none (code, sound, video), these are accepted:

- code: `choices[0].text`, `choices[0].message.content` or `code`; one fence around the whole is taken off;
- media: `images`, `audio`, `audios`, `video` or `videos` (one object or a list), or `url` or `b64_json` by itself; an
  item has `url` (a data URL counts as base64) or `b64_json`, with whatever `width`, `height`, `duration` and `format`;
- a job: `id` and `status`, with `progress` from 0 to 1 or as a percentage.

Anything else is an `UnexpectedAnswer` that names the field.
"""

# ruff: noqa: PLR2004 (the numbers' meaning stands beside them)

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, ValidationError
from pydantic_core import core_schema

from aimodels.errors import UnexpectedAnswer

Flavor = Literal["aimodels", "openai"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Else:
    """What a wrong value counts as where it does not matter: it must not cost the whole answer."""

    value: object

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.with_default_schema(handler(source), default=self.value, on_error="default")


def _text(value: object) -> object:
    """Read a message's content, which may also be null or a list of parts."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "".join(str(part.get("text", "")) for part in value if isinstance(part, dict))
    return value


Content = Annotated[str, BeforeValidator(_text)]
Label = Annotated[str, _Else("")]
Whole = Annotated[int | None, _Else(None)]
Number = Annotated[float | None, _Else(None)]
Moment = Annotated[datetime | None, _Else(None)]
Count = Annotated[int, Field(ge=0), _Else(0)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", protected_namespaces=())


class TokenUsage(_Model):
    """What a chat or code answer used."""

    prompt_tokens: Count = 0
    completion_tokens: Count = 0
    total_tokens: Count = 0
    cost: Number = None  #: in the API's currency, when it says


class Message(_Model):
    """One message of a conversation."""

    role: Label = "assistant"
    content: Content


class Choice(_Model):
    """One answer to a conversation."""

    index: Whole = 0
    message: Message
    finish_reason: Label = ""


class Chat(_Model):
    """The data of a chat answer."""

    id: Label = ""
    object: Label = "chat.completion"
    created: Whole = None  #: Unix seconds
    model: Label = ""
    choices: list[Choice] = Field(min_length=1)
    usage: Annotated[TokenUsage | None, _Else(None)] = None


class Code(_Model):
    """The data of a code answer."""

    code: str
    model: str = ""
    finish_reason: str = ""
    usage: TokenUsage | None = None


class MediaItem(_Model):
    """One generated file: it has a `url`, or its bytes in `b64_json`."""

    url: str | None = None
    b64_json: str | None = Field(None, repr=False)
    width: Whole = None  #: pixels
    height: Whole = None  #: pixels
    duration: Number = None  #: seconds
    format: Annotated[str | None, _Else(None)] = None


class MediaUsage(_Model):
    """What generated files used."""

    images: Whole = None
    cost: Number = None  #: in the API's currency, when it says


class Images(_Model):
    """The data of a picture answer."""

    images: list[MediaItem]
    usage: MediaUsage = MediaUsage()


class Media(_Model):
    """The data of a sound or video answer."""

    items: list[MediaItem]
    usage: MediaUsage = MediaUsage()


class Response(_Model, Generic[T]):
    """The envelope. Without one on the wire (OpenAI flavour) its other fields keep their defaults."""

    success: bool = True
    data: T
    message: Label = ""
    timestamp: Moment = None


ChatResponse = Response[Chat]
CodeResponse = Response[Code]
ImagesResponse = Response[Images]
MediaResponse = Response[Media]


@dataclass(frozen=True, slots=True)
class ChatDelta:
    """The next piece of a chat answer. The last ones may have no text but say why it ended and what it used."""

    text: str
    usage: TokenUsage | None = None
    model: str = ""
    finish_reason: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """Work that the API has not finished."""

    id: str
    status: str
    progress: float | None = None  #: 0 to 1


# ------------------------------------------------------------------ reading


def read_chat(raw: bytes, flavor: Flavor) -> ChatResponse:
    """Read a chat answer. Raises `UnexpectedAnswer`."""
    try:
        if flavor == "openai":
            return ChatResponse.model_construct(data=Chat.model_validate_json(raw))
        return ChatResponse.model_validate_json(raw)
    except ValidationError as exc:
        open_envelope(raw, flavor)  # knows more about what is wrong with the whole
        raise _unexpected(exc) from exc


def read_code(raw: bytes, flavor: Flavor) -> CodeResponse:
    """Read a code answer. Raises `UnexpectedAnswer`."""
    data, envelope = open_envelope(raw, flavor)
    choice = _first(data.get("choices"))
    message = choice.get("message")
    texts = (choice.get("text"), message.get("content") if isinstance(message, dict) else None, data.get("code"))
    code = next((text for text in texts if isinstance(text, str)), None)
    if code is None:
        raise UnexpectedAnswer("the API's answer has no choices[0].text, choices[0].message.content or code")
    content = {
        "code": unfence(code),
        "model": _label(data.get("model")),
        "finish_reason": _label(choice.get("finish_reason")),
        "usage": data.get("usage") if isinstance(data.get("usage"), dict) else None,
    }
    return CodeResponse.model_validate({**envelope, "data": content})


def read_images(data: Mapping[str, Any], envelope: Mapping[str, Any]) -> ImagesResponse:
    """Read a picture answer. Raises `UnexpectedAnswer`."""
    content = {"images": _items(data), "usage": _dict(data.get("usage"))}
    return ImagesResponse.model_validate({**envelope, "data": content})


def read_media(data: Mapping[str, Any], envelope: Mapping[str, Any]) -> MediaResponse:
    """Read a sound or video answer. Raises `UnexpectedAnswer`."""
    content = {"items": _items(data), "usage": _dict(data.get("usage"))}
    return MediaResponse.model_validate({**envelope, "data": content})


_MEDIA = ("images", "audio", "audios", "video", "videos", "data")
_RUNNING = {"queued", "pending", "processing", "running", "in_progress"}
_FAILED = {"failed", "error", "cancelled", "canceled", "expired"}
_DONE = {"succeeded", "completed", "done"}


def read_job(data: Mapping[str, Any]) -> Job | None:
    """The job that this answer stands for; None: it is final. Raises `UnexpectedAnswer` for an unknown status."""
    status = data.get("status")
    if not isinstance(status, str) or data.get("id") in (None, ""):
        return None
    name = status.lower()
    if name in _DONE:
        return None
    if name not in _RUNNING | _FAILED:
        raise UnexpectedAnswer(f"the API's job has an unknown status {status[:40]!r}")
    return Job(str(data["id"]), "failed" if name in _FAILED else name, _progress(data.get("progress")))


def read_failure(data: Mapping[str, Any]) -> str:
    """What a failed job says of itself."""
    error = data.get("error")
    text = error.get("message") if isinstance(error, dict) else error or data.get("message")
    return _label(text) or "the API's job failed"


def read_chunk(text: str) -> ChatDelta | Mapping[str, Any] | None:
    """Read one streamed event: a piece, the error it carries, or None for an empty piece. Raises `UnexpectedAnswer`."""
    body = _json(text)
    if body.get("error"):
        return body
    data = body["data"] if isinstance(body.get("data"), dict) else body
    if not isinstance(data.get("choices"), list):
        raise UnexpectedAnswer("the API's streamed answer has no choices")
    choice = _first(data["choices"])
    delta = choice.get("delta") or choice.get("message")
    content = _text(delta.get("content")) if isinstance(delta, dict) else ""
    used = data.get("usage")
    usage = TokenUsage.model_validate(used) if isinstance(used, dict) else None
    reason = _label(choice.get("finish_reason"))
    if not content and not reason and usage is None:
        return None
    return ChatDelta(_label(content), usage, _label(data.get("model")), reason)


def open_envelope(raw: bytes | str, flavor: Flavor) -> tuple[dict[str, Any], dict[str, Any]]:
    """An answer's data, and the envelope around it. Raises `UnexpectedAnswer`."""
    body = _json(raw)
    if flavor == "openai":
        if "success" in body and isinstance(body.get("data"), dict):
            raise UnexpectedAnswer("the API's answer is in an envelope; the flavour aimodels reads those")
        return body, {}
    data = body.pop("data", None)
    if not isinstance(data, dict):
        hint = "; the flavour openai reads answers without an envelope" if "success" not in body else ""
        raise UnexpectedAnswer(f"the API's answer has no data{hint}")
    return data, body


def is_refusal(raw: bytes) -> bool:
    """Whether an answer with a good status is an error envelope all the same."""
    return b'"success"' in raw[:4096] and _REFUSAL.search(raw[:4096]) is not None and _json(raw).get("success") is False


_REFUSAL = re.compile(rb'"success"\s*:\s*false')


_FENCE = re.compile(r"\s*(`{3,}|~{3,})[^\n`]*\n(?P<code>.*?)\n?\1\s*", re.DOTALL)


def unfence(text: str) -> str:
    """Code without the Markdown fence around the whole of it."""
    match = _FENCE.fullmatch(text)
    return match["code"] if match and match[1] not in match["code"] else text


def _items(data: Mapping[str, Any]) -> list[MediaItem]:
    key = next((key for key in _MEDIA if data.get(key)), None)
    found = data if key is None else data[key]
    listed = found if isinstance(found, list) else [found]
    name = f"{key}[{{}}]." if isinstance(found, list) else f"{key}." if key else ""
    if key is None and not (data.get("url") or data.get("b64_json")):
        raise UnexpectedAnswer("the API's answer has no images, audio, video or url")
    return [_item(item, name.format(number)) for number, item in enumerate(listed)]


def _item(item: object, name: str) -> MediaItem:
    if isinstance(item, str):
        item = {"url": item}
    fields = {key: value for key, value in _dict(item).items() if key in MediaItem.model_fields}
    url, coded = _label(fields.pop("url", None)), _label(fields.pop("b64_json", None))
    if url.startswith("data:"):
        url, coded = "", url.partition(",")[2] if ";base64," in url[:100] else coded
    if not url and not coded:
        raise UnexpectedAnswer(f"the API's answer has no {name}url or {name}b64_json")
    return MediaItem(url=url or None, b64_json=coded or None, **fields)


def _json(raw: bytes | str) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as exc:
        raise UnexpectedAnswer("the API's answer is not JSON") from exc
    if not isinstance(body, dict):
        raise UnexpectedAnswer("the API's answer is not a JSON object")
    return body


def _unexpected(error: ValidationError) -> UnexpectedAnswer:
    item = error.errors(include_input=False, include_url=False)[0]
    path = ".".join(str(step) if isinstance(step, str) else f"[{step}]" for step in item["loc"]).replace(".[", "[")
    return UnexpectedAnswer(f"the API's answer has no usable {path or 'JSON'}: {item['msg']}")


def _progress(value: object) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value.strip().rstrip("%"))
        except ValueError:
            return None
    if not isinstance(value, int | float) or not 0 <= value <= 100:
        return None
    return value / 100 if value > 1 else float(value)


def _first(value: object) -> dict[str, Any]:
    return _dict(value[0]) if isinstance(value, list) and value else {}


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _label(value: object) -> str:
    return value if isinstance(value, str) else ""
