"""The file of a history: whole or not at all, one scan at a time, whatever kills the process that writes it."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from oakum.errors import InputError
from oakum.findings.history.model import Item
from oakum.findings.history.scores import Score
from oakum.local.histories import Looked, Past, Written, opened

ITEMS = 400
#: Adds scans, one after another, each of which touches every item; says so before and after each.
WRITER = """
import sys
from pathlib import Path
from tests.local.test_histories import written
from oakum.local.histories import opened
for number in range(1, 1000):
    with opened(Path(sys.argv[1]), "2026-02-01T00:00:00Z") as history:
        last = len(history.past.items) and int(history.past.items[0].version)
        history.write(written(last + 1))
    print(last + 1, flush=True)
"""


def written(version: int) -> Written:
    now = f"2026-01-01T00:{version // 60:02}:{version % 60:02}Z"
    items = tuple(
        Item("a", "deb", f"p{number}", "CVE-1", "CVE-1", ("CVE-1",), str(version), ("debian",), now)
        for number in range(ITEMS)
    )
    return Written(now, f"sha256:{version}", items, {"a": Looked(now, "c")}, {"CVE-1": Score(version / 1e4, None)})


def past(path: Path) -> Past:
    with opened(path, "2026-02-01T00:00:00Z") as history:
        return history.past


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "history"
    with opened(path, "2026-01-01T00:00:01Z") as history:
        assert history.past == Past()
        history.write(written(1))
    found = past(path)
    assert found.since == "2026-01-01T00:00:01Z"
    assert set(found.items) == set(written(1).items)
    assert found.assets == written(1).assets
    assert found.scores == written(1).scores


def test_an_error_on_the_way_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "history"
    with opened(path, "2026-01-01T00:00:01Z") as history:
        history.write(written(1))
    before = path.read_bytes()

    def fail() -> None:
        with opened(path, "2026-01-01T00:00:02Z") as history:
            history.write(written(2))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_bytes() == before


def test_killed_at_any_moment_it_holds_whole_scans_only(tmp_path: Path) -> None:
    path = tmp_path / "history"
    chance = random.Random(9)
    last = 0
    for _ in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
        )
        assert process.stdout is not None
        said = int(process.stdout.readline())
        time.sleep(chance.random() * 0.05)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split()
        process.wait()
        process.stdout.close()
        found = past(path)
        versions = {one.version for one in found.items}
        assert len(found.items) == ITEMS
        assert len(versions) == 1, "no scan is there by half"
        version = int(versions.pop())
        assert found.scores["CVE-1"].epss == version / 1e4
        assert found.assets["a"].at == written(version).at
        assert version >= max(said, *map(int, rest), last), "what was said to be written is there"
        last = version


def test_two_scans_at_once_wait_for_one_another(tmp_path: Path) -> None:
    path = tmp_path / "history"
    order: list[str] = []

    def second() -> None:
        with opened(path, "2026-01-01T00:00:03Z") as history:
            order.append(history.past.since)

    with opened(path, "2026-01-01T00:00:02Z") as history:
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.3)
        order.append("first")
        history.write(written(2))
    thread.join()
    assert order == ["first", written(2).at]


@pytest.mark.parametrize("share", [0.1, 0.35, 0.6, 0.85, 0.999])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, share: float) -> None:
    path = tmp_path / "history"
    with opened(path, "2026-01-01T00:00:01Z") as history:
        history.write(written(1))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InputError) as caught:
        past(path)
    assert caught.value.remedy
    assert path.read_bytes() == data[: int(len(data) * share)]


def test_no_damage_of_a_file_makes_anything_but_an_error_or_a_history(tmp_path: Path) -> None:
    path = tmp_path / "history"
    with opened(path, "2026-01-01T00:00:01Z") as history:
        history.write(written(1))
    data = path.read_bytes()
    chance = random.Random(10)
    for _ in range(150):
        spoiled = bytearray(data)
        for _ in range(chance.randint(1, 40)):
            spoiled[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(spoiled)
        try:
            assert isinstance(past(path), Past)
        except InputError as error:
            assert error.remedy
