"""The limits of a platform."""

from bot.values import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """A platform's limits, as data, so that the core needs no platform's name."""

    max_upload: int | None = None  #: bytes per file, None: no limit
    edit_interval: float = 1.0  #: seconds between two visible updates of one draft
    status_interval: float = 5.0  #: seconds after which a status is shown again with its elapsed time
    has_roles: bool = False  #: whether people have roles, which rules may name
    can_edit: bool = True  #: whether what is shown can change; else another answer to the same event is shown below
    repeats_private: bool = False  #: whether a private answer that is delivered twice is there once
    voice_message: str = ""  #: name of a file of Opus in Ogg that is shown as a voice message; "": there are none
    opens_files: bool = False  #: whether people open files where they are, on this machine's disk
    lacks: frozenset[str] = frozenset()  #: names of settings that mean nothing there
