"""The file of a bundle: plain tools open it, the same content is the same file, and what is hostile is refused."""

from __future__ import annotations

import gzip
import io
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.changes.proof.container import (
    ABOUT,
    FORMAT,
    JOURNAL,
    LARGEST,
    LARGEST_MEMBER,
    PLAN,
    README,
    SUMS,
    TEXT,
    Opened,
    bundled,
    opened,
)
from oakum.errors import InputError, LimitError
from oakum.ledger.archive import BLOCK, header

MEMBERS = {PLAN: b"{}", ABOUT: b'{"run":"r-1"}', JOURNAL: b"one\ntwo\n", "policy/policy.yaml": b"version: 1\n" * 60,
           "policy/sub/windows.ics": b"", "approvals/0001": b"I agree", "approvals/0002": b"I too"}  # fmt: skip
WHOLE = b"".join(bundled(MEMBERS))


def packed(members: list[tuple[str, bytes]]) -> bytes:
    """An archive of just these members, whatever they are called."""
    parts = [header(name, len(data)) + data + bytes(-len(data) % BLOCK) for name, data in members]
    return b"".join(parts) + bytes(2 * BLOCK)


def listing() -> list[tuple[str, bytes]]:
    """What is in the archive, the sums first."""
    with tarfile.open(fileobj=io.BytesIO(WHOLE)) as archive:
        return [(each.name, file.read()) for each in archive if (file := archive.extractfile(each)) is not None]


def faults(data: bytes) -> list[str]:
    return [str(each) for each in opened(data).faults]


def test_plain_tools_unpack_it_and_check_its_sums(tmp_path: Path) -> None:
    (tmp_path / "run.bundle").write_bytes(WHOLE)
    words = {"cwd": tmp_path, "check": True, "capture_output": True, "text": True}
    subprocess.run(["tar", "-xf", "run.bundle"], **words)  # type: ignore[call-overload]  # words of a test
    done = subprocess.run(["sha256sum", "--strict", "-c", SUMS], **words)  # type: ignore[call-overload]  # the same
    assert done.stdout.count(": OK") == len(MEMBERS) + 1
    assert (tmp_path / "policy/policy.yaml").read_bytes() == MEMBERS["policy/policy.yaml"]
    assert (tmp_path / README).read_bytes() == TEXT


def test_the_same_content_is_the_same_file_in_whatever_order() -> None:
    assert b"".join(bundled(dict(reversed(MEMBERS.items())))) == WHOLE
    assert opened(WHOLE) == Opened(dict(listing()[1:]))


@pytest.mark.parametrize("name", [
    "/etc/passwd", "../plan.json", "policy/../../x", "policy//x", "policy/./x", "policy/", "approvals/1",
    "approvals/0001/x", "evil", "policy/a\nb", "policy/a\\b", "ledger/other", "",
])  # fmt: skip
def test_a_name_that_leads_elsewhere_is_refused_on_both_sides(name: str) -> None:
    with pytest.raises(InputError):
        b"".join(bundled(MEMBERS | {name: b"x"}))
    if name:
        with pytest.raises(InputError, match="no member of a bundle"):
            opened(packed([*listing(), (name, b"x")]))


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "no bundle"),
    "some text": (lambda: b"this is a text\n" * 100, "no bundle"),
    "another archive": (lambda: packed([("checkpoint", b"x")]), "no bundle"),
    "a packed one": (lambda: gzip.compress(WHOLE), "no bundle"),
    "a bomb": (lambda: gzip.compress(bytes(1 << 24)), "no bundle"),
    "its beginning alone": (lambda: WHOLE[:BLOCK], "in the middle of SHA256SUMS"),
    "cut off in a member": (lambda: WHOLE[: 4 * BLOCK + 10], "in the middle of README"),
    "cut off in a header": (lambda: WHOLE[: 3 * BLOCK + 100], "cut off"),
    "cut off before its end": (lambda: WHOLE[: -2 * BLOCK], "cut off after journal.jsonl"),
    "cut off in its end": (lambda: WHOLE[:-1], "cut off"),
    "a member twice": (lambda: packed([*listing(), listing()[-1]]), "stands twice"),
    "the sums twice": (lambda: packed([*listing(), listing()[0]]), "stands twice"),
    "members before the sums": (lambda: packed([*listing()[1:], listing()[0]]), "no bundle"),
    "a later version": (
        lambda: WHOLE.replace(f"oakum-bundle/{FORMAT} ".encode(), b"oakum-bundle/9 "), "format 9 of bundles"
    ),
    "too many members": (
        lambda: packed([*listing(), *((f"policy/{number}", b"") for number in range(2100))]), "more than 2000 members"
    ),
    "a member that says to be huge": (
        lambda: packed(listing())[: -2 * BLOCK] + header("policy/huge", LARGEST_MEMBER + 1) + bytes(2 * BLOCK),
        "is larger than",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "says"), BAD.values(), ids=BAD)
def test_what_is_no_bundle_or_hostile_is_refused(data: Callable[[], bytes], says: str) -> None:
    with pytest.raises(InputError, match=says):
        opened(data())


def test_what_is_too_large_is_refused_on_both_sides() -> None:
    with pytest.raises(LimitError):
        opened(bytes(LARGEST + 1))
    with pytest.raises(LimitError):
        b"".join(bundled({PLAN: bytes(LARGEST_MEMBER + 1)}))
    with pytest.raises(InputError, match="longer than 100 bytes"):
        b"".join(bundled({f"policy/{'x' * 100}": b""}))


def test_a_member_that_was_exchanged_left_out_or_put_in_is_named() -> None:
    first, *rest = listing()
    other = [(name, b"three\n" if name == JOURNAL else data) for name, data in rest]
    assert opened(packed([first, *other])).damaged == {JOURNAL}
    assert faults(packed([first, *(each for each in rest if each[0] != JOURNAL)]))[0].startswith(f"{JOURNAL}: ")
    assert any(
        each.startswith("policy/more.yaml: ") for each in faults(packed([first, *rest, ("policy/more.yaml", b"x")]))
    )
    assert faults(packed([first, *reversed(rest)])), "another order"
    assert faults(WHOLE + bytes(BLOCK)) == faults(WHOLE + b"\0") != []


@given(st.data())
def test_a_changed_file_is_refused_or_named_and_nothing_else_happens(data: st.DataObject) -> None:
    changed = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        match data.draw(st.sampled_from(["flip", "cut", "put", "copy", "zero"])):
            case "flip":
                changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
            case "cut":
                at = data.draw(st.integers(0, len(changed) - 1))
                del changed[at : at + data.draw(st.integers(1, 2000))]
            case "put":
                changed[data.draw(st.integers(0, len(changed))) :] += data.draw(st.binary(max_size=600))
            case "copy":
                at, to = (BLOCK * data.draw(st.integers(0, len(changed) // BLOCK)) for _ in range(2))
                changed[to:to] = changed[at : at + BLOCK]
            case "zero":
                at = data.draw(st.integers(0, len(changed)))
                changed[at : at + 600] = bytes(len(changed[at : at + 600]))
        if not changed:
            break
    try:
        found = opened(bytes(changed))
    except InputError:
        return
    assert bytes(changed) == WHOLE or found.faults or found.damaged


@given(st.binary(max_size=3000))
def test_whatever_follows_the_marks_of_a_bundle_is_read_or_refused(data: bytes) -> None:
    try:
        assert opened(WHOLE[: 2 * BLOCK] + data) != opened(WHOLE)
    except InputError:
        return
