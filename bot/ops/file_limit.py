"""The number of files and connections that the process may have open."""

from contextlib import suppress

#: File descriptors that the process asks for, within what the system allows it.
_FILES = 65_536


def raise_file_limit() -> None:
    """Raise this process's limit of open files as far as the system allows. Does nothing on Windows, which has none."""
    try:
        import resource
    except ImportError:  # Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # a system with a lower bound of its own: the soft limit stays
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
