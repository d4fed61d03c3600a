"""Times of learning the names of places."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceTiming:
    """How often platforms are asked for names, in seconds."""

    pause: float = 1.5  #: between two questions to one platform
    patience: float = 30.0  #: for an answer
    lifetime: float = 86_400.0  #: until a platform is asked again for a place that is used
