from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from tests.ledger.ledgers import ORIGIN, entry, written

from oakum.cli.main import main
from oakum.ledger.base64 import encoded
from oakum.ledger.entries import canonical
from oakum.ledger.merkle import EMPTY_ROOT, Tree, leaf_hash

ROOT1 = "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0="
ROOT8 = "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg="
PROOF = [
    "lqKW0iTyhcZ77pPDD4owkVfw2qNdxbh+QQt4YwoJz8c=",
    "Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=",
    "a0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ=",
]
INCLUDED = {"kind": "inclusion", "leaf_hash": ROOT1, "leaf_index": 0, "tree_size": 8, "root": ROOT8, "proof": PROOF}
GREW = {"kind": "consistency", "size1": 1, "size2": 8, "root1": ROOT1, "root2": ROOT8, "proof": PROOF}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder is empty, and a key and a file of 300 entries lie in the working folder."""
    monkeypatch.setenv("OAKUM_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    assert main(["ledger", "keygen", ORIGIN, "--out", "key"]) == 0
    Path("entries").write_bytes(b"\n".join(written(300)) + b"\n")
    return tmp_path


@pytest.fixture
def ledger(folder: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A ledger of 300 entries that was exported, as a folder and as a file."""
    assert main(["ledger", "append", "entries"]) == 0
    assert main(["ledger", "export", "out.tar", "--sign", "key"]) == 0
    assert main(["ledger", "export", "out"]) == 0
    capsys.readouterr()
    return folder


WHERE = ["out", "out.tar", "data/ledger.sqlite"]


@pytest.mark.parametrize("where", WHERE)
def test_a_right_ledger_ends_with_0(ledger: Path, where: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "verify", where, "--key", "key.pub"]) == 0
    root = encoded(Tree(map(leaf_hash, written(300))).root())
    assert capsys.readouterr().out == f"{ORIGIN}: 300 entries, all as they were signed.\nroot {root}\n"
    line = Path("key.pub").read_text().strip()
    assert main(["ledger", "verify", where, "--key", line, "-o", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer == {"valid": True, "checkpoint": {"origin": ORIGIN, "size": 300, "root": root}, "faults": []}


def test_a_changed_entry_ends_with_1_and_its_index(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = Path("out/tile/entries/001.p/44")
    bundle.write_bytes(bundle.read_bytes().replace(b"shop/w-270", b"shop/w-999"))
    assert main(["ledger", "verify", "out", "--key", "key.pub"]) == 1
    assert capsys.readouterr().out.startswith("index 270: it is not the entry that the ledger was signed with")
    assert main(["ledger", "verify", "out", "--key", "key.pub", "-o", "json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["valid"], answer["faults"][0]["where"], answer["faults"][0]["name"]) == (False, "index", "270")


def test_a_kept_checkpoint_binds(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "checkpoint", "--out", "kept"]) == 0
    assert main(["ledger", "append", "entries"]) == 0
    assert main(["ledger", "checkpoint", "--sign", "key"]) == 0
    capsys.readouterr()
    assert main(["ledger", "verify", "data/ledger.sqlite", "--key", "key.pub", "--checkpoint", "kept"]) == 0
    assert "600 entries, all as they were signed, and it goes on from 1 kept checkpoint." in capsys.readouterr().out
    Path("newest").write_bytes(Path("kept").read_bytes())
    assert main(["ledger", "checkpoint", "--out", "newest"]) == 0
    assert main(["ledger", "verify", "out", "--key", "key.pub", "--checkpoint", "newest"]) == 1
    assert capsys.readouterr().out.startswith("newest: it tells of 600 entries, and the ledger has 300")


def test_the_key_of_somebody_else_verifies_nothing(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "keygen", "example.com/other", "--out", "other"]) == 0
    capsys.readouterr()
    assert main(["ledger", "verify", "out", "--key", "other.pub"]) == 1
    assert capsys.readouterr().out.startswith("checkpoint: not signed by example.com/other+")
    assert main(["ledger", "verify", "out", "--key", "key.pub", "--origin", "example.com/x"]) == 1
    assert main(["ledger", "verify", "out", "--key", "other.pub", "--key", "key.pub"]) == 0


@pytest.mark.parametrize(
    "words",
    [
        ["verify", "no", "--key", "key.pub"],
        ["verify", "out", "--key", "no.pub"],
        ["verify", "out", "--key", "key"],
        ["verify", "out", "--key", "entries"],
        ["verify", "entries", "--key", "key.pub"],
        ["verify", "data", "--key", "key.pub"],
        ["verify", "out", "--key", "key.pub", "--checkpoint", "no"],
        ["show", "no"],
        ["show", "entries"],
        ["checkpoint", "--ledger", "no"],
        ["checkpoint", "--ledger", "entries"],
        ["checkpoint", "--sign", "key.pub"],
        ["checkpoint", "--sign", "no"],
        ["checkpoint", "--ledger", "no", "--sign", "key"],
        ["export", "out.tar", "--ledger", "no"],
        ["export", "entries"],
        ["export", "no/no.tar"],
        ["append", "no"],
        ["append", "key"],
        ["append", "entries", "--ledger", "entries"],
        ["keygen", "a b", "--out", "x"],
        ["keygen", ORIGIN, "--out", "key"],
        ["keygen", ORIGIN, "--out", "no/key"],
        ["proof"],
        ["proof", "1", "--old", "2"],
        ["proof", "300"],
        ["proof", "3", "--size", "3"],
        ["proof", "3", "--size", "301"],
        ["proof", "--old", "0"],
        ["proof", "--old", "301"],
        ["proof", "--request", "no"],
        ["proof", "--request", "key"],
        ["proof", "--request", "entries", "--size", "3"],
        ["proof", "--batch", "no"],
    ],
)
def test_wrong_use_and_bad_input_end_with_2(ledger: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", *words]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("oakum ledger: ")
    assert "(" in captured.err, "a remedy"
    assert captured.out == ""


def test_without_a_checkpoint_it_is_not_assessable(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "append", "entries"]) == 0
    for words in (
        ["checkpoint"],
        ["export", "out"],
        ["verify", "data/ledger.sqlite", "--key", "key.pub"],
        ["proof", "1"],
    ):
        assert main(["ledger", *words]) == 3
        assert "no checkpoint was signed yet" in capsys.readouterr().err


@pytest.mark.parametrize("where", WHERE)
def test_entries_are_shown(ledger: Path, where: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "show", where, "--from", "255", "--to", "257", "-o", "json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["index"] for line in lines] == [255, 256]
    assert lines[1] == f'{{"index":256,"entry":{canonical(entry(256)).decode()}}}'
    assert main(["ledger", "show", where, "--from", "299"]) == 0
    assert capsys.readouterr().out.split() == [
        "299", "2026-01-31T06:04:59Z", "observation", "evict", entry(0).actor[:10], "kernel", "shop/w-299",
    ]  # fmt: skip
    assert main(["ledger", "show", where, "--run", "r-2"]) == 0
    assert capsys.readouterr().out == ""


# Proofs


def ask(request: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, object]]:
    Path("request").write_text(json.dumps(request))
    code = main(["ledger", "proof", "--request", "request"])
    captured = capsys.readouterr()
    return code, json.loads(captured.out) if captured.out else {"error": captured.err}


@pytest.mark.parametrize(
    "words", [["0"], ["299"], ["17", "--size", "18"], ["--old", "1"], ["--old", "299"], ["--old", "300"]]
)
def test_a_proof_that_was_made_holds(ledger: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "proof", *words, "-o", "json"]) == 0
    request = json.loads(capsys.readouterr().out)
    assert ask(request, capsys) == (0, {"valid": True})
    other = "root" if request["kind"] == "inclusion" else "root2"
    code, answer = ask({**request, other: encoded(EMPTY_ROOT), "id": "x"}, capsys)
    assert (code, answer["id"], answer["valid"]) == (1, "x", False)
    assert answer["why"]
    assert main(["ledger", "proof", *words]) == 0
    assert request["kind"] in capsys.readouterr().out


@pytest.mark.parametrize(
    ("request_", "valid"),
    [
        (INCLUDED, True),
        (GREW, True),
        ({**INCLUDED, "leaf_index": 1}, False),
        ({**INCLUDED, "leaf_index": -1}, False),
        ({**INCLUDED, "leaf_index": 2**64 - 1}, False),
        ({**INCLUDED, "tree_size": 0}, False),
        ({**INCLUDED, "leaf_hash": encoded(b"WrongLeaf")}, False),
        ({**INCLUDED, "leaf_hash": ""}, False),
        ({**INCLUDED, "root": None}, False),
        ({**INCLUDED, "proof": None}, False),
        ({**INCLUDED, "proof": ["", *PROOF]}, False),
        ({**INCLUDED, "proof": None, "tree_size": 1, "root": ROOT1}, True),
        ({**GREW, "size1": 0}, False),
        ({**GREW, "root2": encoded(b"WrongRoot")}, False),
        ({**GREW, "proof": []}, False),
        ({**GREW, "proof": [], "size2": 1, "root2": ROOT1}, True),
    ],
)
def test_requests(folder: Path, request_: dict[str, object], valid: bool, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    code, answer = ask(request_, capsys)
    assert (code, answer["valid"]) == (0 if valid else 1, valid)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "exclusion"}, "kind"),
        ({"kind": None}, "kind"),
        ({"leaf_index": "0"}, "leaf_index"),
        ({"leaf_index": 0.5}, "leaf_index"),
        ({"leaf_index": True}, "leaf_index"),
        ({"leaf_index": None}, "leaf_index"),
        ({"root": "not base64"}, "root"),
        ({"root": 5}, "root"),
        ({"proof": "abc"}, "proof"),
        ({"proof": ["abc"]}, "proof[0]"),
        ({"proof": [5]}, "proof[0]"),
        ({"proof": [ROOT1] * 300}, "proof"),
        ({"more": 1}, "more"),
    ],
)
def test_bad_requests(folder: Path, change: dict[str, object], field: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = ask({**INCLUDED, **change}, capsys)
    assert code == 2
    assert f"request: {field}: " in str(answer["error"])
    missing = {name: value for name, value in INCLUDED.items() if name not in change}
    if set(change) & set(INCLUDED):
        assert ask(missing, capsys)[0] == 2


def test_a_batch_answers_every_line(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    lines = [{"id": 1, **INCLUDED}, {"id": 2, **GREW, "size1": 2}, {"id": 3, "kind": "x"}]
    Path("batch").write_text("\n".join(json.dumps(each) for each in lines) + "\n{bad\n")
    capfdbinary.readouterr()
    assert main(["ledger", "proof", "--batch", "batch"]) == 2
    answers = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert [(each["id"], each.get("valid")) for each in answers] == [(1, True), (2, False), (3, None), (None, None)]
    assert "error" in answers[2]
    assert "error" in answers[3]
    Path("batch").write_text("\n".join(json.dumps(each) for each in lines[:2]))
    assert main(["ledger", "proof", "--batch", "batch"]) == 0


# What is added


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kind": "gossip"}, "kind"),
        ({"actor": "jo@example.org"}, "actor"),
        ({"subject": "password=hunter2"}, "subject"),
        ({"at": "2026-01-31T06:00:00"}, "at"),
        ({"at": "yesterday"}, "at"),
        ({"body": "x"}, "body"),
        ({"more": "x"}, "more"),
        ({"what": None}, "what"),
    ],
)
def test_a_bad_entry_is_refused_with_its_line_and_nothing_is_added(
    folder: Path, change: dict[str, object], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    good = json.loads(canonical(entry(1)))
    Path("bad").write_text(json.dumps(good) + "\n\n" + json.dumps({**good, **change}) + "\n")
    capsys.readouterr()
    assert main(["ledger", "append", "bad"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("oakum ledger: bad:3")
    assert says in error
    assert "hunter2" not in error
    assert not Path("data").exists()


def test_entries_come_from_standard_input_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = io.TextIOWrapper(io.BytesIO(canonical(entry(1))))
    monkeypatch.setattr(sys, "stdin", text)
    capsys.readouterr()
    assert main(["ledger", "append", "-", "--ledger", "own"]) == 0
    assert capsys.readouterr().out == "1 added, 1 entries\n"


def test_an_export_tells_what_it_leaves_out(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "append", "entries"]) == 0
    assert main(["ledger", "export", "again"]) == 0
    assert capsys.readouterr().out.endswith("again: 300 entries; 300 more were added since, and are not signed\n")


def test_the_private_key_is_printed_nowhere(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "append", "entries"]) == 0
    seed = Path("key").read_text().strip().split("+", 4)[4]
    for words in (["checkpoint", "--sign", "key"], ["verify", "data/ledger.sqlite", "--key", "key"], ["append", "key"]):
        main(["ledger", *words])
        captured = capsys.readouterr()
        assert seed not in captured.out + captured.err
