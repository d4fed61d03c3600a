"""Python's garbage collector, set up for a process that stays."""

import gc

#: Objects made and not freed before the young ones are looked at: an answer leaves dozens, nearly all of them in use.
_YOUNG = 10_000


def settle() -> None:
    """Call once everything is set up: what is there by now is never looked at again.

    Looking at all of it took some 60 ms each time, in which nobody was answered, and a tenth of the service's CPU.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
