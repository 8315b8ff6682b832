"""The statements that somebody handed to a scan: files, and folders of files.

What a document says is read once; what of it was not understood becomes a gap, for a statement that is lost may be the
one that takes another back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from oakum.advisories.statements.model import Refusal, Stated, Statement
from oakum.advisories.statements.reading import LARGEST, read
from oakum.errors import InputError, LimitError, Place
from oakum.fleet.assets import Gap

#: A hub of statements has some thousand files.
_MOST_FILES = 100_000


def read_statements(paths: Sequence[Path]) -> Stated:
    """Read files, and every ``*.json`` below folders. Raises InputError where one cannot be opened."""
    files = list(dict.fromkeys(file for path in paths for file in _files(path)))
    statements: list[Statement] = []
    gaps: list[Gap] = []
    for file in files:
        reading = read(_bytes(file), file=str(file))
        statements += reading.statements
        gaps += _gaps(str(file), reading.refused)
    return Stated(len(files), tuple(statements), tuple(gaps))


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    found = sorted(file for file in path.rglob("*.json") if file.is_file())
    if not found:
        raise InputError("no .json file is in this folder", place=Place(str(path)), remedy="name a file or a folder")
    if len(found) > _MOST_FILES:
        raise LimitError(f"more than {_MOST_FILES} files", place=Place(str(path)), remedy="name a smaller folder")
    yield from found


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as open_:
            # One more than is allowed: the reader refuses it.
            return open_.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"{why}", place=Place(str(file)), remedy="name a VEX document, or a folder of them") from None


def _gaps(file: str, refused: Sequence[Refusal]) -> Iterator[Gap]:
    """One gap for each reason: a document may repeat the same mistake a thousand times."""
    places = {each.why: each.place for each in reversed(refused)}
    counts = Counter(each.why for each in refused)
    for why, count in counts.items():
        where = f"{file}: {places[why]}" if places[why] else file
        what = f"{where} and {count - 1} more" if count > 1 else where
        yield Gap("unreadable-statement", what, why, "correct the document (oakum vex lint FILE), or leave it out")
