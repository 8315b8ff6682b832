"""The ledger behind a bundle: its signature, its key, the proof of every entry, what stands there, in which order."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from msgspec.structs import replace
from tests.changes.proof.makings import (
    FEEDS,
    NOW,
    OTHER,
    Laid,
    Made,
    Members,
    behind,
    faults,
    pseudonym,
    says,
    seen,
    signed_file,
    texts,
    tree_of,
)
from tests.ledger.ledgers import HAND, ORIGIN, Hand, entry

from oakum.changes.proof import Gap, Proof
from oakum.changes.proof.container import CHECKPOINT, EARLIER, ENTRIES, KEY
from oakum.changes.proof.entries import Earlier, written
from oakum.ledger.base64 import encoded
from oakum.ledger.checkpoints import Checkpoint, signed
from oakum.ledger.entries import Entry, digest
from oakum.ledger.merkle import EMPTY_ROOT, consistency

ANEW = " (get the bundle anew from whoever made it: oakum runs export)"
MADE = Made()
LAID = MADE.laid()
WHOLE = MADE.members()
OWN = MADE.own()
SIZE = len(LAID) + 6
STRANGER = Hand(word="another")
NO_LEDGER = Gap(
    "no-ledger", "the ledger", "no signed ledger stands behind this run",
    "sign the ledger and export the run again: oakum runs export --sign KEYFILE",
)  # fmt: skip


def changed(**members: bytes) -> Members:
    return WHOLE | members


def without(*names: str) -> Members:
    return {name: data for name, data in WHOLE.items() if name not in names}


def first_of(series: str, laid: Laid = LAID) -> int:
    return next(number for number, each in enumerate(laid) if each[0] == series)


# The checkpoint and its key


def test_a_ledger_is_shown_by_a_key_that_was_got_another_way() -> None:
    proof = seen(WHOLE)
    assert (proof.verdict, proof.gaps, proof.ledger.pinned, proof.ledger.entries) == ("proven", (), True, len(LAID))
    head = proof.ledger.checkpoint
    assert head is not None and (head.origin, head.size) == (ORIGIN, SIZE)
    assert seen(without(KEY)).verdict == "proven", "a key that was got another way is enough"
    assert seen(WHOLE, keys=[STRANGER.public, HAND.public]).verdict == "proven"
    assert seen(OWN | behind(LAID, strangers=0)).verdict == "proven", "the first entry of a ledger is one"


@pytest.mark.parametrize("gone", [(CHECKPOINT,), (ENTRIES,), (CHECKPOINT, ENTRIES, KEY, EARLIER)])
def test_without_a_checkpoint_or_entries_no_ledger_stands_behind_a_run(gone: tuple[str, ...]) -> None:
    proof = seen(without(*gone), kept={"kept": b"x"})
    assert (proof.faults, proof.gaps, proof.ledger.checkpoint) == ((), (NO_LEDGER,), None)


def test_the_key_that_came_with_it_shows_less() -> None:
    proof = seen(WHOLE, keys=())
    why, remedy = (
        "it came with the bundle: whoever made one may have made both",
        "give the ledger's key, got another way: --key KEY",
    )
    assert proof.gaps == (Gap("unpinned-key", f"the key {ORIGIN}+{HAND.public.id.hex()}", why, remedy),)
    assert (proof.faults, proof.ledger.pinned, proof.ledger.entries) == ((), False, len(LAID))
    none = seen(without(KEY), keys=())
    assert none.gaps == (Gap("no-ledger", "the ledger", "there is no key to check its signature with", remedy),)
    assert (none.faults, none.ledger.checkpoint) == ((), None)


@pytest.mark.parametrize(("key", "why"), [
    (b"\xff", "it is no text"), (b"x", "no public key of a ledger: it has not the form NAME+ID+KEY"),
    (HAND.public.text.encode(), "it is not written in its one form"),
    (f" {HAND.public.text}\n".encode(), "it is not written in its one form"),
    (f"{STRANGER.public.text}\n".encode(), "it is another key than those that you gave"),
])  # fmt: skip
def test_the_key_in_a_bundle_is_one_in_its_one_form_and_the_one_that_was_given(key: bytes, why: str) -> None:
    proof = seen(changed(**{KEY: key}))
    assert faults(proof) == [f"ledger/key: {why}"]
    assert proof.ledger.entries == len(LAID), "the rest is checked by the key that was given"


def test_a_key_that_came_with_it_and_is_none_leaves_no_key() -> None:
    proof = seen(changed(**{KEY: b"x"}), keys=())
    assert [each.member for each in proof.faults] == [KEY] and [each.kind for each in proof.gaps] == ["no-ledger"]


def test_a_checkpoint_of_somebody_else_is_a_fault() -> None:
    by_another = OWN | behind(LAID, STRANGER)
    assert faults(seen(by_another))[0].startswith(f"ledger/checkpoint: not signed by {ORIGIN}+")
    assert faults(seen(by_another, keys=()))[0].startswith(f"ledger/checkpoint: not signed by {ORIGIN}+")
    assert faults(seen(changed(**{CHECKPOINT: b"x"})))[0].startswith("ledger/checkpoint: no signed note")
    assert len(seen(by_another).faults) == 1 and seen(by_another).ledger.entries == 0


# Entries


def line(number: int, change: Callable[[bytes], bytes]) -> Members:
    """One of the entries' lines changed, from 1."""
    several = WHOLE[ENTRIES].split(b"\n")
    several[number - 1] = change(several[number - 1])
    return changed(**{ENTRIES: b"\n".join(several)})


def later(text: bytes) -> bytes:
    return text.replace(b'"at":"2026', b'"at":"2027')


UNREAD = f"it is not as it was written{ANEW}"
ELSEWHERE = f"it is not in the signed ledger: the proof leads to another root{ANEW}"
LINES: dict[str, tuple[Members, list[str]]] = {
    "a space": (line(3, lambda text: text + b" "), [f"entry 3: {UNREAD}"]),
    "an empty line": (line(3, lambda text: b""), [f"entry 3: {UNREAD}"]),
    "no entry": (line(3, lambda text: text.replace(b'"kind":"', b'"kind":"un')), [f"entry 3: {UNREAD}"]),
    "another field": (line(3, lambda text: text.replace(b'{"entry"', b'{"also":1,"entry"')), [f"entry 3: {UNREAD}"]),
    "another part": (line(3, lambda text: text.replace(b'"series":"', b'"series":"un')), [f"entry 3: {UNREAD}"]),
    "an end that is missing": (changed(**{ENTRIES: WHOLE[ENTRIES][:-1]}), []),
    "another entry": (line(4, later), [f"entry 4, index 6: {ELSEWHERE}"]),
    "a proof that is none": (
        line(4, lambda text: text.replace(b'"proof":["', b'"proof":["!')),
        [f"entry 4, index 6: it is not in the signed ledger: its proof is no base64{ANEW}"]),
    "another number": (line(4, lambda text: text.replace(b'"index":6', b'"index":5')), [
        f"entry 4, index 5: it does not come after the one before it{ANEW}", f"entry 4, index 5: {ELSEWHERE}"]),
    "twice": (line(4, lambda text: text + b"\n" + text), [
        f"entry 5, index 6: it does not come after the one before it{ANEW}"]),
    "a number that is too high": (line(4, lambda text: text.replace(b'"index":6', b'"index":999')), [
        f"entry 4, index 999: it is not in the signed ledger: there is no entry 999 among {SIZE}{ANEW}",
        f"entry 5, index 7: it does not come after the one before it{ANEW}"]),
}  # fmt: skip


@pytest.mark.parametrize(("members", "found"), LINES.values(), ids=LINES)
def test_an_entry_that_is_not_shown_is_named_and_nothing_is_compared_then(members: Members, found: list[str]) -> None:
    proof = seen(members)
    assert faults(proof) == [each.replace("entry", f"{ENTRIES}, entry", 1) for each in found]
    assert proof.ledger.entries <= len(LAID) + 1


def test_every_entry_that_is_wrong_is_named() -> None:
    several = WHOLE[ENTRIES].split(b"\n")
    for number in (3, 8):
        several[number] += b" "
    for number in (5, 11):
        several[number] = later(several[number])
    proof = seen(changed(**{ENTRIES: b"\n".join(several), KEY: b"x"}))
    assert [each.part for each in proof.faults] == ["", "entry 4", "entry 6, index 8", "entry 9", "entry 12, index 14"]
    assert proof.ledger.entries == len(LAID) - 4


def test_no_entries_at_all_show_nothing_of_the_run() -> None:
    proof = seen(changed(**{ENTRIES: b""}))
    missing = f"it does not stand in the ledger{ANEW}"
    assert faults(proof) == [
        f"{each}: {missing}"
        for each in ("policy/", "request", "approvals/0001", "before/inventory.json", "journal.jsonl, record 1",
                     "after/inventory.json")
    ]  # fmt: skip
    assert [each.what for each in proof.gaps] == ["whether these are all records of the run"]


# Earlier checkpoints, and those that were kept


def kept(size: int, root: bytes | None = None, hand: Hand = HAND) -> bytes:
    """A checkpoint that somebody has kept."""
    return signed(Checkpoint(ORIGIN, size, tree_of(LAID).root(size) if root is None else root), hand)


def earlier(*lines: Earlier | bytes) -> Members:
    return changed(**{EARLIER: b"".join(
        each + b"\n" if isinstance(each, bytes) else written([each]) for each in lines
    )})  # fmt: skip


def joined(size: int, **more: object) -> Earlier:
    tree = tree_of(LAID)
    proof = texts(consistency(size, SIZE, tree.node))
    return replace(Earlier(size=size, root=encoded(tree.root(size)), proof=proof), **more)


TOLD: dict[str, tuple[Members, dict[str, bytes], list[str], list[str]]] = {
    "joined, and the same": (WHOLE, {"a": kept(1), "b": kept(2), "now": kept(SIZE)}, [], []),
    "none of the bundle's": (WHOLE, {"a": kept(3)}, [], [
        "a: the bundle holds no proof from it to its own (ask for a proof: oakum ledger proof --old)"]),
    "later than the bundle": (
        WHOLE, {"a": kept(SIZE + 1, b"x" * 32)}, [],
        ["a: it is later than the bundle (have the bundle exported again)"]),
    "before the bundle's, and no earlier one is there": (without(EARLIER), {"a": kept(1)}, [], [
        "a: the bundle holds no proof from it to its own (ask for a proof: oakum ledger proof --old)"]),
    "another story": (WHOLE, {"a": kept(2, b"x" * 32), "b": kept(SIZE, b"y" * 32)}, [
        f"{name}: its first {size} entries are not those of the ledger behind the bundle"
        " (both were signed: two stories were told; keep both files)" for name, size in (("a", 2), ("b", SIZE))], []),
    "none, of somebody else, and another story": (
        WHOLE, {"a": b"x", "b": kept(1, None, STRANGER), "c": kept(1, b"x" * 32)},
        ["a: no signed note", "b: not signed by", "c: its first 1 entries"], []),
    "an earlier one with a space": (
        earlier(written([joined(1)])[:-1] + b" ", joined(2)), {"a": kept(1), "b": kept(2)},
        [f"ledger/earlier.jsonl, line 1: it is not as it was written{ANEW}"],
        ["a: the bundle holds no proof from it to its own (ask for a proof: oakum ledger proof --old)"]),
    "earlier ones that are none": (
        earlier(b"{}", b"\xff", joined(1), b"[" * 100_000, joined(2, root="x"), joined(2, proof=("x",))),
        {"a": kept(1)},
        [f"ledger/earlier.jsonl, line {n}: it is not as it was written{ANEW}" for n in (1, 2, 4, 5, 6)], []),
    "an earlier one with another root": (
        earlier(joined(2, root=encoded(b"x" * 32))), {},
        [f"ledger/earlier.jsonl, line 1: the proof leads to another root of the later tree{ANEW}"], []),
    "an earlier one with another root, and a kept one like it": (
        earlier(joined(2, root=encoded(b"x" * 32))), {"a": kept(2, b"x" * 32)},
        [f"ledger/earlier.jsonl, line 1: the proof leads to another root of the later tree{ANEW}"],
        ["a: the bundle holds no proof from it to its own (ask for a proof: oakum ledger proof --old)"]),
    "an earlier one that is empty": (
        earlier(Earlier(size=0, root=encoded(EMPTY_ROOT), proof=())), {},
        [f"ledger/earlier.jsonl, line 1: a proof from an empty tree shows nothing{ANEW}"], []),
}  # fmt: skip


@pytest.mark.parametrize(("members", "files", "wrong", "open_"), TOLD.values(), ids=TOLD)
def test_checkpoints_that_were_kept_are_joined_or_told(
    members: Members, files: dict[str, bytes], wrong: list[str], open_: list[str]
) -> None:
    proof = seen(members, kept=files)
    assert [each[: len(start)] for each, start in zip(faults(proof), wrong, strict=True)] == wrong
    assert [str(each) for each in proof.gaps] == open_ and {each.kind for each in proof.gaps} <= {"kept-checkpoint"}


# What has to stand there


def relaid(change: Callable[[Laid], object], made: Made = MADE) -> Proof:
    """The bundle with another ledger behind it, whose entries somebody changed before he signed."""
    return seen(made.members(change))


def rewritten(where: Callable[[Laid], int], **fields: object) -> Callable[[Laid], None]:
    def change(laid: Laid) -> None:
        place = where(laid)
        series, found = laid[place]
        laid[place] = series, replace(found, **fields)

    return change


def kind(of: str, nth: int = 0) -> Callable[[Laid], int]:
    return lambda laid: [place for place, (_, each) in enumerate(laid) if each.kind == of][nth]


def without_part(series: str) -> Callable[[Laid], None]:
    def change(laid: Laid) -> None:
        del laid[first_of(series, laid)]

    return change


def twice(series: str) -> Callable[[Laid], None]:
    def change(laid: Laid) -> None:
        place = max(number for number, each in enumerate(laid) if each[0] == series)
        laid.insert(place, laid[place])

    return change


def put(series: str, to: Callable[[Laid], int]) -> Callable[[Laid], None]:
    """An entry of a part, moved before another: its last where it goes back, its first where it comes forward."""

    def change(laid: Laid) -> None:
        places = [number for number, each in enumerate(laid) if each[0] == series]
        moved = laid.pop(places[0] if to(laid) < places[0] else places[-1])
        laid.insert(to(laid), moved)

    return change


def differs(fields: str) -> str:
    return f"it is not what stands in the ledger ({fields})"


def left_out(held: int, wanted: int) -> str:
    return f"the ledger has {held} entries of this, and the bundle {wanted}: something was left out{ANEW}"


RECORDS = len(MADE.records)
OTHERS: dict[str, tuple[Callable[[Laid], object], list[str]]] = {
    "rightly": (lambda laid: None, []),
    "another policy": (rewritten(kind("policy"), body=digest(b"x")), [f"policy/: {differs('body')}"]),
    "a policy that somebody made": (rewritten(kind("policy"), actor=OTHER), [f"policy/: {differs('actor')}"]),
    "other feeds": (rewritten(kind("feeds"), body=digest(b"x")), [f"about.json: {differs('body')}"]),
    "feeds that somebody made": (rewritten(kind("feeds"), actor=OTHER), [f"about.json: {differs('actor')}"]),
    "another intent": (rewritten(kind("intent"), what="kernel"), [f"plan.json: {differs('what')}"]),
    "another run": (rewritten(kind("plan"), run="r-2", what="rollback"), [f"plan.json: {differs('what, run')}"]),
    "another request": (rewritten(kind("approval"), body=digest(b"x")), [f"request: {differs('body')}"]),
    "another approval": (rewritten(kind("approval", 1), what="break-glass"), [f"approvals/0001: {differs('what')}"]),
    "another inventory": (
        rewritten(kind("inventory"), body=digest(b"x")), [f"before/inventory.json: {differs('body')}"]),
    "findings of other feeds": (rewritten(kind("findings"), feeds=""), [f"before/findings.json: {differs('feeds')}"]),
    "another inventory after it": (
        rewritten(kind("inventory", 1), body=digest(b"x")), [f"after/inventory.json: {differs('body')}"]),
    "other findings after it": (
        rewritten(kind("findings", 1), body=digest(b"x")), [f"after/findings.json: {differs('body')}"]),
    "another beginning": (rewritten(kind("run"), body=digest(b"x")), [f"journal.jsonl, record 1: {differs('body')}"]),
    "another act": (rewritten(kind("act", 1), subject="web-2"), [f"journal.jsonl, record 5: {differs('subject')}"]),
    "an act of somebody else": (
        rewritten(kind("act", 1), actor=OTHER), [f"journal.jsonl, record 5: {differs('actor')}"]),
    "another end": (rewritten(lambda laid: -1, body=digest(b"x")), [f"journal.jsonl: {differs('body')}"]),
    "an end at another time": (
        rewritten(lambda laid: -1, at=NOW.replace(hour=23)), [f"journal.jsonl: {differs('at')}"]),
    "another asked": (
        rewritten(kind("approval"), actor=OTHER), ["request: the ledger says that another person signed it"]),
    "another made the plan": (
        rewritten(kind("plan"), actor=OTHER), ["plan.json: the ledger says that another person signed it"]),
    "whoever agreed is whoever asked": (
        rewritten(kind("approval", 1), actor=pseudonym("asks")),
        ["ledger/entries.jsonl: two people stand in the ledger as one"]),
    "no policy": (without_part("plan"), [
        f"policy/: {differs('kind, body')}", f"about.json: {differs('kind, actor, body, what, plan, policy')}",
        f"plan.json: {differs('kind, body, what, feeds')}", f"plan.json: it does not stand in the ledger{ANEW}"]),
    "no request": (without_part("request"), [f"request: it does not stand in the ledger{ANEW}"]),
    "no approval": (without_part("approvals"), [f"approvals/0001: it does not stand in the ledger{ANEW}"]),
    "no look": (
        lambda laid: (without_part("before")(laid), without_part("before")(laid)),
        [f"before/inventory.json: it does not stand in the ledger{ANEW}"]),
    "no last record": (
        lambda laid: laid.pop(max(n for n, each in enumerate(laid) if each[0] == "journal")),
        [f"journal.jsonl, record {RECORDS}: it does not stand in the ledger{ANEW}"]),
    "no record": (
        lambda laid: laid.__setitem__(slice(None), [each for each in laid if each[0] != "journal"]),
        [f"journal.jsonl, record 1: it does not stand in the ledger{ANEW}"]),
    "a plan more": (twice("plan"), [f"plan.json: {left_out(5, 4)}"]),
    "a request more": (twice("request"), [f"request: {left_out(2, 1)}"]),
    "an approval more": (twice("approvals"), [f"approvals/: {left_out(2, 1)}"]),
    "a look before more": (twice("before"), [f"before/inventory.json: {left_out(3, 2)}"]),
    "a look after more": (twice("after"), [f"after/inventory.json: {left_out(3, 2)}"]),
    "a record more": (twice("journal"), [f"journal.jsonl: {left_out(RECORDS + 1, RECORDS)}"]),
    "an end more": (twice("whole"), [f"journal.jsonl: {left_out(2, 1)}"]),
    "an entry of another run in its place": (
        lambda laid: laid.__setitem__(-1, ("whole", replace(entry(1), run="r-1"))),
        [f"journal.jsonl: {differs('kind, at, actor, body, what, subject, step, plan, policy')}"]),
}  # fmt: skip


@pytest.mark.parametrize(("change", "found"), OTHERS.values(), ids=OTHERS)
def test_a_ledger_that_does_not_fit_is_named_by_what_it_is_about(
    change: Callable[[Laid], object], found: list[str]
) -> None:
    proof = relaid(change)
    assert faults(proof) == found
    assert proof.gaps == ()


def test_without_the_entry_of_all_records_that_is_a_gap_which_nobody_may_accept() -> None:
    proof = seen(MADE.members(lambda laid: laid.pop()), accepted=["no-ledger"])
    remedy = "get the bundle anew from whoever made it: oakum runs export"
    assert proof.gaps == (
        Gap(
            "no-ledger",
            "whether these are all records of the run",
            "the entry that says so is not in the bundle",
            remedy,
        ),
    )
    assert (proof.verdict, proof.faults) == ("incomplete", ())


def record(number: int) -> Callable[[Laid], int]:
    """The place of a record's entry, from 1; of the last but one from behind, below 0."""

    def place(laid: Laid) -> int:
        return [at for at, each in enumerate(laid) if each[0] == "journal"][number if number < 0 else number - 1]

    return place


def late(series: str, index: int) -> str:
    return f"ledger/entries.jsonl, index {index}: {series} was written after the run had begun"


def soon(series: str, index: int) -> str:
    return f"ledger/entries.jsonl, index {index}: {series} was written before the run had ended"


BEGUN = first_of("journal") + 3
ENDED = BEGUN + RECORDS - 1
MOVED: dict[str, tuple[Callable[[Laid], object], list[str]]] = {
    "the plan, after the first record": (put("plan", record(2)), [late("plan", BEGUN)]),
    "the request, after the first record": (put("request", record(2)), [late("request", BEGUN)]),
    "the look before, after the first record": (put("before", record(2)), [late("before", BEGUN)]),
    "the look before, in the midst": (put("before", record(9)), [late("before", BEGUN + 7)]),
    "the look before, just before the first record": (put("before", record(1)), []),
    "an approval in the midst": (put("approvals", record(9)), []),
    "the look after, before the last record": (put("after", record(-1)), [soon("after", ENDED)]),
    "the look after, in the midst": (put("after", record(9)), [soon("after", BEGUN + 8)]),
    "all records, before the last one": (put("whole", record(-1)), [soon("whole", ENDED)]),
    "all records, before the look after": (put("whole", lambda laid: first_of("after", laid)), []),
    "the look after, after all": (put("after", len), []),
}  # fmt: skip


@pytest.mark.parametrize(("change", "found"), MOVED.values(), ids=MOVED)
def test_what_a_run_begins_from_is_written_before_it_and_what_was_seen_then_after_it(
    change: Callable[[Laid], object], found: list[str]
) -> None:
    assert faults(relaid(change)) == found


def test_each_person_has_one_name_in_the_ledger_and_no_two_the_same() -> None:
    made = Made()
    made.approvals = [
        signed_file(says(made.plan), "agrees"), signed_file(says(made.plan), "agrees-too"),
        signed_file(says(made.plan), "third"),
    ]  # fmt: skip
    assert faults(relaid(lambda laid: None, made)) == []
    another = rewritten(kind("approval", 2), actor=OTHER)
    assert faults(relaid(another, made)) == ["approvals/0002: the ledger says that another person signed it"]
    same = rewritten(kind("approval", 3), actor=pseudonym("agrees"))
    assert faults(relaid(same, made)) == ["ledger/entries.jsonl: two people stand in the ledger as one"]


def test_a_fault_of_the_key_hides_none_of_the_entries() -> None:
    members = MADE.members(rewritten(kind("act", 1), subject="web-2")) | {KEY: b"x"}
    assert [each.member for each in seen(members).faults] == [KEY, "journal.jsonl"]


def test_a_run_at_whose_machines_nobody_looked_has_no_entries_of_looks() -> None:
    looks = ("before/inventory.json", "before/findings.json", "after/inventory.json", "after/findings.json")
    laid = [each for each in LAID if each[0] not in ("before", "after")]
    own = {name: data for name, data in OWN.items() if name not in looks}
    assert seen(own | behind(laid)).faults == ()
    assert faults(seen(own | behind(LAID))) == [
        f"before/inventory.json: {left_out(2, 0)}", f"after/inventory.json: {left_out(2, 0)}",
    ]  # fmt: skip


def test_lines_are_json_with_their_keys_in_order() -> None:
    first = WHOLE[ENTRIES].split(b"\n")[0]
    assert first.startswith(b'{"entry":{') and msgspec.json.decode(first)["series"] == "plan"
    assert isinstance(LAID[0][1], Entry) and FEEDS in {each.body for _, each in LAID}
