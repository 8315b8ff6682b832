"""``oakum feeds sync``: fetch what publishers offer, and say how it went and how the last try of each source went."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import msgspec

from oakum.reports.printable import printable

if TYPE_CHECKING:
    from oakum.adapters.feeds.settling import Outcome
    from oakum.local.syncing import Telling

EXAMPLE = """\
Ends with 0 where every source is current, 3 where one could not be had or was refused; its former state stays in force.

Example: oakum feeds sync kev epss alpine osv-go"""


def configure(sub: argparse.ArgumentParser) -> None:
    """The options."""
    sub.add_argument("sources", nargs="*", metavar="SOURCE", help="a source or group (default: the usual ones)")
    sub.add_argument("--list", action="store_true", help="say which sources there are, and fetch nothing")
    sub.add_argument("--accept-shrink", action="append", default=[], metavar="SOURCE", help="it may lose over 10 %%")
    sub.add_argument("--settings", metavar="FILE", help="TOML (default: sources.toml beside the store)")
    sub.add_argument("--mirror", metavar="URL", help="before every address, whose https:// goes: URL/HOST/PATH")
    sub.add_argument("--proxy", metavar="URL", help="goes before HTTPS_PROXY and its like")
    sub.add_argument("--ca", metavar="FILE", help="PEM file of the authorities to trust instead of the system's")
    sub.add_argument("--allow-http", action="store_true", help="also ask mirrors without https")


def run(arguments: argparse.Namespace, folder: Path) -> int:
    """Carry it out."""
    # HTTP and the parsers take longer to load than the other commands take to answer.
    from oakum.adapters.feeds.web import Web
    from oakum.errors import UsageError
    from oakum.local.syncing import read_settings, sync

    settings = read_settings(Path(arguments.settings) if arguments.settings else None, folder)
    settings = msgspec.structs.replace(settings, mirror=arguments.mirror or settings.mirror)
    if arguments.list:
        return _list(settings.table(), {one.name for one in settings.chosen([])}, arguments.output)
    chosen = settings.chosen(arguments.sources)
    for name in arguments.accept_shrink:
        if name not in {one.name for one in chosen}:
            raise UsageError(f"{name!r} is no source of this sync", remedy="--accept-shrink wants the name of one")
    with (
        Web(
            proxy=arguments.proxy or settings.proxy,
            ca=arguments.ca or settings.ca,
            plain=arguments.allow_http or settings.allow_http,
        ) as web,
        _telling(quiet=arguments.output == "json") as telling,
    ):
        outcomes = sync(folder, chosen, web, accept_shrink=arguments.accept_shrink, telling=telling)
    bad = [one for one in outcomes if one.result in ("failed", "refused")]
    if arguments.output == "json":
        sys.stdout.write(msgspec.json.encode({"sources": outcomes}).decode() + "\n")
    else:
        new = sum(one.result == "new" for one in outcomes)
        print(f"{new} new, {len(outcomes) - new - len(bad)} the same as before, {len(bad)} not to be had")
    for one in bad:
        print(printable(f"oakum feeds: {one.source}: {one.result}: {one.why}"), file=sys.stderr)
    return 3 if bad else 0


def _list(table: Any, usual: set[str], output: str) -> int:
    if output == "json":
        rows = [
            {
                "source": one.name, "group": one.group, "usual": one.name in usual, "about": one.about, "url": one.url,
                "format": one.format, "licence": one.licence,
            }
            for one in table
        ]  # fmt: skip
        sys.stdout.write(msgspec.json.encode({"sources": rows}).decode() + "\n")
        return 0
    width = max(len(one.name) for one in table)
    for one in table:
        print(printable(f"{'*' if one.name in usual else ' '} {one.name.ljust(width)}  {one.about}: {one.url}"))
    print("* fetched where no source is named")
    return 0


def _line(outcome: Outcome) -> str:
    match outcome.result:
        case "new":
            counts = f"{outcome.added} new, {outcome.changed} changed, {outcome.closed} gone"
            return f"{outcome.source}: {outcome.facts} facts ({counts})"
        case "same":
            return f"{outcome.source}: the same as before"
        case _:
            return f"{outcome.source}: {outcome.result}; what was in force stays"


@contextmanager
def _telling(*, quiet: bool) -> Iterator[Telling]:
    from oakum.local.syncing import Telling

    class Lines(Telling):
        """A line for each source that is through."""

        def done(self, outcome: Outcome) -> None:
            self.says(_line(outcome))

        def says(self, text: str) -> None:
            print(printable(text), file=sys.stderr, flush=True)

    if quiet:
        yield Telling()
        return
    if not sys.stderr.isatty():
        yield Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console, transient=True) as drawn:

        class Bars(Lines):
            """The same lines above a bar for each source that comes in."""

            def __init__(self) -> None:
                self._lock = Lock()
                self._bars: dict[str, Any] = {}

            def comes(self, source: str, size: int, whole: int) -> None:
                with self._lock:
                    if source not in self._bars:
                        self._bars[source] = drawn.add_task(source)
                    drawn.update(self._bars[source], completed=size, total=whole if whole >= 0 else None)

            def done(self, outcome: Outcome) -> None:
                with self._lock:
                    if outcome.source in self._bars:
                        drawn.remove_task(self._bars.pop(outcome.source))
                super().done(outcome)

            def says(self, text: str) -> None:
                console.print(printable(text), markup=False, highlight=False)

        yield Bars()
