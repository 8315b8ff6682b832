"""``oakum feeds sync`` as people and programs call it; killed at any moment, the old state stays."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from tests.adapters.feeds.publisher import Handler, Publisher, epss, kev, osv, serving, status, zipped

from oakum.adapters.feeds.incoming import Incoming
from oakum.adapters.feeds.store import FeedStore
from oakum.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
KEV = "/www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
EPSS = "/epss.empiricalsecurity.com/epss_scores-current.csv.gz"
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@pytest.fixture
def publisher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OAKUM_DATA", str(tmp_path / "data"))
    with serving() as found:
        found.put(KEV, kev(20))
        found.put(EPSS, epss(5))
        yield found


def words(publisher: Publisher, *more: str) -> list[str]:
    return ["feeds", "sync", *more, "--mirror", publisher.url, "--allow-http"]


def facts() -> dict[str, int]:
    with FeedStore.open(Path(os.environ["OAKUM_DATA"]) / "feeds") as store:
        return {one.name: one.facts for one in store.sources()}


def test_sync_then_status(publisher: Publisher, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(publisher, "kev", "epss")) == 0
    told = capsys.readouterr()
    assert told.out == "2 new, 0 the same as before, 0 not to be had\n"
    assert "kev: 20 facts (20 new, 0 changed, 0 gone)" in told.err.splitlines()
    assert main(words(publisher, "kev", "epss")) == 0
    assert capsys.readouterr().out == "0 new, 2 the same as before, 0 not to be had\n"
    assert main(["feeds", "status"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("SOURCE")
    head = next(number for number, line in enumerate(lines) if line.startswith("SYNCED"))
    assert [line.split()[0] for line in lines[head + 1 :]] == ["epss", "kev"]
    assert lines[head + 1].split()[2] == "same"


def test_a_source_that_cannot_be_had_ends_with_3_and_keeps_its_state(
    publisher: Publisher, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(publisher, "kev", "epss")) == 0
    publisher.put(KEV, b'{"vulnerabilities": [')
    publisher.fault(EPSS, status(429, Retry_After="7200"))
    assert main(words(publisher, "kev", "epss", "-o", "json")) == 3
    told = capsys.readouterr()
    answer = json.loads(told.out.splitlines()[-1])
    assert {one["source"]: one["result"] for one in answer["sources"]} == {"kev": "refused", "epss": "failed"}
    assert "asks to come back after 7200 s" in told.err
    assert facts() == {"epss": 5, "kev": 20}
    capsys.readouterr()
    assert main(["feeds", "status", "-o", "json"]) == 0
    synced = {one["source"]: one for one in json.loads(capsys.readouterr().out)["synced"]}
    assert (synced["kev"]["result"], synced["epss"]["result"]) == ("refused", "failed")
    assert synced["kev"]["confirmed"] <= synced["kev"]["tried"]


def test_trap_16_a_feed_that_shrank_wants_a_word(publisher: Publisher, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(publisher, "kev")) == 0
    publisher.put(KEV, kev(9))
    assert main(words(publisher, "kev")) == 3
    assert "--accept-shrink kev" in capsys.readouterr().err
    assert main(words(publisher, "kev", "--accept-shrink", "kev")) == 0
    assert facts() == {"kev": 9}


@pytest.mark.parametrize(
    "more",
    [["nvd"], ["kev", "--accept-shrink", "epss"], ["kev", "--ca", "/nonexistent"], ["--settings", "/nonexistent"]],
)
def test_wrong_use_ends_with_2_and_asks_nobody(publisher: Publisher, more: list[str]) -> None:
    assert main(words(publisher, *more)) == 2
    assert not publisher.asked


def test_plain_http_is_refused_without_a_word(publisher: Publisher, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["feeds", "sync", "kev", "--mirror", publisher.url]) == 2
    assert "--allow-http" in capsys.readouterr().err
    assert not publisher.asked


def test_settings_say_what_is_fetched_and_from_where(
    publisher: Publisher, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publisher.put("/mine/all.zip", zipped({"A-1.json": osv("A-1")}))
    settings = tmp_path / "s.toml"
    settings.write_text(
        f'allow_http = true\nsources = ["kev", "mine"]\n'
        f'[source.kev]\nurl = "{publisher.url}{KEV}"\n'
        f'[source.mine]\nurl = "{publisher.url}/mine/all.zip"\nformat = "osv"\nlayout = "osv"\n'
    )
    assert main(["feeds", "sync", "--settings", str(settings)]) == 0
    assert facts() == {"kev": 20, "mine": 1}
    (Path(os.environ["OAKUM_DATA"]) / "feeds" / "sources.toml").write_text(settings.read_text())
    capsys.readouterr()
    assert main(["feeds", "sync", "--list"]) == 0
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines() if line.startswith("* ")] == [
        "kev", "mine", "fetched",
    ]  # fmt: skip
    settings.write_text("nonsense = 1")
    assert main(["feeds", "sync", "--settings", str(settings)]) == 2


def test_the_sources_are_listed_without_asking_anybody(
    publisher: Publisher, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["feeds", "sync", "--list", "-o", "json"]) == 0
    rows = {one["source"]: one for one in json.loads(capsys.readouterr().out)["sources"]}
    assert rows["kev"]["url"].startswith("https://www.cisa.gov/")
    assert not publisher.asked


def test_on_a_terminal_bars_come_and_go(
    publisher: Publisher, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    assert main(words(publisher, "kev", "epss")) == 0
    told = capsys.readouterr()
    assert told.out.startswith("2 new")
    assert "kev: 20 facts" in told.err


class Process:
    """A sync in a process of its own."""

    def __init__(self, publisher: Publisher, *sources: str) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in PROXIES}
        environment["PYTHONPATH"] = str(ROOT / "src")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "oakum", *words(publisher, *sources)],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def ended(self) -> int:
        self.process.communicate(timeout=120)
        return self.process.returncode


def stalled(reached: Event, go_on: Event) -> object:
    """Half of the document comes, and then nothing."""

    def fault(handler: Handler) -> bool:
        document = handler.publisher.documents[handler.asked.path]
        half = len(document.data) // 2
        handler.answer(200, document.data[:half], {"ETag": document.tag}, length=len(document.data))
        handler.wfile.flush()
        reached.set()
        go_on.wait(60)
        handler.close_connection = True
        return True

    return fault


def test_killed_in_the_middle_of_a_transfer_it_goes_on_there(publisher: Publisher) -> None:
    assert main(words(publisher, "kev")) == 0
    new = kev(4000, "2026-02-02T00:00:00Z")
    publisher.put(KEV, new)
    reached, go_on = Event(), Event()
    publisher.fault(KEV, stalled(reached, go_on))  # type: ignore[arg-type]  # it is one
    process = Process(publisher, "kev")
    assert reached.wait(60)
    incoming = Incoming(Path(os.environ["OAKUM_DATA"]) / "feeds/downloads/kev/incoming/kev")
    until = time.monotonic() + 30
    while not incoming.size and time.monotonic() < until:
        time.sleep(0.01)
    assert main(words(publisher, "kev")) == 3, "two at once"
    process.kill()
    go_on.set()
    assert facts() == {"kev": 20}
    assert main(words(publisher, "kev")) == 0
    assert facts() == {"kev": 4000}
    assert publisher.asked[-1].status == 206


def test_killed_at_any_moment_the_old_state_or_the_new_one_stays(publisher: Publisher) -> None:
    assert main(words(publisher, "kev", "epss")) == 0
    chance = random.Random(7)
    count = 20
    for _ in range(5):
        before = facts()["kev"]
        count += 500
        publisher.put(KEV, kev(count, f"2026-02-02T00:00:{count // 500:02}Z"))
        process = Process(publisher, "kev", "epss")
        time.sleep(chance.uniform(0.3, 2.5))
        process.kill()
        assert facts()["kev"] in (before, count)
        assert facts()["epss"] == 5
    assert Process(publisher, "kev", "epss").ended() == 0
    assert facts() == {"epss": 5, "kev": count}


class DeathError(BaseException):
    """The process ends here."""


def test_ended_at_any_step_the_next_sync_makes_it_whole(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every step that changes a file is once the last one."""
    steps = ("replace", "write_bytes", "write_text", "unlink")
    real = {name: getattr(Path, name) for name in steps}
    ended = False
    number = 0
    while not ended:
        number += 1
        monkeypatch.setenv("OAKUM_DATA", str(tmp_path / f"data{number}"))
        publisher.put(KEV, kev(20))
        assert main(words(publisher, "kev")) == 0
        publisher.put(KEV, kev(21, "2026-02-02T00:00:00Z"))
        left = [number]

        def step(name: str) -> object:
            def done(path: Path, *more: object, **named: object) -> object:
                left[0] -= 1  # noqa: B023  (used within this turn alone)
                if left[0] == 0:  # noqa: B023  (used within this turn alone)
                    raise DeathError
                return real[name](path, *more, **named)

            return done

        for name in steps:
            monkeypatch.setattr(Path, name, step(name))
        try:
            ended = main(words(publisher, "kev")) == 0
        except DeathError:
            pass
        finally:
            for name in steps:
                monkeypatch.setattr(Path, name, real[name])
        assert facts()["kev"] in (20, 21)
        assert main(words(publisher, "kev")) == 0
        assert facts() == {"kev": 21}
    assert number > 5
