"""What the pages about the ledger tell is so; the verification without Oakum is carried out as it stands there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.ledger.ledgers import HAND, Files, files, note, written
from tools import docs_hooks

from oakum.ledger.checkpoints import read_checkpoint
from oakum.ledger.entries import KINDS, Entry
from oakum.ledger.notes import read_note
from oakum.ledger.verification import verify

DOCS = Path(__file__).resolve().parents[2] / "docs"
REFERENCE = (DOCS / "reference/ledger.md").read_text()
HOW_TO = (DOCS / "how-to/verify-a-ledger.md").read_text()


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def test_every_kind_and_every_field_is_told() -> None:
    filled = docs_hooks.on_page_markdown(REFERENCE)
    assert all(f"| `{kind}` | {meaning} |" in filled for kind, meaning in KINDS.items())
    table = REFERENCE.split("| field | holds |")[1].split("\n\n")[0]
    assert set(re.findall(r"`([a-z]+)`", "".join(row.split("|")[1] for row in table.splitlines()[2:]))) == set(
        Entry.__struct_fields__
    )
    bold = set(re.findall(r"\*\*`([a-z]+)`\*\*", table))
    assert bold == {name for name in Entry.__struct_fields__ if name in ("kind", "at", "actor", "body")}


def test_the_checkpoint_of_the_reference_is_one() -> None:
    example = next(block for block in blocks(REFERENCE, "text") if "—" in block)
    assert read_checkpoint(read_note(example.encode())).size == 300


@pytest.mark.parametrize("size", [1, 256, 300, 600])
def test_a_ledger_can_be_verified_without_oakum(tmp_path: Path, size: int) -> None:
    script = blocks(HOW_TO, "python")[0]
    command = next(line for line in HOW_TO.splitlines() if line.startswith("openssl "))
    folder = tmp_path / "ledger"
    for path, data in files(written(size)).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    run = [sys.executable, "-I", "-c", script, HAND.public.text]
    done = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout == "entries True root True\n"
    if shutil.which("openssl"):
        checked = subprocess.run(command.split(), cwd=folder, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        (folder / "text").write_text("something else")
        assert subprocess.run(command.split(), cwd=folder, capture_output=True, check=False).returncode != 0
    bundle = next(each for each in (folder / "tile/entries").rglob("*") if each.is_file())
    bundle.write_bytes(bundle.read_bytes().replace(b"evict", b"evicT", 1))
    done = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout == "entries True root False\n"


def test_the_messages_of_the_how_to_are_those_of_the_verifier() -> None:
    entries = written(600)
    good = files(entries)
    kept = {"january.checkpoint": note([*entries[:99], b"x"])}
    cut = verify(Files(files(entries[:300])), [HAND.public], kept={"january.checkpoint": note(entries)})
    bundle = good["tile/entries/001"].replace(b"shop/w-270", b"shop/w-999")
    tile = good["tile/0/001"]
    said = [
        verify(Files({**good, "tile/entries/001": bundle}), [HAND.public]),
        verify(Files({**good, "tile/0/001": tile[:100] + bytes([tile[100] ^ 1]) + tile[101:]}), [HAND.public]),
        verify(Files({path: data for path, data in good.items() if path != "tile/entries/001"}), [HAND.public]),
        verify(Files(good), [HAND.public], kept=kept),
        cut,
    ]
    rows = [row.replace("...", "\0") for row in re.findall(r"^\| `(.*?)` \|", HOW_TO, re.MULTILINE)]
    told = [re.compile(re.escape(row).replace("\0", ".*")) for row in rows]
    for verdict in said:
        text = str(verdict.faults[0])
        assert any(each.match(text) for each in told), text
