"""The durations of the terminal, injected, so that tests can shorten them."""

from bot.values import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds."""

    foreground_timeout: float = 20.0  #: silence after which an unfinished answer no longer delays others
    order_timeout: float = 60.0  #: piped: silence after which an earlier question no longer delays later answers
    interrupt_window: float = 5.0  #: time within which a second Ctrl-C leaves
    toolbar_interval: float = 0.25  #: pause between two redraws of the running times
