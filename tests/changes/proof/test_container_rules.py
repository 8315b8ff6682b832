"""The form of the file of a bundle, byte by byte: each content has one, and every other is named or refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import pytest

from oakum.changes.proof import container
from oakum.changes.proof.container import (
    ABOUT,
    END,
    JOURNAL,
    LARGEST,
    LARGEST_MEMBER,
    MOST_MEMBERS,
    PLAN,
    README,
    SUMS,
    TEXT,
    bundled,
    looks_like_one,
    opened,
)
from oakum.errors import InputError, LimitError
from oakum.ledger.archive import BLOCK, header

#: A member whose lines have the form of sums, and stand for nothing.
LIKE_SUMS = b"x\n" + b"0" * 64 + b"  policy/ghost\n"
MEMBERS = {ABOUT: b"about", PLAN: b"{}", "policy/a": LIKE_SUMS, JOURNAL: b"one\n"}
Files = list[tuple[str, bytes]]
CHANGED = "its header in the archive was changed"


def written(members: dict[str, bytes]) -> bytes:
    return b"".join(bundled(members))


WHOLE = written(MEMBERS)


def sums(files: Sequence[tuple[str, bytes]], more: str = "") -> bytes:
    """The first member, as it is for these files; ``more`` are lines below its own."""
    lines = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files) + more
    return f"# oakum-bundle/1 {hashlib.sha256(lines.encode()).hexdigest()}\n{lines}".encode()


def packed(files: Sequence[tuple[str, bytes]], first: bytes | None = None, end: bytes = bytes(2 * BLOCK)) -> bytes:
    """An archive of these files, with right sums before them unless they are given."""
    every = [(SUMS, sums(files) if first is None else first), *files]
    return b"".join(header(name, len(data)) + data + bytes(-len(data) % BLOCK) for name, data in every) + end


FILES: Files = [(README, TEXT), *MEMBERS.items()]


def found(data: bytes) -> list[tuple[str, str]]:
    return [(each.member, each.why) for each in opened(data).faults]


def place(name: str, data: bytes = WHOLE) -> int:
    """Where the header of a member begins."""
    return data.index(name.encode().ljust(100, b"\0"))


def flipped(at: int, data: bytes = WHOLE) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_the_members_stand_in_their_order_and_nothing_else_is_in_the_file() -> None:
    assert packed(FILES) == WHOLE
    several = [
        "README", "about.json", "plan.json", "policy/a.yaml", "policy/b/c.ics", "request", "approvals/0001",
        "approvals/0002", "journal.jsonl", "before/inventory.json", "before/findings.json", "after/inventory.json",
        "after/findings.json", "ledger/checkpoint", "ledger/key", "ledger/entries.jsonl", "ledger/earlier.jsonl",
    ]  # fmt: skip
    files = [(name, TEXT if name == README else name.encode()) for name in several]
    assert written(dict(sorted(files[1:]))) == packed(files)
    assert list(opened(packed(files)).members) == several


def test_the_format_and_the_limits_are_those_that_the_reference_tells() -> None:
    assert WHOLE[BLOCK:].startswith(b"# oakum-bundle/1 ")
    assert (LARGEST, LARGEST_MEMBER, MOST_MEMBERS) == (256 << 20, 128 << 20, 2000)


@pytest.mark.parametrize("at", [0, 257, BLOCK])
def test_a_bundle_of_whose_three_marks_one_is_damaged_is_still_told_from_another_file(at: int) -> None:
    assert looks_like_one(flipped(at)) and found(flipped(at))[0][0] == SUMS
    other = next(each for each in (0, 257) if each != at)
    assert not looks_like_one(flipped(other, flipped(at)))
    with pytest.raises(InputError, match="no bundle"):
        opened(flipped(other, flipped(at)))


# Limits


def test_a_file_as_large_as_may_be_is_written_and_read_and_none_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "LARGEST", len(WHOLE))
    assert found(written(MEMBERS)) == []
    monkeypatch.setattr(container, "LARGEST", len(WHOLE) - 1)
    with pytest.raises(LimitError):
        written(MEMBERS)
    with pytest.raises(LimitError, match="larger than"):
        opened(WHOLE)


def test_a_member_as_large_as_may_be_is_written_and_read_and_none_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    large = MEMBERS | {"policy/large": bytes(5000)}
    data = written(large)
    monkeypatch.setattr(container, "LARGEST_MEMBER", 5000)
    assert written(large) == data and found(data) == []
    monkeypatch.setattr(container, "LARGEST_MEMBER", 4999)
    for act in (lambda: written(large), lambda: opened(data)):
        with pytest.raises(LimitError, match="policy/large is larger than 4,999 bytes"):
            act()


def test_as_many_members_as_may_be_are_written_and_read_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "MOST_MEMBERS", len(FILES) + 1)
    assert found(written(MEMBERS)) == []
    monkeypatch.setattr(container, "MOST_MEMBERS", len(FILES))
    with pytest.raises(LimitError, match="members"):
        written(MEMBERS)
    with pytest.raises(LimitError, match="members"):
        opened(WHOLE)


def test_a_header_that_tells_of_more_than_a_file_can_hold_is_refused_as_too_large() -> None:
    with pytest.raises(LimitError, match="policy/huge is larger"):
        opened(WHOLE[: -2 * BLOCK] + header("policy/huge", 8**10) + bytes(2 * BLOCK))


@pytest.mark.parametrize(("name", "may"), [
    ("policy/" + "x" * 93, True), ("policy/" + "x" * 94, False),
    ("policy/" + "\N{LATIN SMALL LETTER E WITH ACUTE}" * 47, False),
    ("policy/a..b", True), ("policy/.a", True), ("policy/..", False),
    ("approvals/0001", True), ("approvals/00010", False), ("approvals/x", False), ("request", True), ("Request", False),
])  # fmt: skip
def test_the_names_that_a_member_may_have(name: str, may: bool) -> None:
    if may:
        assert opened(written(MEMBERS | {name: b"x"})).members[name] == b"x"
        return
    with pytest.raises(InputError, match=r"no member of a bundle|longer than 100 bytes"):
        written(MEMBERS | {name: b"x"})


# What was changed in the archive itself


def at(name: str, offset: int) -> Callable[[], bytes]:
    return lambda: flipped(place(name) + offset)


BAD: dict[str, tuple[Callable[[], bytes], list[tuple[str, str]]]] = {
    "the mode of the first": (lambda: flipped(106), [(SUMS, CHANGED)]),
    "the name of a member": (at(PLAN, 0), [(PLAN, CHANGED)]),
    "its size": (at(PLAN, 134), [(PLAN, CHANGED)]),
    "its sum": (at(PLAN, 150), [(PLAN, CHANGED)]),
    "a size below nothing": (
        lambda: written(MEMBERS | {"policy/b": b""}).replace(header("policy/b", 0), header("policy/b", -1)),
        [("policy/b", CHANGED)],
    ),
    "a member without a name": (
        lambda: WHOLE[: -2 * BLOCK] + header("", 0) + bytes(2 * BLOCK), [(END, CHANGED)],
    ),
    "a block after the last": (lambda: WHOLE[: -2 * BLOCK] + b"\1" * BLOCK + bytes(2 * BLOCK), [(END, CHANGED)]),
    "the space after a member": (
        lambda: flipped(place("policy/a") - 1), [(PLAN, "there is something in the empty space after it")],
    ),
    "the first byte of that space": (
        lambda: flipped(place(PLAN) + BLOCK + 2), [(PLAN, "there is something in the empty space after it")],
    ),
    "the last byte": (lambda: flipped(len(WHOLE) - 1), [(END, "something stands after the last member")]),
    "the end, twice": (lambda: WHOLE + bytes(2 * BLOCK), [(END, "something stands after the last member")]),
    "a byte more": (lambda: WHOLE + b"\0", [(END, "something stands after the last member")]),
}  # fmt: skip


@pytest.mark.parametrize(("data", "faults"), BAD.values(), ids=BAD)
def test_what_was_changed_in_the_archive_is_named_by_its_member(
    data: Callable[[], bytes], faults: list[tuple[str, str]]
) -> None:
    assert data() != WHOLE
    assert found(data()) == faults


def test_members_before_one_with_another_header_are_read_and_none_after_it() -> None:
    torn = opened(flipped(place(PLAN)))
    assert (list(torn.members), torn.damaged) == ([README, ABOUT], frozenset({PLAN}))
    assert opened(flipped(106)).members == {} and opened(flipped(106)).damaged == {SUMS}


@pytest.mark.parametrize(("data", "why"), [
    (WHOLE[: -2 * BLOCK], "cut off after journal.jsonl"), (WHOLE[:-1], "cut off after journal.jsonl"),
    (WHOLE[: -BLOCK], "cut off after journal.jsonl"),
    (WHOLE[: place(PLAN) + 100], "cut off after about.json"), (WHOLE[: place(PLAN)], "cut off after about.json"),
    (WHOLE[: place(PLAN) + BLOCK + 5], "in the middle of plan.json"),
    (WHOLE[: place("policy/a") - 1], "in the middle of plan.json"),
    (WHOLE[: BLOCK + 50], "in the middle of SHA256SUMS"),
    (header(README, 15) + b"# oakum-bundle/".ljust(BLOCK, b"\0") + bytes(2 * BLOCK), "not the first member"),
    (packed([*FILES, (SUMS, b"x")]), "SHA256SUMS stands twice"), (packed([*FILES, FILES[2]]), "plan.json stands twice"),
])  # fmt: skip
def test_what_is_cut_off_or_in_no_order_at_all_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why):
        opened(data)


# What was changed in the sums


NOT_WRITTEN = (SUMS, "its lines are not those that were written")
ORDER = (SUMS, "its lines are not in their order")
LISTED = "SHA256SUMS does not list it in this place"
SWAPPED: Files = [FILES[0], FILES[2], FILES[1], *FILES[3:]]
SUMMED: dict[str, tuple[bytes, list[tuple[str, str]]]] = {
    "rightly": (packed(FILES), []),
    "a head that is none": (packed(FILES, sums(FILES).replace(b" ", b"_", 1)), [NOT_WRITTEN]),
    "a version in other digits": (packed(FILES, sums(FILES).replace(b"bundle/1", b"bundle/01")), [NOT_WRITTEN]),
    "another sum of the lines": (packed(FILES, sums(FILES)[:17] + b"0" * 64 + sums(FILES)[81:]), [NOT_WRITTEN]),
    "a line that is none": (packed(FILES, sums(FILES, "# a comment\n")), [NOT_WRITTEN]),
    "an empty line": (packed(FILES, sums(FILES, "\n")), [NOT_WRITTEN]),
    "a line that is cut off": (packed(FILES, sums(FILES, f"{'0' * 64}  policy/x")), [NOT_WRITTEN]),
    "a line that is no text": (packed(FILES, sums(FILES) + b"\xff\n"), [NOT_WRITTEN]),
    "another order": (packed(SWAPPED), [ORDER]),
    "another order in the sums alone": (packed(FILES, sums(SWAPPED)), [ORDER, (ABOUT, LISTED), (PLAN, LISTED)]),
    "another order of the members alone": (packed(SWAPPED, sums(FILES)), [(PLAN, LISTED), (ABOUT, LISTED)]),
    "the last line twice": (packed(FILES, sums([*FILES, FILES[-1]])), [ORDER]),
    "a member that is not listed": (packed([*FILES, ("ledger/key", b"x")], sums(FILES)), [("ledger/key", LISTED)]),
    "a member that is missing": (packed(FILES[:-1], sums(FILES)), [(JOURNAL, "it is missing")]),
    "another text about it": (
        packed([(README, b"x"), *FILES[1:]]), [(README, "it is not the text that stands in every bundle")]),
    "no text about it": (packed(FILES[1:]), [(README, "it is not the text that stands in every bundle")]),
}  # fmt: skip


@pytest.mark.parametrize(("data", "faults"), SUMMED.values(), ids=SUMMED)
def test_whatever_the_sums_say_there_is_one_form_of_them(data: bytes, faults: list[tuple[str, str]]) -> None:
    assert found(data) == faults


def test_sums_that_are_out_of_order_are_told_where_a_header_was_changed_too() -> None:
    data = packed(SWAPPED)
    assert found(flipped(place(JOURNAL, data), data)) == [(JOURNAL, CHANGED), ORDER]


def test_a_member_with_other_bytes_is_damaged_and_the_text_about_it_is_no_fault_of_its_own() -> None:
    for name in (README, PLAN, JOURNAL):
        damaged = opened(flipped(place(name) + BLOCK))
        assert (damaged.damaged, damaged.faults) == (frozenset({name}), ())


@pytest.mark.parametrize("version", [0, 2, 99])
def test_another_format_is_refused_and_told(version: int) -> None:
    first = sums(FILES).replace(b"bundle/1 ", b"bundle/%d " % version)
    with pytest.raises(InputError, match=f"tells of format {version} of bundles, and 1 is known"):
        opened(packed(FILES, first))
