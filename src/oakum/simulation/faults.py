"""Faults as data: what can strike a run, when a strike comes, and a schedule of strikes from a seed.

A strike names its occasion: the nth time that a step enters a state, the nth record or act of the run, or a time. What
it strikes is the subject of that moment, or another machine of the same cluster. Some faults strike at once, others
wait on their machine for the next boot or installation; a strike counts when it has found something to strike, which
``Watch.struck`` tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

import msgspec

from oakum.simulation.chance import Random, chance
from oakum.simulation.events import TROUBLES

if TYPE_CHECKING:
    from oakum.simulation.world import World

#: Occasions beside the states of a step: the start of the run (for a time after it), a record, an act.
START, RECORD, ACT = "", "record", "act"
#: The states in which a step is under way or waits, in which a strike may find it.
OCCASIONS = (
    "admitted", "snapshotted", "cordoned", "draining", "applying", "rebooting", "late", "lost", "verifying",
    "restoring", "soaking", "done", "failed", "undone",
)  # fmt: skip
#: Occasions before a boot and before an installation: what waits for one of these has to be there by then.
_BOOT, _INSTALL = ("cordoned", "draining", "applying"), ("admitted", "cordoned", "draining")


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of fault. ``how``: who carries it out: the runner of processes, the wire of an executor, or an event.

    ``do``, ``what`` and ``lasts`` are those of the event; ``where`` is whom it strikes, ``when`` the occasions at which
    a schedule may have it strike.
    """

    says: str
    how: Literal["process", "wire", "event"] = "event"
    do: str = ""
    what: tuple[str, ...] = ("",)
    lasts: float = float("inf")
    where: Literal["self", "other", "cluster", "world"] = "self"
    when: tuple[str, ...] = OCCASIONS


KINDS: dict[str, Fault] = {
    "killed": Fault(says="the process is killed, and started again", how="process", lasts=30),
    "outage": Fault(says="the process is killed; it starts after the window has ended", how="process", lasts=6 * 3600),
    "zombie": Fault(says="the process stands still while another takes over, and goes on", how="process", lasts=400),
    "second-executor": Fault(says="another process is started beside the first", how="process"),
    "lease-lost": Fault(says="the lease is taken away, and nobody is told", do="lease-lost", where="world"),
    "request-fails": Fault(says="a request does not arrive", how="wire", do="fail"),
    "answer-lost": Fault(says="a request takes effect, and its answer gets lost", how="wire", do="mute"),
    "arrives-late": Fault(says="a request arrives after its sender has given it up", how="wire", do="late"),
    "throttling": Fault(says="the API server refuses requests for a while", how="wire", do="throttle", lasts=60),
    "stale-read": Fault(says="looks show the world of a while ago", how="wire", do="stale", lasts=60),
    "watch-gap": Fault(says="looks miss what happens to pods and budgets", how="wire", do="gap", lasts=90),
    "partition": Fault(says="the API of the cluster can't be reached", do="cut", lasts=300, where="cluster"),
    "unreachable": Fault(says="the machine runs and can't be reached", do="unreachable", lasts=300),
    "slow-boot": Fault(says="the next boot takes eight times as long", do="slow-boot", what=("8",), when=_BOOT),
    "returns-late": Fault(says="the next boot takes so long that the machine counts as lost", do="slow-boot",
                          what=("80",), when=_BOOT),
    "never-returns": Fault(says="the machine never comes back from its boot", do="no-boot", when=_BOOT),
    "old-kernel": Fault(says="the machine boots the kernel before", do="old-kernel", lasts=1800, when=_BOOT),
    "reboot-loop": Fault(says="the machine restarts again and again", do="boot-loop", what=("3",), when=_BOOT),
    "half-installed": Fault(says="an installation stops half-way", do="half-install", what=("1",), when=_INSTALL),
    "held-lock": Fault(says="another program holds the package manager's lock", do="lock", lasts=600, when=_INSTALL),
    "full-disk": Fault(says="a disk is full", do="full", lasts=3600, when=_INSTALL),
    "snapshot-fails": Fault(says="copies of the machine fail", do="fail-snapshot", lasts=900, when=_INSTALL),
    "bad-patch": Fault(says="the new version harms, which shows after minutes", do="bad",
                       what=("sick 180", "alarm 240", "metric 120"), where="world"),
    "clock-forward": Fault(says="the clock jumps forward", do="clock-jump", what=("90", "3600"), where="world"),
    "clock-back": Fault(says="the clock jumps back", do="clock-jump", what=("-90", "-1800"), where="world"),
    "crash": Fault(says="the machine loses power for a while", do="crash", lasts=120),
    "sick": Fault(says="its kubelet or service stops working for a while", do="sick", lasts=600),
    "crash-elsewhere": Fault(says="another machine loses power for a while", do="crash", lasts=600, where="other"),
    "node-deleted": Fault(says="somebody deletes the node", do="delete-node"),
    "node-recreated": Fault(says="the node is made anew under the same name", do="recreate-node", lasts=120),
    "node-added": Fault(says="the autoscaler adds a node", do="autoscale-out", where="cluster"),
    "scaled-in": Fault(says="the autoscaler deletes the node, if it is not marked", do="autoscale-in"),
    "scaled-in-elsewhere": Fault(says="the autoscaler deletes another node", do="autoscale-in", where="other"),
    "budget-impossible": Fault(says="a budget on the node allows no more evictions", do="freeze-budget", lasts=3600,
                               when=_INSTALL),
    "budget-closed": Fault(says="a budget on the node never allows any more", do="freeze-budget", when=_INSTALL),
    "webhook-down": Fault(says="a webhook refuses all evictions for a while", do="webhook-down", lasts=300,
                          where="world", when=_INSTALL),
    "finalizer": Fault(says="finalizers hold the node's pods", do="hold", lasts=1800, when=_INSTALL),
    "pod-deleted": Fault(says="somebody deletes a pod on another node", do="delete-pod", where="other"),
    "alarm": Fault(says="an alarm fires", do="alarm", lasts=900, where="world"),
    "metrics-bad": Fault(says="the metrics turn bad", do="metrics-bad", lasts=900, where="world"),
    "metrics-dark": Fault(says="alarms and metrics can't be asked", do="metrics-dark", lasts=600, where="world"),
    "etcd-down": Fault(says="a member of etcd stops for a while", do="etcd-down", lasts=900, where="cluster"),
    "human-cordons": Fault(says="somebody cordons another node for an hour", do="cordon", lasts=3600, where="other"),
    "human-drains": Fault(says="somebody drains another node", do="drain", lasts=1800, where="other"),
    "human-uncordons": Fault(says="somebody uncordons the node", do="uncordon"),
    "human-restarts": Fault(says="somebody restarts the machine", do="restart"),
    "foreign-upgrade": Fault(says="another patch agent installs what is offered", do="foreign-upgrade"),
    "pause": Fault(says="people ask for a pause, and for its end after ten minutes", do="pause", lasts=600,
                   where="world"),
    "stop": Fault(says="people ask to stop", do="stop", where="world"),
    "rollback": Fault(says="people ask to bring back what was done", do="rollback", where="world"),
}  # fmt: skip
#: Every kind of fault with what it is.
FAULTS: dict[str, str] = {name: each.says for name, each in KINDS.items()}
#: Kinds that are struck when their machine next does something.
WAITING = frozenset(name for name, each in KINDS.items() if each.do in TROUBLES or each.how == "wire") | {
    "bad-patch", "webhook-down",
}  # fmt: skip


class Strike(msgspec.Struct, frozen=True, kw_only=True):
    """One fault and its occasion.

    ``state`` is a state of a step, ``START``, ``RECORD`` or ``ACT``; ``nth`` (from 1) which time, ``delay`` seconds
    after it. ``subject`` is whom it strikes where that is not the subject of the occasion; ``seconds`` and ``what``
    replace those of the kind.
    """

    kind: str
    state: str = START
    nth: int = 1
    delay: float = 0.0
    subject: str = ""
    seconds: float | None = None
    what: str = ""

    @property
    def fault(self) -> Fault:
        """Its kind."""
        return KINDS[self.kind]

    @property
    def lasts(self) -> float:
        """For how many seconds it lasts."""
        return self.fault.lasts if self.seconds is None else self.seconds


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """The strikes of one run. ``seed`` is that of the world as well."""

    seed: int = 0
    strikes: tuple[Strike, ...] = ()


class Struck(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that has found something to strike: when (true seconds), whom, and the state of that step then."""

    kind: str
    at: float
    subject: str
    state: str


def schedule_of(kinds: Sequence[str], seed: int, *, most: int = 3, steps: int = 3) -> Schedule:
    """A schedule of one to ``most`` strikes of some kinds for a plan of ``steps`` steps.

    Where a strike is meant for a state that a calm run does not come to, one comes before it that brings that about.
    """
    dice = chance(seed, "faults")
    count = min(most, 1 + int(dice.expovariate(1.1)))
    found: list[Strike] = []
    for _ in range(count):
        found += _strikes(dice, kinds, max(1, steps))
    return Schedule(seed=seed, strikes=tuple(found))


#: What brings about a state that a calm run does not come to: kind and occasion.
_BRINGS = {
    "late": (("slow-boot", "applying"),),
    "lost": (("returns-late", "applying"), ("never-returns", "applying")),
    "failed": (("half-installed", "admitted"), ("old-kernel", "applying")),
    "undone": (("half-installed", "admitted"), ("bad-patch", "applying")),
}


def _strikes(dice: Random, kinds: Sequence[str], steps: int) -> Iterator[Strike]:
    kind = dice.choice(list(kinds))
    fault = KINDS[kind]
    what = dice.choice(fault.what)
    if fault.how == "process" and dice.random() < 0.7:
        at = dice.choice((RECORD, ACT))
        yield Strike(kind=kind, state=at, nth=dice.randint(1, 25 * steps), what=what)
        return
    state, nth = dice.choice(fault.when), dice.randint(1, steps)
    if state in _BRINGS:
        first, occasion = dice.choice(_BRINGS[state])
        yield Strike(kind=first, state=occasion, nth=nth, what=dice.choice(KINDS[first].what))
        nth = 1
    delay = 0.0 if dice.random() < 0.5 else round(dice.uniform(0.0, 90.0), 1)
    yield Strike(kind=kind, state=state, nth=nth, delay=delay, what=what)


def strike(world: World, given: Strike, subject: str, executor: str, components: Sequence[str] = ()) -> None:
    """Has a fault of a wire or an event strike; the watcher is told when it finds something.

    ``components`` are ``NAME VERSION`` of what the run brings to the subject, of which one may be bad.
    """
    fault = given.fault
    if fault.how == "wire":
        world.due.add((given.kind, ""))
        port = world.port(executor)
        match fault.do:
            case "throttle":
                port.throttled_until = world.timeline.now + given.lasts
            case "stale" | "gap":
                port.go_stale(given.lasts, pods_only=fault.do == "gap")
            case "fail" | "mute" | "late":
                port.next_acts.append(fault.do)
        return
    on, what = whom(world, given, subject), given.what or fault.what[0]
    if fault.do == "bad":
        if not components:
            world.watch.struck(given.kind, subject, False)
            return
        what = f"{components[0]} {what}"
    if given.kind in WAITING:
        # A bad patch strikes wherever it is installed.
        world.due.add((given.kind, on if fault.do in TROUBLES else ""))
    delivered = world.events.happen(fault.do, on, what, "", given.lasts)
    if fault.do == "pause":
        world.timeline.after(given.lasts, world.events.happen, "resume")
    if given.kind not in WAITING or not delivered:
        world.watch.struck(given.kind, on or subject, delivered)


def whom(world: World, given: Strike, subject: str) -> str:
    """The id of what a strike is for."""
    if given.subject:
        return given.subject
    machine = world.machines.get(subject)
    match given.fault.where:
        case "self":
            return subject
        case "world":
            return ""
        case "cluster":
            return subject.partition("/")[0] if "/" in subject else next(iter(world.clusters), "")
    if machine is None:
        return next(iter(world.machines), "")
    there = [each for each in world.machines.values() if each.cluster is machine.cluster and each is not machine]
    alive = [each.id for each in there if each.ready and not each.unschedulable]
    return world.dice.choice(alive) if alive else ""
