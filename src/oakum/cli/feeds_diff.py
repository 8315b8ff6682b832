"""``oakum feeds diff``: what publishers say since then, and what that touches."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from oakum.reports.printable import printable

if TYPE_CHECKING:
    from oakum.advisories.difference import Told
    from oakum.local.feed_differences import FeedDifference, SourceDifference

EXAMPLE = """\
A and B are each a data folder, a day or an RFC 3339 time of the store here, "now", or the digest by which an answer
names the feeds that it was made from. What only people read (texts, dates, EPSS by less than 0.1) is counted, not told.

Example: oakum feeds diff 2026-01-31 now"""
_SHOWN, _SCOPES = 20, 8


def configure(sub: argparse.ArgumentParser) -> None:
    """The options of ``diff``."""
    sub.add_argument("before", metavar="A", help="the former state")
    sub.add_argument("after", metavar="B", help="the latter state")
    sub.add_argument("--all", "-v", dest="all", action="store_true", help="the table shows all rows")


def run(arguments: argparse.Namespace, folder: Path) -> int:
    """Compare, and print; ends with 0 whatever differs."""
    from oakum.local.feed_differences import compare

    found = compare(arguments.before, arguments.after, folder, lambda name: print(f"comparing {name}", file=sys.stderr))
    if arguments.output == "json":
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        for line in _lines(found, whole=arguments.all):
            print(printable(line))
    return 0


def _lines(found: FeedDifference, *, whole: bool) -> Iterator[str]:
    for letter, state in (("A", found.before), ("B", found.after)):
        yield f"{letter}  {state['time'] or 'now'}  snapshot {state['snapshot'][:19]}  {state['store']}"
    differing = [one for one in found.sources if any(msgspec.structs.astuple(one.counts))]
    for one in differing:
        yield ""
        yield _heading(one)
        if one.models:
            yield f"  the model of EPSS changed: {one.models[0]} -> {one.models[1]}"
        if whole or (one.before is not None and one.after is not None):
            yield from _told(one.told, len(one.told) if whole else _SHOWN)
    yield ""
    equal = len(found.sources) - len(differing)
    yield f"{len(differing)} source{'s differ' if len(differing) != 1 else ' differs'}, {equal} equal"
    if found.scopes:
        scopes = [f"{scope} ({count})" for scope, count in found.scopes.items()]
        yield f"Advisories differ for: {', '.join(scopes[:_SCOPES])}{', ...' if len(scopes) > _SCOPES else ''}"
    if differing:
        yield "Scan again what has such packages; oakum scan --history FILE tells what became of each finding."


def _heading(one: SourceDifference) -> str:
    counts = one.counts
    if one.before is None or one.after is None:
        only = f"only in B, {counts.added} facts" if one.before is None else f"only in A, {counts.removed} facts"
        return f"{one.source}: {only}"
    minor = f"; {counts.minor} of no consequence" if counts.minor else ""
    sums = f"{counts.added} added, {counts.removed} removed, {counts.changed} changed{minor}"
    return f"{one.source}: {sums} ({one.before.recorded[:10]} -> {one.after.recorded[:10]})"


def _told(told: Sequence[Told], most: int) -> Iterator[str]:
    for each in told[:most]:
        words = "; ".join([*(cve for cve in each.cves[:3] if cve not in each.name), *each.what])
        yield f"  {each.kind:<10} {each.name}{'  ' if words else ''}{words}"
    if len(told) > most:
        yield f"  ... and {len(told) - most} more (--all)"
