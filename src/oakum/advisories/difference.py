"""What two states of feeds say differently, fact by fact, in words that a reader can act on.

Facts come in pairs, one of each state, None where a state lacks it. Most of what changes in a day is of no consequence:
texts, dates of modification, EPSS in the third digit. It is counted; what may change an answer is told by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

import msgspec

from oakum.advisories.model import Advisory, Enrichment, Epss, Exploited, Fact, Lifecycle

#: A probability that moves by less than this is counted and not told: hundreds of thousands move every day.
EPSS_STEP = 0.1
#: What of an advisory only people read.
_TEXTS = frozenset({"summary", "modified", "published", "references"})

Kind = Literal["added", "removed", "withdrawn", "reinstated", "changed"]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One fact that differs: what it is about, how it differs, and what of it in words."""

    name: str
    kind: Kind
    what: tuple[str, ...] = ()
    cves: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()


class Counts(msgspec.Struct, kw_only=True):
    """How many facts differ; of those, ``minor`` ones differ in nothing that decides, and are not told by name."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    minor: int = 0


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What one source says differently; ``models``: the versions of EPSS's model before and after, if they differ."""

    counts: Counts
    told: tuple[Told, ...]
    models: tuple[str, ...] = ()


def difference(pairs: Iterable[tuple[Fact | None, Fact | None]]) -> Difference:
    """The difference of the pairs of one source; told in the order of their names."""
    counts = Counts()
    told: list[Told] = []
    models: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for before, after in pairs:
        if before == after:
            continue
        for fact, seen in zip((before, after), models, strict=True):
            if isinstance(fact, Epss) and fact.model:
                seen[fact.model] += 1
        if before is None:
            counts.added += 1
        elif after is None:
            counts.removed += 1
        else:
            counts.changed += 1
        one = _told(before, after)
        if one is None:
            counts.minor += 1
        else:
            told.append(one)
    then, now = (seen.most_common(1)[0][0] if seen else "" for seen in models)
    told.sort(key=lambda one: (one.name, one.kind))
    return Difference(counts=counts, told=tuple(told), models=(then, now) if then and now and then != now else ())


def touched(differences: Iterable[Difference]) -> dict[str, int]:
    """How many told advisories name packages of each scope ("debian:12", "golang"), the most first."""
    counted = Counter(scope for each in differences for one in each.told for scope in one.scopes)
    return dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))


def _told(before: Fact | None, after: Fact | None) -> Told | None:
    known = after or before
    if isinstance(known, Advisory):
        return _advisory(
            before if isinstance(before, Advisory) else None, after if isinstance(after, Advisory) else None, known
        )
    if isinstance(known, Epss):
        return _epss(
            before.probability if isinstance(before, Epss) else None,
            after.probability if isinstance(after, Epss) else None,
            known.cve,
        )
    if isinstance(known, Exploited | Enrichment | Lifecycle):
        name = f"{known.product} {known.cycle}" if isinstance(known, Lifecycle) else known.cve
        cves = () if isinstance(known, Lifecycle) else (known.cve,)
        if before is None or after is None:
            return Told(name=name, kind="removed" if after is None else "added", what=_worth(known), cves=cves)
        what = _fields(before, after)
        return Told(name=name, kind="changed", what=what, cves=cves) if what else None
    return None


def _advisory(before: Advisory | None, after: Advisory | None, known: Advisory) -> Told | None:
    cves = known.cves or tuple(name for name in (known.id, *known.aliases) if name.startswith("CVE-"))
    scopes = {each.scope for one in (before, after) if one is not None for each in one.affected}

    def told(kind: Kind, *what: str) -> Told:
        return Told(name=known.id, kind=kind, what=what, cves=cves, scopes=tuple(sorted(scopes)))

    if before is None:
        return told("added", f"withdrawn {known.withdrawn[:10]}") if known.withdrawn else told("added")
    if after is None:
        return told("removed")
    if bool(before.withdrawn) != bool(after.withdrawn):
        return told("withdrawn" if after.withdrawn else "reinstated")
    what = [field for field in Advisory.__struct_fields__ if getattr(before, field) != getattr(after, field)]
    decides = [field for field in what if field not in _TEXTS]
    if not decides:
        return None
    if "affected" in decides:
        # Only what differs is touched, not all that the advisory is about.
        differs = set(before.affected) ^ set(after.affected)
        scopes = {each.scope for each in differs} or scopes
        names = sorted({each.package for each in differs})
        more = ", ..." if len(names) > 5 else ""
        decides[decides.index("affected")] = f"affected: {', '.join(names[:5])}{more}"
    return told("changed", *decides)


def _epss(before: float | None, after: float | None, cve: str) -> Told | None:
    if abs((after or 0.0) - (before or 0.0)) < EPSS_STEP:
        return None
    kind: Kind = "added" if before is None else "removed" if after is None else "changed"
    then, now = ("none" if one is None else f"{one:.3f}" for one in (before, after))
    return Told(name=cve, kind=kind, what=(f"{then} -> {now}",), cves=(cve,))


def _worth(fact: Exploited | Enrichment | Lifecycle) -> tuple[str, ...]:
    """What is said of a new or vanished one."""
    if isinstance(fact, Exploited):
        return (*((f"due {fact.due}",) if fact.due else ()), *(("ransomware",) if fact.ransomware else ()))
    if isinstance(fact, Enrichment):
        return (f"exploitation {fact.exploitation}",) if fact.exploitation else ()
    return (f"end of life {fact.eol}",) if fact.eol else ()


def _fields(before: Fact, after: Fact) -> tuple[str, ...]:
    """``name: then -> now`` of every field that differs; no values of what is no word."""
    found = []
    for field in before.__struct_fields__:
        then, now = getattr(before, field), getattr(after, field)
        if then != now:
            plain = isinstance(now, str | bool | None) and isinstance(then, str | bool | None)
            found.append(f"{field}: {_word(then)} -> {_word(now)}" if plain else field)
    return tuple(found)


def _word(value: object) -> str:
    return {"True": "yes", "False": "no", "None": "none", "": "none"}.get(str(value), str(value)[:80])
