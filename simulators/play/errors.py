"""Errors of the page."""

from typing import Any


class PlayError(Exception):
    """Something that can't be done; `sentence` is shown to the person, in their language, with `values` filled in."""

    def __init__(self, sentence: str, **values: Any) -> None:
        super().__init__(sentence.format(**values) if values else sentence)
        self.sentence = sentence
        self.values = values
