"""The file of known hosts: ``hosts.json`` in the data folder, written whole or not at all, readable by its owner only.

It holds no secret: keys are public ones, private ones are named by their files.
"""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from oakum.adapters.ssh.model import FORMAT, Host
from oakum.errors import InputError, OakumError, Place, UsageError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")


class Hosts(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The file."""

    format: str = FORMAT
    hosts: dict[str, Host] = {}


def checked_name(name: str) -> str:
    """The name, where it can stand for a host. Raises UsageError."""
    if not _NAME.match(name):
        raise UsageError(f"{name[:60]!r} is no name of a host", remedy="letters, digits, dots, hyphens; at most 63")
    return name


def checked_ways(hosts: Mapping[str, Host]) -> None:
    """Raises UsageError where a host is reached through one that is not known, or through itself."""
    for name, host in hosts.items():
        way, jump = [name], host.jump
        while jump:
            if jump not in hosts:
                raise UsageError(f"no host {jump[:60]!r} is known to go through", remedy="add that one first")
            if jump in way:
                raise UsageError(
                    f"{name} is reached through itself: {', '.join([*way, jump])}", remedy="give one of them no --jump"
                )
            way.append(jump)
            jump = hosts[jump].jump


def read_hosts(folder: Path, more: Iterable[Path] = ()) -> dict[str, Host]:
    """The hosts of a data folder by name, and those of other files of this format, which go before them."""
    found = dict(_read(folder / "hosts.json").hosts)
    for path in more:
        for file in sorted(path.glob("*.json")) if path.is_dir() else [path]:
            try:
                head = msgspec.json.decode(file.read_bytes(), type=_Head)
            except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                continue  # an inventory in YAML, or a state: of no concern here
            if head.format == FORMAT:
                found |= _read(file).hosts
    checked_ways(found)
    return found


class _Head(msgspec.Struct):
    format: str = ""


def _read(path: Path) -> Hosts:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Hosts()
    except OSError as error:
        raise InputError(error.strerror or str(error), place=Place(str(path)), remedy="check its permissions") from None
    try:
        read = msgspec.json.decode(data, type=Hosts)
        if read.format != FORMAT:
            raise InputError(f"its format is {read.format[:40]!r}, not {FORMAT}")
        for name in read.hosts:
            checked_name(name)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(
            f"no file of hosts: {error}", place=Place(str(path)), remedy="mend it, or add the hosts anew"
        ) from None
    except OakumError as error:
        raise error.within(str(path)) from None
    return read


@contextmanager
def changing(folder: Path) -> Iterator[dict[str, Host]]:
    """The hosts of a data folder, to be changed in place; what they are then is written, one writer at a time.

    Raises UsageError where a host would be reached through itself, or one that is not known; nothing is written then.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "hosts.lock").open("w")
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written: {error.strerror}", remedy="name a folder of your own with --data"
        ) from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        hosts = dict(_read(folder / "hosts.json").hosts)
        yield hosts
        checked_ways(hosts)
        ordered = Hosts(hosts=dict(sorted(hosts.items())))
        descriptor, name = tempfile.mkstemp(prefix=".hosts-", dir=folder)
        beside = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(ordered), indent=2) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            beside.replace(folder / "hosts.json")
        finally:
            beside.unlink(missing_ok=True)
