"""Real versions, pairs mutated from them, and native comparators that answer many pairs in one process."""

from __future__ import annotations

import gzip
import random
import re
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import msgspec
import pytest
from tests.data import shared

from oakum.versions import compare, scheme

Pair = tuple[str, str]
_SIGNS = {"<": "<", "=": "=", ">": ">", "-1": "<", "0": "=", "1": ">"}


class _Range(msgspec.Struct):
    events: list[dict[str, str]]


class _Affected(msgspec.Struct):
    ranges: list[_Range] = []


class _Osv(msgspec.Struct):
    affected: list[_Affected] = []


class _Fix(msgspec.Struct):
    fixed: str = ""


class _Dsa(msgspec.Struct):
    fixes: list[_Fix]


@cache
def osv_versions(name: str) -> list[str]:
    """Every version in the ranges of one OSV dump, sorted, each once."""
    with gzip.open(shared(f"advisories/{name}")) as lines:
        records = [msgspec.json.decode(line, type=_Osv) for line in lines]
    spans = (span for record in records for affected in record.affected for span in affected.ranges)
    return sorted({version for span in spans for event in span.events for version in event.values()} - {"0"})


@cache
def debian_versions() -> list[str]:
    """Every fixed version of the Debian advisories, sorted, each once."""
    with gzip.open(shared("advisories/dsa-dla.jsonl.gz")) as lines:
        fixes = [fix for line in lines for fix in msgspec.json.decode(line, type=_Dsa).fixes]
    return sorted({fix.fixed for fix in fixes if fix.fixed[:1].isdigit()})


@cache
def alpine_versions() -> dict[str, list[str]]:
    """The versions of the Alpine security database by package, each once, in the order of the files."""
    versions: dict[str, dict[str, None]] = {}
    name = ""
    for path in sorted(shared("advisories/alpine-secdb").glob("*.yaml")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if found := re.match(r"\s+name: (\S+)", line):
                name = found[1]
            elif found := re.match(r"\s+'?([0-9][^\s':]*)'?:\s*$", line):
                versions.setdefault(name, {})[found[1]] = None
    return {name: [version for version in each if version != "0"] for name, each in versions.items()}


def mutated_pairs(versions: list[str], alphabet: str, count: int, seed: int) -> list[Pair]:
    """Pairs of a real version with a mutant of it or of a neighbour, so that most differ in one place."""
    chance = random.Random(seed)
    pairs: list[Pair] = []
    for _ in range(count):
        at = chance.randrange(len(versions))
        left = versions[at]
        right = versions[min(len(versions) - 1, max(0, at + chance.choice((0, 0, 0, 1, -1, 7))))]
        for _ in range(chance.choice((0, 1, 1, 2, 4))):
            place = chance.randrange(len(right) + 1)
            kind = chance.randrange(4)
            inserted = chance.choice(alphabet) if kind != 1 else ""
            right = right[:place] + inserted + right[place + (kind in (1, 2)) :]
        pairs.append((left, right) if chance.random() < 0.5 else (right, left))
    return [pair for pair in pairs if pair[0] and pair[1]]


def native(command: list[str], pairs: Iterable[Pair], cwd: Path | None = None) -> list[str]:
    """One sign a pair from a program that reads ``left TAB right`` lines; ``?`` where it refuses."""
    lines = "".join(f"{left}\t{right}\n" for left, right in pairs)
    done = subprocess.run(command, input=lines.encode(), capture_output=True, cwd=cwd, timeout=120)
    if done.returncode:
        pytest.skip(f"{command[0]} cannot compare here: {done.stderr.decode(errors='replace')[-300:]}")
    return [_SIGNS.get(line, "?") for line in done.stdout.decode().splitlines()]


def differences(ecosystem: str, pairs: list[Pair], signs: list[str]) -> list[str]:
    """The pairs on which we and the native tool disagree, as text; pairs that it refuses do not count."""
    known = scheme(ecosystem)
    assert known is not None
    assert len(pairs) == len(signs)
    return [
        f"{left} {native_sign} {right}, but we say {ours}"
        for (left, right), native_sign in zip(pairs, signs, strict=True)
        if native_sign != "?" and (ours := compare(known, left, right).sign) != native_sign
    ]
