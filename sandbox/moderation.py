"""POST /moderations as OpenAI documents it. A few words are flagged, so that moderation can be tried."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from urllib.parse import unquote

from pydantic import Field

from sandbox.schema import Body

#: https://platform.openai.com/docs/api-reference/moderations/object, each with the words that it is found by.
WORDS = {
    "harassment": ("idiot", "moron", "白痴", "笨蛋"),
    "harassment/threatening": (),
    "hate": ("vermin", "subhuman", "賤民", "贱民"),
    "hate/threatening": (),
    "illicit": ("meth", "counterfeit", "毒品", "偽鈔", "伪钞"),
    "illicit/violent": (),
    "self-harm": ("suicide", "self-harm", "自殺", "自杀"),
    "self-harm/instructions": (),
    "self-harm/intent": (),
    "sexual": ("porn", "nude", "色情", "裸照"),
    "sexual/minors": (),
    "violence": ("bomb", "murder", "massacre", "炸彈", "炸弹", "屠殺", "屠杀"),
    "violence/graphic": ("gore", "beheading", "斬首", "斩首"),
}
_PATTERNS = {
    category: re.compile(
        "|".join(rf"\b{re.escape(word)}s?\b" if word.isascii() else re.escape(word) for word in words), re.IGNORECASE
    )
    for category, words in WORDS.items()
    if words
}
_FOUND, _NOT_FOUND = 0.98, 0.0001  # scores


class ImageUrl(Body):
    """The address of a picture, or the picture itself as a data URL."""

    url: str


class TextPart(Body):
    """A part of an input that is text."""

    type: Literal["text"]
    text: str


class ImagePart(Body):
    """A part of an input that is a picture. The sandbox looks at its address only."""

    type: Literal["image_url"]
    image_url: ImageUrl


Part = Annotated[TextPart | ImagePart, Field(discriminator="type")]


class ModerationBody(Body):
    """Body of a moderation request."""

    input: str | Annotated[list[str], Field(min_length=1)] | Annotated[list[Part], Field(min_length=1)] = Field(
        description="A text, several, or one input of parts (`text`, `image_url`).", examples=["A bomb for the film."]
    )
    model: Literal["omni-moderation-latest", "omni-moderation-2024-09-26"] = "omni-moderation-latest"


def moderate(body: ModerationBody, number: int) -> dict[str, Any]:
    """Return the verdicts: one for each text, one for all parts together."""
    return {
        "id": f"modr-sandbox-{number}",
        "model": body.model,
        "results": [_verdict(inputs) for inputs in _inputs(body.input)],
    }


def _inputs(given: str | list[str] | list[Part]) -> list[dict[str, str]]:
    """Return each input as its texts by type."""
    if isinstance(given, str):
        return [{"text": given}]
    texts = [one for one in given if isinstance(one, str)]
    if texts:
        return [{"text": text} for text in texts]
    parts: Sequence[Any] = given
    read = {
        "text": "\n".join(part.text for part in parts if part.type == "text"),
        "image": "\n".join(unquote(part.image_url.url) for part in parts if part.type == "image_url"),
    }
    return [read]


def _verdict(inputs: dict[str, str]) -> dict[str, Any]:
    applied = {
        category: [kind for kind, text in inputs.items() if category in _PATTERNS and _PATTERNS[category].search(text)]
        for category in WORDS
    }
    return {
        "flagged": any(applied.values()),
        "categories": {category: bool(kinds) for category, kinds in applied.items()},
        "category_scores": {category: _FOUND if kinds else _NOT_FOUND for category, kinds in applied.items()},
        "category_applied_input_types": applied,
    }
