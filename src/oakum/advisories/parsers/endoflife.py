"""endoflife.date: until when each release cycle of a product is maintained.

Two layouts: API v1 (``result`` with one product or many, each with ``releases``) and the classic one (an array of
cycles, the product being the file's name). There ``eol`` is a day, or true, or false for a cycle whose end is open.
"""

from __future__ import annotations

import re

import msgspec

from oakum.advisories.model import Lifecycle, Parsed
from oakum.advisories.parsers.content import Content
from oakum.advisories.words import day, instant

FORMAT = "endoflife"


class _Latest(msgspec.Struct):
    name: str = ""


class _Release(msgspec.Struct, rename="camel"):
    name: str
    release_date: str | None = None
    is_eol: bool | None = None
    eol_from: str | None = None
    eoes_from: str | None = None
    latest: _Latest | None = None


class _Product(msgspec.Struct):
    name: str
    releases: list[_Release]


class _Cycle(msgspec.Struct, rename="camel"):
    cycle: str | int | float
    release_date: str | None = None
    eol: str | bool | None = None
    extended_support: str | bool | None = None
    latest: str | None = None


def matches(content: Content) -> bool:
    """``result`` with releases, or cycles."""
    first = content.first
    if not isinstance(first, dict):
        return False
    result = first.get("result")
    product = result[0] if isinstance(result, list) and result else result
    return "cycle" in first or (isinstance(product, dict) and "releases" in product)


def parse(content: Content) -> Parsed:
    """One fact for each cycle of each product."""
    head = content.first if isinstance(content.first, dict) else {}
    if "result" not in head:
        return content.parsed(FORMAT, [*_classic(content)])
    result = head["result"]
    found: list[Lifecycle] = []
    for number, given in enumerate(result if isinstance(result, list) else [result], start=1):
        try:
            product = msgspec.convert(given, _Product)
            found.extend(_lifecycle(product.name, one) for one in product.releases)
        except (msgspec.ValidationError, ValueError) as error:
            content.problem(f"product {number}", str(error))
    stamp = head.get("last_modified") or head.get("generated_at")
    return content.parsed(FORMAT, [*found], instant(stamp) or "" if isinstance(stamp, str) else "")


def _lifecycle(product: str, release: _Release) -> Lifecycle:
    return Lifecycle(
        product,
        release.name,
        released=_day(release.release_date),
        eol=_day(release.eol_from),
        extended=_day(release.eoes_from),
        is_eol=release.is_eol,
        latest=release.latest.name if release.latest else "",
    )


def _classic(content: Content) -> list[Lifecycle]:
    product = re.sub(r"(?:\.jsonl?)?(?:\.gz)?\Z", "", content.name.rpartition("/")[2])
    found = []
    for number, value in enumerate(content.records(), start=1):
        try:
            cycle = msgspec.convert(value.value, _Cycle)
            found.append(
                Lifecycle(
                    product,
                    str(cycle.cycle),
                    released=_day(cycle.release_date),
                    eol=_day(cycle.eol),
                    extended=_day(cycle.extended_support),
                    is_eol=cycle.eol if isinstance(cycle.eol, bool) else None,
                    latest=cycle.latest or "",
                )
            )
        except (msgspec.ValidationError, ValueError) as error:
            content.problem(f"cycle {number}", str(error), value.line)
    return found


def _day(given: str | bool | None) -> str:
    if not isinstance(given, str):
        return ""
    found = day(given)
    if found is None:
        raise ValueError(f"{given[:40]!r} is no day")
    return found
