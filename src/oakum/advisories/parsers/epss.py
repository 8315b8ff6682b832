"""EPSS of one day as CSV (first.org/epss): ``cve,epss,percentile`` below a line with the model and the day.

A probability means nothing without its day and its model, since a new model moves all of them at once; a file without
that line is refused.
"""

from __future__ import annotations

import re

from oakum.advisories.model import Epss, Fact, Parsed
from oakum.advisories.parsers.content import Content
from oakum.advisories.words import cve_of, instant
from oakum.errors import InputError, Place

FORMAT = "epss"
_REMEDY = "import the daily file epss_scores-YYYY-MM-DD.csv.gz as FIRST publishes it"
_STAMP = re.compile(r"#\s*model_version:\s*([\w.]{1,40})\s*,\s*score_date:\s*(\S{8,40})\s*")
_COLUMNS = "cve,epss,percentile"


def matches(content: Content) -> bool:
    """The line with the model, or the columns."""
    return not content.values and content.text.startswith(("#model_version:", "# model_version:", _COLUMNS))


def parse(content: Content) -> Parsed:
    """One fact for each CVE; the day of the scores is the date of the source."""
    lines = content.text.split("\n")
    stamp = _STAMP.fullmatch(lines[0].rstrip("\r"))
    time = instant(stamp[2]) if stamp else None
    if stamp is None or not time:
        raise InputError(
            "does not say of which model and day its scores are", place=Place(content.name, 1, "score_date"),
            remedy=_REMEDY,
        )  # fmt: skip
    if len(lines) < 2 or lines[1].strip().lower() != _COLUMNS:
        raise InputError(f"has other columns than {_COLUMNS}", place=Place(content.name, 2), remedy=_REMEDY)
    day, model = time[:10], stamp[1]
    found: list[Fact] = []
    for number, line in enumerate(lines[2:], start=3):
        if not line.strip():
            continue
        fields = line.strip().split(",")
        try:
            name, probability, percentile = fields[0], float(fields[1]), float(fields[2])
        except (ValueError, IndexError):
            content.problem(fields[0][:40], "is no row of a CVE and two numbers", number)
            continue
        cve = cve_of(name)
        if cve is None or len(fields) != 3 or not (0 <= probability <= 1 and 0 <= percentile <= 1):
            content.problem(name[:40], "is no row of a CVE and two numbers from 0 to 1", number)
            continue
        found.append(Epss(cve, probability, percentile, day, model))
    # FIRST ends each line; a row without an end may have lost digits and still look like a number.
    if lines[-1].strip():
        raise InputError("is cut short in its last line", place=Place(content.name, len(lines)), remedy=_REMEDY)
    return content.parsed(FORMAT, found, time)
