"""What moved of EPSS and KEV since it was last told.

A score moves a little every day, so it is told when it is a step away from what was told last: nothing is told twice,
and no slow drift is missed. A feed that is missing says nothing: what was known stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

#: How far a probability has to be from what was told last.
STEP = 0.1


class Score(msgspec.Struct, frozen=True):
    """What was last told of a CVE: its EPSS, and whether it is in KEV; None where nobody has said."""

    epss: float | None
    kev: bool | None


class Move(msgspec.Struct, frozen=True):
    """A CVE that entered or left KEV, or whose EPSS has gone a step; ``cause`` is the model of EPSS, where named."""

    kind: Literal["kev", "left-kev", "epss"]
    cve: str
    before: float | None = None
    after: float | None = None
    cause: str = ""


def moves(
    told: Mapping[str, Score], now: Mapping[str, Score], model: str = ""
) -> tuple[dict[str, Score], list[Move]]:  # fmt: skip
    """The scores to keep from now on (those that differ), and what is told. A CVE that is new to us has not moved."""
    kept: dict[str, Score] = {}
    found: list[Move] = []
    for cve, score in sorted(now.items()):
        former = told.get(cve)
        if former is None:
            kept[cve] = score
            continue
        found.extend(_moved(cve, former, score, model))
        far = score.epss is not None and (former.epss is None or abs(score.epss - former.epss) >= STEP)
        new = Score(score.epss if far else former.epss, former.kev if score.kev is None else score.kev)
        if new != former:
            kept[cve] = new
    return kept, found


def _moved(cve: str, former: Score, score: Score, model: str) -> Iterator[Move]:
    if score.kev is not None and former.kev is not None and score.kev != former.kev:
        yield Move("kev" if score.kev else "left-kev", cve)
    if score.epss is not None and former.epss is not None and abs(score.epss - former.epss) >= STEP:
        yield Move("epss", cve, former.epss, score.epss, model)
