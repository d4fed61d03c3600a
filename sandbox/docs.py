"""Descriptions and sample answers of the reference page, in addition to those of the schemas."""

from collections.abc import Sequence
from typing import Any

from sandbox.errors import failure, success

DESCRIPTION = """
An offline stand-in for the AI Models API: the same endpoints, envelope, errors and limits, with content made on this
machine **by no AI model**. Chat follows rules, code comes from templates, pictures, sound and video are procedural.

Press **Authorize**, give the key that was printed at the start, then **Execute** any request below.
Every answer carries `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset` (Unix seconds).
"""

_TIME = "2024-01-15T10:30:00Z"


def example(
    description: str, data: dict[str, Any], *, required: Sequence[str] | None = None
) -> dict[int | str, dict[str, Any]]:
    """The sample answer of an endpoint in the API's envelope, and its schema. `required`: fields; None: all."""
    declared = _declared(success(data))
    if required is not None:
        declared["schema"]["properties"]["data"]["required"] = list(required)
    return {200: {"description": description, "content": {"application/json": declared}}}


def _declared(answer: dict[str, Any]) -> dict[str, Any]:
    return _of({**answer, "timestamp": _TIME})


def _of(answer: dict[str, Any]) -> dict[str, Any]:
    return {"schema": _shape(answer), "example": answer}


def _shape(value: Any) -> dict[str, Any]:
    """The schema of values with the fields and types of this one; answers may have further fields."""
    match value:
        case dict():
            fields = {name: _shape(part) for name, part in value.items()}
            return {"type": "object", "properties": fields, "required": list(fields)}
        case [first, *_]:
            return {"type": "array", "items": _shape(first)}
        case bool():
            return {"type": "boolean"}
        case int() | float():
            return {"type": "number"}
        case _:
            return {"type": "string"}


def _error(description: str, status: int, message: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": _declared(failure(status, message))}}


ERRORS: dict[int | str, dict[str, Any]] = {
    400: _error("Wrong parameters", 400, "n: Input should be less than or equal to 4"),
    401: _error("The key is wrong or missing", 401, "API密鑰無效或已過期"),
    403: _error("The key may not use this model", 403, "this API key may not use the model 'gpt-4-turbo'"),
    429: _error("Too many requests", 429, "more than 60 requests a minute; try again at X-RateLimit-Reset"),
    500: _error("It failed", 500, "the worker process died"),
    "default": _error("Any other error", 404, "there is no video job 'x'"),
}

_USAGE = {"prompt_tokens": 14, "completion_tokens": 6, "total_tokens": 20}


def _talk(object_: str, id_: str, model: str, text: str, /, **more: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": id_,
        "object": object_,
        "created": 1677652288,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", **more}],
        "usage": _USAGE,
    }


CHAT = example(
    "The answer; with `stream`, server-sent `chat.completion.chunk` events that end with `data: [DONE]`.",
    _talk("chat.completion", "chatcmpl-sandbox-1", "gpt-4-turbo", "6 * 7 = 42"),
)
CHAT[200]["content"]["text/event-stream"] = {"schema": _shape({"data": "{}"})}  # of each event
CODE = example(
    "The code, twice: as `text` and as `message.content`.",
    _talk("code.completion", "chatcmpl-sandbox-2", "codellama-70b", "def add(a, b): ...", text="def add(a, b): ..."),
)
_VERDICT = {
    "flagged": True,
    "categories": {"violence": True},
    "category_scores": {"violence": 0.98},
    "category_applied_input_types": {"violence": ["text"]},
}
MODERATION: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The verdicts as OpenAI's API gives them, without the envelope. A few words are flagged.",
        "content": {
            "application/json": _of({"id": "modr-1", "model": "omni-moderation-latest", "results": [_VERDICT]})
        },
    }
}
JOB = example(
    "How far it is; `status` is queued, processing, succeeded or failed, `progress` goes from 0 to 1.",
    {
        "id": "video-job-1",
        "object": "video.generation",
        "created": 1677652288,
        "model": "videogen-pro",
        "status": "succeeded",
        "progress": 1.0,
        "videos": [
            {
                "url": "http://127.0.0.1:8081/files/video-1.mp4",
                "width": 1280,
                "height": 720,
                "duration": 10,
                "format": "mp4",
            }
        ],
        "usage": {"seconds": 10, "cost": 0.0},
    },
    required=("id", "object", "created", "model", "status", "progress"),
)
