"""A matcher with nothing clever: every record is read, every event walked, as the OSV schema's "Evaluation" says.

It shares no code with the program. Records are plain dictionaries as JSON has them; the two feeds that are not OSV
(Debian's advisory list, Alpine's secdb) are first written as the OSV record that says the same.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.advisories.naive_versions import Comparator

Record = dict[str, Any]
Event = tuple[str, str]

_DEBIAN = {
    "woody": "3.0", "sarge": "3.1", "etch": "4", "lenny": "5", "squeeze": "6", "wheezy": "7", "jessie": "8",
    "stretch": "9", "buster": "10", "bullseye": "11", "bookworm": "12",
}  # fmt: skip


def osv_records(path: Path) -> list[Record]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def debian_records(path: Path) -> list[Record]:
    """``fixed`` is a version, or a word: never affected, or affected without a fix."""
    records = []
    for row in osv_records(path):
        affected = []
        for fix in row["fixes"]:
            events = [{"introduced": "0"}]
            if fix["fixed"] == "<not-affected>":
                continue
            if not fix["fixed"].startswith("<"):
                events.append({"fixed": fix["fixed"]})
            affected.append(_affected(f"debian:{_DEBIAN[fix['release']]}", fix["package"], events))
        records.append({"id": row["id"], "affected": affected})
    return records


def alpine_records(folder: Path) -> list[Record]:
    """The YAML by its lines: a name, then versions, below each of them the ids. "0" is never affected."""
    records = []
    for path in sorted(folder.glob("*.yaml")):
        release = package = version = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            text = line.strip().strip("'\"")
            if line.startswith("distroversion:"):
                release = "alpine:" + line.split(":")[1].strip().removeprefix("v")
            elif found := re.match(r"\s+name:\s*(\S+)\s*$", line):
                package, version = found[1], ""
            elif found := re.match(r"\s+['\"]?(\d[^\s:'\"]*)['\"]?:\s*(\[\])?$", line):
                version = found[1]
            elif version not in ("", "0") and text.startswith("-") and "CVE" in text:
                for year, number in re.findall(r"CVE[-_ ](\d{4})-(\d{4,})", text):
                    events = [{"introduced": "0"}, {"fixed": version}]
                    records.append({"id": f"CVE-{year}-{number}", "affected": [_affected(release, package, events)]})
    return records


def _affected(ecosystem: str, name: str, events: list[dict[str, str]]) -> Record:
    package = {"ecosystem": ecosystem, "name": name}
    return {"package": package, "ranges": [{"type": "ECOSYSTEM", "events": events}]}


def by_package(records: Iterable[Record]) -> dict[tuple[str, str], list[tuple[str, Record]]]:
    """(ecosystem, package) -> each (id, affected) that names it, the withdrawn ones left out."""
    found: dict[tuple[str, str], list[tuple[str, Record]]] = defaultdict(list)
    for record in records:
        for affected in record["affected"] if not record.get("withdrawn") else ():
            package = affected["package"]
            # One repository stands in the Go database in two spellings; its host treats them as one.
            name = package["name"].lower() if package["ecosystem"] == "Go" else package["name"]
            found[package["ecosystem"], name].append((record["id"], affected))
    return found


def ids_of(version: str, named: Iterable[tuple[str, Record]], compare: Comparator) -> set[str]:
    """The records by which a version is vulnerable."""
    return {id_ for id_, affected in named if vulnerable(version, affected, compare)}


def vulnerable(version: str, affected: Record, compare: Comparator) -> bool:
    if any(compare(version, listed) == 0 for listed in affected.get("versions", ())):
        return True
    return any(_in_range(version, range_["events"], compare) for range_ in affected.get("ranges", ()))


def _in_range(version: str, given: list[dict[str, str]], compare: Comparator) -> bool:
    events: list[Event] = [pair for event in given for pair in event.items()]
    limits = [at for kind, at in events if kind == "limit"]
    if limits and not any(at == "*" or compare(version, at) < 0 for at in limits):
        return False
    state = False
    for kind, at in _sorted(_untied(events, compare), compare):
        if kind == "introduced" and (at == "0" or compare(version, at) >= 0):
            state = True
        elif (kind == "fixed" and compare(version, at) >= 0) or (kind == "last_affected" and compare(version, at) > 0):
            state = False
    return state


def _untied(events: list[Event], compare: Comparator) -> list[Event]:
    """The text sorts by version and is silent where one version both opens and closes.

    Both leave: two branches that touch stay affected, a branch that ends where it begins never was (Bitnami writes
    both, 118 times, in either order).
    """

    def tied(kind: str, at: str) -> bool:
        other = {"introduced": "fixed", "fixed": "introduced"}.get(kind)
        return any(theirs == other and "0" not in (at, v) and compare(v, at) == 0 for theirs, v in events)

    return [event for event in events if not tied(*event)]


def _sorted(events: list[Event], compare: Comparator) -> list[Event]:
    """By insertion; ``last_affected`` acts behind its version, so it comes after what happens at it."""
    done: list[Event] = []
    for event in events:
        place = 0
        while place < len(done) and not _before(event, done[place], compare):
            place += 1
        done.insert(place, event)
    return done


def _before(left: Event, right: Event, compare: Comparator) -> bool:
    if left == ("introduced", "0") or right == ("introduced", "0"):
        return left == ("introduced", "0") and right != left
    order = compare(left[1], right[1])
    return order < 0 or (order == 0 and right[0] == "last_affected" and left[0] != "last_affected")
