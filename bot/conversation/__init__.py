"""Conversation context: history, summaries and attachments for the next API request."""
