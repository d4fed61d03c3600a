"""The constants of the API's reference: address, models, limits and defaults of the documented parameters."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

#: Kinds of content; each has one endpoint.
Kind = Literal["chat", "code", "image", "audio", "video"]
ImageSize = Literal["512x512", "1024x1024", "2048x2048"]  #: width x height in pixels
ImageStyle = Literal["digital-art", "photo-realistic", "anime"]

BASE_URL: Final = "https://api.aimodels.com/v1"

CHAT_ENDPOINT: Final = "/chat/completions"
CODE_ENDPOINT: Final = "/code/completions"
IMAGE_ENDPOINT: Final = "/images/generations"
AUDIO_ENDPOINT: Final = "/audio/generations"
VIDEO_ENDPOINT: Final = "/video/generations"

#: The documented model of each kind.
MODELS: Mapping[Kind, str] = MappingProxyType(
    {
        "chat": "gpt-4-turbo",
        "code": "codellama-70b",
        "image": "seeddream-4.0",
        "audio": "audiogen",
        "video": "videogen-pro",
    }
)

DEFAULT_MAX_TOKENS: Final = 2048

IMAGE_SIZES: tuple[ImageSize, ...] = ("512x512", "1024x1024", "2048x2048")
IMAGE_STYLES: tuple[ImageStyle, ...] = ("digital-art", "photo-realistic", "anime")
MAX_IMAGES: Final = 4  #: in one request; the default is 1
