"""Conversations: stored context, preferences, summaries, and attachments for the next API request."""
