"""Figures by which the rows of two tables are compared."""

from hashlib import blake2b

from bot.values import valueclass

_BYTES = 16  # of a row's hash


@valueclass(frozen=True, slots=True, kw_only=True)
class TableFigures:
    """The number of rows of a table, and a checksum of all of them."""

    rows: int
    checksum: str
    columns: tuple[str, ...] = ()  #: in the order of the stored rows; (): the whole database is one file


class RowsDigest:
    """Counts rows and sums their hashes: the sum is the same in whatever order the rows come."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0
        self._rest = b""

    def add(self, row: bytes) -> None:
        """Add one row."""
        self.rows += 1
        self._sum += int.from_bytes(blake2b(row, digest_size=_BYTES).digest(), "big")

    def add_lines(self, data: bytes) -> None:
        """Add rows that are lines; the last of them may go on in the next call."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self.add(line)

    def figures(self, columns: tuple[str, ...] = ()) -> TableFigures:
        """Return the figures of what was added."""
        checksum = f"{self._sum % (1 << 8 * _BYTES):0{2 * _BYTES}x}"
        return TableFigures(rows=self.rows, checksum=checksum, columns=columns)
