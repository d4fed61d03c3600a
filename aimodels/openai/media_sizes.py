"""Sizes and lengths that OpenAI's models make; they refuse any other."""

from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")

#: By the beginning of a model's name, the longest first; width x height in pixels.
IMAGE_SIZES: Mapping[str, tuple[str, ...]] = {
    "gpt-image": ("1024x1024", "1536x1024", "1024x1536", "auto"),
    "dall-e-3": ("1024x1024", "1792x1024", "1024x1792"),
    "dall-e-2": ("256x256", "512x512", "1024x1024"),
}
VIDEO_SIZES: Mapping[str, tuple[str, ...]] = {
    "sora-2-pro": ("1280x720", "720x1280", "1792x1024", "1024x1792"),
    "sora": ("1280x720", "720x1280"),
}
VIDEO_SECONDS: Mapping[str, tuple[int, ...]] = {"sora": (4, 8, 12)}


def of_model(table: Mapping[str, tuple[T, ...]], model: str) -> tuple[T, ...]:
    """The row of a model, whatever provider its name begins with (`openai/dall-e-3`); () for an unknown one."""
    name = model.rpartition("/")[2].lower()
    return next((row for start, row in table.items() if name.startswith(start)), ())
