"""Errors of the page."""


class PlayError(Exception):
    """Something that can't be done; the sentence is shown to the person."""
