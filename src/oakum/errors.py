"""One hierarchy of errors: what was wrong, where it stands, and the remedy.

Every error that reaches a person is one of these. The class decides the exit code of the command line
(2 wrong use or bad input, 3 could not assess); the text is composed in one place, so that no room invents its own.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in an input: a file (as the caller named it), a line counted from 1, a field."""

    file: str = ""
    line: int | None = None
    field: str = ""

    def __str__(self) -> str:
        where = self.file
        if self.line is not None:
            where = f"{where}:{self.line}" if where else f"line {self.line}"
        if self.field:
            where = f"{where}: {self.field}" if where else self.field
        return where


class OakumError(Exception):
    """Something a person can mend: ``what`` was wrong, at which ``place``, and the ``remedy``."""

    exit_code = 2

    def __init__(self, what: str, *, place: Place | None = None, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.place = place
        self.remedy = remedy

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place is not None and str(self.place) else ""
        remedy = f" ({self.remedy})" if self.remedy else ""
        return f"{where}{self.what}{remedy}"

    def within(self, file: str) -> OakumError:
        """Name the file of an error that was raised by a reader which saw only bytes; the error itself comes back."""
        place = self.place or Place()
        if not place.file:
            self.place = Place(file, place.line, place.field)
        return self


class UsageError(OakumError):
    """The command or the call was put wrongly."""


class InputError(OakumError):
    """An input is truncated, hostile, of the wrong type or encoding, or says something impossible."""


class LimitError(InputError):
    """An input is larger, deeper or longer than a reader is willing to follow."""


class NotAssessableError(OakumError):
    """The question is well put, but nothing here can answer it: no evidence is not good news."""

    exit_code = 3
