"""``oakum feeds``: fetch or import advisories, and see how old they are."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from oakum.adapters.feeds.indexing import rebuild_index
from oakum.adapters.feeds.store import FILE, Change, FeedStore, StoredSource
from oakum.advisories.index.state import content_digest
from oakum.advisories.words import instant
from oakum.cli import feeds_bundle, feeds_diff, feeds_sync
from oakum.errors import OakumError, UsageError
from oakum.local.paths import feeds_folder
from oakum.reports.printable import printable

if TYPE_CHECKING:
    from oakum.adapters.feeds.inputs import Feed

_IMPORT_EXAMPLE = """\
Formats are known by content: OSV (JSON, arrays, JSON Lines, zips), Debian's tracker and DSA lists, Alpine secdb,
Kubernetes, KEV, EPSS, Vulnrichment, endoflife.date; plain, .gz or .zip. A source is replaced as a whole or not at all.

Example: oakum feeds import go.jsonl.gz alpine-secdb/ known_exploited_vulnerabilities.json"""
_STATUS_EXAMPLE = "Example: oakum feeds status -o json"
_SHOWN_PROBLEMS = 5


def configure(parser: argparse.ArgumentParser) -> None:
    """The commands below ``feeds``."""
    parser.epilog = "Example: oakum feeds sync"
    commands = parser.add_subparsers(dest="feeds_command", metavar="COMMAND", required=True)
    for name, line, example in (
        ("sync", "fetch what publishers offer, where it changed", feeds_sync.EXAMPLE),
        ("import", "take files, archives or folders into the store", _IMPORT_EXAMPLE),
        ("export", "write what was synced as one signed file, for a machine without a network", feeds_bundle.EXAMPLE),
        ("status", "each source with its age, size and digest", _STATUS_EXAMPLE),
        ("diff", "what publishers say otherwise in one state of the feeds than in another", feeds_diff.EXAMPLE),
    ):
        sub = commands.add_parser(
            name, help=line, description=line, epilog=example,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        sub.add_argument("--data", metavar="DIR", help="the data folder (default: the user's)")
        sub.add_argument("-o", "--output", choices=("table", "json"), default="table", help="form of the answer")
        if name == "sync":
            feeds_sync.configure(sub)
        if name == "export":
            feeds_bundle.configure(sub)
        if name == "diff":
            feeds_diff.configure(sub)
        if name == "import":
            sub.add_argument("paths", nargs="+", metavar="PATH", help="a feed's file, archive or folder")
            sub.add_argument("--source", metavar="NAME", help="name of the source (default: the path's base name)")
            sub.add_argument("--allow-shrink", action="store_true", help="take a source that lost over 10 %%")
            sub.add_argument(
                "--recorded-at", metavar="TIME", help="RFC 3339; when this was known (default: now), for restoring"
            )
            sub.add_argument(
                "--key", dest="keys", metavar="KEY", action="append", default=[],
                help="who may have signed a bundle of feeds export: a .pub file or its line; repeat for more",
            )  # fmt: skip
            sub.add_argument("--accept-older", action="store_true", help="take a bundle older than what is in force")


def run(arguments: argparse.Namespace) -> int:
    """Carry out one of them."""
    folder = feeds_folder(arguments.data)
    if arguments.feeds_command == "status":
        return _status(folder, arguments.output)
    if arguments.feeds_command == "diff":
        return feeds_diff.run(arguments, folder)
    if arguments.feeds_command == "sync":
        return feeds_sync.run(arguments, folder)
    if arguments.feeds_command == "export":
        return feeds_bundle.export(arguments, folder)
    if feeds_bundle.is_bundle(arguments.paths):
        return feeds_bundle.take(arguments, folder)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    recorded = now if arguments.recorded_at is None else instant(arguments.recorded_at)
    if not recorded:
        raise UsageError(f"{arguments.recorded_at!r} is no RFC 3339 time", remedy="write it as 2026-01-31T06:00:00Z")
    return _import(arguments, folder, recorded)


def _import(arguments: argparse.Namespace, folder: Path, recorded: str) -> int:
    # The parsers take longer to load than a status takes to answer.
    from oakum.adapters.feeds.inputs import read_feeds

    errors: list[OakumError] = []
    done: list[dict[str, object]] = []
    seen: set[str] = set()
    with FeedStore.open(folder) as store:
        for given in arguments.paths:
            _say(f"reading {given}")
            reading = read_feeds(Path(given))
            errors.extend(reading.errors)
            feeds = _named(reading.feeds, arguments.source, given)
            for feed in feeds:
                try:
                    if feed.source in seen:
                        raise UsageError(
                            f"two inputs would both be the source {feed.source!r}",
                            remedy="import them one by one, each with --source",
                        )
                    seen.add(feed.source)
                    change = store.replace(
                        feed.source, feed.parsed, recorded, origin=feed.origin, digest=feed.digest,
                        allow_shrink=arguments.allow_shrink,
                    )  # fmt: skip
                except OakumError as error:
                    errors.append(error.within(feed.origin))
                    continue
                _report(feed, change)
                done.append(_answer(feed, change))
        if done:
            _say("building the index")
            rebuild_index(store)
    for problem in errors:
        print(f"oakum feeds: {problem}", file=sys.stderr)
    if arguments.output == "json":
        sys.stdout.write(
            msgspec.json.encode({"imported": done, "errors": [str(problem) for problem in errors]}).decode() + "\n"
        )
    else:
        print(f"{len(done)} source{'' if len(done) == 1 else 's'} imported, {len(errors)} error(s)")
    return 2 if errors else 0


def _named(feeds: list[Feed], source: str | None, given: str) -> list[Feed]:
    if source is None:
        return feeds
    if len(feeds) > 1:
        raise UsageError(f"{given} holds {len(feeds)} sources, --source names one", remedy="import them one by one")
    return [msgspec.structs.replace(feed, source=source) for feed in feeds]


def _report(feed: Feed, change: Change) -> None:
    _say(
        f"{feed.source}: {feed.parsed.format}, {len(feed.parsed.facts)} facts"
        f" ({change.added} new, {change.changed} changed, {change.closed} gone)"
    )
    for problem in feed.parsed.problems[:_SHOWN_PROBLEMS]:
        line = f":{problem.line}" if problem.line else ""
        _say(f"  not read: {problem.file}{line}: {problem.record}: {problem.why}")
    if len(feed.parsed.problems) > _SHOWN_PROBLEMS:
        _say(f"  not read: {len(feed.parsed.problems) - _SHOWN_PROBLEMS} more records")


def _answer(feed: Feed, change: Change) -> dict[str, object]:
    return {
        "source": feed.source,
        "format": feed.parsed.format,
        "facts": len(feed.parsed.facts),
        "as_of": feed.parsed.as_of,
        "digest": feed.digest,
        "added": change.added,
        "changed": change.changed,
        "closed": change.closed,
        "problems": feed.parsed.problems,
    }


def _status(folder: Path, output: str) -> int:
    sources: list[StoredSource] = []
    digest = ""
    if (folder / FILE).exists():
        with FeedStore.open(folder) as store:
            sources, digest = store.sources(), store.digest()
    tries = _tries(folder)
    now = datetime.now(UTC)
    if output == "json":
        rows = [
            {
                "source": one.name,
                "format": one.format,
                "facts": one.facts,
                "as_of": one.as_of,
                "recorded": one.recorded,
                "age_seconds": _age(one, now),
                "digest": one.digest,
                "origin": one.origin,
                "problems": one.problems,
            }
            for one in sources
        ]
        snapshot = content_digest((one.name, one.digest) for one in sources) if sources else ""
        answer = {"digest": digest, "snapshot": snapshot, "sources": rows, "synced": tries}
        sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
        return 0
    if not sources:
        print("no feeds yet: oakum feeds sync, or oakum feeds import PATH")
    else:
        _stored(sources, now)
    if tries:
        print()
        _table(
            ("SYNCED", "LAST TRIED", "RESULT", "KNOWN TO BE CURRENT", "WHY"),
            [
                tuple(printable(one[key] or "-") for key in ("source", "tried", "result", "confirmed", "why"))
                for one in tries
            ],
        )
    return 0


def _tries(folder: Path) -> list[dict[str, str]]:
    """How the last sync of each source went."""
    from oakum.adapters.feeds.downloads import states

    return [
        {"source": name, "tried": one.tried, "result": one.result, "confirmed": one.confirmed, "why": one.why}
        for name, one in states(folder).items()
    ]


def _stored(sources: list[StoredSource], now: datetime) -> None:
    _table(
        ("SOURCE", "FORMAT", "FACTS", "PUBLISHED", "RECORDED", "AGE", "PROBLEMS", "DIGEST"),
        [
            (
                one.name, one.format, str(one.facts), one.as_of[:10] or "unknown", one.recorded,
                _days(_age(one, now)), str(len(one.problems)), one.digest[:19],
            )
            for one in sources
        ],
    )  # fmt: skip


def _age(source: StoredSource, now: datetime) -> int:
    """Seconds since the publisher's date, or since the import where the publisher gives none."""
    return int((now - datetime.fromisoformat(source.as_of or source.recorded)).total_seconds())


def _days(seconds: int) -> str:
    return f"{seconds // 86400} d" if seconds >= 86400 else f"{max(seconds, 0) // 3600} h"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    for row in (head, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
