"""What two looks show, in words: nothing that nobody saw, and what contradicts the journal is told with both."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace
from tests.changes.proof.makings import NOW, change, look, plan, step

from oakum.changes.proof.container import AFTER, BEFORE, FOUND_AFTER, FOUND_BEFORE
from oakum.changes.proof.evidence import (
    Effect,
    FindingsDocument,
    LookedAt,
    Outcome,
    ToldFinding,
    ToldGap,
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

LATER = " (it cannot be made good: scan the machines again, and keep that answer beside the bundle)"
IMPORT = " (for the next run: import feeds before it, as oakum feeds import --help tells)"
FLAW = ToldFinding(id="CVE-1", package="openssl", version="1", fixed="2", state="available")
IMAGE = replace(FLAW, package="linux-image-6.1")


def host(version: str = "", *, boot: str = "b-1", uid: str = "uid-web-1", kernel: str = "", package: str = "openssl",
         running: str = "") -> MachineEntry:  # fmt: skip
    """A host with a package, where it has a version, and a kernel."""
    software = {package: SoftwareEntry(installed=version, running=running)} if version else {}
    if kernel:
        software[KERNEL] = SoftwareEntry(installed="9", running=kernel)
    return MachineEntry(uid=uid, boot_id=boot, software=software)


def seen(hosts: dict[str, MachineEntry], told: dict[str, ToldMachine] | None = None) -> LookedAt:
    """A look at some hosts, and what was told of them where anything was."""
    found = None if told is None else FindingsDocument(at=NOW, inventory=digest(b""), machines=told)
    return LookedAt(InventoryDocument(format="oakum-inventory/1", hosts=hosts), found)


def at(entry: MachineEntry) -> LookedAt:
    return seen({"web-1": entry})


def told(*findings: ToldFinding, assessed: int = 1, gaps: tuple[ToldGap, ...] = ()) -> ToldMachine:
    return ToldMachine(packages=1, assessed=assessed, findings=findings, gaps=gaps)


def effect(state: str, before: LookedAt, after: LookedAt, /, **change_: object) -> Effect:
    about = plan(waves=[[step("web-1", changes=(change(**change_),))]])  # type: ignore[arg-type]  # fields of a change
    (found,) = effects(about, {"packages@web-1": state}, before, after)
    return found


# Changes


TWO = at(host("2"))
ABSENT: dict[str, object] = {"after": "absent"}
SHOWN: dict[str, tuple[str, LookedAt, LookedAt, dict[str, object], str]] = {
    "taken off, and nobody looked": ("done", at(host("1")), LookedAt(), ABSENT, "unknown"),
    "taken off, and the host is not there": ("done", at(host("1")), seen({"web-2": host()}), ABSENT, "unknown"),
    "taken off": ("done", at(host("1")), at(host()), ABSENT, "yes"),
    "gone, and it should not be": ("done", at(host("1")), at(host()), {}, "unknown"),
    "without the id of a machine": ("done", at(host("1")), at(host("2", uid="")), {}, "yes"),
    "on another machine": ("done", at(host("1")), at(host("2", uid="other")), {}, "no"),
    "nothing seen on another machine": ("done", at(host("1")), at(host(uid="other")), {}, "unknown"),
    "undone on another machine": ("undone", at(host("1")), at(host("1", uid="other")), {}, "no"),
    "restarted": ("done", at(host("1")), at(host("2", boot="b-2")), {"reboot": True}, "yes"),
    "not restarted": ("done", at(host("1")), at(host("2")), {"reboot": True}, "no"),
    "without a boot id before": ("done", at(host("1", boot="")), TWO, {"reboot": True}, "unknown"),
    "without a boot id after": ("done", at(host("1")), at(host("2", boot="")), {"reboot": True}, "unknown"),
    "without any boot id": ("done", at(host("1", boot="")), at(host("2", boot="")), {"reboot": True}, "unknown"),
    "nobody looked before": ("done", LookedAt(), TWO, {"reboot": True}, "unknown"),
    "another version, and no boot id": ("done", at(host("1", boot="")), at(host("1")), {"reboot": True}, "no"),
    "nothing seen, and not restarted": ("done", at(host("1")), at(host()), {"reboot": True}, "unknown"),
    "undone, which needs no restart": ("undone", at(host("1")), at(host("1")), {"reboot": True}, "yes"),
    "failed": ("failed", at(host("1")), at(host("1", uid="other")), {"reboot": True}, "nothing"),
    "installed, and another one runs": ("done", at(host("1")), at(host("2", running="1")), {}, "no"),
}  # fmt: skip


@pytest.mark.parametrize(("state", "before", "after", "fields", "shown"), SHOWN.values(), ids=SHOWN)
def test_a_change_is_shown_by_what_was_seen_alone(
    state: str, before: LookedAt, after: LookedAt, fields: dict[str, object], shown: str
) -> None:
    assert effect(state, before, after, **fields).shown == shown


def test_a_step_of_which_the_journal_says_nothing_waits() -> None:
    (found,) = effects(plan(waves=[[step("web-1")]]), {}, at(host("1")), TWO)
    assert (found.state, found.shown, found.before, found.after) == ("waiting", "nothing", "1", "2")


LOOK = " (look at the machine: somebody has changed it, or the run did not)"
OTHERWISE = "web-1 is another machine, or has not booted since, and packages@web-1 is"


@pytest.mark.parametrize(("state", "after", "fields", "says"), [
    ("done", host("1"), {},
     "openssl on web-1 is 1, and journal.jsonl says of packages@web-1 that it is done, which is 2"),
    ("done", host("3"), {"after": "absent"},
     "openssl on web-1 is 3, and journal.jsonl says of packages@web-1 that it is done, which is absent"),
    ("undone", host("2"), {},
     "openssl on web-1 is 2, and journal.jsonl says of packages@web-1 that it is undone, which is 1"),
    ("undone", host("2"), {"back": "0"},
     "openssl on web-1 is 2, and journal.jsonl says of packages@web-1 that it is undone, which is 0"),
    ("done", host("2", uid="other"), {}, f"{OTHERWISE} done"),
    ("done", host("2"), {"reboot": True}, f"{OTHERWISE} done"),
    ("undone", host("1", uid="other"), {}, f"{OTHERWISE} undone"),
])  # fmt: skip
def test_what_contradicts_the_journal_is_told_with_both(
    state: str, after: MachineEntry, fields: dict[str, object], says: str
) -> None:
    found = effect(state, at(host("1")), at(after), **fields)
    assert [str(each) for each in contradicted([found])] == [f"after/inventory.json, web-1: {says}{LOOK}"]


def test_what_is_shown_or_unknown_contradicts_nothing() -> None:
    for found in (effect("done", LookedAt(), TWO), effect("done", LookedAt(), LookedAt()), effect("failed", TWO, TWO)):
        assert list(contradicted([found])) == []


# Findings


def became(before: LookedAt, after: LookedAt) -> list[tuple[str, str, str, str]]:
    return [(each.finding.id, each.became, each.now, each.why) for each in outcomes(before, after)]


def both(one: MachineEntry, other: MachineEntry, was: ToldFinding) -> list[tuple[str, str, str, str]]:
    """What became of a finding that is told before, and not after."""
    return became(seen({"web-1": one}, {"web-1": told(was)}), seen({"web-1": other}, {"web-1": told()}))


ASKED = "it is no longer told, and the package is the same: other advisories were asked"
CLOSED: dict[str, tuple[MachineEntry, MachineEntry, ToldFinding, tuple[str, str, str]]] = {
    "another version": (host("1"), host("2"), FLAW, ("closed", "2", "")),
    "taken off": (host("1"), host(), FLAW, ("closed", "", "it is gone")),
    "the same": (host("1"), host("1"), FLAW, ("unclear", "1", ASKED)),
    "the same, restarted": (host("1"), host("1", boot="b-2"), FLAW, ("unclear", "1", ASKED)),
    "installed, and restarted": (
        host("1"), host("1", boot="b-2"), replace(FLAW, state="installed"),
        ("closed", "1", "the machine has booted since")),
    "installed, and not restarted": (host("1"), host("1"), replace(FLAW, state="installed"), ("unclear", "1", ASKED)),
    "installed, and nobody knows whether it restarted": (
        host("1"), host("1", boot=""), replace(FLAW, state="installed"), ("unclear", "1", ASKED)),
}  # fmt: skip
KERNELS: dict[str, tuple[tuple[str, str], tuple[str, str], tuple[str, str]]] = {
    "another runs": (("6.1", "b-1"), ("6.2", "b-2"), ("closed", "the machine runs 6.2 now")),
    "another runs, and it has not restarted": (("6.1", "b-1"), ("6.2", "b-1"), ("unclear", ASKED)),
    "the same runs": (("6.1", "b-1"), ("6.1", "b-2"), ("unclear", ASKED)),
    "nobody knows what ran": (("", "b-1"), ("6.2", "b-2"), ("unclear", ASKED)),
    "nobody knows what runs": (("6.1", "b-1"), ("", "b-2"), ("unclear", ASKED)),
    "another ran than the one that is told": (("6.0", "b-1"), ("6.2", "b-2"), ("unclear", ASKED)),
}  # fmt: skip


@pytest.mark.parametrize(("one", "other", "was", "expected"), CLOSED.values(), ids=CLOSED)
def test_a_finding_that_is_no_longer_told_is_closed_for_a_reason_or_unclear(
    one: MachineEntry, other: MachineEntry, was: ToldFinding, expected: tuple[str, str, str]
) -> None:
    assert both(one, other, was) == [("CVE-1", *expected)]


@pytest.mark.parametrize(("ran", "runs", "expected"), KERNELS.values(), ids=KERNELS)
def test_a_former_kernel_s_finding_is_closed_where_another_is_known_to_run(
    ran: tuple[str, str], runs: tuple[str, str], expected: tuple[str, str]
) -> None:
    one, other = (host("1", kernel=kernel, boot=boot, package=IMAGE.package) for kernel, boot in (ran, runs))
    assert both(one, other, IMAGE) == [("CVE-1", expected[0], "1", expected[1])]


BEFORE_IT = seen({"web-1": host("1")}, {"web-1": told(FLAW)})
NEW = replace(FLAW, id="CVE-9", version="2")
BECAME: dict[str, tuple[LookedAt, LookedAt, list[tuple[str, str, str, str]]]] = {
    "it remains": (BEFORE_IT, seen({"web-1": host("1")}, {"web-1": told(FLAW)}), [("CVE-1", "remains", "1", "")]),
    "nobody could read it, whatever was told": (
        BEFORE_IT, seen({}, {"web-1": told()}), [("CVE-1", "unclear", "", "nobody could read it after")]),
    "nobody could judge it": (
        BEFORE_IT, seen({"web-1": host("2")}, {"web-1": told(assessed=0)}),
        [("CVE-1", "unclear", "2", "advisories could not judge the machine after")]),
    "nothing was told of it": (
        BEFORE_IT, seen({"web-1": host("2")}, {}),
        [("CVE-1", "unclear", "2", "advisories could not judge the machine after")]),
    "new": (
        seen({"web-1": host("1")}, {"web-1": told()}), seen({"web-1": host("2")}, {"web-1": told(NEW)}),
        [("CVE-9", "new", "2", "")]),
    "told alone after": (
        seen({"web-1": host("1")}, {"web-1": told(assessed=0)}), seen({"web-1": host("2")}, {"web-1": told(NEW)}),
        [("CVE-9", "unclear", "2", "advisories could not judge the machine before")]),
    "a host that is new": (
        seen({}, {}), seen({"web-1": host("2")}, {"web-1": told(NEW)}),
        [("CVE-9", "unclear", "2", "advisories could not judge the machine before")]),
    "the same flaw of another package": (
        BEFORE_IT, seen({"web-1": host("2")}, {"web-1": told(replace(NEW, id="CVE-1", package="libssl"))}),
        [("CVE-1", "closed", "2", ""), ("CVE-1", "new", "2", "")]),
    "no advisories before": (seen({"web-1": host("1")}), BEFORE_IT, []),
    "no advisories after": (BEFORE_IT, seen({"web-1": host("1")}), []),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), BECAME.values(), ids=BECAME)
def test_what_became_of_a_finding_says_why(
    before: LookedAt, after: LookedAt, expected: list[tuple[str, str, str, str]]
) -> None:
    assert became(before, after) == expected


# Gaps


def open_(before: LookedAt, after: LookedAt, *shown: Effect, became: tuple[Outcome, ...] = ()) -> list[tuple[str, str]]:
    """The gaps of a plan of two hosts, by kind, in words."""
    about = plan(waves=[[step("web-1"), step("web-2")]])
    return [(each.kind, str(each)) for each in gaps(about, before, after, shown, became)]


HOSTS = {"web-1": host("1"), "web-2": host("1")}
ALL = seen(HOSTS, {"web-1": told(), "web-2": told()})
ODD, SCANS = (ToldGap(kind=kind, what="6.1", why="of nobody", remedy="ask") for kind in ("odd", "unowned-kernel"))
UNREAD = "unread-machine"
NO_FINDINGS = "the run: no advisories were at hand for these machines"
SILENT = "no advisory at hand could say anything of its packages"
GAPS: dict[str, tuple[LookedAt, LookedAt, list[tuple[str, str]]]] = {
    "none": (ALL, ALL, []),
    "nobody looked before": (LookedAt(), ALL, [
        ("no-inventory", f"the machines before the run: nobody looked at them{LATER}")]),
    "nobody looked after": (ALL, LookedAt(), [
        ("no-inventory", f"the machines after the run: nobody looked at them{LATER}")]),
    "a host could not be read": (ALL, seen({"web-2": host("1")}, {"web-2": told()}), [
        (UNREAD, f"web-1: could not be read after the run{LATER}")]),
    "two could not be read": (seen({"web-9": host()}, {"web-9": told()}), ALL, [
        (UNREAD, f"web-1, web-2: could not be read before the run{LATER}")]),
    "no advisories": (seen(HOSTS), ALL, [("no-findings", f"findings before {NO_FINDINGS}{IMPORT}")]),
    "no advisories that could judge anything": (ALL, seen(HOSTS, {"web-1": told(assessed=0)}), [
        ("no-findings", f"findings after {NO_FINDINGS}{IMPORT}")]),
    "no advisories for one of two, which says so": (
        ALL, seen(HOSTS, {"web-1": told(assessed=0, gaps=(SCANS,)), "web-2": told()}),
        [("unowned-kernel", "web-1, after the run: 6.1: of nobody (ask)")]),
    "no advisories for one of two, which says nothing": (
        seen(HOSTS, {"web-1": told(assessed=0), "web-2": told(), "web-9": told(assessed=0)}), ALL,
        [("not-assessed", f"web-1, before the run: {SILENT}{IMPORT}")]),
    "nothing told of one of two": (
        ALL, seen(HOSTS, {"web-2": told()}), [("not-assessed", f"web-1, after the run: {SILENT}{IMPORT}")]),
    "something on a host could not be judged": (
        ALL, seen(HOSTS, {"web-1": told(gaps=(ODD,)), "web-2": told(gaps=(SCANS,))}), [
            ("not-assessed", "web-1, after the run: 6.1: of nobody (ask)"),
            ("unowned-kernel", "web-2, after the run: 6.1: of nobody (ask)")]),
    "the same on both": (
        seen(HOSTS, {"web-2": told(gaps=(ODD,)), "web-1": told(gaps=(ODD,))}), ALL,
        [("not-assessed", "web-1, web-2, before the run: 6.1: of nobody (ask)")]),
    "the same on five": (
        seen(HOSTS, {f"web-{number}": told(gaps=(ODD,)) for number in range(1, 6)}), ALL,
        [("not-assessed", "web-1, web-2, web-3 and 2 more, before the run: 6.1: of nobody (ask)")]),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), GAPS.values(), ids=GAPS)
def test_what_nobody_saw_or_could_judge_is_a_gap(
    before: LookedAt, after: LookedAt, expected: list[tuple[str, str]]
) -> None:
    assert open_(before, after) == expected


def test_a_version_that_a_look_does_not_show_is_a_gap_where_the_machine_is_there() -> None:
    unknown = effect("done", at(host("1")), at(host()))
    unread = effect("done", at(host("1")), LookedAt())
    assert (unknown.shown, unread.shown) == ("unknown", "unknown")
    why = "openssl on web-1: the later look does not show it, or whether the machine has booted"
    assert open_(ALL, ALL, unknown, effect("done", ALL, ALL), effect("failed", ALL, ALL)) == [(UNREAD, f"{why}{LATER}")]
    lost = seen({"web-2": host("1")}, {"web-2": told()})
    assert open_(ALL, lost, unread) == [(UNREAD, f"web-1: could not be read after the run{LATER}")], "that says it"


def test_a_finding_of_which_nobody_can_tell_is_a_gap() -> None:
    one, other = outcomes(BEFORE_IT, seen({"web-1": host("1")}, {"web-1": told(NEW)}))
    assert (one.became, other.became) == ("unclear", "new")
    assert open_(ALL, ALL, became=(one, other)) == [("unclear-finding", f"CVE-1 of openssl on web-1: {ASKED}{LATER}")]


# Documents


ALONE = "no before/findings.json stands beside it, so that it is in no ledger"


def test_the_documents_of_a_look_are_read_each_for_itself() -> None:
    before, after = look(["web-1"], "1"), look(["web-2"], "2")
    members = {BEFORE: before[0], FOUND_BEFORE: before[1], AFTER: after[0], FOUND_AFTER: after[1]}
    for when, name in (("before", "web-1"), ("after", "web-2")):
        found, faults = read_look(when, members)  # type: ignore[arg-type]  # words of a table
        assert faults == [] and found.machine(name) is not None and found.told(name) is not None
    assert read_look("after", {BEFORE: before[0], FOUND_BEFORE: before[1]}) == (LookedAt(), [])


def test_a_document_that_is_none_is_named() -> None:
    inventory, findings = look(["web-1"], "1")
    for members, faults in (
        ({BEFORE: b"{}", FOUND_BEFORE: findings},
         [(BEFORE, "it is no inventory: "), (FOUND_BEFORE, "it is about another")]),
        ({BEFORE: b"\xff"}, [(BEFORE, "it is no inventory: "), (BEFORE, ALONE)]),
        ({BEFORE: b"[" * 100_000}, [(BEFORE, "it is no inventory: "), (BEFORE, ALONE)]),
        ({BEFORE: inventory}, [(BEFORE, ALONE)]),
        ({BEFORE: inventory, FOUND_BEFORE: b"{}"}, [(FOUND_BEFORE, "these are no findings: ")]),
        ({BEFORE: inventory + b" ", FOUND_BEFORE: findings},
         [(FOUND_BEFORE, "it is about another inventory than before/inventory.json")]),
        ({FOUND_BEFORE: findings}, [(FOUND_BEFORE, "it is about another inventory than before/inventory.json")]),
    ):  # fmt: skip
        found, wrong = read_look("before", members)
        assert [each.member for each in wrong] == [member for member, _ in faults]
        assert all(each.why.startswith(why) for each, (_, why) in zip(wrong, faults, strict=True))
        assert found.findings is None


def test_what_a_document_leaves_out_is_nothing() -> None:
    told_ = msgspec.json.decode(b'{"id":"CVE-1","package":"openssl","version":"1"}', type=ToldFinding)
    assert told_ == ToldFinding(id="CVE-1", package="openssl", version="1", exploited=False)
    assert msgspec.json.decode(b"{}", type=ToldMachine) == ToldMachine(packages=0, assessed=0, findings=(), gaps=())
    assert LookedAt().machine("web-1") is None and LookedAt().told("web-1") is None
    assert seen({}, {"web-1": told(assessed=0)}).told("web-1") is None
