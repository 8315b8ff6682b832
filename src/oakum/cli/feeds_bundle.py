"""``oakum feeds export`` and ``feeds import BUNDLE``: feeds over an air gap in one signed file."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from oakum.errors import UsageError
from oakum.reports.printable import printable

EXAMPLE = """\
The key is one of oakum ledger keygen; who takes the bundle pins its public half.

Example: oakum feeds export feeds.tar --sign feeds.key"""


def configure(sub: argparse.ArgumentParser) -> None:
    """The options of ``export``."""
    sub.add_argument("file", metavar="FILE", type=Path, help="where the bundle goes")
    sub.add_argument("sources", nargs="*", metavar="SOURCE", help="sources that were synced here (default: all)")
    sub.add_argument("--sign", metavar="KEYFILE", type=Path, required=True, help="the private key that signs it")


def export(arguments: argparse.Namespace, folder: Path) -> int:
    """Write a bundle."""
    from oakum.local.feed_bundles import export as exported
    from oakum.local.syncing import read_settings

    table = read_settings(None, folder).table()
    manifest = exported(folder, arguments.file, arguments.sign, arguments.sources, table, datetime.now(UTC))
    if arguments.output == "json":
        sys.stdout.write(msgspec.json.encode(manifest).decode() + "\n")
        return 0
    for one in manifest.sources:
        print(printable(f"{one.name}: {one.facts} facts, current at {one.confirmed}"), file=sys.stderr)
    print(f"{len(manifest.sources)} source(s), snapshot {manifest.snapshot}")
    return 0


def is_bundle(given: list[str]) -> bool:
    """Whether a bundle is among these paths. Raises UsageError where other things are too."""
    from oakum.adapters.feeds.bundle import looks_like_a_bundle

    found = [each for each in given if looks_like_a_bundle(Path(each))]
    if found and len(given) > 1:
        raise UsageError(f"{found[0]} is a bundle, and is imported alone", remedy="import them one by one")
    return bool(found)


def take(arguments: argparse.Namespace, folder: Path) -> int:
    """Import a bundle."""
    from oakum.local.feed_bundles import take as taken
    from oakum.local.ledger.keys import public_keys

    if arguments.source or arguments.recorded_at:
        raise UsageError("a bundle names its sources and times itself", remedy="leave out --source and --recorded-at")
    manifest, done, errors = taken(
        folder, Path(arguments.paths[0]), public_keys(arguments.keys), datetime.now(UTC),
        accept_older=arguments.accept_older, allow_shrink=arguments.allow_shrink,
    )  # fmt: skip
    for problem in errors:
        print(printable(f"oakum feeds: {problem}"), file=sys.stderr)
    if arguments.output == "json":
        rows = [
            {
                "source": one.feed.source, "format": one.feed.parsed.format, "facts": len(one.feed.parsed.facts),
                "as_of": one.feed.parsed.as_of, "digest": one.feed.digest, "added": one.change.added,
                "changed": one.change.changed, "closed": one.change.closed, "problems": one.feed.parsed.problems,
            }
            for one in done
        ]  # fmt: skip
        answer = {"imported": rows, "errors": [str(problem) for problem in errors], "snapshot": manifest.snapshot}
        sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
    else:
        print(f"{len(done)} source{'' if len(done) == 1 else 's'} imported, {len(errors)} error(s)")
        print(f"the bundle's snapshot: {manifest.snapshot}")
    return 2 if errors else 0
