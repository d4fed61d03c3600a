"""A film as it is planned and stored: shots, music, models, and the step that its making has reached."""

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import Literal

from bot.media.names import short_digest
from bot.models import Event, Kind, Usage
from bot.values import valueclass

#: Shots of a film, at most.
MAX_SHOTS = 8
#: Seconds of one shot.
SHORTEST, LONGEST = 1, 20

#: `asked`: an approver decides first; `held`: its maker agrees first to what it costs by now;
#: `making`: until everything is there, and from then on.
Stage = Literal["planned", "asked", "held", "making", "stopped", "cancelled"]
#: How one clip follows another; `none`: they are not joined.
Transition = Literal["fade", "cut", "none"]
Subtitles = Literal["no", "burnt", "file"]


@valueclass(frozen=True, slots=True, kw_only=True)
class FilmShot:
    """One shot: a picture that is drawn, and then set in motion."""

    line: str  #: what people read
    prompt: str  #: what the picture shows
    seconds: int
    take: int = 1  #: counts how often it was made anew


@valueclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The story: the part of a film that a model writes and people edit."""

    title: str
    shots: tuple[FilmShot, ...]
    music: str = ""  #: what is heard; "": nothing


@valueclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The models, sizes and style with which everything in a film is made."""

    models: Mapping[Kind, str]  #: of pictures, clips and music; those that can be made here
    resolution: str  #: of the clips
    size: str  #: of the pictures
    style: str = ""  #: of the pictures; "": none
    transition: Transition = "fade"
    subtitles: Subtitles = "no"


@valueclass(frozen=True, slots=True, kw_only=True)
class Film:
    """A film. Its id is that of the event that asked for it, whose answer shows it."""

    id: str
    request: str  #: digest of the request that it was planned for
    locale: str
    script: Script
    look: Look
    usage: Usage  #: of the plan
    asked_seconds: int = 0  #: length that was asked for, where the plan has another; 0: as asked, or changed since
    lacks_music: bool = False  #: it was to have some, which can't be made here
    stage: Stage = "planned"
    agreed: int = 0  #: micros that its maker has agreed to
    music_take: int = 1
    tries: Mapping[str, int] = field(default_factory=dict)  #: by key of a node: how often it failed or was stopped
    dropped: Mapping[str, float] = field(default_factory=dict)  #: by key of a node that is no more: what it has cost
    presses: tuple[str, ...] = ()  #: ids of the last changes, which a crash may repeat

    @property
    def seconds(self) -> int:
        """Length without the title card."""
        return sum(shot.seconds for shot in self.script.shots)

    def is_of(self, event: Event) -> bool:
        """Return whether it was planned for what the event asks for by now."""
        return self.request == request_of(event)

    def with_shots(self, shots: tuple[FilmShot, ...]) -> "Film":
        """Return the film with other shots."""
        if shots == self.script.shots:
            return self
        return replace(self, script=replace(self.script, shots=shots), asked_seconds=0)

    def with_lengths(self, length: Callable[[int], float]) -> "Film":
        """Return the film with the length that `length` gives for that of each shot."""
        return self.with_shots(tuple(replace(shot, seconds=round(length(shot.seconds))) for shot in self.script.shots))

    def shorter(self) -> "Film":
        """Return the film with shots half as long."""
        return self.with_lengths(lambda seconds: max(SHORTEST, seconds // 2))


def request_of(event: Event) -> str:
    """Return the digest of what an event asks for."""
    return short_digest(event.prompt.strip(), repr(sorted(event.options.items())))
