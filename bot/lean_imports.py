"""Imports httpx and structlog without the libraries that they load and the service does not use.

Import this module before them: httpx has a command line, structlog prints tracebacks in colours, and both import rich,
which the service does not use there. It cost 4 MB and a twentieth of the start. structlog imports greenlet where it is
installed, for programs that run on it: another megabyte.
"""

import importlib
import sys

_LEFT_OUT = (
    "click",
    "greenlet",
    "rich",
)  #: both libraries do without; the service imports them later, where it uses them


def _import_lean(*libraries: str) -> None:
    hidden = [name for name in _LEFT_OUT if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: an import raises ImportError
    try:
        for name in libraries:
            importlib.import_module(name)
    finally:
        for name in hidden:
            del sys.modules[name]


_import_lean("httpx", "structlog")
