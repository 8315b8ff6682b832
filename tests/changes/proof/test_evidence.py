"""What two looks at machines show: a change that is there or is not, and a finding that is closed or only untold."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from oakum.changes.plans.model import Change, Plan, Step
from oakum.changes.proof.evidence import (
    FindingsDocument,
    LookedAt,
    ToldFinding,
    ToldMachine,
    contradicted,
    effects,
    gaps,
    outcomes,
    read_look,
)
from oakum.changes.state.inventory import InventoryDocument, MachineEntry, SoftwareEntry
from oakum.changes.state.software import KERNEL
from oakum.ledger.entries import digest
from oakum.simulation.scenarios import read
from oakum.simulation.trials import ready

AT = datetime(2026, 1, 31, 6, tzinfo=UTC)
FLAW = ToldFinding(id="CVE-1", package="openssl", version="1", fixed="2", state="available")

IMAGE = ToldFinding(id="CVE-2", package="linux-image-6.1", version="1", fixed="2", state="available")


def plan(**change: object) -> tuple[Plan, Step]:
    """A plan with one step on one host, whose only change is altered."""
    whole = ready(read("bare-hosts")).answer
    assert isinstance(whole, Plan)
    step = whole.waves[0].steps[0]
    made = Change(intent="i", kind="packages", component="openssl", before="1", after="2", reversibility="reversible")
    step = replace(step, changes=(replace(made, **change),))
    return replace(whole, waves=(replace(whole.waves[0], steps=(step,)),)), step


def look(
    version: str = "", *, running: str = "", boot: str = "b-1", uid: str = "", told: tuple[ToldFinding, ...] = (),
    assessed: int = 1, component: str = "openssl", machine: str = "", kernel: str = "",
) -> LookedAt:  # fmt: skip
    """A look at the host of the plan; nothing is installed on it where there is no version."""
    step = plan()[1]
    software = {component: SoftwareEntry(installed=version, running=running)} if version else {}
    if kernel:
        software[KERNEL] = SoftwareEntry(installed="9", running=kernel)
    name = machine or step.subject.id
    entry = MachineEntry(uid=uid or step.subject.uid, boot_id=boot, software=software)
    return LookedAt(
        InventoryDocument(format="oakum-inventory/1", hosts={name: entry}),
        FindingsDocument(
            at=AT, inventory=digest(b""),
            machines={name: ToldMachine(packages=1, assessed=assessed, findings=told)},
        ),
    )  # fmt: skip


SHOWN: dict[str, tuple[dict[str, object], str, LookedAt, LookedAt, str]] = {
    "done and there": ({}, "done", look("1"), look("2"), "yes"),
    "done and not there": ({}, "done", look("1"), look("1"), "no"),
    "done, installed and not running": ({}, "done", look("1"), look("2", running="1"), "no"),
    "done on another machine": ({}, "done", look("1"), look("2", uid="another"), "no"),
    "done and not looked at": ({}, "done", look("1"), LookedAt(), "unknown"),
    "done and not in it": ({}, "done", look("1"), look("2", component="other"), "unknown"),
    "done, and the host is not in it": ({}, "done", look("1"), look("2", machine="other"), "unknown"),
    "undone and back": ({"back": "1"}, "undone", look("1"), look("1"), "yes"),
    "undone and not back": ({}, "undone", look("1"), look("2"), "no"),
    "undone to what it goes back to": ({"back": "0"}, "undone", look("1"), look("0"), "yes"),
    "restarted": ({"reboot": True}, "done", look("1"), look("2", boot="b-2"), "yes"),
    "not restarted": ({"reboot": True}, "done", look("1"), look("2"), "no"),
    "nobody knows whether": ({"reboot": True}, "done", look("1", boot=""), look("2", boot="b-2"), "unknown"),
    "nobody looked before": ({"reboot": True}, "done", LookedAt(), look("2", boot="b-2"), "unknown"),
    "taken off": ({"after": "absent"}, "done", look("1"), look(), "yes"),
    "not taken off": ({"after": "absent"}, "done", look("1"), look("1"), "no"),
    "failed": ({}, "failed", look("1"), look("1"), "nothing"),
    "not begun": ({}, "waiting", look("1"), look("2"), "nothing"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "state", "before", "after", "shown"), SHOWN.values(), ids=SHOWN)
def test_what_a_machine_shows_of_a_change(
    change: dict[str, object], state: str, before: LookedAt, after: LookedAt, shown: str
) -> None:
    whole, step = plan(**change)
    (found,) = effects(whole, {step.id: state}, before, after)
    assert found.shown == shown
    faults = [str(each) for each in contradicted([found])]
    assert len(faults) == (shown == "no") and all(step.subject.id in each for each in faults)
    kinds = {each.kind for each in gaps(whole, before, after, [found], [])}
    assert ("unread-machine" in kinds or "no-inventory" in kinds) >= (shown == "unknown")


BECAME: dict[str, tuple[LookedAt, LookedAt, list[tuple[str, str]]]] = {
    "closed by another version": (look("1", told=(FLAW,)), look("2"), [("closed", "2")]),
    "closed by taking it away": (look("1", told=(FLAW,)), look(), [("closed", "")]),
    "still there": (look("1", told=(FLAW,)), look("1", told=(FLAW,)), [("remains", "1")]),
    "still there in the new version": (
        look("1", told=(FLAW,)), look("2", told=(replace(FLAW, version="2"),)), [("remains", "2")]
    ),
    "new": (look("1"), look("2", told=(replace(FLAW, version="2"),)), [("new", "2")]),
    "new where nobody could judge before": (look("1", assessed=0), look("1", told=(FLAW,)), [("unclear", "1")]),
    "untold, and the same package": (look("1", told=(FLAW,)), look("1"), [("unclear", "1")]),
    "untold where nobody could judge": (look("1", told=(FLAW,)), look("2", assessed=0), [("unclear", "2")]),
    "untold where nobody could look": (look("1", told=(FLAW,)), look("2", machine="other"), [("unclear", "")]),
    "in effect since the restart": (
        look("1", told=(replace(FLAW, state="installed"),)), look("1", boot="b-2"), [("closed", "1")]
    ),
    "a restart that brings nothing": (look("1", told=(FLAW,)), look("1", boot="b-2"), [("unclear", "1")]),
    "another kernel runs": (
        look("1", component="linux-image-6.1", told=(IMAGE,), kernel="6.1"),
        look("1", component="linux-image-6.1", boot="b-2", kernel="6.2"), [("closed", "1")],
    ),
    "the same kernel runs": (
        look("1", component="linux-image-6.1", told=(IMAGE,), kernel="6.1"),
        look("1", component="linux-image-6.1", boot="b-2", kernel="6.1"), [("unclear", "1")],
    ),
    "another kernel, and another package": (
        look("1", told=(FLAW,), kernel="6.1"), look("1", boot="b-2", kernel="6.2"), [("unclear", "1")]
    ),
    "nobody looked before": (LookedAt(), look("1", told=(FLAW,)), []),
    "nobody looked after": (look("1", told=(FLAW,)), LookedAt(), []),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "became"), BECAME.values(), ids=BECAME)
def test_what_became_of_a_finding(before: LookedAt, after: LookedAt, became: list[tuple[str, str]]) -> None:
    found = outcomes(before, after)
    assert [(each.became, each.now) for each in found] == became
    unclear = [each for each in gaps(plan()[0], before, after, [], found) if each.kind == "unclear-finding"]
    assert len(unclear) == sum(word == "unclear" for word, _ in became)


def test_findings_about_another_inventory_are_none() -> None:
    inventory = b'{"format":"oakum-inventory/1","hosts":{}}'
    about = b'{"format":"oakum-findings/1","at":"2026-01-31T06:00:00Z","inventory":"%s"}'
    right = {"before/inventory.json": inventory, "before/findings.json": about % digest(inventory).encode()}
    found, faults = read_look("before", right)
    assert found.findings is not None and faults == []
    for data in (about % digest(b"x").encode(), b"{}", b"\xff", b"[" * 100_000, about.replace(b"Z", b"") % b"x"):
        found, faults = read_look("before", right | {"before/findings.json": data})
        assert found.findings is None and [each.member for each in faults] == ["before/findings.json"]
    assert read_look("before", {}) == (LookedAt(), [])
