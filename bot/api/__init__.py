"""The AI API, as one client. `AIModels` for scripts, `AsyncAIModels` for services; both work on their own."""

from bot.api.calls import Call
from bot.api.client import AsyncAIModels
from bot.api.sync import AIModels
from bot.api.wire import ChatDelta, MediaItem, TokenUsage

__all__ = ["AIModels", "AsyncAIModels", "Call", "ChatDelta", "MediaItem", "TokenUsage"]
