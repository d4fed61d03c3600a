"""SDK for the AI Models API: `AIModels` for scripts and notebooks, `AsyncAIModels` for programs with an event loop."""

from aimodels.client import AsyncAIModels
from aimodels.errors import (
    AIModelsError,
    ApiError,
    AuthenticationFailed,
    BadRequest,
    ConfigurationError,
    DeadlineExceeded,
    JobFailed,
    NotPermitted,
    RateLimited,
    ServerFailed,
    UnexpectedAnswer,
    Unreachable,
)
from aimodels.request import Call
from aimodels.responses import ChatDelta, MediaItem, TokenUsage
from aimodels.sync import AIModels
from aimodels.timing import Timing

__version__ = "0.1.0"

__all__ = [
    "AIModels",
    "AIModelsError",
    "ApiError",
    "AsyncAIModels",
    "AuthenticationFailed",
    "BadRequest",
    "Call",
    "ChatDelta",
    "ConfigurationError",
    "DeadlineExceeded",
    "JobFailed",
    "MediaItem",
    "NotPermitted",
    "RateLimited",
    "ServerFailed",
    "Timing",
    "TokenUsage",
    "UnexpectedAnswer",
    "Unreachable",
]
