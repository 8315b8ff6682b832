"""A bundle as one file: a tar archive of which every bit is determined, with the SHA-256 of every member in the first.

``tar -xf FILE`` unpacks it and ``sha256sum -c SHA256SUMS`` checks it, so that a stranger needs nothing of ours to read
it. Here nothing is ever unpacked to a disk: members are slices of the file, under limits of size and number, and a
name that is none of a bundle's is refused. Nothing is compressed, so that nothing grows when it is read.

Sources: POSIX.1-1988 (ustar); the form of sha256sum (GNU coreutils), in which a line that begins with # is a comment.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping

import msgspec

from oakum.changes.proof.model import Fault
from oakum.errors import InputError, LimitError
from oakum.ledger.archive import BLOCK, header, packed

FORMAT = 1
SUMS, END = "SHA256SUMS", "the end of the archive"
README, ABOUT, PLAN, POLICY = "README", "about.json", "plan.json", "policy/"
REQUEST, APPROVALS, JOURNAL = "request", "approvals/", "journal.jsonl"
BEFORE, AFTER = "before/inventory.json", "after/inventory.json"
FOUND_BEFORE, FOUND_AFTER = "before/findings.json", "after/findings.json"
CHECKPOINT, KEY, ENTRIES, EARLIER = "ledger/checkpoint", "ledger/key", "ledger/entries.jsonl", "ledger/earlier.jsonl"
#: The members in their order; what ends with a slash stands for several, by name.
ORDER = (
    README, ABOUT, PLAN, POLICY, REQUEST, APPROVALS, JOURNAL, BEFORE, FOUND_BEFORE, AFTER, FOUND_AFTER, CHECKPOINT, KEY,
    ENTRIES, EARLIER,
)  # fmt: skip
TEXT = b"""\
This file proves a change of machines by Oakum: what was planned, who agreed, what was done, what was there before
and after, and that all of it stands in a signed ledger.

  oakum runs verify FILE --key KEY     checks everything, offline; KEY is the ledger's public key, got another way
  sha256sum -c SHA256SUMS              checks that the files were not damaged, and nothing else

plan.json            what was planned; its hash is what people agreed to
policy/              the rules it was made under, with the people who may agree and their keys
request, approvals/  who asked and who agreed: statements with SSH signatures (ssh-keygen -Y verify)
journal.jsonl        what was done, a record a line; p-... stands for whoever carried it out
before/, after/      the versions on the machines, and what advisories said of them
ledger/              the checkpoint of the ledger with its signature, its key, and for each entry of the run the proof
                     that it is there (RFC 6962)
"""
#: Limits: of the file, of a member, of the number of members.
LARGEST = 1 << 28
LARGEST_MEMBER = 1 << 27
MOST_MEMBERS = 2000
_HEAD = re.compile(rb"# oakum-bundle/(0|[1-9]\d{0,8}) ([0-9a-f]{64})\n")
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
_APPROVAL = re.compile(r"approvals/[0-9]{4}")
_PLAIN = re.compile(r"[^\x00-\x1f\x7f\\]+")
_MAGIC = slice(257, 265)
_USTAR = b"ustar\x0000"
_REMEDY = "get the file anew from whoever made it: oakum runs export"


class Opened(msgspec.Struct, frozen=True):
    """The ``members`` of a bundle as far as they can be read, and what is wrong with the file itself.

    ``damaged`` are members whose bytes are not those that were put in.
    """

    members: dict[str, bytes]
    faults: tuple[Fault, ...] = ()
    damaged: frozenset[str] = frozenset()


def bundled(members: Mapping[str, bytes]) -> Iterator[bytes]:
    """The file of some members, piece by piece: the same members are the same file.

    Raises InputError for a name that no bundle has, LimitError for what is too large.
    """
    whole = {README: TEXT, **members}
    names = sorted(whole, key=_place)
    for name in names:
        _may_stand(name)
        if len(whole[name]) > LARGEST_MEMBER:
            raise LimitError(f"{name} is larger than {LARGEST_MEMBER:,} bytes", remedy="no bundle holds so much")
    lines = "".join(f"{_sum(whole[name])}  {name}\n" for name in names).encode()
    head = f"# oakum-bundle/{FORMAT} {_sum(lines)}\n".encode()
    files = [(SUMS, head + lines), *((name, whole[name]) for name in names)]
    size = 2 * BLOCK + sum(BLOCK + len(data) + -len(data) % BLOCK for _, data in files)
    if size > LARGEST or len(files) > MOST_MEMBERS:
        raise LimitError(f"more than {LARGEST:,} bytes, or {MOST_MEMBERS} members", remedy="no bundle holds so much")
    yield from packed(files)


def looks_like_one(data: bytes) -> bool:
    """Whether a file is meant to be a bundle, be one of its three marks damaged or not."""
    first = f"{SUMS}\0".encode()
    marks = (data[_MAGIC] == _USTAR, data[: len(first)] == first, data[BLOCK:].startswith(b"# oakum-bundle/"))
    return sum(marks) >= 2


def opened(data: bytes) -> Opened:
    """The members of a bundle, each compared with its sum and the only form that its place can have.

    Raises InputError for what is none, is cut off, has another version, or names that a bundle never has; LimitError.
    """
    if len(data) > LARGEST:
        raise LimitError(f"larger than {LARGEST:,} bytes", remedy="no bundle is so large")
    if not looks_like_one(data):
        raise InputError("this is no bundle of a run", remedy="give a file that oakum runs export wrote")
    walk = _Walk(data)
    walk.go()
    if SUMS not in walk.members:
        return Opened({}, tuple(walk.faults), frozenset({SUMS}))
    sums = walk.members.pop(SUMS)
    return _compared(walk, sums)


class _Walk:
    """Goes through an archive from member to member, as far as its headers are what they have to be."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.members: dict[str, bytes] = {}
        self.faults: list[Fault] = []
        self.torn = False
        self._listed: list[str] = [SUMS]

    def go(self) -> None:
        """Reads everything. Raises InputError, LimitError."""
        at, data = 0, self._data
        while any(block := data[at : at + BLOCK]):
            at = self._member(at, block)
            if self.torn:
                return
        rest = data[at:]
        if len(rest) < 2 * BLOCK:
            raise InputError(f"the file is cut off after {self._last}", remedy=_REMEDY)
        if len(rest) > 2 * BLOCK or any(rest):
            self.faults.append(Fault(END, "", "something stands after the last member", _REMEDY))

    @property
    def _last(self) -> str:
        return next(reversed(self.members), "its beginning")

    def _member(self, at: int, block: bytes) -> int:
        """Reads the member of a header; where the next one begins."""
        name, size = _told(block)
        if len(block) < BLOCK:
            raise InputError(f"the file is cut off after {self._last}", remedy=_REMEDY)
        if not name or size < 0 or block != header(name, size):
            number = len(self.members)
            expected = self._listed[number] if number < len(self._listed) else END
            self.faults.append(Fault(expected, "", "its header in the archive was changed", _REMEDY))
            self.torn = True
            return at
        if name in self.members:
            raise InputError(f"{name} stands twice in the bundle", remedy=_REMEDY)
        if len(self.members) >= MOST_MEMBERS:
            raise LimitError(f"more than {MOST_MEMBERS} members", remedy="no bundle has so many")
        if size > LARGEST_MEMBER:
            raise LimitError(f"{name} is larger than {LARGEST_MEMBER:,} bytes", remedy="no bundle holds so much")
        if (name == SUMS) != (not self.members):
            raise InputError(f"{SUMS} is not the first member", remedy=_REMEDY)
        if name != SUMS:
            _may_stand(name)
        begin = at + BLOCK
        end = begin + size
        after = end + (-size % BLOCK)
        if after > len(self._data):
            raise InputError(f"the file is cut off in the middle of {name}", remedy=_REMEDY)
        self.members[name] = self._data[begin:end]
        if name == SUMS:
            self._listed += [path for _, path in _listing(self.members[name])]
        if any(self._data[end:after]):
            self.faults.append(Fault(name, "", "there is something in the empty space after it", _REMEDY))
        return after


def _told(block: bytes) -> tuple[str, int]:
    """The name and the size that a header tells; no name where it tells none."""
    try:
        name = block[:100].rstrip(b"\0").decode()
        return ("" if "\0" in name else name), int(block[124:135].decode("ascii"), 8)
    except (UnicodeDecodeError, ValueError):
        return "", 0


def _may_stand(name: str) -> None:
    """Raises InputError for a name that no bundle has, and for every one that leads out of a folder."""
    parts = name.split("/")
    if (
        not _PLAIN.fullmatch(name)
        or any(part in ("", ".", "..") for part in parts)
        or not (name in ORDER or name.startswith(POLICY) or _APPROVAL.fullmatch(name))
    ):
        raise InputError(f"{name[:80]!r} is no member of a bundle", remedy=_REMEDY)
    if len(name.encode()) > 100:
        remedy = "give the file of the policy a shorter name, and plan again"
        raise InputError(f"{name[:80]}... is longer than 100 bytes", remedy=remedy)


def _place(name: str) -> tuple[int, str]:
    prefix = f"{name.partition('/')[0]}/"
    return ORDER.index(name if name in ORDER else prefix if prefix in ORDER else ORDER[-1]), name


def _listing(sums: bytes) -> list[tuple[str, str]]:
    """The sums and names that the first member tells, as far as they are understood."""
    lines = sums.decode("utf-8", "replace").split("\n")[1:]
    return [(found[1], found[2]) for line in lines if (found := _LINE.fullmatch(line))]


def _compared(walk: _Walk, sums: bytes) -> Opened:
    """The members, compared with what the first one tells of them."""
    head = _HEAD.match(sums)
    if head is not None and int(head[1]) != FORMAT:
        what = f"{SUMS} tells of format {int(head[1])} of bundles, and {FORMAT} is known"
        raise InputError(what, remedy="verify it with the version of Oakum that made it, or a later one")
    listed = _listing(sums)
    whole = "".join(f"{digest}  {name}\n" for digest, name in listed).encode()
    if head is None or head[2].decode() != _sum(sums[head.end() :]) or whole != sums[head.end() :]:
        fault = Fault(SUMS, "", "its lines are not those that were written", _REMEDY)
        return Opened(walk.members, (fault, *walk.faults), frozenset({SUMS}))
    faults = list(walk.faults)
    told = {name: digest for digest, name in listed}
    damaged = {each.member for each in faults}
    if not walk.torn:
        faults += [Fault(name, "", "it is missing", _REMEDY) for name in told if name not in walk.members]
    if [name for _, name in listed] != sorted(told, key=_place):
        faults.append(Fault(SUMS, "", "its lines are not in their order", _REMEDY))
    for place, (name, data) in enumerate(walk.members.items()):
        if place >= len(listed) or name != listed[place][1]:
            faults.append(Fault(name, "", f"{SUMS} does not list it in this place", _REMEDY))
        elif told[name] != _sum(data):
            damaged.add(name)
    if README not in damaged and walk.members.get(README, b"") != TEXT:
        faults.append(Fault(README, "", "it is not the text that stands in every bundle", _REMEDY))
    return Opened(walk.members, tuple(faults), frozenset(damaged))


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
