"""Helpers for events: locks on them, ids of edited messages, and messages of the service beside a request."""
