"""What ``host look`` says, read: a machine as it was seen in one answer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from oakum.changes.remediations.model import ABSENT, PRESENT, component_of
from oakum.changes.running.observed import Claim, Work
from oakum.errors import InputError

#: In the words of the program on the host, and in ours.
_STATES = {"running": "running", "done": "done", "failed": "failed", "broken": "failed"}
#: Clocks that differ by less than this are one clock: the host's tells whole seconds, and the way takes its time.
_SAME = timedelta(seconds=5)
#: What counts as a failed service while the machine has not come to the end of its boot.
_BOOT = "default.target"
_SAFE = re.compile(r"[^\x20-\x7e]")


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. ``at`` is our time of it; times of the host's own clock are brought to ours.

    ``packages`` are installed versions by name, ``broken`` those that are half-installed, ``stale`` those that a
    running service still uses in a former version, ``before`` the versions at the first change since the boot.
    ``remedies`` are the versions in effect of remediations that were laid on from here. ``dead`` are services that have
    failed since the run ``since`` first put its record there, ``copies`` the keys of the acts that made snapshots.
    """

    at: datetime
    helper: str
    machine: str
    boot: str
    kernel: str
    version: str
    claim: Claim | None
    work: dict[str, Work]
    packages: dict[str, str]
    broken: frozenset[str]
    stale: frozenset[str]
    before: dict[str, str]
    remedies: dict[str, str]
    active: frozenset[str]
    dead: tuple[str, ...]
    since: str = ""
    copies: tuple[str, ...] = ()

    @property
    def running(self) -> dict[str, str]:
        """The versions in effect: where a service still runs a former one it is that, or unknown (empty)."""
        found = {name: version for name, version in self.packages.items() if name not in self.broken}
        found |= {name: self.before.get(name, "") for name in self.stale}
        return found | self.remedies | {"kernel": self.kernel}


def read_look(answer: bytes, at: datetime) -> Looked:
    """Reads an answer. Raises InputError where it is none, or cut off."""
    lines = [_SAFE.sub("?", line) for line in answer.decode("utf-8", "replace").splitlines()]
    if not lines or lines[-1] != "end":
        raise InputError("the host's answer is cut off", remedy="see what its account prints at sign-in")
    facts: dict[str, str] = {}
    work: dict[str, Work] = {}
    packages: dict[str, str] = {}
    before: dict[str, str] = {}
    remedies: dict[str, str] = {}
    broken: set[str] = set()
    stale: set[str] = set()
    failed: set[str] = set()
    active: set[str] = set()
    baseline: set[str] = set()
    copies: list[str] = []
    last = ""
    for line in lines[:-1]:
        word, _, rest = line.partition(" ")
        parts = rest.split(" ")
        match word:
            case "work" if len(parts) >= 3 and parts[0] in _STATES:
                last = " ".join(parts[2:])
                state: Any = _STATES[parts[0]]
                work[last] = Work(key=last, state=state, since=_time(parts[1]), for_good=parts[0] == "broken")
            case "why" if last:
                work[last] = msgspec.structs.replace(work[last], why=rest)
            case "package" if len(parts) == 5:
                name, version, _, status, _ = parts
                if status in ("installed", "triggers-pending", "triggers-awaited"):
                    packages.setdefault(name, version)
                elif status not in ("config-files", "not-installed"):
                    broken.add(name)
            case "remediation" if len(parts) == 3:
                remedies[component_of(parts[0])] = _in_effect(parts[1], parts[2])
            case "copy":
                copies.append(rest)
            case "before" if len(parts) == 2:
                before[parts[0]] = parts[1]
            case "stale":
                stale.add(parts[0])
            case "service" if len(parts) == 2:
                (failed if parts[1] == "failed" else active).add(parts[0])
            case "baseline":
                baseline.add(rest)
            case _:
                facts.setdefault(word, rest)
    for needed in ("machine", "boot", "now", "version"):
        if not facts.get(needed):
            raise InputError(
                f"the host's answer has no {needed}", remedy="install the program anew: oakum host sudoers"
            )
    off = at - _time(facts["now"])
    if abs(off) < _SAME:
        off = timedelta(0)
    work = {key: msgspec.structs.replace(each, since=min(each.since + off, at)) for key, each in work.items()}
    return Looked(
        at=at, helper=facts.get("helper", ""), machine=facts["machine"], boot=facts["boot"],
        kernel=facts.get("kernel", ""), version=facts["version"], claim=_claim(facts), work=work, packages=packages,
        broken=frozenset(broken), stale=frozenset(stale), before=before, remedies=remedies, active=frozenset(active),
        dead=tuple(sorted(failed - baseline)), since=facts.get("baseline-run", ""), copies=tuple(copies),
    )  # fmt: skip


def _in_effect(label: str, standing: str) -> str:
    """The version of a recorded remediation that is in effect; empty where its check could not tell."""
    return {PRESENT: label, ABSENT: ABSENT}.get(standing, "")


def _claim(facts: dict[str, str]) -> Claim | None:
    run, token = facts.get("claim-run", ""), facts.get("claim-token", "0")
    if not run:
        return None
    return Claim(
        run=run, step=facts.get("claim-step", ""), token=int(token) if token.isdecimal() else 0, cordoned=False
    )


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise InputError(f"{text[:40]!r} is no time of a host") from None


def unhealthy(looked: Looked, health: Iterable[str], run: str) -> tuple[str, ...]:
    """The services that keep a host from counting as up: failed since this run came, or wanted and not active.

    What had failed before is no concern of a run; a boot that is not over is, whoever looks.
    """
    dead = [unit for unit in looked.dead if looked.since == run or unit == _BOOT]
    return tuple(dict.fromkeys((*dead, *(unit for unit in health if unit not in looked.active))))
