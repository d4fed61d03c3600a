"""Progress in words: how far something is, and how long it has taken. Pure."""

from bot.models import Status

#: Seconds from which a status says how long it has taken.
ELAPSED_SHOWN_AFTER = 3.0
_MINUTE = 60


def elapsed(seconds: float) -> str:
    """Return a time span: `0:07`, `12:30`, `1:02:03`."""
    minutes, rest = divmod(int(seconds), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def percentage(progress: float) -> str:
    """Return a progress of 0 to 1 as `50%`; what is outside is taken for the nearer bound."""
    return f"{_clamped(progress):.0%}"


def bar(progress: float, width: int, *, full: str, empty: str) -> str:
    """Return a progress of 0 to 1 as a bar of `width` characters, each `full` or `empty`."""
    done = round(_clamped(progress) * width)
    return full * done + empty * (width - done)


def facts(status: Status) -> list[str]:
    """Return what is known of a status besides its text: the percentage and, after some seconds, the time taken."""
    known = [] if status.progress is None else [percentage(status.progress)]
    if status.elapsed >= ELAPSED_SHOWN_AFTER:
        known.append(elapsed(status.elapsed))
    return known


def _clamped(progress: float) -> float:
    return min(max(progress, 0.0), 1.0)
