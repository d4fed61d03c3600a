"""Parsing of answers: the one place that decides which shapes are accepted.

Documented shapes are parsed as documented. Where the reference shows none (code, audio, video), these are accepted:

- code: `choices[0].text`, `choices[0].message.content` or `code`; one fence around the whole is taken off;
- media: `images`, `audio`, `audios`, `video` or `videos` (one object or a list), or `url` or `b64_json` by itself; an
  item has `url` (a data URL counts as base64) or `b64_json`, with whatever `width`, `height`, `duration` and `format`;
- a job: `id` and `status`, with `progress` from 0 to 1 or as a percentage.

Anything else raises `UnexpectedAnswer`, whose text names the field.
"""

# ruff: noqa: PLR2004 (the numbers' meaning stands beside them)

import json
import logging
import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from aimodels.errors import UnexpectedAnswer
from aimodels.responses import (
    ChatCompletion,
    ChatDelta,
    ChatResponse,
    CodeResponse,
    Flavor,
    ImagesResponse,
    Job,
    MediaItem,
    MediaResponse,
    TokenUsage,
    text_content,
)


def parse_chat(raw: bytes, flavor: Flavor) -> ChatResponse:
    """Parse a chat answer. Raises `UnexpectedAnswer`."""
    try:
        if flavor == "openai":
            return ChatResponse.model_construct(data=ChatCompletion.model_validate_json(raw))
        return ChatResponse.model_validate_json(raw)
    except ValidationError as exc:
        split_envelope(raw, flavor)  # raises the more precise error when the envelope is wrong
        raise _unexpected(exc) from exc


def parse_code(raw: bytes, flavor: Flavor) -> CodeResponse:
    """Parse a code answer. Raises `UnexpectedAnswer`."""
    data, envelope = split_envelope(raw, flavor)
    choice = _first(data.get("choices"))
    message = choice.get("message")
    texts = (choice.get("text"), message.get("content") if isinstance(message, dict) else None, data.get("code"))
    code = next((text for text in texts if isinstance(text, str)), None)
    if code is None:
        raise UnexpectedAnswer("the API's answer has no choices[0].text, choices[0].message.content or code")
    content = {
        "code": strip_fence(code),
        "model": _str(data.get("model")),
        "finish_reason": _str(choice.get("finish_reason")),
        "usage": data.get("usage") if isinstance(data.get("usage"), dict) else None,
    }
    return CodeResponse.model_validate({**envelope, "data": content})


def parse_images(data: Mapping[str, Any], envelope: Mapping[str, Any]) -> ImagesResponse:
    """Parse an image answer. Raises `UnexpectedAnswer`."""
    content = {"images": _items(data), "usage": _dict(data.get("usage"))}
    return ImagesResponse.model_validate({**envelope, "data": content})


def parse_media(data: Mapping[str, Any], envelope: Mapping[str, Any]) -> MediaResponse:
    """Parse an audio or video answer. Raises `UnexpectedAnswer`."""
    content = {"items": _items(data), "usage": _dict(data.get("usage"))}
    return MediaResponse.model_validate({**envelope, "data": content})


log = logging.getLogger(__name__)

_MOST_ITEMS = 100  # of an answer; the reference offers four
_MEDIA = ("images", "audio", "audios", "video", "videos", "data")
_RUNNING = {"queued", "pending", "processing", "running", "in_progress"}
_FAILED = {"failed", "error", "cancelled", "canceled", "expired"}
_DONE = {"succeeded", "completed", "done"}


def parse_job(data: Mapping[str, Any]) -> Job | None:
    """Return the unfinished or failed job of an answer, None for a final one. Raises `UnexpectedAnswer`."""
    status = data.get("status")
    if not isinstance(status, str) or data.get("id") in (None, ""):
        return None
    name = status.lower()
    if name in _DONE:
        return None
    if name not in _RUNNING | _FAILED:
        raise UnexpectedAnswer(f"the API's job has an unknown status {status[:40]!r}")
    # An OpenAI-compatible video has a whole percentage: 1 is the first hundredth, not all.
    progress = _progress(data.get("progress"), is_percentage=data.get("object") == "video")
    return Job(str(data["id"]), "failed" if name in _FAILED else name, progress)


def has_media(data: Mapping[str, Any]) -> bool:
    """Whether an answer has files of its own."""
    return any(data.get(key) for key in (*_MEDIA, "url", "b64_json"))


def model_names(raw: bytes) -> frozenset[str]:
    """Return the ids in a list of models. Raises `UnexpectedAnswer`."""
    listed = _json(raw).get("data")
    if not isinstance(listed, list):
        raise UnexpectedAnswer("the API's list of models has no data")
    return frozenset(_str(_dict(item).get("id")) for item in listed)


def failure_message(data: Mapping[str, Any]) -> str:
    """Return the error message of a failed job."""
    error = data.get("error")
    text = error.get("message") if isinstance(error, dict) else error or data.get("message")
    return _str(text) or "the API's job failed"


def parse_chunk(text: str) -> ChatDelta | Mapping[str, Any] | None:
    """Parse a streamed event: a piece, the body of an error, or None for an empty piece. Raises `UnexpectedAnswer`."""
    body = _json(text)
    if body.get("error"):
        return body
    data = body["data"] if isinstance(body.get("data"), dict) else body
    if not isinstance(data.get("choices"), list):
        raise UnexpectedAnswer("the API's streamed answer has no choices")
    choice = _first(data["choices"])
    delta = choice.get("delta") or choice.get("message")
    content = text_content(delta.get("content")) if isinstance(delta, dict) else ""
    used = data.get("usage")
    usage = TokenUsage.model_validate(used) if isinstance(used, dict) else None
    reason = _str(choice.get("finish_reason"))
    if not content and not reason and usage is None:
        return None
    return ChatDelta(_str(content), usage, _str(data.get("model")), reason)


def split_envelope(raw: bytes | str, flavor: Flavor) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split an answer into its data and the rest of its envelope. Raises `UnexpectedAnswer`."""
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


def is_error(raw: bytes) -> bool:
    """Whether an answer with a good status is an error: in the envelope, or an error and nothing else."""
    start = raw[:4096]
    if _LONE_ERROR.match(start) is not None and _json(raw).keys() == {"error"}:
        return True
    return b'"success"' in start and _NO_SUCCESS.search(start) is not None and _json(raw).get("success") is False


_NO_SUCCESS = re.compile(rb'"success"\s*:\s*false')
_LONE_ERROR = re.compile(rb'\s*\{\s*"error"')


_FEWEST_MARKS = 3  # of a fence


def strip_fence(text: str) -> str:
    """Remove a Markdown fence around the whole text."""
    first, newline, rest = text.strip().partition("\n")
    mark = first[:1]
    fence = mark * (len(first) - len(first.lstrip(mark or None)))
    is_opened = newline and mark in {"`", "~"} and len(fence) >= _FEWEST_MARKS and "`" not in first[len(fence) :]
    if not is_opened or not rest.endswith(fence):
        return text
    code = rest[: -len(fence)].removesuffix("\n")
    return text if fence in code else code


def _items(data: Mapping[str, Any]) -> list[MediaItem]:
    key = next((key for key in _MEDIA if data.get(key)), None)
    found = data if key is None else data[key]
    listed = found[:_MOST_ITEMS] if isinstance(found, list) else [found]
    if isinstance(found, list) and len(found) > _MOST_ITEMS:
        log.warning("the API's answer has %d files; those after the first %d are ignored", len(found), _MOST_ITEMS)
    name = f"{key}[{{}}]." if isinstance(found, list) else f"{key}." if key else ""
    if key is None and not (data.get("url") or data.get("b64_json")):
        raise UnexpectedAnswer("the API's answer has no images, audio, video or url")
    return [_item(item, name.format(number)) for number, item in enumerate(listed)]


def _item(item: object, name: str) -> MediaItem:
    if isinstance(item, str):
        item = {"url": item}
    fields = {key: value for key, value in _dict(item).items() if key in MediaItem.model_fields}
    url, coded = _str(fields.pop("url", None)), _str(fields.pop("b64_json", None))
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


def _progress(value: object, *, is_percentage: bool) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value.strip().rstrip("%"))
        except ValueError:
            return None
    if not isinstance(value, int | float) or not 0 <= value <= 100:
        return None
    return value / 100 if value > 1 or is_percentage else float(value)


def _first(value: object) -> dict[str, Any]:
    return _dict(value[0]) if isinstance(value, list) and value else {}


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _str(value: object) -> str:
    return value if isinstance(value, str) else ""
