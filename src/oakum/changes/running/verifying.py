"""The proof: after the act, by a look of our own, the machine runs what was wanted, restarted if it had to, and serves.

No evidence holds until the gate's time is over, and is a failure then. A machine that restarted and still runs the old
version is a failure at once: what was done is not effective.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.changes.plans.model import Step
from oakum.changes.running.actions import Action
from oakum.changes.running.leaving import fail, give_back
from oakum.changes.running.live import voting
from oakum.changes.running.observed import Seen
from oakum.changes.running.rebooting import MOST_BOOTS
from oakum.changes.running.turn import Visit


def verifying(visit: Visit, seen: Seen) -> Iterator[Action]:
    """Looks until everything is shown, or the time is over."""
    booted = visit.facts.get("booted", "")
    if booted and seen.boot_id and seen.boot_id != booted and visit.step.reboot:
        boots = int(visit.facts.get("boots", "0")) + 1
        if boots > MOST_BOOTS:
            yield fail(visit, f"it restarted {boots} times")
        else:
            yield visit.enter("verifying", "it has restarted again", booted=seen.boot_id, boots=str(boots))
        return
    wanted = expected(visit.step, back=visit.back)
    scanned = visit.fresh(seen.scanned) and visit.fresh(seen.at)
    wrong = differing(wanted, seen) if scanned else "it could not be scanned since"
    gate = visit.group.gate
    limit = float(gate.ready_within or visit.step.takes.back.p95)
    silent = voting(visit)
    if not wrong and not silent and (seen.up or (seen.up is None and not gate.ready_within)):
        yield give_back(visit, "undone" if visit.back else "done", visit.facts.get("failed", ""))
    elif scanned and wrong and seen.up and visit.step.reboot and visit.facts.get("rebooted") == "true" and booted:
        yield fail(visit, f"it restarted and the change is not effective: {wrong}")
    elif visit.watched >= limit:
        yield fail(visit, wrong or silent or "it is not ready")
    else:
        yield visit.watch(wrong or silent or "it is not ready yet", until=limit)


def expected(step: Step, *, back: bool) -> dict[str, str]:
    """The versions in effect when the step is done, or undone."""
    if back:
        return {change.component: change.back or change.before for change in step.changes}
    return {change.component: step.after.get(change.component, change.after) for change in step.changes}


def differing(wanted: dict[str, str], seen: Seen) -> str:
    """What runs in another version than is wanted; empty where nothing does."""
    for component, version in wanted.items():
        running = seen.running.get(component)
        if running != version and not (running is None and version == "absent"):
            return f"{component} is at {running or 'no known version'}, not {version}"
    return ""
