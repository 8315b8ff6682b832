"""``oakum feeds`` as people and programs call it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from oakum.adapters.feeds.indexing import INDEX
from oakum.adapters.feeds.store import FeedStore
from oakum.cli.main import main
from oakum.local.paths import data_folder

KEV = '{"catalogVersion":"1","dateReleased":"2025-01-01T00:00:00Z","vulnerabilities":[%s]}'
ENTRY = '{"cveID":"CVE-2024-1%03d","dateAdded":"2025-01-01"}'


def kev(path: Path, count: int) -> str:
    path.write_text(KEV % ",".join(ENTRY % number for number in range(count)))
    return str(path)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OAKUM_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_import_then_status(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["feeds", "import", kev(tmp_path / "kev.json", 3)]) == 0
    assert (data / "feeds" / INDEX).stat().st_size > 0
    assert capsys.readouterr().out == "1 source imported, 0 error(s)\n"
    assert main(["feeds", "status"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[:4] == ["SOURCE", "FORMAT", "FACTS", "PUBLISHED"]
    assert row.split()[:4] == ["kev", "kev", "3", "2025-01-01"]


def test_status_for_machines(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["feeds", "import", kev(tmp_path / "kev.json", 2), "--recorded-at", "2025-02-01T00:00:00+01:00"]) == 0
    capsys.readouterr()
    assert main(["feeds", "status", "-o", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    (source,) = answer["sources"]
    assert source["recorded"] == "2025-01-31T23:00:00Z"
    assert source["age_seconds"] > 0
    assert (source["source"], source["facts"], source["problems"]) == ("kev", 2, [])
    assert source["digest"].startswith("sha256:")
    assert answer["digest"].startswith("sha256:")


def test_status_of_nothing_names_the_next_step(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["feeds", "status"]) == 0
    assert "oakum feeds import" in capsys.readouterr().out
    assert not data.exists()


def test_a_bad_file_among_many_ends_with_2_and_the_others_are_imported(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text('{\n"id": ')
    assert main(["feeds", "import", str(bad), kev(tmp_path / "kev.json", 1), "/absent", "-o", "json"]) == 2
    told = capsys.readouterr()
    assert "bad.json:2: is cut short" in told.err
    assert "/absent: there is no such file" in told.err
    answer = json.loads(told.out)
    assert ([one["source"] for one in answer["imported"]], len(answer["errors"])) == (["kev"], 2)


def test_trap_16_a_feed_that_shrank_is_refused_until_it_is_allowed(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["feeds", "import", kev(tmp_path / "kev.json", 100)]) == 0
    assert main(["feeds", "import", kev(tmp_path / "kev.json", 10)]) == 2
    told = capsys.readouterr().err
    assert "from 100 facts to 10" in told
    assert "--allow-shrink" in told
    with FeedStore.open(data / "feeds") as store:
        assert store.sources()[0].facts == 100
    assert main(["feeds", "import", "--allow-shrink", kev(tmp_path / "kev.json", 10)]) == 0


def test_two_inputs_are_never_one_source_by_accident(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    first, second = kev(tmp_path / "kev.json", 1), kev(tmp_path / "other" / "kev.json", 2)
    assert main(["feeds", "import", first, second]) == 2
    assert "would both be the source 'kev'" in capsys.readouterr().err
    assert main(["feeds", "import", second, "--source", "mine"]) == 0
    with FeedStore.open(data / "feeds") as store:
        assert {one.name: one.facts for one in store.sources()} == {"kev": 1, "mine": 2}


@pytest.mark.parametrize(
    "words",
    [
        ["--recorded-at", "today"],
        ["--recorded-at", ""],
    ],
)
def test_wrong_use_ends_with_2(data: Path, tmp_path: Path, words: list[str]) -> None:
    assert main(["feeds", "import", kev(tmp_path / "kev.json", 1), *words]) == 2
    assert not (data / "feeds").exists()


def test_source_names_one_source(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    kev(folder / "a.json", 1)
    kev(folder / "b.json", 1)
    assert main(["feeds", "import", str(folder), "--source", "x"]) == 2
    assert "holds 2 sources" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["feeds", "import"], ["feeds", "status"]])
def test_help_has_an_example(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*command, "--help"])
    assert caught.value.code == 0
    assert "Example: oakum feeds" in capsys.readouterr().out


def test_where_the_data_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OAKUM_DATA", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/a")
    assert data_folder() == Path("/home/a/.local/share/oakum")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert data_folder() == Path("/home/a/.local/share/oakum")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert data_folder() == Path("/data/oakum")
    monkeypatch.setenv("OAKUM_DATA", "/o")
    assert data_folder() == Path("/o")
    assert data_folder("/given") == Path("/given")
