"""The text of a statement: what it may say, its one form, and what is no statement."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from msgspec.structs import replace

from oakum.changes.approvals import LONGEST, SKEW, Statement, read_statement, text_of
from oakum.errors import InputError

AT = datetime(2026, 1, 31, 6, tzinfo=UTC)
PLAN = "sha256:" + "0" * 64
SAID = Statement(says="approve", plan=PLAN, at=AT, until=AT + timedelta(days=1))
FULL = replace(SAID, says="break-glass", step="packages@web-1", force_evict=True, reason="it burns")
TEXT = f"""\
oakum-approval/1
says: break-glass
plan: {PLAN}
step: packages@web-1
force-evict: yes
reason: it burns
at: 2026-01-31T06:00:00Z
until: 2026-02-01T06:00:00Z
"""


def test_a_statement_is_a_text_of_lines_of_which_the_empty_ones_are_left_out() -> None:
    assert text_of(FULL).decode() == TEXT
    assert text_of(SAID).decode().splitlines() == [
        "oakum-approval/1", "says: approve", f"plan: {PLAN}", "at: 2026-01-31T06:00:00Z", "until: 2026-02-01T06:00:00Z",
    ]  # fmt: skip
    assert [timedelta(minutes=5), timedelta(days=30)] == [SKEW, LONGEST]


@pytest.mark.parametrize("said", [
    SAID, FULL, replace(SAID, says="request"), replace(SAID, step="packages@web-1"),
    replace(SAID, step="packages@web-1", force_evict=True), replace(SAID, until=AT + LONGEST),
    replace(SAID, until=AT + timedelta(seconds=1)), replace(SAID, reason="x" * 500),
    replace(SAID, at=datetime(9999, 12, 31, tzinfo=UTC), until=datetime(9999, 12, 31, 1, tzinfo=UTC)),
])  # fmt: skip
def test_what_is_written_is_read_as_the_same(said: Statement) -> None:
    assert read_statement(text_of(said)) == said


def test_times_of_other_zones_are_written_in_utc() -> None:
    there = AT.astimezone(timezone(timedelta(hours=5, minutes=45)))
    assert text_of(replace(SAID, at=there)) == text_of(SAID)


@pytest.mark.parametrize(("change", "why"), [
    ({"force_evict": True}, "one machine at a time"),
    ({"says": "break-glass"}, "needs a reason"), ({"says": "break-glass", "reason": " "}, "needs a reason"),
    ({"reason": "x" * 501}, "too long"),
    ({"until": AT}, "up to 30 days"), ({"until": AT - timedelta(seconds=1)}, "up to 30 days"),
    ({"until": AT + LONGEST + timedelta(seconds=1)}, "up to 30 days"),
    ({"reason": "two\nlines"}, "reason holds characters"), ({"plan": "a\u200bb"}, "plan holds characters"),
    ({"step": "web\r-1"}, "step holds characters"),
])  # fmt: skip
def test_what_no_statement_may_say(change: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        text_of(replace(SAID, **change))


WRONG: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "does not begin with oakum-approval/1"),
    "another format": (TEXT.replace("approval/1", "approval/2").encode(), "does not begin with oakum-approval/1"),
    "another word": (TEXT.replace("break-glass", "agree").encode(), "cannot say 'agree'"),
    "no word": (TEXT.replace("says: break-glass\n", "").encode(), "cannot say ''"),
    "an unknown line": (TEXT.replace("at: 2", "also: yes\nat: 2", 1).encode(), "7: 'also: yes' is no line"),
    "a line without its colon": (TEXT.replace("step: packages@web-1", "step").encode(), "4: 'step' is no line"),
    "a line twice": (TEXT.replace("reason:", "step: a\nreason:").encode(), "6: 'step: a' is no line"),
    "the first line twice": (TEXT.replace("says", "oakum-approval/1\nsays", 1).encode(), "2: 'oakum-approval/1' is no"),
    "an empty line": (TEXT.replace("step", "\nstep", 1).encode(), "not in its one form"),
    "no end of its last line": (TEXT.removesuffix("\n").encode(), "not in its one form"),
    "a line more": (f"{TEXT}\n".encode(), "not in its one form"),
    "another order": (
        "".join(["oakum-approval/1\n", *sorted(TEXT.splitlines(keepends=True)[1:])]).encode(), "not in its one form"
    ),
    "another answer to whether": (TEXT.replace("force-evict: yes", "force-evict: no").encode(), "not in its one form"),
    "an empty value": (TEXT.replace("reason: it burns\n", "reason: it burns\nat: \n", 1).encode(), "is no line"),
    "no time": (TEXT.replace("at: 2026-01-31T06:00:00Z\n", "").encode(), "at is no time: ''"),
    "an end that is none": (TEXT.replace("2026-02-01", "2026-02-30").encode(), "until is no time"),
    "not text": (b"\xff" + TEXT.encode(), "not UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "why"), WRONG.values(), ids=WRONG)
def test_what_is_no_statement_is_refused_and_says_why(data: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why):
        read_statement(data)
