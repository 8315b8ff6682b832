from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.advisories.vex.documents import changed, csaf20, csaf21, openvex

from oakum.cli import vex
from oakum.cli.main import main
from oakum.local.schemas import schema_of

BROKEN = changed(csaf20(), {"document/lang": "ez", "document/title": ""})


def written(folder: Path, **files: Any) -> list[str]:
    names = []
    for name, value in files.items():
        path = folder / f"{name}.json"
        path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
        names.append(str(path))
    return names


def test_valid_documents_of_every_format_end_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = written(tmp_path, a=csaf20(), b=csaf21(), c=openvex(), d=openvex("v0.0.1"))
    assert main(["vex", "lint", *names]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(": ")[2] for line in lines] == [
        "CSAF 2.0, valid", "CSAF 2.1, valid", "OpenVEX 0.2.0, valid", "OpenVEX 0.0.1, valid",
    ]  # fmt: skip


def test_problems_are_shown_with_test_place_and_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [name] = written(tmp_path, a=BROKEN)
    assert main(["vex", "lint", name]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{name}: CSAF 2.0, 2 problems",
        "  schema     /document/title  structure: the text is empty",
        "             -> write the text, or leave the field out",
        "  6.1.12     /document/lang  'ez' is no language: 'ez' is no language",
        "             -> write a language tag of BCP 47, as in en or en-US",
    ]


def test_many_problems_are_counted_in_the_table_and_listed_in_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flag = {"label": "component_not_present"}
    flags = [{**flag, "date": f"2026-01-05T08:00:{at:02}Z"} for at in range(60)]
    [name] = written(
        tmp_path, a=changed(csaf20(), {"document/category": "csaf_base", "vulnerabilities/0/flags": flags})
    )
    assert main(["vex", "lint", name]) == 1
    assert "  and 10 more: see them with -o json" in capsys.readouterr().out
    assert main(["vex", "lint", name, "-o", "json"]) == 1
    [answer] = json.loads(capsys.readouterr().out)["files"]
    assert (answer["file"], answer["valid"], len(answer["problems"])) == (name, False, 60)
    assert set(answer["problems"][0]) == {"path", "problem", "remedy", "test"}


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "not JSON"),
        (b'{"document":\n\n{', ":3: not JSON"),
        (b'{"document": 1, "document": 2}', "stands twice"),
        (b'{"a": NaN}', "no JSON number"),
        (b"[]", "not a JSON object"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"document": {"csaf_version": "1.1"}}', "no known version"),
        (b"{}", "neither CSAF nor OpenVEX"),
        (b'{"a": ' * 300 + b"1" + b"}" * 300, "nested deeper"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
    ],
)
def test_what_cannot_be_judged_ends_with_2_and_harms_no_other_file(
    content: bytes, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = written(tmp_path, a=content, b=csaf20())
    assert main(["vex", "lint", *names]) == 2
    captured = capsys.readouterr()
    assert captured.out == f"{names[1]}: CSAF 2.0, valid\n"
    assert captured.err.startswith(f"oakum vex: {names[0]}")
    assert word in captured.err
    assert captured.err.rstrip().endswith(")")
    assert main(["vex", "lint", *names, "-o", "json"]) == 2
    bad, good = json.loads(capsys.readouterr().out)["files"]
    assert set(bad) == {"file", "error"}
    assert good["valid"] is True


def test_a_file_that_is_not_there_or_too_large_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["vex", "lint", "/no/such"]) == 2
    assert "cannot be read" in capsys.readouterr().err
    monkeypatch.setattr(vex, "LARGEST", 10)
    assert main(["vex", "lint", *written(tmp_path, a=csaf20())]) == 2
    assert "larger than 10 bytes" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["x", "--batch", "y"], ["--batch", "x", "--request", "y"]])
def test_one_form_is_asked_for(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vex", "lint", *words]) == 2
    assert "one of FILE, --batch and --request" in capsys.readouterr().err


def test_a_batch_answers_each_line(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    file = tmp_path / "requests.jsonl"
    requests: list[dict[str, Any]] = [
        {"id": 1, "document": csaf20()},
        {"id": 2, "document": BROKEN},
        {"id": 3, "document": json.dumps(openvex())},
    ]
    file.write_text("\n".join(json.dumps(each) for each in requests))
    assert main(["vex", "lint", "--batch", str(file)]) == 0
    answers = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert [(each["id"], each["valid"]) for each in answers] == [(1, True), (2, False), (3, True)]
    assert [each["test"] for each in answers[1]["problems"]] == ["schema", "6.1.12"]
    for request, answer in zip(requests, answers, strict=True):
        jsonschema.validate(request, schema_of("vex-lint-request"))
        jsonschema.validate(answer, schema_of("vex-lint-answer"))
    bad = [{"id": 4}, {"id": 5, "document": 1}, {"id": 6, "document": "{"}, {"id": 7, "document": {}}]
    with file.open("a") as more:
        more.write("\n" + "\n".join(json.dumps(each) for each in bad) + '\n{"id": 8, "docu')
    assert main(["vex", "lint", "--batch", str(file)]) == 2
    answers = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert [set(each) for each in answers[3:]] == [{"id", "error"}] * 5
    assert all("document" in each["error"] for each in answers[3:6])


def test_one_request(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [good, bad, none] = written(
        tmp_path, good={"id": "x", "document": csaf21()}, bad={"document": BROKEN}, none={"documents": []}
    )
    assert main(["vex", "lint", "--request", good]) == 0
    assert json.loads(capsys.readouterr().out) == {"id": "x", "valid": True, "format": "CSAF 2.1", "problems": []}
    assert main(["vex", "lint", "--request", bad]) == 1
    assert json.loads(capsys.readouterr().out)["valid"] is False
    assert main(["vex", "lint", "--request", none]) == 2
    assert "the field is missing" in capsys.readouterr().err
