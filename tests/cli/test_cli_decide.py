from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.data import shared

from oakum.cli.main import main
from oakum.risk.tables import names

BOD = ["decide", "--table", "cisa-bod-26-04"]
INPUTS = ["in_kev=yes", "publicly_exposed=no", "automatable=no", "technical_impact=total"]
Capture = pytest.CaptureFixture[str]


def test_the_table_form_says_row_outcome_and_what_would_change_it(capsys: Capture) -> None:
    assert main([*BOD, *INPUTS]) == 0
    out = capsys.readouterr().out
    assert "row 8: 14 days" in out
    assert "in_kev            no -> fix on system upgrade" in out
    assert "automatable       yes -> 3 days & forensic investigation" in out


def test_the_json_form(capsys: Capture) -> None:
    assert main([*BOD, *INPUTS, "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "table": "cisa-bod-26-04",
        "row": 8,
        "outcome": "14 days",
        "inputs": {"in_kev": "yes", "publicly_exposed": "no", "automatable": "no", "technical_impact": "total"},
        "changes": [
            {"key": "in_kev", "value": "no", "outcome": "fix on system upgrade"},
            {"key": "publicly_exposed", "value": "yes", "outcome": "3 days & forensic investigation"},
            {"key": "automatable", "value": "yes", "outcome": "3 days & forensic investigation"},
        ],
    }


def test_a_row_that_no_single_input_changes_says_so(capsys: Capture) -> None:
    assert (
        main(["decide", "--table", "human-impact", "safety_impact=catastrophic", "mission_impact=mission failure"]) == 0
    )
    assert "No single input would change" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([*BOD, "in_kev=yes"], "technical_impact=partial|total"),
        ([*BOD, *INPUTS, "colour=red"], "its inputs are in_kev"),
        ([*BOD, *INPUTS[1:], "in_kev=maybe"], "one of no, yes"),
        ([*BOD, *INPUTS, "in_kev=no"], "given twice"),
        ([*BOD, *INPUTS[1:], "in_kev"], "no KEY=VALUE"),
        (["decide", *INPUTS], "--table is missing"),
        (["decide", "--table", "ssvc", *INPUTS], "ssvc-deployer"),
        ([*BOD, *INPUTS, "--batch", "x.csv"], "exclude each other"),
        ([*BOD, "--batch", "/no/such.csv"], "cannot be read"),
        ([*BOD, "--batch", "a\x00b"], "cannot be read"),
        ([*BOD, "--batch", "/"], "cannot be read"),
    ],
)
def test_wrong_use_ends_with_2_and_the_remedy(words: list[str], said: str, capsys: Capture) -> None:
    assert main(words) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(
    ("name", "file", "rows"),
    [
        ("cisa-bod-26-04", "cisa_bod_26_04_1_0_0.csv", 16),
        ("ssvc-deployer", "deployer_patch_application_priority_1_0_0.csv", 72),
        ("cisa-coordinator", "cisa_coordinator_2_0_3.csv", 36),
        ("human-impact", "human_impact_1_0_0.csv", 16),
    ],
)
def test_a_batch_of_the_published_rows_agrees(name: str, file: str, rows: int, capsys: Capture) -> None:
    assert main(["decide", "--table", name, "--batch", str(shared(f"ssvc/{file}"))]) == 0
    assert capsys.readouterr().out == f"{rows} agree, 0 disagree\n"


CSV = """In KEV v1.0.0 (cisa),Publicly Exposed v1.0.0 (cisa),automatable,technical_impact,expected
no,no,no,partial,Fix on System-Upgrade
yes,no,no,partial,60 days

no,yes,YES,Total,3 days
"""


def test_a_batch_lists_what_disagrees(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "batch.csv"
    file.write_text(CSV)
    assert main([*BOD, "--batch", str(file)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("line 3: in_kev=yes publicly_exposed=no")
    assert lines[0].endswith("expected 60 days, got 14 days (row 1)")
    assert lines[1:] == ["2 agree, 1 disagree"]
    assert main([*BOD, "--batch", str(file), "-o", "json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["checked"], answer["errors"]) == (3, [])
    assert [(each["line"], each["expected"], each["got"]) for each in answer["disagreements"]] == [
        (3, "60 days", "14 days")
    ]


def test_a_bad_line_of_a_batch_is_named_and_the_others_go_on(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "batch.csv"
    file.write_text(CSV + "no,no,no\nno,no,no,sideways,60 days\nno,no,no,total,fix on system upgrade\n")
    assert main([*BOD, "--batch", str(file)]) == 2
    captured = capsys.readouterr()
    assert captured.out.endswith("3 agree, 1 disagree\n")
    assert f"{file}:6: 3 cells under 5 titles" in captured.err
    assert f"{file}:7: 'sideways' is no value of technical_impact" in captured.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the batch is empty"),
        (b"\n \n", "the batch is empty"),
        (b"\xef\xbb\xbf", "the header names no input"),
        (b"row,a,b\n1,2,3\n", "the header names a"),
        (b"in_kev,publicly_exposed,automatable,outcome\n", "the header names in_kev"),
        (b"in_kev,in_kev,publicly_exposed,automatable,technical_impact,outcome\n", "the header names in_kev, in_kev"),
        (CSV.encode("utf-16"), "not UTF-8"),
        (b'"in_kev,publicly_exposed\n', "not CSV"),
        (b"in_kev," + b"x" * 200_000, "not CSV"),
        (b"in_kev," + b"x" * 5_000_000, "longer than"),
    ],
)
def test_a_bad_batch_ends_with_2_and_its_place(content: bytes, said: str, tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "batch.csv"
    file.write_bytes(content)
    assert main([*BOD, "--batch", str(file)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert str(file) in error


def test_the_machine_form_answers_every_line_with_its_id(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = tmp_path / "requests.jsonl"
    good = {"in_kev": True, "publicly_exposed": "no", "automatable": "No", "Technical Impact v1.0.0": "TOTAL"}
    file.write_text(
        "\n".join(
            [
                json.dumps({"id": "a", **good}),
                "",
                "{broken",
                json.dumps({"id": 7, **good, "in_kev": 3}),
                '{"id": 8, "in_kev": "no", "in_kev": "yes"}',
                '{"id": [1]}',
                "[" * 100_000,
                '{"id": "\\ud800", "in_kev": NaN}',
                json.dumps({"id": None, **good, "table": "human-impact"}),
                json.dumps({**good, "in_kev": "no"}),
            ]
        )
    )
    assert main([*BOD, "--batch", str(file), "-o", "json"]) == 2
    answers = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert [answer["id"] for answer in answers] == ["a", None, 7, None, None, None, None, None, None]
    assert answers[0]["outcome"] == "14 days"
    assert answers[0]["inputs"]["technical_impact"] == "total"
    assert answers[-1]["outcome"] == "fix on system upgrade"
    assert all(set(answer) == {"id", "error"} for answer in answers[1:-1])
    for answer, said in zip(
        answers[1:-1],
        [":3: not JSON", "in_kev is no text", "stands twice", "id is no text", "nested too", "NaN", "human-impact"],
        strict=True,
    ):
        assert said in answer["error"]


def test_the_machine_form_takes_the_table_from_the_request(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = tmp_path / "requests.jsonl"
    request = {"id": 1, "table": "human-impact", "safety_impact": "critical", "mission_impact": "mef_failure"}
    file.write_text(json.dumps(request) + "\n")
    assert main(["decide", "--batch", str(file), "-o", "json"]) == 0
    assert json.loads(capfdbinary.readouterr().out)["outcome"] == "high"


def test_one_request_is_answered(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps({"id": 5, **dict(pair.split("=") for pair in INPUTS)}, indent=1))
    assert main([*BOD, "--request", str(file)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["id"], answer["row"]) == (5, 8)
    file.write_text("{}")
    assert main([*BOD, "--request", str(file)]) == 2
    assert str(file) in capsys.readouterr().err


def test_help_names_every_table_and_its_inputs(capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main(["decide", "--help"])
    out = capsys.readouterr().out
    assert "Examples:" in out
    assert all(name in out for name in names())
    assert "exploitation=none|public poc|active" in out


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(
    content=st.binary(max_size=200)
    | st.text(alphabet='in_kev,row\n"{}:yes no14days', max_size=120).map(lambda text: (CSV + text).encode()),
    form=st.sampled_from(["table", "json"]),
)
def test_any_batch_ends_with_an_exit_code(
    content: bytes, form: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = tmp_path / "any"
    file.write_bytes(content)
    assert main([*BOD, "--batch", str(file), "-o", form]) in (0, 1, 2)
    capfdbinary.readouterr()
