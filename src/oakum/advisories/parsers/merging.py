"""One record for each id of a source.

A publisher may split an advisory over several records of the same id (AlmaLinux writes one a release). Each says
something true, so the parts are united: nothing that one of them calls affected is lost.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from itertools import chain
from typing import TypeVar

from oakum.advisories.model import Advisory

T = TypeVar("T", bound=Hashable)


def merged(advisories: Iterable[Advisory]) -> list[Advisory]:
    """The advisories with those of one id united, in the order in which each id came first.

    It is published when its first part was, modified when its last was, and withdrawn only where all parts are.
    """
    by_id: dict[str, list[Advisory]] = {}
    for advisory in advisories:
        by_id.setdefault(advisory.id, []).append(advisory)
    return [parts[0] if len(parts) == 1 else _united(parts) for parts in by_id.values()]


def _united(parts: list[Advisory]) -> Advisory:
    return Advisory(
        id=parts[0].id,
        aliases=_once(one.aliases for one in parts),
        bundle=any(one.bundle for one in parts),
        cves=_once(one.cves for one in parts),
        summary=next((one.summary for one in parts if one.summary), ""),
        published=min((one.published for one in parts if one.published), default=""),
        modified=max(one.modified for one in parts),
        withdrawn=max(one.withdrawn for one in parts) if all(one.withdrawn for one in parts) else "",
        severities=_once(one.severities for one in parts),
        affected=_once(one.affected for one in parts),
        references=_once(one.references for one in parts),
    )


def _once(values: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(values)))
