"""How old the sources of an answer are, and what they no longer answer beyond the allowed age."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from oakum.advisories.index import Index, Source
from oakum.findings.model import Coverage
from oakum.fleet.assets import Gap
from oakum.reports.answer import SourceAge


def ages_of(index: Index, now: str) -> dict[int, SourceAge]:
    """Each source by its number, with its age at a time."""
    ages = {}
    for number, source in index.sources.items():
        ages[number] = SourceAge(
            source.name, source.format, source.as_of, source.recorded, _age(source, now), source.facts, source.digest
        )
    return ages


def _age(source: Source, now: str) -> float | None:
    # A publisher's date later than our own copy is wrong; it must not make the copy look fresh.
    times = [time for text in (source.as_of, source.recorded) if (time := _time(text))]
    until = _time(now)
    return round(max(0.0, (until - min(times)).total_seconds()) / 86400, 2) if times and until else None


def _time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def stale_sources(coverage: Iterable[Coverage], ages: Mapping[int, SourceAge], limit: float | None) -> Iterable[Gap]:
    """Beyond the allowed age of its sources, "not affected" is not an answer."""
    if limit is None:
        return
    by_name = {age.name: age for age in ages.values()}
    for part in coverage:
        old = [age for name in part.sources if _older(age := by_name[name], limit)]
        # One is enough: what only this source would have said is missing, however fresh the others are.
        if old:
            words = ", ".join(
                f"{age.name} is {age.age_days:.0f} days old" if age.age_days is not None else f"{age.name} has no date"
                for age in old
            )
            yield Gap(
                "stale-feed", f"{part.assessed} packages of {part.scope}", f"{words}; {limit:g} days are allowed",
                "import the feed again: oakum feeds import FILE",
            )  # fmt: skip


def _older(age: SourceAge, limit: float) -> bool:
    return age.age_days is None or age.age_days > limit
