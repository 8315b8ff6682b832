"""What holds or ends the whole run: wishes of people, the guardrails, and the end of waves with their gates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from oakum.changes.running.actions import Action, Rest
from oakum.changes.running.gates import weigh
from oakum.changes.running.standing import Begun
from oakum.changes.running.turn import Turn

#: A pause that lasts longer is told: one that nobody remembers stalls a fleet in silence.
_LONG_PAUSE = timedelta(hours=24)


def wishes(turn: Turn) -> Iterator[Action]:
    """Pause, resume, stop, and the end of a run that a rollback begins with."""
    standing, asked = turn.standing, turn.wishes
    paused = "pause" in asked and "resume" not in asked
    if paused != standing.paused:
        yield turn.note("paused" if paused else "resumed", why="asked for")
    elif _overdue(turn, standing.paused_since):
        yield turn.note("overdue", why="the pause has lasted for more than a day")
    if standing.stopping:
        return
    for wish in ("stop", "rollback"):
        if wish in asked:
            yield turn.note("stopping", why=f"{wish} was asked for")
            return


def _overdue(turn: Turn, since: datetime | None) -> bool:
    """Whether a pause has lasted long, and nobody was told yet."""
    if since is None or turn.now - since <= _LONG_PAUSE:
        return False
    return not any(note.what == "overdue" and note.at >= since for note in turn.journal.notes)


def guardrails(turn: Turn) -> Iterator[Action]:
    """Stops the run at so many failed or lost steps, or at an alarm."""
    if turn.stopping:
        return
    stop, standing = turn.plan.stop, turn.standing
    lost = {step for step in standing.lost if turn.journal.state(step) in ("lost", "failed")}
    failed = len(standing.failed | fallen(turn))
    if failed >= stop.failed:
        yield turn.note("stopping", why=f"{failed} failed, and the limit is {stop.failed}")
    elif len(lost) >= stop.lost:
        yield turn.note("stopping", why=f"{len(lost)} lost, and the limit is {stop.lost}")
    elif turn.observed.alarms is not None:
        firing = sorted(turn.observed.alarms.intersection(stop.alarms))
        if firing:
            yield turn.note("stopping", why=f"the alarm {firing[0]} fires")


def fallen(turn: Turn) -> set[str]:
    """The steps whose machine was changed, and is out of service for longer than its gate gives it to be ready."""
    changed, found = turn.standing.changed, set[str]()
    if not changed:
        return found
    clusters = {cluster for wave in turn.standing.begun for cluster in turn.compiled.clusters_in[wave]}
    for cluster in clusters:
        for id, seen in turn.observed.impaired(cluster).items():
            step = changed.get(id)
            if step is None or seen.up is not False or seen.since is None:
                continue
            patience = turn.compiled.group(turn.compiled.steps[step]).gate.ready_within
            if (turn.now - seen.since).total_seconds() > patience:
                found.add(step)
    return found


def waves(turn: Turn) -> Iterator[Action]:
    """Ends the waves whose steps are over, when they have soaked and their gate has passed."""
    if turn.stopping:
        return
    for begun in list(turn.standing.begun.values()):
        if not begun.left:
            yield _end(turn, begun)


def _end(turn: Turn, begun: Begun) -> Action:
    wave = begun.wave
    if not begun.done:
        if begun.since is not None and turn.compiled.needed_by[wave.id]:
            why = "nothing of it was changed, so nothing shows that it is safe to go on"
            return turn.note("stopping", about=wave.id, why=why)
        return turn.note("wave-over", about=wave.id, why="nothing of it was changed")
    since = begun.since or turn.now
    until = since + timedelta(seconds=wave.soak)
    out = _out(turn, begun)
    if out:
        # For too long it is a failure, which the guardrail counts.
        return _held(turn, begun, out)
    if turn.now < until:
        return Rest(until=min(until, turn.now + timedelta(seconds=60)), why="it is watched", about=wave.id)
    quiet = turn.compiled.quiet_alarms(wave.id)
    alarms = turn.observed.alarms
    firing = sorted(quiet.intersection(alarms)) if alarms is not None else []
    if quiet and alarms is None:
        return _held(turn, begun, "nobody could say which alarms fire")
    if firing:
        return _held(turn, begun, f"the alarm {firing[0]} fires")
    measures = turn.compiled.measures(wave.id)
    if measures:
        gate = weigh(measures, turn.observed.samples(wave.id), since)
        if gate.failed:
            return turn.note("stopping", about=wave.id, why=f"its gate has failed: {gate.why}", gate="failed")
        if not gate.passed:
            return _held(turn, begun, gate.why)
    return turn.note("wave-over", about=wave.id)


def _out(turn: Turn, begun: Begun) -> str:
    """What is wrong with a machine of the wave that was changed, is out of service now, and is no failure yet."""
    gone = fallen(turn)
    for cluster in turn.compiled.clusters_in[begun.wave.id]:
        for id, seen in turn.observed.impaired(cluster).items():
            step = turn.standing.changed.get(id)
            if seen.up is False and step is not None and step not in gone and turn.compiled.wave_of[step] is begun.wave:
                return f"{id} fell out of service after its change{f' ({seen.why})' if seen.why else ''}"
    return ""


def _held(turn: Turn, begun: Begun, why: str) -> Rest:
    return Rest(until=turn.now + timedelta(seconds=15), why=why, about=begun.wave.id, held=True)


def ending(turn: Turn) -> Iterator[Action]:
    """The end of the run: all waves are over, or it was stopped and nothing is in hand any more."""
    if turn.journal.active:
        return
    standing = turn.standing
    if len(standing.over) == len(turn.compiled.waves):
        yield turn.note("done")
    elif standing.stopping:
        why = next((note.why for note in turn.journal.notes if note.what == "stopping"), "")
        yield turn.note("stopped", why=why)
