"""One turn of a run: what the plan, the journal and the look say, put together for the rules that decide on a step."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from oakum.changes.plans.model import Change, Group, Step, Subject
from oakum.changes.running.actions import Rest
from oakum.changes.running.acts import Act, Do
from oakum.changes.running.backends import Backends
from oakum.changes.running.compiled import Compiled, drains
from oakum.changes.running.journal import Attempt, Journal, Meant, Noted, Progress, States, Turned
from oakum.changes.running.observed import Observed, Seen
from oakum.changes.running.standing import Standing, standing_of
from oakum.changes.running.windows import Windows

#: A look takes less time than this from its first machine to its last.
_LONG_AFTER = timedelta(minutes=5)


class Turn:
    """What a run knows at ``now``. ``judging`` is how many drains may still be judged in this turn."""

    def __init__(self, compiled: Compiled, journal: Journal, observed: Observed, now: datetime) -> None:
        self.compiled, self.journal, self.observed, self.now = compiled, journal, observed, now
        self.standing: Standing = standing_of(compiled, journal)
        self.plan = compiled.plan
        self.wishes = observed.wishes
        self.windows = Windows(compiled.plan, compiled.calendar, now)
        self.judging = 24
        self._backends: dict[str, Backends] = {}

    def approved(self, *more: str) -> bool:
        """Whether people agreed to the plan, or to a step of it."""
        return "/".join((f"approve:{self.compiled.hash}", *more)) in self.wishes

    def backends(self, cluster: str) -> Backends:
        """The pods that serve the webhooks of a cluster."""
        if cluster not in self._backends:
            self._backends[cluster] = Backends(self.observed, self.standing, self.now, cluster)
        return self._backends[cluster]

    @property
    def stopping(self) -> bool:
        """Whether nothing more is started."""
        return self.standing.stopping

    def note(self, what: str, *, about: str = "", why: str = "", **facts: str) -> Noted:
        """A note about the run."""
        return Noted(at=self.now, what=what, about=about, why=why, facts=facts, token=self.journal.token)

    def visit(self, step: Step) -> Visit:
        """The step as this turn sees it."""
        progress = self.journal.steps.get(step.id) or Progress()
        return Visit(turn=self, step=step, progress=progress, seen=self.observed.seen(step.subject.id))


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A step in a turn: what the journal says of it, and what is seen of its subject (None: nothing)."""

    turn: Turn
    step: Step
    progress: Progress
    seen: Seen | None

    @property
    def group(self) -> Group:
        """The limits of the step."""
        return self.turn.compiled.groups[self.step.group]

    @property
    def facts(self) -> dict[str, str]:
        """What its turns remembered."""
        return self.progress.facts

    @property
    def back(self) -> bool:
        """Whether it is on its way back."""
        return self.progress.facts.get("way") == "back"

    @property
    def elapsed(self) -> float:
        """Seconds since it entered its state; a clock that was set back counts as none."""
        since = self.progress.since
        return 0.0 if since is None else max(0.0, (self.turn.now - since).total_seconds())

    @property
    def watched(self) -> float:
        """The same without the time before the run was taken up last: what nobody watched had no chance to be seen."""
        return min(self.elapsed, self.since_resumed)

    @property
    def since_resumed(self) -> float:
        """Seconds since the run was taken up last."""
        resumed = self.turn.journal.resumed
        return 0.0 if resumed is None else max(0.0, (self.turn.now - resumed).total_seconds())

    @property
    def drains(self) -> bool:
        """Whether its machine is taken out of service first."""
        return drains(self.step)

    @property
    def ours(self) -> bool:
        """Whether the record on the machine is that of this step."""
        claim = self.seen.claim if self.seen is not None else None
        return claim is not None and claim.run == self.turn.journal.run and claim.step == self.step.id

    def fresh(self, at: datetime | None) -> bool:
        """Whether something was seen since the step entered its state: an older look proves nothing."""
        since = self.progress.since
        return at is not None and (since is None or at >= since)

    def unseen(self, last: Attempt | None) -> bool:
        """Whether an act was taken, and its machine has not been looked at since: it must not be begun again.

        An answer carries the time of the look before its act, and that look may have reached the machine later than it
        began: a scan is newer if it is of this look, or of long after the answer.
        """
        if last is None or last.outcome is None or last.outcome.result != "done":
            return False
        scanned, answered = self.seen.scanned if self.seen is not None else None, last.answered or last.at
        if scanned is None or self.turn.now <= answered:
            return True
        return scanned < self.turn.now and scanned < answered + _LONG_AFTER

    def enter(self, state: States, why: str = "", **facts: str) -> Turned:
        """The step enters a state."""
        turn = self.turn
        return Turned(at=turn.now, step=self.step.id, state=state, why=why, facts=facts, token=turn.journal.token)

    def told(self, why: str) -> str:
        """A reason, with what keeps the machine out of service where that is known."""
        seen = self.seen
        known = seen.why if seen is not None and seen.up is False else ""
        return f"{why} ({known})" if known not in why else why

    def rest(self, seconds: float, why: str, *, held: bool = False) -> Rest:
        """Nothing to be done for so many seconds."""
        until = self.turn.now + timedelta(seconds=seconds)
        return Rest(until=until, why=self.told(why), about=self.step.id, held=held)

    def watch(self, why: str, *, until: float | None = None) -> Rest:
        """Something is under way: look again soon, and the later the longer it takes, at a deadline at the latest.

        The pause is a twenty-fourth of the time that has passed, so that watching adds a few percent to it.
        """
        pause = min(max(self.elapsed / 24, 1.0), 15.0)
        if until is not None:
            pause = min(pause, max(until - self.elapsed, 1.0))
        return self.rest(pause, why)

    def ask(
        self,
        do: Do,
        expects: str,
        *,
        subject: Subject | None = None,
        uid: str | None = None,
        version: bool = False,
        boot_id: str = "",
        pod: str = "",
        changes: tuple[Change, ...] = (),
        **parameters: str,
    ) -> Meant | Rest:
        """The next try of an act, or a rest while its back-off lasts.

        A try whose answer nobody knows is repeated under its key; after any other answer the next one has its own.
        ``version`` asks that the object is as it was seen.
        """
        turn, step = self.turn, self.step
        uid = step.subject.uid if uid is None else uid
        name = f"{do}/{uid}" if pod or do == "delete-node" else do
        last = self.progress.attempts.get(name)
        number = 1
        if last is not None:
            # Refusals of another state say nothing of this one; those of a pod's eviction go on.
            earlier = last.place <= self.progress.entered and not last.open and not pod
            ready = last.at if earlier else _ready(last)
            if turn.now < ready <= turn.now + timedelta(hours=1):
                why = last.outcome.why if last.outcome is not None and last.outcome.why else "no answer yet"
                return Rest(until=ready, why=self.told(f"{do}: {why}"), about=step.id)
            number = last.number if last.open else last.number + 1
        act = Act(
            key=f"{turn.journal.run}/{step.id}/{name}/{number}", do=do, run=turn.journal.run, plan=turn.compiled.hash,
            token=turn.journal.token, subject=subject or step.subject, uid=uid,
            resource_version=self.seen.resource_version if version and self.seen is not None else "",
            boot_id=boot_id, pod=pod, changes=changes, expects=expects,
            parameters={name: value for name, value in parameters.items() if value},
        )  # fmt: skip
        return Meant(at=turn.now, act=act, step=step.id)


def _ready(last: Attempt) -> datetime:
    """When an act may be tried again."""
    if last.outcome is None:
        # Whoever meant it is gone, and what it did was looked at since.
        return last.at
    answered = last.answered or last.at
    if last.outcome.result == "unknown":
        return answered + timedelta(seconds=min(2.0 * 2 ** min(last.repeats - 1, 5), 60.0))
    if last.outcome.result == "done":
        # Asked again because its effect is not seen: that may be an old look.
        return answered + timedelta(seconds=10)
    if last.outcome.code == "changed":
        return answered + timedelta(seconds=min(1.0 * 2 ** min(last.refusals, 5), 30.0))
    pause = min(5.0 * 2 ** min(last.refusals, 4), 60.0)
    return answered + timedelta(seconds=max(pause, last.outcome.retry_after))
