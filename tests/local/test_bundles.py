"""The bundle of a run: a stranger verifies it from the file alone, and whoever rewrites it is found by what it says.

Whoever rewrites can make every sum right, and sign with a ledger of his own: what is left is what others signed.
"""

from __future__ import annotations

import json
import platform
import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ledger.ledgers import entry
from tests.local.estate import HOSTS, NEW, OLD, Estate
from tests.local.looks import Looks
from tests.local.proofs import LEDGER, Proofs

from oakum.changes.proof import Proof, bundled, opened
from oakum.changes.proof.container import (
    ABOUT,
    AFTER,
    BEFORE,
    CHECKPOINT,
    EARLIER,
    ENTRIES,
    FOUND_AFTER,
    FOUND_BEFORE,
    JOURNAL,
    KEY,
    PLAN,
    README,
    REQUEST,
)
from oakum.changes.proof.evidence import FindingsDocument, ToldGap
from oakum.changes.running.journal import Answered, Meant, Noted, Turned, decode, encode
from oakum.cli.main import main
from oakum.errors import NotAssessableError
from oakum.ledger.entries import Entry, digest, read_entry
from oakum.local.bundles import export, ledger_members, verified
from oakum.local.ledger.keys import FileSigner, make_key
from oakum.local.ledger.runs import series_of
from oakum.local.ledger.signing import sign
from oakum.local.ledger.store import Store
from oakum.reports.proofs import proof_document, proof_text

Out = pytest.CaptureFixture[str]
Members = dict[str, bytes]


@pytest.fixture(scope="module")
def standard(tmp_path_factory: pytest.TempPathFactory, keys: Path) -> tuple[Proofs, Members]:
    """The bundle of a run that went well, made once."""
    proofs = Proofs(Estate(tmp_path_factory.mktemp("standard"), keys))
    return proofs, proven(proofs)


@pytest.fixture
def proofs(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> Proofs:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("OAKUM_DATA", estate.data)
    return Proofs(estate)


def proven(proofs: Proofs, **more: object) -> Members:
    """The members of the bundle of a run that went well."""
    run = proofs.run(**more)  # type: ignore[arg-type]  # words of a test
    try:
        return proofs.members(run)
    finally:
        run.close()


def seen(proofs: Proofs, members: Members, *, pinned: bool = True, **more: object) -> Proof:
    """What a stranger sees in a bundle of these members, all of whose sums are right."""
    keys = [proofs.key] if pinned else []
    return verified(opened(b"".join(bundled(members))), keys=keys, **more)  # type: ignore[arg-type]  # words of a test


def texts(proof: Proof) -> list[str]:
    return [str(each) for each in proof.faults]


# What is shown


def test_everything_of_a_run_is_shown(proofs: Proofs) -> None:
    proof = seen(proofs, proven(proofs))
    assert (proof.verdict, proof.faults, proof.gaps) == ("proven", (), ())
    assert (proof.state, proof.requested_by) == ("done", "approver-1")
    assert [(each.machine, each.before, each.after, each.shown) for each in proof.effects] == [
        (host, OLD, NEW, "yes") for host in HOSTS
    ]
    became = [(each.machine, each.finding.id, each.became, each.now) for each in proof.outcomes]
    assert became == [
        (host, id_, outcome, NEW)
        for host in HOSTS
        for id_, outcome in (("CVE-2024-0001", "closed"), ("CVE-2024-0002", "closed"), ("CVE-2024-0003", "remains"))
    ]
    assert proof.agreed is not None and [each.who for each in proof.agreed.judged] == ["approver-2"]
    head = proof.ledger.checkpoint
    assert head is not None and (head.origin, head.size) == (LEDGER, proof.ledger.entries)


def test_the_same_run_is_the_same_file_and_names_nobody_who_carried_it_out(proofs: Proofs) -> None:
    run = proofs.run()
    first = proofs.bundle(run).read_bytes()
    assert proofs.bundle(run).read_bytes() == first
    run.close()
    started = next(iter(run_lines(opened(first).members)))
    assert started["executor"].startswith("p-")
    assert platform.node().encode() not in first or len(platform.node()) < 4


def run_lines(members: Members) -> list[dict[str, str]]:
    return [json.loads(line) for line in members[JOURNAL].splitlines()]


def test_a_run_that_was_stopped_is_proven_as_what_it_is(proofs: Proofs) -> None:
    proof = seen(proofs, proven(proofs, stop=True))
    assert (proof.verdict, proof.state) == ("proven", "stopped")
    assert {each.shown for each in proof.effects} == {"nothing"}
    assert {each.became for each in proof.outcomes} == {"remains"}


def test_two_runs_of_one_ledger_are_proven_each_for_itself(proofs: Proofs) -> None:
    proven(proofs, name="r-1", stop=True)
    assert seen(proofs, proven(proofs, name="r-2")).verdict == "proven"


# Who rewrites the bundle, and makes all of its sums right


def lines(change: Callable[[list[bytes]], object], member: str = JOURNAL) -> Callable[[Members], None]:
    """The lines of a member, changed."""

    def rewrite(members: Members) -> None:
        found = members[member].split(b"\n")[:-1]
        change(found)
        members[member] = b"".join(line + b"\n" for line in found)

    return rewrite


def of(*kinds: type) -> Callable[[bytes], bool]:
    return lambda line: isinstance(decode(line), kinds)


def place(found: list[bytes], what: Callable[[bytes], bool]) -> int:
    return next(number for number, line in enumerate(found) if what(line))


def hide_a_failure(found: list[bytes]) -> None:
    number = place(found, lambda line: b'"state":"applying"' in line)
    found[number] = encode(msgspec.structs.replace(decode(found[number]), why="all is well"))


def later(members: Members) -> None:
    """All records say that it was an hour later."""
    records = [decode(line) for line in members[JOURNAL].splitlines()]
    moved = [msgspec.structs.replace(each, at=each.at + timedelta(hours=1)) for each in records]
    members[JOURNAL] = b"".join(encode(each) + b"\n" for each in moved)


def another_plan(members: Members) -> None:
    plan = json.loads(members[PLAN])
    plan["stop"]["failed"] = 99
    members[PLAN] = json.dumps(plan, sort_keys=True, separators=(",", ":")).encode()


def another_policy(members: Members) -> None:
    members["policy/policy.yaml"] = members["policy/policy.yaml"].replace(b"count: 1, roles: [platform]", b"count: 1")


def a_stranger_in_the_policy(members: Members) -> None:
    text = members["policy/policy.yaml"]
    members["policy/policy.yaml"] = text.replace(b"break_glass: no", b"break_glass: yes")


def nobody_agreed(members: Members) -> None:
    del members["approvals/0001"]


def the_requester_agreed(members: Members) -> None:
    members["approvals/0001"] = members[REQUEST]


def another_reason(members: Members) -> None:
    text = members["approvals/0001"]
    members["approvals/0001"] = text.replace(b"\nat: ", b"\nreason: I want it\nat: ")


def a_better_inventory(members: Members) -> None:
    members[AFTER] = members[AFTER].replace(NEW.encode(), b"3.9.99")
    told = msgspec.json.decode(members[FOUND_AFTER], type=FindingsDocument)
    members[FOUND_AFTER] = msgspec.json.encode(msgspec.structs.replace(told, inventory=digest(members[AFTER])))


def no_findings_left(members: Members) -> None:
    told = json.loads(members[FOUND_AFTER])
    for each in told["machines"].values():
        each["findings"] = []
    members[FOUND_AFTER] = json.dumps(told).encode()


def before_for_after(members: Members) -> None:
    members[AFTER], members[FOUND_AFTER] = members[BEFORE], members[FOUND_BEFORE]


def another_index(members: Members) -> None:
    lines(lambda found: found.__setitem__(3, found[3].replace(b'"index":3', b'"index":4')), ENTRIES)(members)


def another_proof(members: Members) -> None:
    found = [json.loads(line) for line in members[ENTRIES].splitlines()]
    found[5]["proof"] = found[6]["proof"]
    members[ENTRIES] = b"".join(msgspec.json.encode(each, order="sorted") + b"\n" for each in found)


def another_actor(members: Members) -> None:
    members[ENTRIES] = members[ENTRIES].replace(b'"actor":"oakum"', b'"actor":"p-' + b"0" * 32 + b'"', 1)


def another_checkpoint(members: Members) -> None:
    members[CHECKPOINT] = members[CHECKPOINT].replace(b"\n1", b"\n2", 1).replace(b"\n5", b"\n6", 1).replace(
        b"\n6", b"\n7", 1
    )  # fmt: skip


def feeds_of_another_day(members: Members) -> None:
    about = json.loads(members[ABOUT])
    members[ABOUT] = json.dumps(about | {"feeds": digest(b"x")}, sort_keys=True, separators=(",", ":")).encode()


def another_name(members: Members) -> None:
    members[ABOUT] = members[ABOUT].replace(b'"r-1"', b'"r-2"')


REWRITES: dict[str, tuple[Callable[[Members], object], str]] = {
    "a record was changed": (lines(hide_a_failure), "journal.jsonl, record "),
    "a record was left out": (lines(lambda found: found.pop(place(found, of(Noted)))), "journal.jsonl"),
    "the last record was left out": (lines(lambda found: found.pop()), "journal.jsonl"),
    "a record was put in": (
        lines(lambda found: found.insert(-1, found[place(found, of(Turned))])), "journal.jsonl, record "
    ),
    "an intent was left out": (lines(lambda found: found.pop(place(found, of(Meant)) + 3)), "journal.jsonl, record "),
    "an answer was exchanged": (
        lines(lambda found: found.__setitem__(place(found, of(Answered)), found[place(found, of(Meant))])),
        "journal.jsonl, record ",
    ),
    "it was all later": (later, "journal.jsonl, record 1"),
    "another plan": (another_plan, "plan.json: its hash is"),
    "another policy": (another_policy, "policy/: its digest is"),
    "somebody may break the glass": (a_stranger_in_the_policy, "policy/: its digest is"),
    "the policy is gone": (lambda members: members.pop("policy/policy.yaml"), "policy/"),
    "no request": (lambda members: members.pop(REQUEST), "request"),
    "nobody agreed": (nobody_agreed, "nobody had agreed enough by then"),
    "whoever asked agreed": (the_requester_agreed, "nobody had agreed enough by then"),
    "a statement was changed": (another_reason, "approvals/0001: the signature is not that of this text"),
    "a signature is none": (lambda m: m.__setitem__("approvals/0001", b"I agree"), "approvals/0001: there is no sig"),
    "another inventory": (a_better_inventory, "after/inventory.json"),
    "findings are gone": (no_findings_left, "after/findings.json"),
    "the look before for the one after": (before_for_after, "after/inventory.json"),
    "no look before": (lambda m: (m.pop(BEFORE), m.pop(FOUND_BEFORE)), "before/inventory.json"),
    "no inventory for its findings": (lambda m: m.pop(AFTER), "after/findings.json: it is about another inventory"),
    "an inventory that is none": (lambda m: m.__setitem__(AFTER, b"[" * 9999), "after/inventory.json: it is no inv"),
    "another index": (another_index, "ledger/entries.jsonl, entry 4"),
    "another proof": (another_proof, "ledger/entries.jsonl, entry 6, index 5: it is not in the signed ledger"),
    "another actor": (another_actor, "ledger/entries.jsonl, entry 1"),
    "an entry was left out": (lines(lambda found: found.pop(9), ENTRIES), "journal.jsonl"),
    "entries in another order": (lines(lambda found: found.reverse(), ENTRIES), "does not come after the one before"),
    "no entries": (lambda m: m.__setitem__(ENTRIES, b""), "it does not stand in the ledger"),
    "another checkpoint": (another_checkpoint, "ledger/checkpoint: the signature of example.com/oakum is wrong"),
    "no checkpoint at all": (lambda m: m.__setitem__(CHECKPOINT, b"x"), "ledger/checkpoint: no signed note"),
    "other feeds": (feeds_of_another_day, "about.json"),
    "another name": (another_name, "journal.jsonl, record 1: it is of run r-1"),
    "no journal": (lambda m: m.pop(JOURNAL), "journal.jsonl: it is missing"),
    "no plan": (lambda m: m.pop(PLAN), "plan.json: it is missing"),
    "no about": (lambda m: m.pop(ABOUT), "about.json: it is missing"),
    "a plan that is none": (lambda m: m.__setitem__(PLAN, b"{" * 5000), "plan.json: it is no plan"),
    "a plan with a space": (lambda m: m.__setitem__(PLAN, m[PLAN] + b" "), "plan.json: it is not written in its one"),
}  # fmt: skip


@pytest.mark.parametrize(("rewrite", "says"), REWRITES.values(), ids=REWRITES)
def test_whoever_rewrites_a_bundle_is_found(
    standard: tuple[Proofs, Members], rewrite: Callable[[Members], object], says: str
) -> None:
    proofs, members = standard[0], dict(standard[1])
    rewrite(members)
    assert members != standard[1]
    proof = seen(proofs, members)
    assert proof.verdict == "not proven"
    assert any(says in each for each in texts(proof)), texts(proof)


def test_a_bit_in_any_member_is_found_when_all_sums_are_right(standard: tuple[Proofs, Members]) -> None:
    proofs, members = standard
    chance = random.Random(1)
    for name in sorted(members):
        if name.startswith("policy/"):
            # Its digest is of what it says: a comment may change.
            continue
        for _ in range(8):
            data = bytearray(members[name])
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            proof = seen(proofs, members | {name: bytes(data)}) if name != README else None
            assert proof is None or proof.verdict == "not proven", (name, bytes(data))


def leaves(value: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """The ways to everything in a document."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield from leaves(each, (*path, key))


ODD: st.SearchStrategy[object] = st.sampled_from([
    None, True, 0, -1, 10**12, 2**70, 1.5, "", "x", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-01-31",
    [], {}, [[]], {"a": 1}, "\ud83d\ude00", "../../etc/passwd", "\u0000",
])  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([ABOUT, PLAN, BEFORE, AFTER, FOUND_BEFORE, FOUND_AFTER, JOURNAL, ENTRIES]), st.integers(0, 9999),
    st.integers(0, 9999), ODD,
)  # fmt: skip
def test_whatever_stands_in_a_document_the_answer_is_a_verdict(
    standard: tuple[Proofs, Members], name: str, number: int, leaf: int, odd: object
) -> None:
    proofs, members = standard[0], dict(standard[1])
    several = [json.loads(line) for line in (members[name].splitlines() if name.endswith("l") else [members[name]])]
    number %= len(several)
    ways = list(leaves(several[number]))
    path = ways[leaf % len(ways)]
    if path:
        inside = several[number]
        for key in path[:-1]:
            inside = inside[key]
        inside[path[-1]] = odd
    else:
        several[number] = odd
    texts_ = [json.dumps(each, sort_keys=True, separators=(",", ":")) for each in several]
    members[name] = "".join(f"{each}\n" for each in texts_).encode() if name.endswith("l") else texts_[0].encode()
    if name == ABOUT:
        members[name] = members[name].rstrip()
    proof = seen(proofs, members)
    assert proof.verdict == ("not proven" if members[name] != standard[1][name] else "proven"), (path, odd)
    proof_text(proof)
    proof_document(proof)


def test_a_ledger_of_his_own_helps_nobody_against_a_pinned_key(proofs: Proofs) -> None:
    members = proven(proofs)
    other = proofs.estate.folder / "other.key"
    make_key(LEDGER, other)
    run = proofs.run("r-2")
    note = sign(proofs.ledger, proofs.secret)
    run.close()
    forged = members | {CHECKPOINT: note, KEY: f"{FileSigner(other).public.text}\n".encode()}
    assert any(each.startswith(("ledger/", "SHA")) for each in texts(seen(proofs, forged)))
    assert "ledger/checkpoint" in texts(seen(proofs, forged, pinned=False))[0], "the key does not fit"


# What cannot be shown is told


def test_the_key_that_came_with_it_is_no_full_proof(proofs: Proofs) -> None:
    members = proven(proofs)
    proof = seen(proofs, members, pinned=False)
    assert (proof.verdict, [each.kind for each in proof.gaps]) == ("incomplete", ["unpinned-key"])
    assert seen(proofs, members, pinned=False, accepted=["unpinned-key"]).verdict == "proven"
    del members[KEY]
    for accepted in ([], ["no-ledger", "unpinned-key"]):
        proof = seen(proofs, members, pinned=False, accepted=accepted)
        assert (proof.verdict, [each.kind for each in proof.gaps][:1]) == ("incomplete", ["no-ledger"])


def test_without_its_ledger_a_bundle_is_never_proven(proofs: Proofs) -> None:
    members = {name: data for name, data in proven(proofs).items() if not name.startswith("ledger/")}
    proof = seen(proofs, members, accepted=["no-ledger"])
    assert (proof.verdict, proof.faults, [each.kind for each in proof.gaps]) == ("incomplete", (), ["no-ledger"])


@pytest.mark.parametrize(("spoil", "kinds"), [
    (lambda looks: setattr(looks, "feeds", ""), {"no-findings"}),
    (lambda looks: setattr(looks, "blind", ("web-2",)), {"unread-machine"}),
    (lambda looks: setattr(looks, "gaps", (ToldGap(kind="odd", what="3 packages", why="of nobody"),)),
     {"not-assessed"}),
    (lambda looks: setattr(looks, "gaps", (ToldGap(kind="unowned-kernel", what="6.1", why="of nobody"),)),
     {"unowned-kernel"}),
])  # fmt: skip
def test_what_nobody_could_see_or_judge_is_a_gap(
    proofs: Proofs, spoil: Callable[[Looks], None], kinds: set[str]
) -> None:
    spoil(proofs.looks)
    members = proven(proofs)
    assert seen(proofs, members, accepted=kinds).verdict == "proven"
    proof = seen(proofs, members)
    assert (proof.verdict, proof.faults) == ("incomplete", ())
    assert {each.kind for each in proof.gaps} == kinds
    assert not any(each.became == "closed" for each in proof.outcomes if each.machine == "web-2" and proofs.looks.blind)


def test_a_run_at_whose_machines_nobody_looked_says_so(proofs: Proofs) -> None:
    proof = seen(proofs, proven(proofs, look=lambda plan, **_: None))
    assert (proof.verdict, proof.faults, proof.outcomes) == ("incomplete", (), ())
    assert [each.kind for each in proof.gaps] == ["no-inventory", "no-inventory"]
    assert {each.shown for each in proof.effects} == {"unknown"}


def test_a_finding_that_is_only_told_no_more_is_not_closed(proofs: Proofs) -> None:
    class Forgetful(Looks):
        """Whose advisories forget a flaw that no version mends."""

        def __call__(self, *words: object, **more: object) -> object:  # type: ignore[override]  # words of a test
            if self.taken:
                self.flaws = {}
            return super().__call__(*words, **more)  # type: ignore[arg-type]  # as above

    proof = seen(proofs, proven(proofs, stop=True, look=Forgetful(proofs.world.world)))
    assert {each.became for each in proof.outcomes} == {"unclear"}
    assert "unclear-finding" in {each.kind for each in proof.gaps}


def test_what_a_machine_shows_beats_what_the_journal_says(proofs: Proofs) -> None:
    class Liar(Looks):
        """A machine on which the package was not changed after all."""

        def __call__(self, *words: object, **more: object) -> object:  # type: ignore[override]  # words of a test
            if self.taken:
                self.pretends = {"web-2": OLD}
            return super().__call__(*words, **more)  # type: ignore[arg-type]  # as above

    proof = seen(proofs, proven(proofs, look=Liar(proofs.world.world)))
    assert proof.verdict == "not proven"
    assert texts(proof)[0].startswith("after/inventory.json, web-2: openssl on web-2 is 3.0.15")


# Kept checkpoints


def test_a_checkpoint_that_was_kept_is_joined_or_told(proofs: Proofs) -> None:
    run = proofs.run("r-0", stop=True)
    first = sign(proofs.ledger, proofs.secret)
    run.close()
    members = proven(proofs)
    assert EARLIER in members
    assert seen(proofs, members, kept={"first": first, "now": members[CHECKPOINT]}).verdict == "proven"
    run = proofs.run("r-2", stop=True)
    newer = sign(proofs.ledger, proofs.secret)
    run.close()
    proof = seen(proofs, members, kept={"newer": newer})
    assert (proof.verdict, [(each.kind, each.what) for each in proof.gaps]) == (
        "incomplete", [("kept-checkpoint", "newer")],
    )  # fmt: skip
    assert seen(proofs, members, kept={"cut": first[:-9]}).faults[0].member == "cut"
    lines(lambda found: found.__setitem__(0, found[0].replace(b'"size":', b'"size":1')), EARLIER)(members)
    assert seen(proofs, members).faults[0].member == EARLIER


def test_two_stories_of_one_ledger_are_told_apart(proofs: Proofs, tmp_path: Path) -> None:
    members = proven(proofs)
    with Store(proofs.ledger) as store:
        size = store.newest()[0]
    other = tmp_path / "other.sqlite"
    with Store(other, write=True) as store:
        store.append(entry(number) for number in range(size))
    story = sign(other, proofs.secret)
    proof = seen(proofs, members, kept={"story": story})
    assert proof.verdict == "not proven" and "two stories" in texts(proof)[0]


# The commands


def test_the_commands_from_a_run_to_the_verdict_of_a_stranger(proofs: Proofs, capsys: Out) -> None:
    run = proofs.run()
    run.close()
    assert main(["runs", "show", "r-1", "-o", "html"]) == 0
    page = capsys.readouterr().out
    assert page.startswith("<!doctype html>") and "no signed ledger stands behind this run" in page
    assert "take all of it back" in page
    out = proofs.estate.folder / "run.bundle"
    assert main(["runs", "export", "r-1", "--out", str(out)]) == 3
    assert "no checkpoint was signed yet" in capsys.readouterr().err and not out.exists()
    assert main(["runs", "export", "r-1", "--sign", str(proofs.secret), "--out", str(out)]) == 0
    assert "the proof of r-1" in capsys.readouterr().out
    verify = ["runs", "verify", str(out)]
    assert main([*verify, "--key", str(proofs.pub)]) == 0
    told = capsys.readouterr().out
    assert "r-1: proven" in told and "9 before: 6 closed, 3 remain; none new" in told
    assert main([*verify, "--key", proofs.key.text, "-o", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["verdict"], answer["ledger"]["pinned"], answer["faults"]) == ("proven", True, [])
    assert main(verify) == 3
    assert "came with the bundle" in capsys.readouterr().out
    assert main([*verify, "--accept-unassessed", "unpinned-key"]) == 0
    assert main([*verify, "--accept-unassessed", "no-ledger"]) == 2
    capsys.readouterr()
    assert main([*verify, "--key", str(proofs.pub), "-o", "html"]) == 0
    assert capsys.readouterr().out.startswith("<!doctype html>")
    data = bytearray(out.read_bytes())
    data[len(data) // 2] ^= 4
    out.write_bytes(data)
    assert main([*verify, "--key", str(proofs.pub)]) == 1
    assert "NOT PROVEN" in capsys.readouterr().out
    out.write_bytes(data[:-100])
    assert main([*verify, "--key", str(proofs.pub)]) == 2
    assert "cut off" in capsys.readouterr().err
    assert main(["runs", "verify", str(proofs.estate.folder), "--key", str(proofs.pub)]) == 2
    assert main(["runs", "verify", str(proofs.estate.folder / "none"), "--key", str(proofs.pub)]) == 2


def test_a_ledger_that_is_not_signed_far_enough_is_told_and_nothing_is_written(proofs: Proofs, tmp_path: Path) -> None:
    run = proofs.run("r-0", stop=True)
    sign(proofs.ledger, proofs.secret)
    run.close()
    run = proofs.run("r-1", stop=True)
    with pytest.raises(NotAssessableError, match="has some after that"):
        export(run, proofs.ledger, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    run.close()


def test_the_proof_of_a_run_that_is_not_over_says_so(proofs: Proofs, capsys: Out) -> None:
    proofs.world.again(3)
    with pytest.raises(TimeoutError):
        proofs.run()
    out = proofs.estate.folder / "run.bundle"
    assert main(["runs", "export", "r-1", "--sign", str(proofs.secret), "--out", str(out)]) == 0
    assert "the run is not over" in capsys.readouterr().err
    assert main(["runs", "verify", str(out), "--key", str(proofs.pub)]) == 3


# A ledger that was written wrongly: all of it is signed and proven, and does not fit what it is about


Lines = list[tuple[str, Entry]]


def relaid(proofs: Proofs, members: Members, folder: Path, change: Callable[[Lines], object]) -> Members:
    """The bundle with another ledger behind it, whose entries somebody changed before he signed."""
    laid: Lines = [(line["series"], read_entry(msgspec.json.encode(line["entry"], order="sorted")))
                   for line in map(json.loads, members[ENTRIES].splitlines())]  # fmt: skip
    change(laid)
    file = folder / "relaid.sqlite"
    places: dict[str, int] = {}
    with Store(file, write=True) as store:
        for series, each in laid:
            store.append([each], run=series_of("r-1", series), first=places.get(series, 0))
            places[series] = places.get(series, 0) + 1
    sign(file, proofs.secret)
    with Store(file) as store:
        return members | ledger_members(store, "r-1")


def actor(kind: str, who: str) -> Callable[[Lines], None]:
    """Another actor for the entries of a kind."""

    def change(laid: Lines) -> None:
        for place, (series, each) in enumerate(laid):
            if each.kind == kind and each.what != "request":
                laid[place] = series, msgspec.structs.replace(each, actor=who)

    return change


def put(series: str, to: int) -> Callable[[Lines], None]:
    """The first entry of a part, moved."""

    def change(laid: Lines) -> None:
        place = next(place for place, each in enumerate(laid) if each[0] == series)
        laid.insert(to if to >= 0 else len(laid), laid.pop(place))

    return change


def same_person(laid: Lines) -> None:
    """Whoever agreed is told to be whoever asked."""
    asked = next(each.actor for series, each in laid if series == "request")
    actor("approval", asked)(laid)


WRITTEN: dict[str, tuple[Callable[[Lines], object], str]] = {
    "rightly": (lambda laid: None, ""),
    "another asked": (actor("plan", "p-" + "0" * 32), "the ledger says that another person signed it"),
    "two people as one": (same_person, "two people stand in the ledger as one"),
    "nobody carried it out": (actor("act", "oakum"), "it is not what stands in the ledger (actor)"),
    "the look before, after the beginning": (put("before", 12), "before was written after the run had begun"),
    "the look after, before the end": (put("after", 12), "after was written before the run had ended"),
    "the plan after the beginning": (put("plan", -1), "it is not what stands in the ledger"),
    "a record twice": (lambda laid: laid.insert(-1, laid[-4]), "something was left out"),
    "another policy": (
        lambda laid: laid.__setitem__(0, (laid[0][0], msgspec.structs.replace(laid[0][1], body=digest(b"x")))),
        "policy/: it is not what stands in the ledger (body)",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "says"), WRITTEN.values(), ids=WRITTEN)
def test_a_ledger_that_does_not_fit_is_named(
    standard: tuple[Proofs, Members], tmp_path: Path, change: Callable[[Lines], object], says: str
) -> None:
    proof = seen(standard[0], relaid(*standard, tmp_path, change))
    assert proof.verdict == ("not proven" if says else "proven"), texts(proof)
    assert any(says in each for each in texts(proof)) == bool(says), texts(proof)


def test_without_the_entry_that_says_that_these_are_all_it_is_no_full_proof(
    standard: tuple[Proofs, Members], tmp_path: Path
) -> None:
    proof = seen(standard[0], relaid(*standard, tmp_path, lambda laid: laid.pop()), accepted=["no-ledger"])
    assert (proof.verdict, texts(proof)) == ("incomplete", [])
    assert [each.what for each in proof.gaps] == ["whether these are all records of the run"]


def test_an_entry_that_stands_there_twice_and_a_space_are_named(standard: tuple[Proofs, Members]) -> None:
    for change in (lambda found: found.insert(4, found[3]), lambda found: found.__setitem__(3, found[3] + b" ")):
        members = dict(standard[1])
        lines(change, ENTRIES)(members)
        found = texts(seen(standard[0], members))
        assert found[0].startswith(
            (f"{ENTRIES}, entry 5, index 3: it does not come after", f"{ENTRIES}, entry 4: it is not")
        )
    members = dict(standard[1])
    members[ABOUT] += b" "
    assert texts(seen(standard[0], members)) == [
        "about.json: it is not written in its one form (get the file anew from whoever made it: oakum runs export)"
    ]
