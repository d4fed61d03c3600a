"""Calls of the AI API for an event: fallback models, what refusals say, and the limits learnt from them."""
