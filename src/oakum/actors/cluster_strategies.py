"""Strategies of Open Cluster Management: what a strategy object says, and how many clusters a limit means.

Sources: cluster/v1alpha1/types_rolloutstrategy.go of github.com/open-cluster-management-io/api (fields and defaults),
``calculateRolloutSize`` and ``parseRolloutSize`` in pkg/apis/cluster/v1alpha1/rollout.go of .../sdk-go (limits). The
object is taken as the API has it (``type`` and the block of that type), or flat, with the block's fields beside
``type``. What is known but has no effect there is told in a note.
"""

from __future__ import annotations

import math
import re
from typing import Annotated

import msgspec

from oakum.actors.cluster_times import deadline, soak
from oakum.errors import InputError, NotAssessableError, Place

ALL, PROGRESSIVE, PER_GROUP = "All", "Progressive", "ProgressivePerGroup"

#: A number as the API's IntOrString holds it.
Number = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
Limit = Number | str

_PERCENT = re.compile(r"([+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,9})?)%")
_NOTHING = (None, 0, "0", "0s", "0%")
_SHOWN = 40


class _Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """As the API writes its objects; nothing unknown is let through, here and in all that follow."""


class MandatoryGroup(_Given, frozen=True, kw_only=True):
    """A group that comes first, by ``groupName`` (all indexes that have this name), or else by ``groupIndex``."""

    group_name: str | None = None
    group_index: Number | None = None


class _Fields(_Given, frozen=True, kw_only=True):
    min_success_time: str | int | None = None
    progress_deadline: str | int | None = None
    max_failures: Limit | None = None


class AllBlock(_Fields, frozen=True, kw_only=True):
    """``progressDeadline``; the other two are fields of the API that have no effect for this type."""


class PerGroupBlock(_Fields, frozen=True, kw_only=True):
    """The fields of ProgressivePerGroup, as RolloutStrategy tells them."""

    mandatory_decision_groups: list[MandatoryGroup | str | int] | None = None


class ProgressiveBlock(PerGroupBlock, frozen=True, kw_only=True):
    """The fields of Progressive, as RolloutStrategy tells them."""

    max_concurrency: Limit | None = None


class RolloutStrategy(ProgressiveBlock, frozen=True, kw_only=True):
    """``type`` is All (default), Progressive or ProgressivePerGroup; its fields stand in its block or beside ``type``.

    ``maxConcurrency``: clusters at once, a number or "25%" (default all). ``maxFailures``: failed or timed out clusters
    that are tolerated, a number or a percentage (default 0). ``minSuccessTime``: how long a success must last (default
    0). ``progressDeadline``: after how long a cluster times out (default None). Durations are 90s, 1h30m, or a whole
    number of seconds. ``mandatoryDecisionGroups``: the groups that come first; a bare text is a name, a bare number an
    index.
    """

    type: str | None = None
    all: AllBlock | None = None
    progressive: ProgressiveBlock | None = None
    progressive_per_group: PerGroupBlock | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a strategy says, with defaults: durations in nanoseconds, None for none.

    ``mandatory`` has for each group its name, or "" and its index. ``notes`` tell which fields have no effect.
    """

    type: str
    soak: int | None
    deadline: int | None
    max_failures: int | str
    max_concurrency: int | str
    mandatory: tuple[tuple[str, int], ...]
    notes: tuple[str, ...] = ()


_BLOCKS = {
    ALL: ("all", AllBlock),
    PROGRESSIVE: ("progressive", ProgressiveBlock),
    PER_GROUP: ("progressive_per_group", PerGroupBlock),
}
_FLAT = ProgressiveBlock.__struct_fields__
_WITHOUT_EFFECT = {
    ALL: ("min_success_time", "max_failures", "max_concurrency", "mandatory_decision_groups"),
    PROGRESSIVE: (),
    PER_GROUP: ("max_concurrency",),
}


def plan_of(strategy: RolloutStrategy) -> Plan:
    """The plan of a strategy.

    Raises NotAssessableError for another ``type``, and InputError naming the field where a value is none of its kind
    or stands both in the block and beside ``type``.
    """
    type_ = ALL if strategy.type is None else strategy.type
    if type_ not in _BLOCKS:
        raise NotAssessableError(
            f"not assessable: strategies of the type {type_[:_SHOWN]!r} are unknown",
            place=Place(field="strategy.type"), remedy=f"types: {', '.join(_BLOCKS)}",
        )  # fmt: skip
    given, places = _merged(strategy, type_)
    notes = [
        f"{places[each]} has no effect: the type is {type_}"
        for each in _WITHOUT_EFFECT[type_]
        if given.get(each) not in _NOTHING and given.get(each) != []
    ]
    for name, (block, empty) in _BLOCKS.items():
        if name != type_ and getattr(strategy, block) not in (None, empty()):
            notes.append(f"strategy.{_camel(block)} has no effect: the type is {type_}")
    found = Plan(
        type=type_,
        soak=soak(given.get("min_success_time"), places["min_success_time"]),
        deadline=deadline(given.get("progress_deadline"), places["progress_deadline"]),
        max_failures=_limit(given.get("max_failures"), places["max_failures"]),
        max_concurrency=_limit(given.get("max_concurrency"), places["max_concurrency"]),
        mandatory=_mandatory(given.get("mandatory_decision_groups") or [], places["mandatory_decision_groups"]),
        notes=tuple(notes),
    )
    return msgspec.structs.replace(found, soak=0, mandatory=()) if type_ == ALL else found


def clusters_of(limit: int | str, total: int, default: int) -> int:
    """How many of ``total`` clusters a limit means: percentages are rounded up.

    What comes to nothing or less, or to more than there are, counts as ``default``; so a ``maxFailures`` of 10 among
    six clusters tolerates none.
    """
    if isinstance(limit, int):
        count = limit
    else:
        # In this order, and in floating point, as the other side does: 7% of 100 come to eight there.
        share = float(limit[:-1]) / 100 * total
        count = math.ceil(share) if math.isfinite(share) else 0
    return count if 0 < count <= total else default


def _merged(strategy: RolloutStrategy, type_: str) -> tuple[dict[str, object], dict[str, str]]:
    """The fields given, from the block of the type or flat, and for every field where it stands."""
    name = _BLOCKS[type_][0]
    block = getattr(strategy, name)
    given: dict[str, object] = {}
    places: dict[str, str] = {}
    for each in _FLAT:
        flat, inside = getattr(strategy, each), getattr(block, each, None)
        where = f"strategy.{_camel(name)}.{_camel(each)}"
        if flat is not None and inside is not None:
            raise InputError(
                f"it stands in strategy.{_camel(name)} and beside type", place=Place(field=where), remedy="give it once"
            )
        given[each] = flat if inside is None else inside
        places[each] = where if flat is None and block is not None else f"strategy.{_camel(each)}"
    return given, places


def _limit(value: object, field: str) -> int | str:
    if value is None:
        return 0
    if isinstance(value, int):
        return value
    found = _PERCENT.fullmatch(str(value))
    if found and math.isfinite(float(found[1])):
        return str(value)
    raise InputError(
        f"{str(value)[:_SHOWN]!r} is neither a number nor a percentage",
        place=Place(field=field), remedy="write 3 without quotes, or 25%",
    )  # fmt: skip


def _mandatory(given: object, field: str) -> tuple[tuple[str, int], ...]:
    groups: list[tuple[str, int]] = []
    for at, each in enumerate(given if isinstance(given, list) else []):
        if isinstance(each, str):
            if not each:
                raise InputError("the name is empty", place=Place(field=f"{field}[{at}]"), remedy="give an index")
            groups.append((each, 0))
        elif isinstance(each, int):
            groups.append(("", each))
        else:
            groups.append((each.group_name, 0) if each.group_name else ("", each.group_index or 0))
    return tuple(groups)


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(each.capitalize() for each in others)
