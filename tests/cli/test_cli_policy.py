from __future__ import annotations

import json
from pathlib import Path

import pytest

from oakum.cli.main import main

Out = pytest.CaptureFixture[str]


def test_a_newcomer_writes_the_example_and_finds_it_right(tmp_path: Path, capsys: Out) -> None:
    folder = tmp_path / "new" / "policy"
    assert main(["policy", "init", str(folder)]) == 0
    said = capsys.readouterr().out
    assert sorted(path.name for path in folder.iterdir()) == ["holidays.ics", "policy.yaml", "windows.yaml"]
    assert f"oakum policy lint {folder}" in said
    assert main(["policy", "lint", str(folder)]) == 0
    assert capsys.readouterr().out.startswith("5 windows, 3 freezes, 4 budgets, 4 stages; sha256:")
    assert main(["policy", "lint", str(folder), "-o", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["problems"] == []
    assert answer["policy"].startswith("sha256:")


def test_init_as_json(tmp_path: Path, capsys: Out) -> None:
    assert main(["policy", "init", str(tmp_path), "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"] == ["holidays.ics", "policy.yaml", "windows.yaml"]


def test_init_writes_into_no_folder_that_holds_something(tmp_path: Path, capsys: Out) -> None:
    (tmp_path / "mine").write_text("x")
    assert main(["policy", "init", str(tmp_path)]) == 2
    assert "the folder is not empty (name a new one; nothing was written)" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert main(["policy", "init", str(tmp_path / "mine")]) == 2
    assert "oakum policy: " in capsys.readouterr().err


def test_lint_names_file_line_and_remedy(tmp_path: Path, capsys: Out) -> None:
    (tmp_path / "a.yaml").write_text("windows:\n- {name: w, always: yes}\nbudgets:\n- {name: b, max_unavailable: 0}\n")
    assert main(["policy", "lint", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0] == (
        f"{tmp_path}/a.yaml:4: budgets[1].max_unavailable: 'b' allows no node at all"
        " (write max_unavailable: 1) [budget-allows-nothing]"
    )
    assert printed.err == "1 problem\n"
    assert main(["policy", "lint", str(tmp_path), "-o", "json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["policy"].startswith("sha256:")
    assert answer["problems"] == [
        {
            "rule": "budget-allows-nothing",
            "file": f"{tmp_path}/a.yaml",
            "line": 4,
            "field": "budgets[1].max_unavailable",
            "what": "'b' allows no node at all",
            "remedy": "write max_unavailable: 1",
        }
    ]


def test_lint_of_a_mistake_has_no_digest(tmp_path: Path, capsys: Out) -> None:
    (tmp_path / "a.yaml").write_text("windows:\n- {name: w, always: yes}\nnix: 1\n")
    assert main(["policy", "lint", str(tmp_path), "-o", "json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["policy"] is None
    assert [each["rule"] for each in answer["problems"]] == ["not-understood"]


@pytest.mark.parametrize("data", [b"windows: [", b"\xff", b""], ids=["torn", "not UTF-8", "empty"])
def test_a_file_that_cannot_be_read_is_bad_input(tmp_path: Path, capsys: Out, data: bytes) -> None:
    (tmp_path / "a.yaml").write_bytes(data)
    assert main(["policy", "lint", str(tmp_path)]) == 2
    assert "[unreadable]" in capsys.readouterr().out


def test_folders_that_are_none(tmp_path: Path, capsys: Out) -> None:
    (tmp_path / "file").write_text("x")
    for folder, words in (("nix", "there is no such folder"), ("file", "this is no folder"), (".", "no .yaml file")):
        assert main(["policy", "lint", str(tmp_path / folder)]) == 2
        assert words in capsys.readouterr().err


def test_hidden_files_and_others_are_left_out(tmp_path: Path, capsys: Out) -> None:
    (tmp_path / "a.yaml").write_text("windows:\n- {name: w, always: yes}\n")
    (tmp_path / "README.md").write_text("nothing to do with it")
    for name in (".a.yaml.swp", ".hidden.yaml"):
        (tmp_path / name).write_text("windows: [")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/x.yaml").write_text("windows: [")
    (tmp_path / "more").mkdir()
    (tmp_path / "more/b.yml").write_text("windows:\n- {name: v, always: yes}\n")
    assert main(["policy", "lint", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("2 windows")


def test_a_link_that_leads_nowhere_is_no_traceback(tmp_path: Path, capsys: Out) -> None:
    (tmp_path / "a.yaml").symlink_to("nowhere")
    assert main(["policy", "lint", str(tmp_path)]) == 2
    assert f"{tmp_path}/a.yaml: No such file" in capsys.readouterr().err


def test_more_files_than_a_policy_has(tmp_path: Path, capsys: Out) -> None:
    for number in range(201):
        (tmp_path / f"{number}.yaml").touch()
    assert main(["policy", "lint", str(tmp_path)]) == 2
    assert "more than 200 files" in capsys.readouterr().err


def test_lint_asks_from_a_given_day_on(tmp_path: Path, capsys: Out) -> None:
    (tmp_path / "a.yaml").write_text("windows:\n- {name: w, time_zone: UTC, dtstart: 2026-05-01}\n")
    assert main(["policy", "lint", str(tmp_path), "--at", "2026-04-01T00:00:00Z"]) == 0
    assert main(["policy", "lint", str(tmp_path), "--at", "2026-06-01T00:00:00Z"]) == 1
    assert "[window-never-opens]" in capsys.readouterr().out
    assert main(["policy", "lint", str(tmp_path), "--at", "2026-06-01"]) == 2
    assert "--at: '2026-06-01' is no time with a zone" in capsys.readouterr().err
