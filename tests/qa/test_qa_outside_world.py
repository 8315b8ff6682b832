"""The program among devices, closed streams, full disks and odd times: no answer is never "all well" or "no"."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from oakum.cli.main import main

SCORE = ["cvss", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"]


@pytest.fixture
def bom(tmp_path: Path) -> str:
    """An SBOM of one package, about which an empty feeds folder beside it says nothing."""
    (tmp_path / "feeds").mkdir()
    file = tmp_path / "bom.json"
    purl = {"type": "library", "name": "a", "version": "1.0.0", "purl": "pkg:npm/a@1.0.0"}
    file.write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [purl]}))
    return str(file)


def scan(bom: str, *words: str) -> list[str]:
    return ["scan", bom, "--feeds", str(Path(bom).parent / "feeds"), *words]


def run(words: list[str], shell: str = "") -> subprocess.CompletedProcess[str]:
    """The program as its user starts it, with the shell's redirections."""
    command = ["/bin/sh", "-c", f'"$@" {shell}', "sh", sys.executable, "-m", "oakum", *words]
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False)


def test_qa_an_answer_written_to_a_pipe_leaves_the_pipe_in_its_place(tmp_path: Path, bom: str) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert main(scan(bom, "-o", f"json={pipe}")) == 3
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert json.loads(os.read(reader, 1 << 20))["findings"] == []
    os.close(reader)


def test_qa_an_answer_written_through_a_link_keeps_the_link_and_leaves_nothing_behind(tmp_path: Path, bom: str) -> None:
    link, target = tmp_path / "link.json", tmp_path / "target.json"
    link.symlink_to(target)
    assert main(scan(bom, "-o", f"json={link}")) == 3
    assert link.is_symlink()
    assert json.loads(target.read_bytes())["findings"] == []
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("option", ["--as-of", "--now"])
@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_qa_a_time_out_of_range_is_wrong_use(
    bom: str, option: str, time: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(scan(bom, option, time)) == 2
    assert "out of range" in capsys.readouterr().err


def test_qa_a_year_has_four_digits(bom: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(scan(bom, "--as-of", "0001-01-01", "-o", "json")) == 3
    assert json.loads(capsysbinary.readouterr().out)["as_of"] == "0001-01-01T23:59:59Z"


@pytest.mark.parametrize("words", [SCORE, ["versions", "compare", "deb", "1", "2"]])
def test_qa_a_full_disk_is_not_the_answer_no(words: list[str]) -> None:
    if not Path("/dev/full").is_char_device():
        pytest.skip("needs /dev/full")
    done = run(words, ">/dev/full")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "No space left" in done.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_qa_closed_streams_change_no_exit_code(bom: str, closed: str) -> None:
    done = run(scan(bom), closed)
    assert (done.returncode, "Traceback" in done.stderr) == (3, False)


def test_qa_an_answer_that_nobody_reads_is_not_all_well() -> None:
    script = '{ sleep 0.5; "$@"; } | true; exit "${PIPESTATUS[0]}"'
    command = ["bash", "-c", script, "bash", sys.executable, "-m", "oakum", *SCORE]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=60, check=False)
    assert done.returncode == 141


def test_qa_debug_shows_the_traceback_and_keeps_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--debug", "versions", "compare", "nonsense", "1", "2"]) == 2
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["feeds", "status"], ["scan", "host"]])
def test_qa_a_data_folder_of_nobody_is_wrong_use(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAKUM_DATA", "~no-such-user/x")
    assert main(words) == 2


def test_qa_an_empty_target_is_not_the_present_folder() -> None:
    assert main(["scan", ""]) == 2


@pytest.mark.parametrize("words", [["versions", "compare", "deb"], ["decide", "--table", "human-impact"], ["cvss"]])
@pytest.mark.parametrize("content", ["", "\n \n"])
def test_qa_an_empty_batch_is_not_all_well(tmp_path: Path, words: list[str], content: str) -> None:
    batch = tmp_path / "batch"
    batch.write_text(content)
    assert main([*words, "--batch", str(batch), "-o", "json"]) == 2


def test_qa_a_damaged_index_is_told_with_its_remedy(
    tmp_path: Path, bom: str, capsys: pytest.CaptureFixture[str]
) -> None:
    affected = [{"package": {"ecosystem": "npm", "name": "a"}, "versions": ["1.0.0"]}]
    record = {"id": "X-1", "modified": "2026-01-01T00:00:00Z", "affected": affected}
    (tmp_path / "X-1.json").write_text(json.dumps(record))
    data = str(tmp_path / "data")
    assert main(["feeds", "import", str(tmp_path / "X-1.json"), "--data", data]) == 0
    index = tmp_path / "data/feeds/index.sqlite"
    content = bytearray(index.read_bytes())
    content[8192::97] = bytes(0x55 ^ byte for byte in content[8192::97])
    index.write_bytes(content)
    assert main(["scan", bom, "--data", data]) == 2
    assert "index.sqlite" in capsys.readouterr().err
    index.unlink()
    assert main(["scan", bom, "--data", data]) == 0
