"""What the measured exposures of an answer say together: each way in once, each closing once, each node in its place.

One load balancer may lead to a component, to the workload that it is, and to the nodes below it: that is one way and
one closing, told once with all that it is about. The order is that of urgency: first the way with the most urgent
finding behind it, first the closing that moves the most urgent deadline, first the nodes that are open (CERT/CC's
SSVC, "System Exposure"), and of those the one with which most is lost.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from oakum.naming import listed
from oakum.reports.answer import Answer, BlastEntry, ExposureEntry, FindingEntry, PathEntry, ShiftEntry

LEVELS = ("open", "controlled", "small")
#: The order in which kinds of assets are told.
KINDS = ("component", "workload", "node")
_LAST = 1_000


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One way in to what is open, in ``words`` and as a ``path`` where there is one; ``assumed`` where it is the
    careful reading of what nobody could measure.

    ``reached`` are all exposures that it decides, ``findings`` those on them and in the images that they run, the most
    urgent first. ``cluster`` is where, told only where there are several.
    """

    words: str
    path: PathEntry | None
    assumed: bool
    reached: tuple[ExposureEntry, ...]
    findings: tuple[FindingEntry, ...]
    cluster: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What it reaches, each name once."""
        return tuple(dict.fromkeys(one.name for one in self.reached))


class Door(msgspec.Struct, frozen=True):
    """One thing that could be closed, with its cluster where there are several: the names of what it leaves at each
    level, and the deadlines that move.
    """

    what: str
    leaves: dict[str, tuple[str, ...]]
    shifts: tuple[ShiftEntry, ...]


class Held(msgspec.Struct, frozen=True):
    """One node: its exposure (empty where it was not measured), what is lost with it, and the actions' ranks on it."""

    name: str
    level: str
    blast: BlastEntry
    actions: tuple[int, ...]


class Reachable:
    """The exposures of an answer, put together."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._kinds = {asset.key: asset.kind for asset in answer.assets}
        self._order = {one.decision.outcome: one.decision.order for one in answer.open}
        clusters = {asset.key: asset.name for asset in answer.assets if asset.kind == "cluster"}
        holds = {each.object: each.subject for each in answer.relations if each.kind == "holds"}
        #: The key and name of the cluster that holds an asset; none where there is only one cluster.
        self._cluster = {key: (subject, clusters.get(subject, "")) for key, subject in holds.items()}
        if len(clusters) < 2:
            self._cluster = {}

    def _names(self, exposures: Iterable[ExposureEntry]) -> tuple[str, ...]:
        """Names, components and workloads before nodes."""
        ordered = sorted(exposures, key=lambda one: (self._kind(one.asset), one.name))
        return tuple(dict.fromkeys(one.name for one in ordered))

    def counts(self) -> str:
        """How many are open, controlled and small, in words."""
        levels = Counter(one.level for one in self._answer.exposures)
        kinds = Counter(self._kinds.get(one.asset, "") for one in self._answer.exposures if one.level == "open")
        words = [f"{kinds[kind]} {kind}{'' if kinds[kind] == 1 else 's'}" for kind in KINDS if kinds[kind]]
        rest = ", ".join(f"{levels[level]} {level}" for level in LEVELS[1:])
        return f"{', '.join(words) or 'nothing'} open; {rest}"

    def ways(self) -> list[Way]:
        """The ways to what is open, the one with the most urgent finding behind it first."""
        groups: defaultdict[tuple[tuple[str, str], str, bool], list[ExposureEntry]] = defaultdict(list)
        for one in self._answer.exposures:
            if one.level == "open":
                groups[self._where(one.asset), _words(one), one.default].append(one)
        behind = self._behind()
        found = [
            Way(
                words=words,
                path=group[0].paths[0] if group[0].paths else None,
                assumed=assumed,
                reached=tuple(sorted(group, key=lambda one: (self._kind(one.asset), one.name))),
                findings=_distinct(finding for one in group for finding in behind.get(one.asset, ())),
                cluster=cluster,
            )
            for ((_, cluster), words, assumed), group in groups.items()
        ]
        return sorted(found, key=lambda one: (*_urgency(one.findings), one.assumed, one.words))

    def doors(self) -> list[Door]:
        """The closings, the one that moves the most urgent deadline first."""
        left: defaultdict[tuple[tuple[str, str], str], defaultdict[str, list[ExposureEntry]]]
        left = defaultdict(lambda: defaultdict(list))
        shifts: dict[tuple[tuple[str, str], str], tuple[ShiftEntry, ...]] = {}
        for one in self._answer.exposures:
            for closing in one.closings:
                where = self._where(one.asset)
                shifts[where, closing.what] = closing.shifts
                left[where, closing.what][closing.leaves].append(one)
        found = [
            Door(
                within(what, where[1]),
                {level: self._names(groups[level]) for level in LEVELS if level in groups},
                shifts[where, what],
            )
            for (where, what), groups in left.items()
        ]
        return sorted(found, key=self._weight)

    def nodes(self) -> list[Held]:
        """The nodes: the open before the others, then by what is lost with them."""
        levels = {one.asset: one.level for one in self._answer.exposures}
        ranks: defaultdict[str, list[int]] = defaultdict(list)
        for action in self._answer.actions:
            for asset in action.assets:
                ranks[asset].append(action.rank)
        found = [
            Held(
                within(one.name, self._where(one.asset)[1]),
                levels.get(one.asset, ""),
                one,
                tuple(ranks.get(one.asset, ())),
            )
            for one in self._answer.blast
        ]
        # What was not measured counts as open.
        return sorted(found, key=lambda one: (one.level not in ("open", ""), -one.blast.value, one.name))

    def _where(self, asset: str) -> tuple[str, str]:
        return self._cluster.get(asset, ("", ""))

    def _kind(self, asset: str) -> int:
        kind = self._kinds.get(asset, "")
        return KINDS.index(kind) if kind in KINDS else len(KINDS)

    def _weight(self, door: Door) -> tuple[int, int, str]:
        first = min((self._order.get(shift.outcome, _LAST) for shift in door.shifts), default=_LAST)
        return first, -sum(shift.findings for shift in door.shifts), door.what

    def _behind(self) -> Mapping[str, Sequence[FindingEntry]]:
        """The findings on each asset and in the images that it uses."""
        placed: defaultdict[str, list[FindingEntry]] = defaultdict(list)
        for finding in self._answer.open:
            for asset in finding.assets:
                placed[asset].append(finding)
        images: defaultdict[str, list[str]] = defaultdict(list)
        for relation in self._answer.relations:
            if relation.kind == "uses":
                images[relation.subject].append(relation.object)
        return {
            one.asset: [finding for key in (one.asset, *images.get(one.asset, ())) for finding in placed.get(key, ())]
            for one in self._answer.exposures
            if one.level == "open"
        }


def _words(one: ExposureEntry) -> str:
    """What decides the level: the first way, else the reason."""
    return " -> ".join((one.paths[0].source, *one.paths[0].hops)) if one.paths else one.why


def _distinct(findings: Iterable[FindingEntry]) -> tuple[FindingEntry, ...]:
    by_key = {finding.key: finding for finding in findings}
    return tuple(sorted(by_key.values(), key=lambda one: (one.decision.order, -one.score.value, one.key)))


def _urgency(findings: Sequence[FindingEntry]) -> tuple[int, float]:
    return (findings[0].decision.order, -findings[0].score.value) if findings else (_LAST, 0.0)


def within(name: str, cluster: str) -> str:
    """A name with its cluster, if it has to be told."""
    return f"{name} in {cluster}" if cluster else name


def moved(shifts: Sequence[ShiftEntry]) -> str:
    """The deadlines that move, in words; empty for none."""
    return ", ".join(
        f"{shift.findings} finding{'' if shift.findings == 1 else 's'} from {shift.outcome} to {shift.to}"
        for shift in shifts
    )


def some(names: Sequence[str], limit: int | None) -> str:
    """Names with commas between, the first ones only where there are more than the limit."""
    return listed(names, len(names) if limit is None else limit)
