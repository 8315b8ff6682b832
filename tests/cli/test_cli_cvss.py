from __future__ import annotations

import json
from pathlib import Path

import pytest

from oakum.cli.main import main

WORM = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
FOUR = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
TWO = "AV:N/AC:L/Au:N/C:P/I:P/A:P"


@pytest.mark.parametrize(
    ("vector", "expected"),
    [
        (WORM, {"version": "3.1", "base": 9.8, "temporal": 9.8, "environmental": 9.8, "severity": "critical"}),
        (FOUR, {"version": "4.0", "score": 9.3, "severity": "critical"}),
        (TWO, {"version": "2.0", "base": 7.5, "temporal": None, "environmental": None, "severity": "high"}),
    ],
)
def test_a_vector_is_scored(vector: str, expected: dict[str, object], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cvss", vector, "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == expected
    assert main(["cvss", vector]) == 0
    assert str(expected["severity"]) in capsys.readouterr().out


@pytest.mark.parametrize("words", [["x"], [WORM + "/"], [], [WORM, "--batch", "x"], ["--request", "/no/such"]])
def test_what_is_no_vector_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cvss", *words]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("oakum cvss: ")
    assert captured.out == ""


def test_the_machine_form(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    file = tmp_path / "requests.jsonl"
    requests = [{"id": 1, "vector": WORM}, {"id": 2, "vector": "x"}, {"id": 3}, {"id": 4, "vector": FOUR}]
    file.write_text("\n".join(json.dumps(each) for each in requests) + "\n")
    assert main(["cvss", "--batch", str(file), "-o", "json"]) == 2
    answers = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert [answer["id"] for answer in answers] == [1, 2, 3, 4]
    assert (answers[0]["base"], answers[3]["score"]) == (9.8, 9.3)
    assert set(answers[1]) == set(answers[2]) == {"id", "error"}


def test_one_request(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps({"id": "x", "vector": TWO}))
    assert main(["cvss", "--request", str(file)]) == 0
    assert json.loads(capsys.readouterr().out)["base"] == 7.5
