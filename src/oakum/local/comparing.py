"""The reports of other scanners that somebody wants beside our answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from oakum.errors import InputError, Place
from oakum.findings.foreign.model import Report
from oakum.findings.foreign.reading import read
from oakum.fleet.sbom.document import MAX_BYTES


def read_reports(files: Iterable[Path]) -> Sequence[Report]:
    """Read each file. Raises InputError where one cannot be opened, or is no report."""
    return [read(_bytes(file), name=str(file)) for file in dict.fromkeys(files)]


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as open_:
            # One more than is allowed: the reader refuses it.
            return open_.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else "") or str(error)
        raise InputError(why, place=Place(str(file)), remedy="name a report of Trivy or Grype in JSON") from None
