"""``oakum versions compare``: signs, batches, exit codes."""

from __future__ import annotations

import io
import json
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.cli.main import main


def batch(tmp_path: Path, content: str | bytes) -> str:
    path = tmp_path / "batch.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


@pytest.mark.parametrize(
    ("ecosystem", "left", "right", "sign"),
    [
        ("deb", "1.0~rc1-1", "1.0-1", "<"), ("Maven", "1.0.0", "1", "="), ("PyPI", "1.10", "1.9", ">"),
        ("Packagist", "v1.0", "1.0", "="), ("alpine:v3.20", "1.0-r1", "1.0-r0", ">"),
    ],
)  # fmt: skip
def test_two_versions_give_one_sign(
    ecosystem: str, left: str, right: str, sign: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["versions", "compare", ecosystem, left, right]) == 0
    assert capsys.readouterr().out == f"{sign}\n"


def test_what_is_not_comparable_says_why_and_ends_with_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["versions", "compare", "nuget", "x", "1.0"]) == 3
    assert capsys.readouterr().out.startswith("? not of the form")
    assert main(["versions", "compare", "nuget", "x", "1.0", "-o", "json"]) == 3
    answer = json.loads(capsys.readouterr().out)
    assert (answer["ecosystem"], answer["a"], answer["op"], answer["b"]) == ("nuget", "x", "?", "1.0")
    assert answer["why"]


def test_a_version_may_begin_with_a_hyphen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["versions", "compare", "PyPI", "--", "-class.x", "1.0"]) == 0
    assert capsys.readouterr().out == "<\n"


def test_an_unknown_ecosystem_ends_with_2_and_the_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["versions", "compare", "cobol", "1", "2"]) == 2
    assert "rubygems" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["deb", "1"], ["deb", "1", "2", "3"], ["deb", "1", "2", "--batch", "x"], ["deb"]])
def test_wrong_use_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["versions", "compare", *words]) == 2
    assert capsys.readouterr().err


@pytest.mark.parametrize(
    ("lines", "last", "code"),
    [
        ("# c\n// c\n\n1 < 2\n2 = 2\r\n", "2 agree, 0 disagree, 0 not comparable", 0),
        ("1 < 2\n1 > 2\n", "1 agree, 1 disagree, 0 not comparable", 1),
        ("1 < 2\nx < 2\n", "1 agree, 0 disagree, 1 not comparable", 3),
        ("x ? 2\n", "1 agree, 0 disagree, 0 not comparable", 0),
        ("1 ? 2\n", "0 agree, 1 disagree, 0 not comparable", 1),
        ("1 > 2\nx < 2\n", "0 agree, 1 disagree, 1 not comparable", 1),
        ("1 < 2 < 3\n1 >= 2\nnonsense\n< 2\n1 >\n1 > 2\n1 < 2", "1 agree, 1 disagree, 0 not comparable", 2),
        ("", "0 agree, 0 disagree, 0 not comparable", 2),
        ("\ufeff1 < 2\n", "1 agree, 0 disagree, 0 not comparable", 0),
    ],
)
def test_a_batch_counts_and_ends_as_its_worst_line(
    lines: str, last: str, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["versions", "compare", "nuget", "--batch", batch(tmp_path, lines)]) == code
    assert capsys.readouterr().out.splitlines()[-1] == last


def test_a_batch_names_the_lines_that_disagree_and_those_that_are_bad(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = batch(tmp_path, "1 < 2\n1 > 2\nnonsense\nx < 1\n")
    assert main(["versions", "compare", "nuget", "--batch", path]) == 2
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == "2: 1 > 2: got <"
    assert out.splitlines()[1].startswith("4: x < 1: got ? (not of the form")
    assert f"{path}:3" in err
    assert "write A OP B" in err


def test_a_batch_in_json_has_the_fixed_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = batch(tmp_path, "# c\n1 < 2\n1  >  2\nx < 1\n")
    assert main(["versions", "compare", "nuget", "--batch", path, "-o", "json"]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "checked": 3,
        "disagreements": [
            {"line": 3, "text": "1  >  2", "got": "<"},
            {"line": 4, "text": "x < 1", "got": "?"},
        ],
    }


def test_a_batch_comes_from_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"1 < 2\nbad\n")))
    assert main(["versions", "compare", "deb", "--batch", "-"]) == 2
    out, err = capsys.readouterr()
    assert out == "1 agree, 0 disagree, 0 not comparable\n"
    assert "standard input:2" in err


def test_a_batch_that_cannot_be_read_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["versions", "compare", "deb", "--batch", str(tmp_path)]) == 2
    assert main(["versions", "compare", "deb", "--batch", str(tmp_path / "absent")]) == 2
    assert "absent" in capsys.readouterr().err


@given(
    content=st.one_of(
        st.binary(max_size=200), st.text(max_size=100).map(lambda text: f"1 < {text}".encode(errors="replace"))
    )
)
def test_no_bytes_in_a_batch_make_it_crash(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = batch(Path(folder), content)
        for output in ("table", "json"):
            assert main(["versions", "compare", "composer", "--batch", path, "-o", output]) in (0, 1, 2, 3)


def test_a_terminal_that_lacks_a_character_shows_its_escape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    assert (
        main(["versions", "compare", "pypi", "--batch", batch(tmp_path, "\u00e9 > 1\n".encode() + b"\xff = 1\n")]) == 1
    )
    out.flush()
    out.buffer.seek(0)
    shown = out.buffer.read()
    assert b"1: \\xe9 > 1: got <" in shown
    assert shown.endswith(b"0 agree, 2 disagree, 0 not comparable\n")


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["versions", "compare", "--help"])
    assert "oakum versions compare deb" in capsys.readouterr().out
