"""Whether everything of a run stands in the signed ledger, and nothing else: each entry is made anew from the bundle.

Entries are in the bundle as well, each with its number and the proof that it is in the tree of the checkpoint; so what
was changed can be told apart: an entry that the proof does not lead to, or a record that is not the one of its entry.
The last entry of a run that is over has the digest of all of its records, so that none can be left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, get_args

import msgspec
from msgspec.structs import replace

from oakum.changes.approvals import Signed
from oakum.changes.plans.model import Plan
from oakum.changes.proof.container import (
    ABOUT,
    AFTER,
    APPROVALS,
    BEFORE,
    CHECKPOINT,
    EARLIER,
    ENTRIES,
    FOUND_AFTER,
    FOUND_BEFORE,
    JOURNAL,
    KEY,
    PLAN,
    POLICY,
    REQUEST,
)
from oakum.changes.proof.evidence import LookedAt
from oakum.changes.proof.model import Fault, Gap
from oakum.changes.recorded import entries_of, entries_of_look, entries_of_plan, entry_of_approval, entry_of_whole, over
from oakum.changes.running.journal import Record
from oakum.errors import OakumError
from oakum.ledger.base64 import decoded, encoded
from oakum.ledger.checkpoints import Checkpoint, open_checkpoint, read_checkpoint
from oakum.ledger.entries import Entry, digest, read_entry, tellable
from oakum.ledger.keys import PublicKey, read_public_key
from oakum.ledger.merkle import leaf_hash
from oakum.ledger.notes import read_note
from oakum.ledger.proofs import why_not_consistent, why_not_included

#: The parts of a run in the ledger.
Series = Literal["plan", "request", "approvals", "before", "journal", "after", "whole"]
#: What has to be written before the first record of the journal, and what after the last.
_FIRST, _LAST = ("plan", "request", "before"), ("after", "whole")
_LOOKS: tuple[tuple[Literal["before", "after"], str, str], ...] = (
    ("before", BEFORE, FOUND_BEFORE), ("after", AFTER, FOUND_AFTER),
)  # fmt: skip
_REMEDY = "get the bundle anew from whoever made it: oakum runs export"


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry of the run: of which part of it, its number in the ledger, and the proof (hashes in base64)."""

    series: Series
    index: int
    entry: msgspec.Raw
    proof: tuple[str, ...]


class Earlier(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The proof that an earlier checkpoint, of ``size`` entries and a root in base64, is the beginning of this one."""

    size: int
    root: str
    proof: tuple[str, ...]


class Piece(msgspec.Struct, frozen=True):
    """What has to stand in the ledger, and where in the bundle it comes from."""

    series: Series
    entry: Entry
    member: str
    part: str = ""


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of the ledger: its checkpoint where it is signed, and whether by a key that the caller gave."""

    checkpoint: Checkpoint | None = None
    pinned: bool = False
    entries: int = 0


def written(lines: Iterable[msgspec.Struct]) -> bytes:
    """Lines of JSON in their one form."""
    return b"".join(msgspec.json.encode(each, order="sorted") + b"\n" for each in lines)


def pieces_of(
    run: str, plan: Plan, feeds: str, request: tuple[bytes, Signed] | None,
    approvals: Mapping[str, tuple[bytes, Signed]], records: Sequence[Record], journal: bytes,
    looks: Mapping[str, tuple[LookedAt, bytes, bytes]],
) -> Iterator[Piece]:  # fmt: skip
    """Everything that has to stand in the ledger, with ``oakum`` for every person."""
    for each in entries_of_plan(plan, actor="oakum", feeds=feeds):
        where = {"policy": POLICY, "feeds": ABOUT}.get(each.kind, PLAN)
        yield Piece("plan", each, where)
    if request is not None:
        yield Piece("request", entry_of_approval(request[1].statement, request[0], actor="oakum"), REQUEST)
    for name, (data, signed) in approvals.items():
        yield Piece("approvals", entry_of_approval(signed.statement, data, actor="oakum"), name)
    for series, *names in _LOOKS:
        look, inventory, findings = looks.get(series, (LookedAt(), b"", b""))
        if look.findings is not None:
            told = look.findings
            made = entries_of_look(
                series, plan, at=told.at, inventory=inventory, findings=findings, feeds=told.feeds
            )  # fmt: skip
            for each, name in zip(made, names, strict=True):
                yield Piece(series, each, name)
    veiled = entries_of(records, pseudonym=lambda who: who, policy=plan.policy, feeds=feeds)
    for number, each in enumerate(veiled, 1):
        yield Piece("journal", each, JOURNAL, f"record {number}")
    if over(records):
        yield Piece("whole", entry_of_whole(plan, journal, at=records[-1].at), JOURNAL)


def first_other_record(members: Mapping[str, bytes]) -> int:
    """The number of the first line of a journal that is not the record of its entry; 0 where that cannot be told."""
    found = [line for line in map(_line, _lines(members.get(ENTRIES, b""))) if line is not None]
    bodies = [read.body for line in found if line.series == "journal" and (read := _entry(line)) is not None]
    if not bodies:
        return 0
    lines = _lines(members.get(JOURNAL, b""))
    told = (number for number, (line, body) in enumerate(zip(lines, bodies, strict=False), 1) if digest(line) != body)
    return next(told, min(len(lines), len(bodies)) + 1 if len(lines) != len(bodies) else 0)


def first_other_entry(members: Mapping[str, bytes]) -> int:
    """The number of the first line of the entries that the root of the checkpoint does not prove; 0 where none is."""
    try:
        head = read_checkpoint(read_note(members.get(CHECKPOINT, b"")))
    except OakumError:
        return 0
    for number, raw in enumerate(_lines(members.get(ENTRIES, b"")), 1):
        line = _line(raw)
        if line is None or _why_not_proven(line, head):
            return number
    return 0


def _lines(data: bytes) -> list[bytes]:
    """Lines, the last one too where its end is missing."""
    return data.removesuffix(b"\n").split(b"\n") if data else []


def _line(raw: bytes) -> Line | None:
    """A line in its one form; None for what is none."""
    try:
        found = msgspec.json.decode(raw, type=Line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return found if msgspec.json.encode(found, order="sorted") == raw else None


def _entry(line: Line) -> Entry | None:
    try:
        return read_entry(bytes(line.entry))
    except OakumError:
        return None


def _why_not_proven(line: Line, head: Checkpoint) -> str:
    """Why an entry is not shown to be in a ledger; empty where it is."""
    try:
        proof = [decoded(each) for each in line.proof]
    except OakumError:
        return "its proof is no base64"
    return why_not_included(line.index, head.size, leaf_hash(bytes(line.entry)), proof, head.root)


class Checked:
    """The ledger's part of a bundle, with what is wrong with it."""

    def __init__(self, members: Mapping[str, bytes], keys: Sequence[PublicKey], kept: Mapping[str, bytes]) -> None:
        self.faults: list[Fault] = []
        self.gaps: list[Gap] = []
        self.ledger = Ledger()
        self._lines: list[tuple[Line, Entry]] = []
        self._read(members, list(keys), kept)

    def _read(self, members: Mapping[str, bytes], keys: list[PublicKey], kept: Mapping[str, bytes]) -> None:
        note, lines = members.get(CHECKPOINT), members.get(ENTRIES)
        if note is None or lines is None:
            remedy = "sign the ledger and export the run again: oakum runs export --sign KEYFILE"
            self.gaps.append(Gap("no-ledger", "the ledger", "no signed ledger stands behind this run", remedy))
            return
        pinned = bool(keys)
        enclosed = self._enclosed(members)
        if pinned and enclosed is not None and enclosed not in keys:
            self.faults.append(Fault(KEY, "", "it is another key than those that you gave"))
        elif not pinned:
            self._unpinned(enclosed)
            keys = [enclosed] if enclosed is not None else []
        if not keys:
            return
        try:
            checkpoint = open_checkpoint(note, keys)
        except OakumError as error:
            self.faults.append(Fault(CHECKPOINT, "", error.what, error.remedy))
            return
        self.ledger = Ledger(checkpoint=checkpoint, pinned=pinned)
        self._entries(lines, checkpoint)
        self._kept(members.get(EARLIER, b""), checkpoint, keys, kept)

    def _enclosed(self, members: Mapping[str, bytes]) -> PublicKey | None:
        """The key that came with the bundle."""
        data = members.get(KEY)
        if data is None:
            return None
        try:
            key = read_public_key(data.decode())
        except (OakumError, UnicodeDecodeError) as error:
            self.faults.append(Fault(KEY, "", error.what if isinstance(error, OakumError) else "it is no text"))
            return None
        if data != f"{key.text}\n".encode():
            self.faults.append(Fault(KEY, "", "it is not written in its one form"))
        return key

    def _unpinned(self, key: PublicKey | None) -> None:
        """The key that came with the bundle proves nothing about who signed."""
        remedy = "give the ledger's key, got another way: --key KEY"
        if key is None:
            self.gaps.append(Gap("no-ledger", "the ledger", "there is no key to check its signature with", remedy))
            return
        why = "it came with the bundle: whoever made one may have made both"
        self.gaps.append(Gap("unpinned-key", f"the key {key.name}+{key.id.hex()}", why, remedy))

    def _entries(self, data: bytes, checkpoint: Checkpoint) -> None:
        before = -1
        for number, raw in enumerate(_lines(data), 1):
            where, line = f"entry {number}", _line(raw)
            entry = None if line is None else _entry(line)
            if line is None or entry is None:
                self._wrong(where, "it is not as it was written")
                continue
            where = f"{where}, index {line.index}"
            if line.index <= before:
                self._wrong(where, "it does not come after the one before it")
            before = line.index
            if why := _why_not_proven(line, checkpoint):
                self._wrong(where, f"it is not in the signed ledger: {why}")
                continue
            self._lines.append((line, entry))
        self.ledger = replace(self.ledger, entries=len(self._lines))

    def _wrong(self, part: str, why: str) -> None:
        self.faults.append(Fault(ENTRIES, part, why, _REMEDY))

    def _kept(
        self, data: bytes, now: Checkpoint, keys: Sequence[PublicKey], kept: Mapping[str, bytes]
    ) -> None:  # fmt: skip
        joined = {now.size: encoded(now.root)}
        for number, raw in enumerate(_lines(data), 1):
            try:
                found = msgspec.json.decode(raw, type=Earlier)
                same = msgspec.json.encode(found, order="sorted") == raw
                proof = [decoded(each) for each in found.proof]
                why = why_not_consistent(found.size, now.size, decoded(found.root), now.root, proof)
            except (msgspec.MsgspecError, ValueError, OakumError, RecursionError):
                same, why = False, ""
            if not same or why:
                self.faults.append(Fault(EARLIER, f"line {number}", why or "it is not as it was written", _REMEDY))
                continue
            joined[found.size] = found.root
        for name, note in kept.items():
            try:
                then = open_checkpoint(note, keys)
            except OakumError as error:
                self.faults.append(Fault(name, "", error.what, error.remedy))
                continue
            root = joined.get(then.size)
            if root is not None and root != encoded(then.root):
                why = f"its first {then.size} entries are not those of the ledger behind the bundle"
                self.faults.append(Fault(name, "", why, "both were signed: two stories were told; keep both files"))
            elif root is None:
                later = then.size > now.size
                why = "it is later than the bundle" if later else "the bundle holds no proof from it to its own"
                remedy = "have the bundle exported again" if later else "ask for a proof: oakum ledger proof --old"
                self.gaps.append(Gap("kept-checkpoint", name, why, remedy))

    # Against the bundle

    def compare(self, run: str, pieces: Iterable[Piece], people: Mapping[str, str]) -> None:
        """Compares what stands in the ledger with what has to. ``people`` are the signers of members, by member."""
        if self.ledger.checkpoint is None or any(each.member == ENTRIES for each in self.faults):
            # What cannot be read cannot be compared, and is named already.
            return
        wanted: dict[str, list[Piece]] = {series: [] for series in get_args(Series)}
        for piece in pieces:
            wanted[piece.series].append(piece)
        held: dict[str, list[tuple[Line, Entry]]] = {series: [] for series in wanted}
        for each in self._lines:
            held[each[0].series].append(each)
        actors: dict[str, str] = {}
        for series, several in wanted.items():
            for piece, (_, entry) in zip(several, held[series], strict=False):
                self._same(run, piece, entry)
                who = people.get(piece.member, "")
                if who and actors.setdefault(who, entry.actor) != entry.actor:
                    self.faults.append(Fault(piece.member, "", "the ledger says that another person signed it"))
            self._counted(series, several, len(held[series]))
        if len(set(actors.values())) < len(actors):
            self.faults.append(Fault(ENTRIES, "", "two people stand in the ledger as one"))
        self._ordered(held)

    def _same(self, run: str, piece: Piece, entry: Entry) -> None:
        expected = replace(piece.entry, run=tellable(run))
        if piece.series in ("plan", "request", "approvals") and piece.entry.kind not in ("policy", "feeds"):
            expected = replace(expected, actor=entry.actor)
        if expected != entry:
            fields = [name for name in entry.__struct_fields__ if getattr(entry, name) != getattr(expected, name)]
            why = f"it is not what stands in the ledger ({', '.join(fields)})"
            self.faults.append(Fault(piece.member, piece.part, why))

    def _counted(self, series: str, wanted: Sequence[Piece], held: int) -> None:
        if held < len(wanted):
            piece = wanted[held]
            if piece.series == "whole":
                what = "whether these are all records of the run"
                self.gaps.append(Gap("no-ledger", what, "the entry that says so is not in the bundle", _REMEDY))
                return
            self.faults.append(Fault(piece.member, piece.part, "it does not stand in the ledger", _REMEDY))
        elif held > len(wanted):
            place = {"journal": JOURNAL, "approvals": APPROVALS, "request": REQUEST, "plan": PLAN}.get(series, "")
            place = place or {"before": BEFORE, "after": AFTER}.get(series, JOURNAL)
            why = f"the ledger has {held} entries of this, and the bundle {len(wanted)}: something was left out"
            self.faults.append(Fault(place, "", why, _REMEDY))

    def _ordered(self, held: Mapping[str, Sequence[tuple[Line, Entry]]]) -> None:
        """What a run begins from was written before its first record, and what was seen after it after its last."""
        numbers = [line.index for line, _ in held["journal"]]
        if not numbers:
            return
        for series in _FIRST:
            late = [line.index for line, _ in held[series] if line.index > numbers[0]]
            if late:
                self.faults.append(Fault(ENTRIES, f"index {late[0]}", f"{series} was written after the run had begun"))
        for series in _LAST:
            soon = [line.index for line, _ in held[series] if line.index < numbers[-1]]
            if soon:
                self.faults.append(Fault(ENTRIES, f"index {soon[0]}", f"{series} was written before the run had ended"))
