"""The part of the host's program that keeps notes, by a shell of this machine: where one cannot be written, nothing is
done that only it would have remembered."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from oakum.adapters.ssh.commands import program

DOORS = b"# --- the doors"
#: A file cannot grow then, as on a full disk.
FULL = "trap '' XFSZ; ulimit -f 0; "
WHY = "no space left for our own notes in /var/lib/oakum"


class Notes:
    """The state folder of one machine."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.program = folder / "host"
        text = program().partition(DOORS)[0].decode()
        self.program.write_text(f'{text}\nSTATE={self.state}\nSELF=/bin/true\n"$@"\n')

    def sh(self, *words: str, said: str = "", full: bool = False) -> list[str]:
        """What one of the program's functions answers."""
        command = f'{FULL if full else ""}exec /bin/sh "$0" "$@"'
        done = subprocess.run(
            ["/bin/sh", "-c", command, self.program, *words], input=said, capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip
        return done.stdout.splitlines()

    def act(self, key: str, do: str, *more: str, full: bool = False) -> list[str]:
        """The answer to an act."""
        lines = [f"key {key}", f"do {do}", "run r", "token 1", "step s", *more, "end"]
        return self.sh("act", said="\n".join(lines) + "\n", full=full)


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path)


def test_an_act_that_cannot_be_noted_is_not_done_and_is_done_under_the_same_key_when_there_is_room(
    notes: Notes,
) -> None:
    assert notes.act("k-1", "claim", full=True) == [f"refused not-now {WHY}"]
    assert not (notes.state / "claim").exists()
    assert notes.act("k-1", "claim") == ["done"]
    assert (notes.state / "claim").read_text() == "run r\nstep s\ntoken 1\n"
    assert notes.act("k-2", "release", full=True) == [f"refused not-now {WHY}"]
    assert (notes.state / "claim").exists()
    assert notes.act("k-2", "release") == ["done"]
    assert not (notes.state / "claim").exists()
    assert notes.act("k-1", "claim", full=True) == ["done"], "it was answered once"
    assert not (notes.state / "claim").exists()
    assert {each.read_text() for each in (notes.state / "acts").iterdir()} == {"done\n"}


def test_what_is_noted_already_stays_whole(notes: Notes) -> None:
    assert notes.act("k-1", "claim") == ["done"]
    before = {each: each.read_text() for each in notes.state.rglob("*") if each.is_file()}
    for number in range(3):
        notes.act(f"k-{number + 2}", "release", full=True)
    after = {each: each.read_text() for each in notes.state.rglob("*") if each.is_file()}
    assert after == before


def test_work_whose_end_cannot_be_noted_is_told_as_that_and_settled_when_there_is_room(notes: Notes) -> None:
    folder = notes.state / "work/1"
    folder.mkdir(parents=True)
    boot = Path("/proc/sys/kernel/random/boot_id").read_text()
    parts = {"key": "k-1\n", "state": "running\n", "since": "2026-11-29T00:00:00Z\n", "why": "\n", "boot": boot}
    for name, text in (parts | {"started": "", "lock": ""}).items():
        (folder / name).write_text(text)
    told = notes.sh("look", full=True)
    (line,) = (at for at, each in enumerate(told) if each.startswith("work "))
    assert (told[line].split()[1], told[line].split()[3], told[line + 1]) == ("failed", "k-1", f"why {WHY}")
    assert (folder / "state").read_text() == "running\n"
    told = notes.sh("look")
    (line,) = (at for at, each in enumerate(told) if each.startswith("work "))
    assert (told[line].split()[1], told[line + 1]) == ("failed", "why it was ended before its time")
    assert (folder / "state").read_text() == "failed\n"
