"""Decision groups of Open Cluster Management: which clusters belong to which, in the order in which they come.

Source: pkg/apis/cluster/v1beta1/placement.go of github.com/open-cluster-management-io/sdk-go
(PlacementDecisionClustersTracker; before: cluster/v1beta1/helpers.go of .../api): a group is known by its index, has a
name or none, and several may have the same name. Groups come by index. The placement controller counts indexes from 0
without a gap, and those who read them rely on it (what is beyond a gap would be left out), so other indexes are
refused here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec

from oakum.errors import InputError, Place

ClusterName = Annotated[str, msgspec.Meta(min_length=1)]

_INDEX = re.compile(r"0|[1-9][0-9]{0,9}")
_SHOWN = 60


class GroupKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A group's ``name`` and ``index``, or as Open Cluster Management writes them, ``groupName`` and ``groupIndex``."""

    name: str | None = None
    index: int | None = None
    groupName: str | None = None  # noqa: N815 - the name of the field outside
    groupIndex: int | None = None  # noqa: N815 - the name of the field outside


class DecisionGroup(GroupKey, frozen=True, kw_only=True):
    """A group with its ``clusters``. Where no group has an index they come in the order given; else it is 0 there."""

    clusters: list[ClusterName]


#: A list of groups, with or without names; or clusters by the groups' names (in the order given) or by their indexes.
Groups = list[DecisionGroup | list[ClusterName]] | dict[str, list[ClusterName]]


class Group(msgspec.Struct, frozen=True):
    """One group: its ``index``, its ``name`` ("" for none), and its ``clusters`` by name."""

    index: int
    name: str
    clusters: tuple[str, ...]

    def is_named(self, key: tuple[str, int]) -> bool:
        """Whether a name, or an index where the name is empty, means this group."""
        name, index = key
        return self.name == name if name else self.index == index


def groups_of(given: Groups) -> tuple[Group, ...]:
    """The groups by index.

    Raises InputError naming the group where indexes do not count from 0 without a gap, one index has two names, or a
    cluster belongs to two groups.
    """
    names: dict[int, str] = {}
    members: dict[int, set[str]] = {}
    for place, index, name, clusters in _numbered(given):
        if names.setdefault(index, name) != name:
            what = f"the index {index} has two names, {names[index][:_SHOWN]!r} and {name[:_SHOWN]!r}"
            raise InputError(what, place=Place(field=place), remedy="one group, one index")
        members.setdefault(index, set()).update(clusters)
    missing = next((at for at in range(len(names)) if at not in names), None)
    if missing is not None:
        raise InputError(
            f"no group has the index {missing}, but there are greater ones",
            place=Place(field="groups"), remedy="count the indexes from 0, without a gap",
        )  # fmt: skip
    _all_once(members)
    return tuple(Group(index, names[index], tuple(sorted(members[index]))) for index in sorted(names))


def _numbered(given: Groups) -> list[tuple[str, int, str, Sequence[str]]]:
    """For every entry its place, index, name and clusters."""
    if isinstance(given, Mapping):
        by_index = all(_INDEX.fullmatch(key) for key in given)
        return [
            (f"groups.{key[:_SHOWN]}", int(key) if by_index else at, "" if by_index else key, clusters)
            for at, (key, clusters) in enumerate(given.items())
        ]
    groups = [each if isinstance(each, DecisionGroup) else DecisionGroup(clusters=each) for each in given]
    keys = [_key(each, f"groups[{at}]") for at, each in enumerate(groups)]
    counted = all(index is None for _, index in keys)
    return [
        (f"groups[{at}]", at if counted else index or 0, name, each.clusters)
        for at, (each, (name, index)) in enumerate(zip(groups, keys, strict=True))
    ]


def _key(group: DecisionGroup, place: str) -> tuple[str, int | None]:
    for one, other in (("name", "groupName"), ("index", "groupIndex")):
        found = {value for value in (getattr(group, one), getattr(group, other)) if value is not None}
        if len(found) > 1:
            raise InputError(f"{one} and {other} differ", place=Place(field=place), remedy="give one of them")
    name = group.groupName if group.name is None else group.name
    index = group.groupIndex if group.index is None else group.index
    if index is not None and not 0 <= index < 2**31:
        raise InputError("the index is out of range", place=Place(field=place), remedy="count the indexes from 0")
    return name or "", index


def _all_once(members: Mapping[int, set[str]]) -> None:
    seen: dict[str, int] = {}
    for index in sorted(members):
        for cluster in sorted(members[index]):
            if cluster in seen:
                raise InputError(
                    f"the cluster {cluster[:_SHOWN]!r} stands in the groups {seen[cluster]} and {index}",
                    place=Place(field="groups"), remedy="a placement puts each cluster into one decision group",
                )  # fmt: skip
            seen[cluster] = index
