"""The AI API, as one client. `AIModels` for scripts, `AsyncAIModels` for services; both work on their own."""

from aimodels.client import AsyncAIModels
from aimodels.request import Call
from aimodels.sync import AIModels
from aimodels.wire import ChatDelta, MediaItem, TokenUsage

__all__ = ["AIModels", "AsyncAIModels", "Call", "ChatDelta", "MediaItem", "TokenUsage"]
