"""Runs in the data folder: each a folder with its file and a lock, made whole or not at all, and found by its name.

A run holds what it was started from (plan, policy, the request, where its hosts are told of), so that it can be taken
up, shown and proven when those files are gone.
"""

from __future__ import annotations

import fcntl
import os
import platform
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import msgspec

from oakum.changes.approvals import Signed
from oakum.changes.plans import Plan, canonical
from oakum.changes.running.journal import Record
from oakum.errors import InputError, OakumError, Place, UsageError
from oakum.local.approvals import check
from oakum.local.journal import RunFile
from oakum.local.paths import data_folder
from oakum.local.zones import time_zones
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar
from oakum.policy.reading import read

_FILE, _LOCK, _NEW = "run.sqlite", "lock", ".new-"
_POLICY = "policy/"
_ABOUT = "about"
_FORMAT = "oakum-run/1"
_TRIES, _PAUSE = 5, 0.1


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is: its name, the hash of its plan, when it was made, where its hosts and the feeds are told of.

    ``feeds`` is a folder; empty for that of the data folder.
    """

    run: str
    plan: str
    at: datetime
    hosts: tuple[str, ...] = ()
    feeds: str = ""
    format: str = _FORMAT


class Run:
    """One run: its file, opened, and what it was started from."""

    def __init__(self, folder: Path) -> None:
        """Raises OakumError where it was damaged or changed."""
        self.folder, self.name = folder, folder.name
        self.file = RunFile(folder / _FILE)
        self._inputs = self.file.inputs()
        self._held = False
        try:
            self.about = msgspec.json.decode(self._inputs[_ABOUT], type=About)
            self.plan = msgspec.json.decode(self._inputs["plan"], type=Plan)
        except (KeyError, msgspec.MsgspecError) as error:
            raise self._wrong(f"it does not hold what it was started from: {error}") from None
        if self.about.plan != self.plan.hash or self.about.run != self.name:
            raise self._wrong("its plan or its name was changed")

    def policy(self) -> tuple[Policy, Calendar]:
        """The policy that it was started under, and its openings."""
        files = {key.removeprefix(_POLICY): data for key, data in self._inputs.items() if key.startswith(_POLICY)}
        reading = read(files)
        policy = reading.checked()
        if policy.digest != self.plan.policy:
            raise self._wrong("its policy was changed")
        return policy, reading.calendar(time_zones(policy.zone_names))

    def request(self) -> Signed | None:
        """Who asked for it; None where nobody did."""
        data = self._inputs.get("request")
        return None if data is None else check(data, f"the request of {self.name}")

    def approvals(self) -> tuple[tuple[Signed, ...], tuple[str, ...]]:
        """The approvals that came so far, and what is wrong with those that are none."""
        found: list[Signed] = []
        wrong: list[str] = []
        for number, data in enumerate(self.file.approvals(), 1):
            try:
                found.append(check(data, f"approval {number}"))
            except OakumError as error:
                wrong.append(str(error))
        return tuple(found), tuple(wrong)

    def records(self) -> Iterator[Record]:
        """Its journal."""
        return self.file.records()

    def carried_by(self) -> str:
        """Which process carries it out now, in words; empty where none does."""
        try:
            with (self.folder / _LOCK).open("rb") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return lock.read(200).decode("utf-8", "replace").strip() or "another process"
        except OSError as error:
            raise self._wrong(error.strerror or str(error)) from None
        return ""

    @contextmanager
    def holding(self) -> Iterator[None]:
        """As the one process that carries it out, also within itself. Raises UsageError where another does."""
        if self._held:
            yield
            return
        with (self.folder / _LOCK).open("r+b") as lock:
            # Whoever only asks who holds it (``carried_by``) does so for a moment.
            for _ in range(_TRIES):
                if _locked(lock):
                    break
                time.sleep(_PAUSE)
            else:
                raise UsageError(
                    f"{self.name} is carried out by {self.carried_by() or 'another process'}",
                    remedy=f"wait for it, or ask it to stop: oakum stop {self.name}",
                )
            lock.truncate()
            lock.write(f"process {os.getpid()} on {platform.node()}".encode())
            lock.flush()
            self._held = True
            try:
                yield
            finally:
                self._held = False
            lock.seek(0)
            lock.truncate()

    def close(self) -> None:
        """Closes its file."""
        self.file.close()

    def _wrong(self, what: str) -> InputError:
        return InputError(what, place=Place(str(self.folder)), remedy="restore the folder, or look at its machines")


def _locked(lock: IO[bytes]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def runs_folder(data: str | None) -> Path:
    """Where runs live."""
    return data_folder(data) / "runs"


def new_name(plan: Plan, now: datetime) -> str:
    """A name for a new run of a plan, which no other run has anywhere."""
    return f"{now.astimezone(UTC):%Y%m%d-%H%M}-{plan.hash.removeprefix('sha256:')[:6]}-{secrets.token_hex(2)}"


def of_plan(name: str, plan: Plan) -> bool:
    """Whether a run of that name may be of a plan: its name says so, and only its file can prove it."""
    return name.split("-")[2:3] == [plan.hash.removeprefix("sha256:")[:6]]


def make_run(
    data: str | None, name: str, plan: Plan, policy: dict[str, bytes], now: datetime, *,
    request: bytes | None = None, approvals: Sequence[bytes] = (), hosts: Sequence[str] = (), feeds: str = "",
) -> Run:  # fmt: skip
    """A new run, which is there whole or not at all. ``policy`` are the files of the policy's folder."""
    folder = runs_folder(data)
    about = About(run=name, plan=plan.hash, at=now, hosts=tuple(hosts), feeds=feeds)
    inputs = {_ABOUT: msgspec.json.encode(about), "plan": canonical(plan)}
    inputs |= {f"{_POLICY}{path}": content for path, content in policy.items()}
    if request is not None:
        inputs["request"] = request
    made = folder / f"{_NEW}{name}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made.mkdir(mode=0o700)
        try:
            (made / _LOCK).touch(mode=0o600)
            file = RunFile.make(made / _FILE, inputs)
            for each in approvals:
                file.agree(each, now)
            file.close()
            made.rename(folder / name)
        except BaseException:  # whatever ends it, nothing half-made stays
            shutil.rmtree(made, ignore_errors=True)
            raise
        _sync(folder)
    except OSError as error:
        what = error.strerror or str(error)
        raise InputError(what, place=Place(str(folder)), remedy="name a data folder that may be written") from None
    return Run(folder / name)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_run(data: str | None, name: str) -> Run:
    """A run by its name, or by a beginning of it that no other has. Raises UsageError, InputError."""
    known = run_names(data)
    found = [each for each in known if each == name] or [each for each in known if name and each.startswith(name)]
    if len(found) != 1:
        what = f"several runs begin with {name[:60]!r}" if found else f"there is no run {name[:60]!r}"
        raise UsageError(what, place=Place(str(runs_folder(data))), remedy="oakum runs list shows them")
    return Run(runs_folder(data) / found[0])


def run_names(data: str | None) -> list[str]:
    """The names of all runs, the oldest first."""
    folder = runs_folder(data)
    with suppress(FileNotFoundError):
        return sorted(each.name for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
    return []


def hand_over(data: str | None, name: str, approval: bytes) -> None:
    """Gives a run one more approval, which it takes up while it is carried out, or when it is resumed."""
    run = open_run(data, name)
    try:
        signed = check(approval, "the approval")
        if signed.statement.plan != run.plan.hash:
            remedy = f"the run is of plan {run.plan.hash}"
            raise UsageError("the approval is about another plan", remedy=remedy)
        run.file.agree(approval, datetime.now(UTC))
    finally:
        run.close()
