"""CVSS scores of a vector, by FIRST's specifications 2.0, 3.0, 3.1 and 4.0.

The arithmetic is the ``cvss`` library's (Red Hat); here stands only which version a vector is of, and what is asked of
its form. ``score`` is as strict as the specifications; ``tidied`` mends what feeds really contain (a trailing slash,
blanks, wrong case) before a vector from a feed is scored.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from oakum.errors import InputError

Version = Literal["2.0", "3.0", "3.1", "4.0"]

#: Longer texts are no vector: all 32 metrics of 4.0 together have fewer than 200 characters.
_LONGEST = 400


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """The scores of one vector, 0.0 to 10.0.

    ``base``, ``temporal`` and ``environmental`` belong to 2.0 and 3.x; in 2.0 the last two are None where the vector
    defines none of their metrics. ``score`` is the one score of 4.0. ``severity`` is the word for ``main``.
    ``metrics`` are the metrics as the vector gives them.
    """

    version: Version
    base: float | None = None
    temporal: float | None = None
    environmental: float | None = None
    score: float | None = None
    severity: str
    metrics: dict[str, str]

    @property
    def main(self) -> float:
        """The score of 4.0, the base score of the others."""
        return (self.score if self.version == "4.0" else self.base) or 0.0


def score(vector: str) -> Scores:
    """Score a vector. Raises InputError with the reason where it is none."""
    from cvss import CVSS2, CVSS3, CVSS4, CVSSError  # only a command that scores pays for the import

    text = vector.strip()
    if len(text) > _LONGEST:
        raise _invalid(text, f"it has {len(text)} characters")
    try:
        if text.startswith("CVSS:4.0/"):
            four = CVSS4(text)
            return Scores(
                version="4.0",
                score=float(four.base_score),
                severity=word(float(four.base_score), "4.0"),
                metrics=_metrics(text),
            )
        if text.startswith("CVSS:"):
            three = CVSS3(text)
            base, temporal, environmental = three.scores()
            version: Version = "3.0" if text.startswith("CVSS:3.0/") else "3.1"
        else:
            base, temporal, environmental = CVSS2(text).scores()
            version = "2.0"
    except CVSSError as error:
        raise _invalid(text, str(error)) from None
    return Scores(
        version=version,
        base=base,
        temporal=temporal,
        environmental=environmental,
        severity=word(base, version),
        metrics=_metrics(text),
    )


def tidied(text: str) -> str:
    """A vector of a feed without blanks and trailing slashes and in the specification's case.

    Mixed case has only the authentication of 2.0 and the provider urgency of 4.0.
    """
    parts = "".join(text.split()).rstrip("/").upper().split("/")
    if parts[0].startswith("CVSS:"):
        return "/".join(_URGENCY.get(part, part) for part in parts)
    return "/".join(part.replace("AU:", "Au:", 1) for part in parts)


_URGENCY = {f"U:{name.upper()}": f"U:{name}" for name in ("Clear", "Green", "Amber", "Red")}


def word(value: float, version: Version) -> str:
    """The severity word of a score: the specification's scale; for 2.0 NVD's, which knows neither none nor critical."""
    if version == "2.0":
        return "low" if value < 4.0 else "medium" if value < 7.0 else "high"
    if value == 0.0:
        return "none"
    return "low" if value < 4.0 else "medium" if value < 7.0 else "high" if value < 9.0 else "critical"


def _metrics(text: str) -> dict[str, str]:
    fields = (part.partition(":") for part in text.split("/"))
    return {name: value for name, _, value in fields if name != "CVSS"}


def _invalid(text: str, why: str) -> InputError:
    return InputError(
        f"{text[:80]!r} is no CVSS vector: {why[:200]}",
        remedy="a vector looks like CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H; 2.0 has no prefix",
    )
