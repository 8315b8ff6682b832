"""Bundles of runs: gathered from a run and the ledger, written as one file, and verified from that file alone.

The ledger's checkpoint has to reach behind the last entry of the run, so that whoever exports signs first, or hands in
the key that signs. A bundle is verified as it is made; one that contradicts itself is written all the same, since that
is what somebody has to see.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import get_args

import msgspec

from oakum.changes.plans import canonical
from oakum.changes.proof import About, Proof, bundled, opened, verify
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
    LARGEST,
    PLAN,
    POLICY,
    REQUEST,
    Opened,
)
from oakum.changes.proof.entries import Earlier, Line, Series, written
from oakum.errors import InputError, LimitError, NotAssessableError, OakumError, Place, UsageError
from oakum.ledger.base64 import encoded
from oakum.ledger.checkpoints import read_checkpoint
from oakum.ledger.keys import PublicKey
from oakum.ledger.notes import read_note
from oakum.local.approvals import check
from oakum.local.evidence import read, told
from oakum.local.ledger.keys import pseudonym_secret
from oakum.local.ledger.places import write
from oakum.local.ledger.runs import journal_of, record_all, series_of
from oakum.local.ledger.signing import sign
from oakum.local.ledger.store import Store
from oakum.local.runs import Run
from oakum.local.zones import time_zones

#: Earlier checkpoints to which a bundle holds proofs, the newest ones.
_EARLIER = 1000


def export(run: Run, ledger: Path, out: Path, *, key: Path | None = None, public: PublicKey | None = None) -> Proof:
    """Writes the bundle of a run, and gives what it shows. Raises OakumError; nothing is written then.

    ``key`` signs a new checkpoint first; without it the newest one has to reach far enough. ``public`` is the ledger's
    public key, which goes into the bundle.
    """
    if by := run.carried_by():
        raise UsageError(f"{run.name} is carried out by {by}", remedy="wait for its end, or for its process's")
    record_all(ledger, run)
    if key is not None:
        sign(ledger, key)
    members = own_members(run, ledger)
    with Store(ledger) as store:
        members |= ledger_members(store, run.name)
    if public is not None:
        members[KEY] = f"{public.text}\n".encode()
    try:
        data = b"".join(bundled(members))
    except OakumError as error:
        raise error.within(str(run.folder)) from None
    proof = verified(opened(data), keys=[public] if public is not None else [])
    if any(each.member == CHECKPOINT for each in proof.faults):
        raise UsageError(proof.faults[0].why, remedy="give the key of this ledger: the .pub file of the one that signs")
    write(out, data)
    return proof


def own_members(run: Run, ledger: Path) -> dict[str, bytes]:
    """What a run itself has for its bundle; people and programs that carried it out stand in it as pseudonyms."""
    inputs = run.file.inputs()
    looks = {when: read(run, when) for when in ("before", "after")}
    first = told(looks["before"])
    about = About(run=run.name, plan=run.plan.hash, feeds=first.feeds if first is not None else "")
    members = {
        ABOUT: msgspec.json.encode(about, order="sorted"),
        PLAN: canonical(run.plan),
        JOURNAL: journal_of(run.records(), pseudonym_secret(ledger)),
    }
    members |= {name: data for name, data in inputs.items() if name.startswith(POLICY)}
    if "request" in inputs:
        members[REQUEST] = inputs["request"]
    members |= {f"{APPROVALS}{number:04}": data for number, data in enumerate(_statements(run), 1)}
    for names, look in (((BEFORE, FOUND_BEFORE), looks["before"]), ((AFTER, FOUND_AFTER), looks["after"])):
        if look is not None:
            members |= dict(zip(names, (look.inventory, look.findings), strict=True))
    return members


def _statements(run: Run) -> list[bytes]:
    """The files of approvals; what was handed in and is none has agreed to nothing, and is not in the ledger."""
    found = []
    for data in run.file.approvals():
        try:
            check(data, "a statement")
        except InputError:
            continue
        found.append(data)
    return found


def ledger_members(store: Store, run: str) -> dict[str, bytes]:
    """The checkpoint, the entries of the run with their proofs, and the way from earlier checkpoints to this one."""
    size, note = store.newest()
    found = [
        (series, number, data)
        for series in get_args(Series)
        for number, data in store.of(series_of(run, series))
    ]  # fmt: skip
    if any(number >= size for _, number, _ in found):
        remedy = "sign the ledger: oakum runs export --sign KEYFILE, or oakum ledger checkpoint --sign KEYFILE"
        raise NotAssessableError(
            f"the newest checkpoint has {size} entries, and the run has some after that",
            place=Place(str(store.path)), remedy=remedy,
        )  # fmt: skip
    lines = [
        Line(series=series, index=number, entry=msgspec.Raw(data), proof=_texts(store.inclusion(number, size)))
        for series, number, data in sorted(found, key=lambda each: each[1])
    ]
    signed = {earlier: read_checkpoint(read_note(each)).root for earlier, each in store.checkpoints()}
    sizes = sorted(earlier for earlier in signed if 0 < earlier < size)[-_EARLIER:]
    earlier = [
        Earlier(size=each, root=encoded(signed[each]), proof=_texts(store.consistency(each, size))) for each in sizes
    ]
    members = {CHECKPOINT: note, ENTRIES: written(lines)}
    return members | ({EARLIER: written(earlier)} if earlier else {})


def _texts(proof: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(encoded(each) for each in proof)


def verified(
    bundle: Opened, *, keys: Sequence[PublicKey] = (), kept: Mapping[str, bytes] | None = None,
    accepted: Collection[str] = (),
) -> Proof:  # fmt: skip
    """What a bundle shows. Raises UsageError where signatures cannot be checked here at all."""
    return verify(bundle, check=check, zones=time_zones, keys=keys, kept=kept, accepted=accepted)


def read_bundle(path: Path) -> Opened:
    """The members of a file. Raises InputError, LimitError naming it."""
    place = Place(str(path))
    try:
        if path.exists() and not path.is_file():
            raise InputError("this is no file", place=place, remedy="name a file that oakum runs export wrote")
        with path.open("rb") as file:
            # One byte more than may be is enough to refuse it.
            data = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"cannot be read: {what}", place=place, remedy="name a readable file") from None
    if len(data) > LARGEST:
        raise LimitError(f"larger than {LARGEST:,} bytes", place=place, remedy="no bundle is so large")
    try:
        return opened(data)
    except OakumError as error:
        raise error.within(str(path)) from None


def shown(run: Run, ledger: Path) -> Proof:
    """What a run shows of itself as it stands here, without a ledger's signature where none reaches far enough."""
    members = own_members(run, ledger)
    try:
        with Store(ledger) as store:
            members |= ledger_members(store, run.name)
    except OakumError:
        pass
    return verified(opened(b"".join(bundled(members))))
