"""The entries of a policy's sections, as the planner gets them: data with no place, comment or formatting left.

Every entry has a name, unique in its section, so that an answer can say which one decided, and a scope. Durations are
in seconds where no calendar is meant.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from oakum.policy.amounts import Amount
from oakum.policy.schedules import Schedule
from oakum.policy.scopes import Scope

#: What the rungs of an escalation ladder may do.
RUNGS: dict[str, str] = {
    "wait": "try again until its time is over",
    "notify": "tell the roles, then go on to the next rung",
    "skip-and-report": "uncordon what we cordoned, leave the node, go on with the others, report it",
    "stop-and-report": "finish or restore what is in hand, start nothing, report it",
    "force-evict": "delete the pods past their budget, under an approval of its own by the roles",
}
#: The rungs after which nothing is left open.
FINAL_RUNGS = ("skip-and-report", "stop-and-report", "force-evict")
Rung = Literal["wait", "notify", "skip-and-report", "stop-and-report", "force-evict"]


class Entry(msgspec.Struct, frozen=True):
    """What every entry has: a name and the targets that it is for."""

    name: str
    scope: Scope


class Window(Entry, frozen=True):
    """When changes may run: one of its schedules, or always."""

    schedules: tuple[Schedule, ...] = ()
    always: bool = False


class Freeze(Entry, frozen=True):
    """When changes may not run, whatever window is open, and the reason that people are told."""

    schedules: tuple[Schedule, ...]
    reason: str


class Emergency(Entry, frozen=True):
    """Who may override what in an emergency. A reason is always required, and every use is recorded and reviewed.

    ``lifts`` are names of freezes, ("*",) for all; ``outside_windows`` allows to act while no window is open;
    ``approvals`` people of the ``roles`` agree, for at most ``lasts`` seconds.
    """

    roles: tuple[str, ...]
    lifts: tuple[str, ...] = ()
    outside_windows: bool = False
    approvals: int = 1
    lasts: int = 4 * 3600


class Budget(Entry, frozen=True):
    """How much may be unavailable at once, what is already unhealthy counted in.

    ``max_unavailable`` is of the nodes of a ``per`` (a cluster, or each pool of it); a percentage rounds down, to no
    less than ``at_least``. At most ``max_domains`` values of the node label ``domain_label`` may have an unavailable
    node. ``smallest_pool`` is how few nodes it has to work for.
    """

    max_unavailable: Amount = Amount(1)
    at_least: int = 0
    per: Literal["cluster", "pool"] = "cluster"
    max_domains: int = 1
    domain_label: str = "topology.kubernetes.io/zone"
    smallest_pool: int = 1

    def nodes(self, total: int) -> int:
        """How many of ``total`` nodes may be unavailable at once."""
        return min(max(self.max_unavailable.down(total), self.at_least), total)


class Canary(Entry, frozen=True):
    """The nodes that go first, and for how many seconds they are watched; a percentage rounds up, to one at least."""

    amount: Amount = Amount(1)
    soak: int = 0

    def nodes(self, total: int) -> int:
        """How many of ``total`` nodes go first: one at least, where there is one."""
        return min(max(self.amount.up(total), 1), total)


class Soak(Entry, frozen=True):
    """How many seconds to watch after each node and after each wave before the next begins."""

    after_node: int = 0
    after_wave: int = 0


class Stage(Entry, frozen=True):
    """A group of clusters; a stage begins when the one before it is done and has soaked for ``soak`` seconds."""

    soak: int = 0


class Metric(msgspec.Struct, frozen=True):
    """A measurement that a gate takes: ``success`` and ``failure`` are conditions over ``value``.

    A value for which neither holds is inconclusive. It is measured ``count`` times, ``interval`` seconds apart; more
    than the given number of failures fails the gate, more inconclusive values or errors than allowed hold it.
    """

    name: str
    query: str
    success: str
    failure: str = ""
    interval: int = 60
    count: int = 1
    max_failures: int = 0
    max_inconclusive: int = 0
    max_errors: int = 0


class Gate(Entry, frozen=True):
    """What must be shown before the next step; no evidence holds. The evidence must be newer than the step.

    ``ready_within`` seconds the node is ready, or has failed (0: readiness is not asked); ``rescan`` wants our own scan
    to see the fix in effect; ``quiet_alarms`` are names of alarms that must not fire.
    """

    ready_within: int = 900
    rescan: bool = True
    metrics: tuple[Metric, ...] = ()
    quiet_alarms: tuple[str, ...] = ()


class Guardrail(Entry, frozen=True):
    """When a whole run stops: at this many failed or lost nodes of the run, or when one of the alarms fires."""

    stop_at_failed: Amount = Amount(1)
    stop_at_lost: int = 1
    alarms: tuple[str, ...] = ()

    def failed(self, total: int) -> int:
        """At how many failed nodes of ``total`` the run stops: rounded down, and at one at the least."""
        return max(1, self.stop_at_failed.down(total))


class Approval(Entry, frozen=True):
    """Who has to agree: ``count`` people who are not the requester, each in one of the ``roles``.

    Before a forward-only step ``forward_only_count`` people in ``forward_only_roles`` agree to that step alone.
    """

    count: int = 1
    roles: tuple[str, ...] = ()
    forward_only_count: int = 1
    forward_only_roles: tuple[str, ...] = ()


class Step(msgspec.Struct, frozen=True):
    """One rung of a ladder: what to ``do``, for how many ``seconds`` (wait), and which ``roles`` are told or asked."""

    do: Rung
    seconds: int = 0
    roles: tuple[str, ...] = ()


class Escalation(Entry, frozen=True):
    """What happens, rung by rung, when a drain is blocked."""

    steps: tuple[Step, ...] = (Step("wait", 1800), Step("skip-and-report"))


class Drain(Entry, frozen=True):
    """How nodes are drained: ``timeout`` seconds for all, ``max_grace`` seconds for one pod's own grace period.

    ``local_data`` (emptyDir, local volumes) and ``unreplicated`` pods block a drain, unless the policy says evict.
    """

    timeout: int = 3600
    max_grace: int = 3600
    local_data: Literal["block", "evict"] = "block"
    unreplicated: Literal["block", "evict"] = "block"


class Protected(Entry, frozen=True):
    """What is never touched, and the reason that people are told."""

    reason: str


class Approver(msgspec.Struct, frozen=True):
    """Somebody who may ask for a run or agree to a plan: a name that need not be a person's, roles, and SSH keys.

    Each of ``keys`` is ``KIND BASE64``; several keys are one person. ``break_glass`` lets them act without anybody
    else's agreement, for a reason that is recorded.
    """

    name: str
    roles: tuple[str, ...]
    keys: tuple[str, ...]
    break_glass: bool = False
