"""Versions of Debian and Ubuntu packages, as ``dpkg --compare-versions`` orders them.

The rule is deb-version(7) and, where it is silent, dpkg itself (lib/dpkg/parsehelp.c and version.c):

- ``[epoch:]upstream[-revision]``; no epoch is epoch 0, no revision equals revision 0.
- Runs of non-digits and of digits take turns. Among non-digits ``~`` sorts before the end of the run, the end
  before letters, letters before everything else (other bytes from 128 on come before ASCII punctuation).
- What dpkg only warns of (a first character that is no digit, characters outside the alphabet) it still compares,
  and so do we. What it refuses (an empty part, a blank inside, an epoch that is no number or above 2147483647)
  has no place here either.

The key is the epoch, then for each of upstream and revision: every run of non-digits through a table that puts its
bytes into dpkg's order, the end of the run, the number, and at last the end of the part. The end of a run and the
end of a part share one byte: where one key has the end of a part, another has at least one character of a run.
"""

from __future__ import annotations

import re
import string

from oakum.versions.encoding import Parts, number
from oakum.versions.unparsable import Unparsable

_TILDE, _END = 1, 2
_GREATEST_EPOCH = 2**31 - 1

_LETTERS = string.ascii_letters.encode()
_IN_ORDER = sorted(_LETTERS) + list(range(128, 256)) + [
    byte for byte in range(1, 128) if byte not in _LETTERS + b"0123456789~"
]  # fmt: skip
_ORDER = bytes.maketrans(bytes(_IN_ORDER) + b"~", bytes(range(3, 3 + len(_IN_ORDER))) + bytes((_TILDE,)))

_RUNS = re.compile(r"[0-9]+|[^0-9]+")
_EPOCH = re.compile(r"[+-]?[0-9]+")
_DIGITS = frozenset(string.digits)
_USUAL_EPOCHS = _DIGITS


class _RefusedError(ValueError):
    """A run that dpkg (or a C string) cannot hold; the argument says why."""


def _encode(run: str) -> bytes:
    if run[0] in _DIGITS:
        return number(run)
    if " " in run or "\t" in run:
        raise _RefusedError("a version has no blanks inside")
    if "\x00" in run:
        raise _RefusedError("a version has no NUL inside")
    return run.encode("utf-8", "surrogatepass").translate(_ORDER) + bytes((_END,))


_part = Parts(_encode).__getitem__

_NO_LETTERS_FIRST = bytes((_END,))
_PART_END = bytes((_END,))
_NUMBER_0 = number("0")
_EPOCH_0 = number("0")
_REVISION_0 = _NO_LETTERS_FIRST + _NUMBER_0 + _PART_END


def key(text: str) -> bytes | Unparsable:
    """The sort key of one Debian version; blanks around it do not count."""
    version = text.strip(" \t")
    epoch = _EPOCH_0
    if ":" in version:
        digits, _, version = version.partition(":")
        if digits not in _USUAL_EPOCHS and (refused := _refused_epoch(digits)) is not None:
            return Unparsable(text, refused)
        epoch = _part(digits.lstrip("+-"))
    upstream, dash, revision = version.rpartition("-")
    try:
        if not dash:
            return epoch + _runs(version) + _REVISION_0
        if not revision:
            return Unparsable(text, "the revision after the last hyphen is empty")
        return epoch + _runs(upstream) + _runs(revision)
    except _RefusedError as refusal:
        return Unparsable(text, str(refusal))


def _runs(part: str) -> bytes:
    runs = _RUNS.findall(part)
    if not runs:
        raise _RefusedError("the version is empty")
    first = b"" if runs[0][0] not in _DIGITS else _NO_LETTERS_FIRST
    last = _PART_END if runs[-1][0] in _DIGITS else _NUMBER_0 + _PART_END
    return first + b"".join(map(_part, runs)) + last


def _refused_epoch(digits: str) -> str | None:
    if not digits:
        return "the epoch before the colon is empty"
    if not _EPOCH.fullmatch(digits):
        return "the epoch before the colon is not a number"
    value = digits.lstrip("+-").lstrip("0")
    if value and digits[0] == "-":
        return "the epoch is negative"
    if len(value) > 10 or int(value or "0") > _GREATEST_EPOCH:
        return f"the epoch is above {_GREATEST_EPOCH}"
    return None
