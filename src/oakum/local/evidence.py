"""What machines look like before a run and after it: read by SSH, held against the advisories at hand, kept once.

A look never keeps a run from beginning or ending: what could not be read or judged is said in it. Its two files lie
beside that of the run, and their digests go into the ledger before the first act and after the last.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec.structs import replace

from oakum.changes.plans import Plan
from oakum.changes.proof.container import AFTER, BEFORE, FOUND_AFTER, FOUND_BEFORE
from oakum.changes.proof.evidence import FindingsDocument, ToldFinding, ToldGap, ToldMachine
from oakum.changes.state.inventory import InventoryDocument, SoftwareEntry
from oakum.errors import InputError, OakumError
from oakum.ledger.entries import digest
from oakum.local.ledger.places import write
from oakum.local.paths import data_folder
from oakum.local.runs import Run
from oakum.local.targets import Target
from oakum.reports.answer import Answer

#: Hosts that are read at once.
_AT_ONCE = 32
_FILES = {"before": (BEFORE, FOUND_BEFORE), "after": (AFTER, FOUND_AFTER)}


class Look(msgspec.Struct, frozen=True):
    """A look at the machines of a run: their inventory, and what advisories say of it, as files."""

    inventory: bytes
    findings: bytes


class TakeLook(Protocol):
    """Whoever looks at the machines of a plan."""

    def __call__(self, plan: Plan, *, hosts: Sequence[str], data: str | None, feeds: str) -> Look | None:
        """The look, by the feeds of a folder (empty: the data folder's); None where nobody can look from here."""


def by_ssh(plan: Plan, *, hosts: Sequence[str], data: str | None, feeds: str) -> Look | None:
    """A look at the hosts of a plan through SSH. Machines of clusters are not read from here."""
    # Connections bring a large library, which only a run needs.
    from oakum.adapters.ssh.hosts_file import read_hosts
    from oakum.local.hosts import inventory, scan_hosts
    from oakum.local.targets import distinct

    folder = data_folder(data)
    known = read_hosts(folder, [Path(each) for each in hosts])
    names = sorted({step.subject.id for step in plan.steps.values() if step.subject.id in known})
    if not names:
        return None
    now = datetime.now(UTC)
    scans = scan_hosts(known, names, limit=_AT_ONCE)
    read = [each for each in scans if each.target is not None]
    document = slim(inventory(scans, known, now))
    targets = distinct([each.target for each in read if each.target is not None])
    keys = {target.asset.key: scan.name for target, scan in zip(targets, read, strict=True)}
    unread = {each.name: each.error for each in scans if each.error is not None}
    gaps = {name: _gap("unread", name, error) for name, error in unread.items()}
    try:
        answer = _judged(targets, folder, feeds, now)
    except OakumError as error:
        # A store of feeds that is damaged says nothing about any machine, and keeps no run from beginning.
        blind = {name: _gap("feeds", name, error) for name in keys.values()}
        return Look(document, findings(document, now, None, keys, gaps | blind))
    return Look(document, findings(document, now, answer, keys, gaps))


def slim(inventory: bytes) -> bytes:
    """An inventory with what is there alone: what channels offer, and what could be put back, proves nothing."""
    found = msgspec.json.decode(inventory, type=InventoryDocument)
    hosts = {
        name: replace(
            host,
            software={
                each: SoftwareEntry(installed=entry.installed, running=entry.running, part=entry.part)
                for each, entry in host.software.items()
            },
        )
        for name, host in found.hosts.items()
    }
    told = {"format": found.format, "at": found.at, "hosts": msgspec.to_builtins(hosts)}
    return msgspec.json.encode(told) + b"\n"


def _gap(kind: str, what: str, error: OakumError) -> ToldGap:
    return ToldGap(kind=kind, what=what, why=error.what, remedy=error.remedy)


def _judged(targets: Sequence[Target], folder: Path, feeds: str, now: datetime) -> Answer:
    """What the advisories at hand say. Raises OakumError."""
    import sqlite3

    from oakum.local.context import context_of
    from oakum.local.feeds import open_index
    from oakum.local.offers import offers_of
    from oakum.local.scan import Options, scan

    options = Options(now=f"{now.replace(tzinfo=None).isoformat(timespec='seconds')}Z")
    try:
        index = open_index(Path(feeds) if feeds else None, folder)
        assets = [each.asset for each in targets]
        return scan(assets, index, context_of(None), options, offers_of=offers_of(targets)).answer
    except sqlite3.DatabaseError as error:
        remedy = "delete index.sqlite beside feeds.sqlite; the next scan builds it anew"
        raise InputError(f"the advisory index is damaged: {error}", remedy=remedy) from None


def findings(
    inventory: bytes, at: datetime, answer: Answer | None, keys: Mapping[str, str], gaps: Mapping[str, ToldGap]
) -> bytes:
    """What an answer says of machines (``keys`` are their names by the keys of assets), as a file."""
    machines: dict[str, ToldMachine] = {name: ToldMachine(gaps=(gap,)) for name, gap in gaps.items()}
    for asset in answer.assets if answer is not None else ():
        name = keys[asset.key]
        told = [each for each in answer.findings if asset.key in each.assets] if answer is not None else []
        open_ = [each for each in answer.not_assessable if each.asset in ("", asset.key)] if answer is not None else []
        machines[name] = ToldMachine(
            packages=asset.packages, assessed=sum(part.assessed for part in asset.coverage),
            findings=tuple(
                ToldFinding(
                    id=each.id, package=each.package.name, version=each.package.version, fixed=each.fix.version,
                    state=each.fix.state, severity=each.severity, decision=each.decision.outcome, exploited=each.kev,
                )
                for each in told
            ),
            gaps=tuple(ToldGap(kind=each.kind, what=each.what, why=each.why, remedy=each.remedy) for each in open_),
        )  # fmt: skip
    document = FindingsDocument(
        at=at, feeds=answer.feeds if answer is not None else "", inventory=digest(inventory), machines=machines
    )  # fmt: skip
    return msgspec.json.encode(document, order="sorted") + b"\n"


# Kept beside the run


def keep(run: Run, when: str, look: Look) -> None:
    """Keeps a look beside the run; one that is there already stays as it is. Raises InputError."""
    place = run.folder / when
    if read(run, when) is None:
        place.mkdir(mode=0o700, exist_ok=True)
        for name, data in zip(_FILES[when], (look.inventory, look.findings), strict=True):
            write(run.folder / name, data)
        _sync(run.folder)


def read(run: Run, when: str) -> Look | None:
    """The look that was kept ``before`` a run or ``after`` it; None where there is none, or half of one."""
    try:
        one, other = ((run.folder / name).read_bytes() for name in _FILES[when])
    except OSError:
        return None
    return Look(one, other)


def told(look: Look | None) -> FindingsDocument | None:
    """What is said in a look; None where there is none, or its file is damaged."""
    if look is None:
        return None
    try:
        return msgspec.json.decode(look.findings, type=FindingsDocument)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
