"""``make bench-requests``: a thousand small requests in one process, for each kind of question, for docs/benchmarks.md.

The requests are the rows of the tables in tests/actors/tables, over and over until there are a thousand of a table:
each is a small cluster, node or list of versions. The time is that of the whole command, its start included.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from tests.actors.test_tables import TABLES
from tests.actors.test_tables import table as rows_of

from benchmarks.measure import OAKUM, environment, in_turn, spread
from benchmarks.page import machine, rewrite, seconds, table

REQUESTS, RUNS = 1_000, 5


def lines(name: str) -> Iterator[str]:
    """Requests of a table that are answered, each with an id of its own."""
    rows = [row["request"] for row in rows_of(name)["rows"] if not row["answer"].get("refused")]
    for number, request in enumerate(islice(cycle(rows), REQUESTS)):
        yield json.dumps({"id": number, **request}, default=str) + "\n"


def main() -> None:
    """Measure, and write the page."""
    with tempfile.TemporaryDirectory(prefix="oakum-bench-") as folder:
        commands, bytes_of = {}, {}
        for path in sorted(TABLES.glob("*.yaml")):
            batch = Path(folder, f"{path.stem}.jsonl")
            batch.write_text("".join(lines(path.stem)))
            bytes_of[path.stem] = batch.stat().st_size / REQUESTS
            commands[path.stem] = (*OAKUM, *rows_of(path.stem)["command"].split(), "--batch", str(batch), "-o", "json")
        costs = in_turn(commands, environment(Path(folder)), RUNS)
    rows = [
        (name, f"`{rows_of(name)['command']}`", f"{bytes_of[name]:,.0f}",
         seconds(spread(each.cpu for each in several)), seconds(spread(each.wall for each in several)),
         f"{max(each.peak for each in several) / (1 << 20):.0f} MiB")
        for name, several in costs.items()
    ]  # fmt: skip
    text = "\n\n".join(
        (
            machine("make bench-requests"),
            f"{REQUESTS:,} requests of each table in one process, its start included, median of {RUNS} runs (least to"
            " most).",
            table(("requests", "command", "bytes each", "CPU", "wall", "peak"), rows),
        )
    )
    print(text)
    rewrite("requests", text)


if __name__ == "__main__":
    main()
