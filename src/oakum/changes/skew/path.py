"""All steps that bring a cluster to a target: through every minor, every state between allowed, no step too many.

API servers go one minor at a time, all of them before the next minor. Everything else moves only when the next step of
an API server would leave it too old, and then as far as the API servers allow; at the end all are at the target. That
is the least number of steps: between two moves nothing may stay longer, and no move may reach further.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from oakum.changes.skew import violations as found
from oakum.changes.skew.check import check, servers_of
from oakum.changes.skew.model import API_SERVER, COMPONENTS, KUBELET, Instance, State
from oakum.changes.skew.release import Release, line
from oakum.changes.skew.route import Missing, find_route
from oakum.changes.skew.rules import highest, lowest
from oakum.changes.skew.violations import Violation


class Step(msgspec.Struct, frozen=True):
    """One instance changes its version; ``instance`` is as it was before."""

    instance: Instance
    to: Release

    @property
    def drain(self) -> bool:
        """Whether the node has to be drained before: a kubelet goes to another minor only without pods (the policy)."""
        return self.instance.component == KUBELET and self.instance.release.minor != self.to.minor


class Path(msgspec.Struct, frozen=True):
    """The steps in their order; none where all is at the target."""

    steps: tuple[Step, ...]


class WhyNot(msgspec.Struct, frozen=True):
    """Why there is no path; none of the reasons can be left out."""

    reasons: tuple[Violation, ...]


def find_path(state: State, target: Release, available: Sequence[Release] | None = None) -> Path | WhyNot:
    """The shortest steps to ``target``, or why there are none.

    Without ``available`` the stops on the way name a release line only. An instance that is newer than the target and
    allowed (kubectl may be, and any patch release) stays. Raises NotAssessableError where there is no API server.
    """
    servers = servers_of(state)
    ahead = tuple(one for one in servers.instances if one.release.minor > target.minor)
    if ahead:
        return WhyNot((found.lowering(max(ahead, key=lambda one: one.release.minor), target.minor),))
    if check(state):
        return WhyNot(_needed(state))
    first = min(servers.instances, key=lambda one: one.release.minor).release
    route = find_route(first, target, available)
    if isinstance(route, Missing):
        return WhyNot(tuple(found.missing(minor) for minor in route.minors))
    stops = {release.minor: release for release in (first, *route, target)}
    walk = _Walk(state, stops)
    for minor in range(first.minor + 1, target.minor + 1):
        walk.raise_servers(minor)
    walk.finish(target)
    return Path(tuple(walk.steps))


class _Walk:
    """The versions while the path is made."""

    def __init__(self, state: State, stops: dict[int, Release]) -> None:
        ordered = state.of(*COMPONENTS)
        self.servers = [one for one in ordered if one.component == API_SERVER]
        self.others = [one for one in ordered if one.component != API_SERVER]
        self.stops = stops
        self.steps: list[Step] = []

    def raise_servers(self, minor: int) -> None:
        """Bring every API server to ``minor``, after whatever would be too old beside the first of them."""
        oldest = min(one.release.minor for one in self.servers)
        for number, one in enumerate(self.others):
            if one.release.minor < lowest(one.component, minor):
                furthest = min(highest(one.component, oldest), max(self.stops))
                self.others[number] = self._step(one, self.stops[furthest])
        for number, one in enumerate(self.servers):
            if one.release.minor < minor:
                self.servers[number] = self._step(one, self.stops[minor])

    def finish(self, target: Release) -> None:
        """Bring everything to the target that is older."""
        for one in (*self.servers, *self.others):
            if one.release.is_before(target):
                self._step(one, target)

    def _step(self, one: Instance, to: Release) -> Instance:
        self.steps.append(Step(one, to))
        return Instance(one.component, one.name, to, one.node)


def _needed(state: State) -> tuple[Violation, ...]:
    """The violations of a state whose remedies mend all of it, and of which each is needed for that.

    API servers come first, because they bound the rest: where something is newer than some of them, finishing their
    upgrade mends their own distance as well. What is then outside of its range needs a move of its own, and where all
    are inside, no kube-proxy is too far from its kubelet.
    """
    broken = check(state)
    first = [each for each in broken if each.rule.name == "ha-skew"]
    lifted = next((each for each in check(_mended(state, first)) if _lifts(each)), None)
    if lifted is not None:
        # As it is told of the state itself, its remedy brings every API server that lags to the newest.
        first = [each for each in broken if _lifts(each) and each.instance == lifted.instance]
    rest = [each for each in check(_mended(state, first)) if each.rule.name != "kubelet-skew"]
    return (*first, *rest)


def _lifts(violation: Violation) -> bool:
    """Whether API servers have to move, so that what is newer than some of them may stay."""
    return any(move.instance.component == API_SERVER for move in violation.remedy.moves)


def _mended(state: State, violations: Iterable[Violation]) -> State:
    moves = [move for violation in violations for move in violation.remedy.moves]
    return state.moved({move.instance.key: Release(line(move.minor), move.minor) for move in moves})
