"""Hosts as a run meets them: the twin of the simulated host, behind the same port.

What an act means is decided on the host, by one fixed program (``host/*.sh``) under a lock: an act of a key that was
answered is answered the same, a fencing token lower than the run's highest that was seen there is refused, machine id,
boot id and version have to be those that were looked at. Long work goes on there when the connection breaks; it is
observed by its key. A host has no alarms and no pods: silences do nothing. The lease of a run and what people
wish are the driver's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Literal, cast

from oakum.adapters.ssh import commands, remedies
from oakum.adapters.ssh.connections import Connections, Request
from oakum.adapters.ssh.hosts_file import read_hosts
from oakum.adapters.ssh.looks import Looked, read_look, unhealthy
from oakum.adapters.ssh.model import Host, Ran, Unanswered
from oakum.changes.drain import Surroundings
from oakum.changes.intents.machines import packages_of
from oakum.changes.plans.model import Change, Plan
from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.observed import Etcd, Sample, Seen
from oakum.changes.state.model import Webhook
from oakum.changes.state.software import KERNEL
from oakum.errors import InputError, NotAssessableError, OakumError
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.naming import listed

Code = Literal["", "fenced", "changed", "gone", "not-now", "never"]
_CODES = frozenset({"fenced", "changed", "gone", "not-now", "never"})
DONE = Outcome(result="done")
#: How old a look at a host may be that nobody asked for: it only counts against limits.
_OLD = timedelta(seconds=30)
#: Services that are named of those that are not active.
_NAMED = 3
#: What a shell says where the program is not there, or may not be run.
_MISSING = (126, 127)
_KINDS = frozenset({"packages", "kernel", "script"})


class HostsWorld:
    """The hosts of one plan: ``machines`` are ids with the machine id that each has to have (empty: any)."""

    def __init__(
        self,
        hosts: Mapping[str, Host],
        connections: Connections,
        machines: Mapping[str, str],
        *,
        run: str,
        documents: Mapping[str, str] = MappingProxyType({}),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.hosts, self.machines, self.run, self._documents = hosts, machines, run, documents
        self._connections, self._now = connections, now
        self._looked: dict[str, Looked] = {}
        self._tried: dict[str, datetime] = {}
        self._up: dict[str, tuple[bool, datetime]] = {}
        #: Why a host could not be looked at, or is not up, by id; for people.
        self.problems: dict[str, str] = {}

    # Acts

    def act(self, act: Act) -> Outcome:
        """Does one act on a host, or says why not."""
        name = act.subject.id
        if act.subject.kind != "machine" or act.subject.cluster or name not in self.machines:
            return _refused(f"{name} is no host of this run", "never")
        if act.do in ("silence", "unsilence"):
            return DONE
        try:
            request = request_of(act, self._documents)
            answer = self._ask(name, request)
        except OakumError as error:
            return _refused(_told(error), "not-now")
        if isinstance(answer, Unanswered):
            return Outcome(result="unknown", why=answer.why)
        return _outcome(answer)

    def _ask(self, name: str, data: bytes) -> Ran | Unanswered:
        """The answer of the host's program, which is put in its place first where an account may do that."""
        ask = Request(name, commands.ACT, data, root=True)
        answer = self._connections.run(ask)
        if isinstance(answer, Ran) and answer.status in _MISSING and self._install(name):
            answer = self._connections.run(ask)
        return answer

    def _install(self, name: str) -> bool:
        """Puts our program on the host; False where the account is not root: whoever is has to do that once."""
        if self.hosts[name].sudo or self.hosts[name].user != "root":
            return False
        placed = self._connections.run(Request(name, commands.INSTALL, commands.program()))
        return isinstance(placed, Ran) and placed.status == 0

    # Looks

    def observe(self, about: Sequence[str]) -> View:
        """Looks at the hosts that are asked about now, and at the others of the plan now and then."""
        at = self._now()
        wanted = [
            name for name in self.machines if name in about or name not in self._tried or at - self._tried[name] > _OLD
        ]
        answers = self._connections.run_all(Request(name, commands.LOOK, root=True) for name in wanted)
        for name, answer in zip(wanted, answers, strict=True):
            self._tried[name] = at
            self._take(name, answer, at)
        return View(self, at)

    def _take(self, name: str, answer: Ran | Unanswered | OakumError, at: datetime) -> None:
        looked: Looked | None = None
        if isinstance(answer, Ran):
            try:
                if answer.status in _MISSING and self._install(name):
                    again = self._connections.run(Request(name, commands.LOOK, root=True))
                    answer = again if isinstance(again, Ran) else answer
                looked = self._read(name, answer, at)
            except OakumError as error:
                answer = error
        elif isinstance(answer, Unanswered):
            self.problems[name] = f"it does not answer: {answer.why}"
        if isinstance(answer, OakumError):
            self.problems[name] = _told(answer)
        if looked is not None:
            self._looked[name] = looked
            sick = unhealthy(looked, self.hosts[name].health, self.run)
            self.problems.pop(name, None)
            if sick:
                self.problems[name] = f"{listed(sick, _NAMED)} {'is' if len(sick) == 1 else 'are'} not active"
            self._turn(name, not sick, at)
        else:
            self._turn(name, False, at)

    def _read(self, name: str, answer: Ran, at: datetime) -> Looked:
        if answer.status != 0:
            raise InputError(answered(answer))
        looked = read_look(answer.output, at)
        if looked.helper != commands.digest() and not self._install(name):
            raise NotAssessableError(
                "the program on it is not of this version", remedy="install it anew: oakum host sudoers --program"
            )
        return looked

    def _turn(self, name: str, up: bool, at: datetime) -> None:
        known = self._up.get(name)
        if known is None or known[0] != up:
            self._up[name] = (up, at)

    def seen(self, name: str, at: datetime) -> Seen | None:
        """A host as it was last looked at; up only where that look was answered and all is well."""
        if name not in self.machines or name not in self._tried:
            return None
        up, since = self._up[name]
        looked = self._looked.get(name)
        if looked is None:
            return Seen(at=at, uid=self.machines[name], up=False, why=self.problems.get(name, ""), since=since)
        return Seen(
            at=at, uid=looked.machine, resource_version=looked.version, up=up, why=self.problems.get(name, ""),
            since=since, claim=looked.claim, boot_id=looked.boot, running=looked.running, scanned=looked.at,
            copies=looked.copies,
            work={key: work for key, work in looked.work.items() if key.startswith(f"{self.run}/")},
        )  # fmt: skip


class View:
    """One look at the hosts (``Observed``)."""

    def __init__(self, world: HostsWorld, at: datetime) -> None:
        self.at = at
        self._seen = {name: seen for name in world.machines if (seen := world.seen(name, at)) is not None}
        self._machines = frozenset(world.machines)

    @property
    def lease(self) -> tuple[str, int] | None:
        """The driver's."""
        return None

    @property
    def alarms(self) -> frozenset[str] | None:
        """Nobody could ask."""
        return None

    @property
    def wishes(self) -> frozenset[str]:
        """The driver's."""
        return frozenset()

    def seen(self, subject: str) -> Seen | None:
        """A host."""
        return self._seen.get(subject)

    def found(self, subject: str) -> bool | None:
        """A host is there as long as the plan says so; of anything else nothing is known here."""
        return True if subject in self._machines else None

    def impaired(self, cluster: str) -> Mapping[str, Seen]:
        """The hosts that are not up."""
        return {} if cluster else {name: seen for name, seen in self._seen.items() if not seen.up}

    def around(self, cluster: str) -> Surroundings:
        """Hosts have no objects."""
        return Surroundings(Snapshot(source="hosts"))

    def etcd(self, cluster: str) -> Etcd | None:
        """Nothing is known of clusters here."""
        return None

    def webhooks(self, cluster: str) -> tuple[Webhook, ...] | None:
        """Nothing is known of clusters here."""
        return None

    def samples(self, about: str) -> tuple[Sample, ...]:
        """No metric is measured here."""
        return ()


@contextmanager
def open_world(plan: Plan, *, run: str, hosts: Sequence[Path], data: Path) -> Iterator[HostsWorld]:
    """The hosts of a plan, by the file of hosts in ``data`` and files of that form among ``hosts``.

    Raises OakumError for what cannot be reached or done from here: machines of clusters, hosts without an address,
    changes that are not made on hosts.
    """
    known = read_hosts(data, hosts)
    documents = remedies.documents_of(plan)
    machines: dict[str, str] = {each: "" for group in plan.groups for each in group.members}
    for step in plan.steps.values():
        if step.subject.cluster or step.subject.kind != "machine":
            raise NotAssessableError(
                f"{step.subject.id} is in a cluster, which this version does not act on",
                remedy="see it with --rehearse",
            )
        machines[step.subject.id] = step.subject.uid
        for change in (*step.changes, *step.back):
            if change.kind not in _KINDS:
                raise NotAssessableError(
                    f"{step.id} is a change of the kind {change.kind}, which this version does not make on hosts",
                    remedy="plan packages, kernels and remediations alone",
                )
            if change.kind == "kernel":
                _check_kernel(step.id, change, back=bool(plan.undoes) or change in step.back)
            if change.kind == "script":
                remedies.check(step.id, change, documents)
    for name in sorted(machines):
        if name not in known:
            raise NotAssessableError(f"no way to the host {name} is known", remedy=f"oakum host add {name} ADDRESS")
    with Connections(known) as connections:
        yield HostsWorld(known, connections, machines, run=run, documents=documents)


def _check_kernel(step: str, change: Change, *, back: bool) -> None:
    """Raises NotAssessableError for a kernel of which the state did not say enough to install and to prove it."""
    if change.component != KERNEL:
        what = f"{step}: a host tells its kernel as {KERNEL}, and the plan calls it {change.component}"
    elif not back and change.installed != change.after and not packages_of(change):
        what = f"{step}: nobody has told which packages bring the kernel {change.after}"
    else:
        return
    raise NotAssessableError(what, remedy="plan from the inventory of a scan: oakum host scan --save FILE")


def request_of(act: Act, documents: Mapping[str, str] = MappingProxyType({})) -> bytes:
    """An act in the words of the host's program; ``documents`` are remediations of a site's own by their digests."""
    lines = [f"key {act.key}", f"do {act.do}", f"run {act.run}", f"token {act.token}"]
    facts = {"uid": act.uid or act.subject.uid, "version": act.resource_version, "boot": act.boot_id,
             "step": act.parameters.get("step", ""), "copy": act.parameters.get("copy", "")}  # fmt: skip
    lines += [f"{word} {value}" for word, value in facts.items() if value]
    lines += [line for change in act.changes for line in _wanted(change, documents)]
    for line in lines:
        if any(ord(letter) < 32 or ord(letter) == 127 for letter in line):
            raise InputError("a name in the plan holds a control character", remedy="make the plan anew")
    return "\n".join([*lines, "end", ""]).encode()


def _wanted(change: Change, documents: Mapping[str, str]) -> Iterator[str]:
    """What is to be there when the change is made, a line each."""
    if change.kind == "script":
        yield from remedies.wanted(change, documents)
        return
    if change.kind != "kernel":
        keep = "keep" if change.reversibility == "reversible" else "lose"
        yield f"package {change.component} {change.after} {keep}"
        return
    yield f"kernel {change.after}"
    for each in packages_of(change):
        name, _, version = each.partition("=")
        # The way back of a kernel is the boot loader's menu, whether or not its former packages can be had.
        yield f"image {name}"
        yield f"package {name} {version} lose" if version else f"absent {name}"


def _outcome(answer: Ran) -> Outcome:
    line = answer.output.decode("utf-8", "replace").strip()
    if answer.status == 0 and line == "done":
        return DONE
    word, _, rest = line.partition(" ")
    code, _, why = rest.partition(" ")
    if answer.status == 0 and word == "refused" and code in _CODES:
        return _refused(why[:300], cast("Code", code))
    if answer.status == 0 or answer.status < 0:
        return Outcome(result="unknown", why="the host's answer is cut off")
    return _refused(answered(answer), "not-now")


def answered(answer: Ran) -> str:
    """What a status without an answer means."""
    if answer.status in _MISSING:
        return "our program is not installed on it (oakum host sudoers)"
    if "sudo:" in answer.errors:
        return "sudo does not let the account run our program (oakum host sudoers)"
    return f"our program on it ended with status {answer.status}"


def _told(error: OakumError) -> str:
    """What is wrong, and what to do."""
    return f"{error.what}; {error.remedy}" if error.remedy else error.what


def _refused(why: str, code: Code) -> Outcome:
    return Outcome(result="refused", code=code, why=why)
