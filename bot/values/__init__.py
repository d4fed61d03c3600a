"""Dataclasses that are frozen for the type checker alone, which refuses assignments.

Frozen at run time, each class takes twice as long to make, of which a start makes hundreds, and each field of an object
costs 1,300 instructions of the processor more.
"""

import dataclasses
from dataclasses import field
from typing import TYPE_CHECKING, Any

__all__ = ["field", "valueclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass as valueclass
else:

    def valueclass(*, frozen: bool, **options: Any) -> Any:
        """Return what makes a class a dataclass with these options, equal and hashed as a frozen one is."""
        assert frozen, "say so: the type checker reads it"
        return dataclasses.dataclass(unsafe_hash=True, **options)
