"""The part of the host's program that runs remediations, by a shell of this machine, in a folder of the test."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import msgspec
import pytest

from oakum.adapters.ssh.commands import program
from oakum.changes.remediations.model import Remediation

DOORS = b"# --- the doors"
#: Brings one line into a file; what it touches and prints are the test's.
LINE = Remediation(
    name="own-line", version=1, title="A line in a file", against=("CVE-2026-1000",),
    sources=("https://example.com/x",), effect="None.", applies="Everywhere.",
    common='wanted() { printf "%s\\n" "$TEXT"; }\n',
    programs={
        "check": '[ -d "${FILE%/*}" ] || exit 4\nwanted | cmp -s - "$FILE" || exit 3\n',
        "act": 'wanted >"$FILE.x"\nmv "$FILE.x" "$FILE"\n',
        "verify": 'grep -qx "$TEXT" "$FILE"\n',
        "undo": ":\n",
    },
    values={"TEXT": "closed = $(yes) `no` 'x'"},
)  # fmt: skip


class Bench:
    """One machine's state folder, and a file that a remediation changes."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.file = folder / "etc/own.conf"
        self.file.parent.mkdir()
        (self.state / "work").mkdir(parents=True)
        self.program = folder / "host"
        text = program().partition(DOORS)[0].decode()
        self.program.write_text(
            f'{text}\nSTATE={self.state}\nREMEDIES=$STATE/remedies\nBOOT=${{ANOTHER:-$BOOT}}\n"$@"\n'
        )
        self.count = 0

    def one(self, **changes: object) -> Remediation:
        """The remediation of this test's file."""
        values = LINE.values | {"FILE": str(self.file)}
        return msgspec.structs.replace(LINE, **({"values": values, "touches": (str(self.file),)} | changes))

    def sh(self, command: str, **environment: str) -> str:
        words = ["/bin/sh", str(self.program), "eval", command]
        env = {key: value for key, value in os.environ.items() if not key.startswith("SUDO")}
        done = subprocess.run(words, capture_output=True, text=True, env=env | environment, timeout=60, check=False)
        assert "not found" not in done.stderr, done.stderr
        return done.stdout.strip()

    def work(self, way: str, one: Remediation, document: str | None = None) -> tuple[str, str]:
        """What came of bringing it in or out: the state of the work, and why."""
        self.count += 1
        folder = self.state / "work" / str(self.count)
        folder.mkdir()
        (folder / "request").write_text(f"do apply\nremediation {one.name} {way} {one.label} {one.digest}\n")
        (folder / f"{one.name}.document").write_text(one.document if document is None else document)
        self.sh(f'W={folder}; do=apply; exec >>"$W/log" 2>&1; remedies out; remedies in; over "$W" done ""')
        return (folder / "state").read_text().strip(), (folder / "why").read_text().strip()

    def standing(self, one: Remediation, **environment: str) -> str:
        """What a look says of it; empty where nothing of it is there. ``ANOTHER`` is the boot."""
        said = self.sh("recorded", **environment)
        assert not said or said.startswith(f"{one.name} {one.label} ")
        return said.rpartition(" ")[2]

    @property
    def log(self) -> str:
        return (self.state / "work" / str(self.count) / "log").read_text()

    def left(self) -> list[str]:
        folder = self.state / "remedies"
        return sorted(each.name for each in folder.iterdir()) if folder.exists() else []


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def state_of(path: Path) -> tuple[object, ...]:
    if not path.is_symlink() and not path.exists():
        return ()
    info = path.lstat()
    content = path.readlink() if path.is_symlink() else path.read_text() if path.is_file() else ""
    return info.st_mode, info.st_uid, info.st_gid, content


def absent(path: Path) -> None: ...


def a_file(path: Path) -> None:
    path.write_text("open\n")
    path.chmod(0o4640)
    if os.geteuid() == 0:
        os.chown(path, 12, 34)
        path.chmod(0o4640)


def a_link(path: Path) -> None:
    (path.parent / "other").write_text("other\n")
    path.symlink_to("other")


def a_dangling_link(path: Path) -> None:
    path.symlink_to("/nowhere at all")


@pytest.mark.parametrize("before", [absent, a_file, a_link, a_dangling_link])
def test_it_is_brought_in_is_seen_and_leaves_the_former_state(bench: Bench, before: object) -> None:
    assert callable(before)
    before(bench.file)
    was, one = state_of(bench.file), bench.one()
    assert bench.standing(one) == ""
    assert bench.work("in", one) == ("done", "")
    assert bench.file.read_text() == "closed = $(yes) `no` 'x'\n", "a value is data, whatever it looks like"
    assert bench.standing(one) == "present"
    assert bench.work("in", one) == ("done", "")
    assert bench.work("out", one) == ("done", "")
    assert state_of(bench.file) == was
    assert (bench.standing(one), bench.left()) == ("", [])
    assert bench.work("out", one) == ("done", ""), "what is not there needs no way back"


def test_a_mode_alone_is_brought_back_without_another_file(bench: Bench) -> None:
    bench.file.write_text("open\n")
    bench.file.chmod(0o4755)
    was = bench.file.stat()
    programs = LINE.programs | {"check": '[ ! -u "$FILE" ] || exit 3\n', "act": 'chmod 0600 "$FILE"\n', "verify": ":\n"}
    one = bench.one(programs=programs)
    assert bench.work("in", one) == ("done", "")
    assert bench.file.stat().st_mode & 0o7777 == 0o600
    assert bench.work("out", one) == ("done", "")
    now = bench.file.stat()
    assert (now.st_mode, now.st_uid, now.st_gid, now.st_ino) == (was.st_mode, was.st_uid, was.st_gid, was.st_ino)


def test_a_folder_that_it_makes_is_gone_again(bench: Bench) -> None:
    folder = bench.file.parent / "d"
    programs = LINE.programs | {"act": f"mkdir -p {folder}\n{LINE.programs['act']}"}
    values = LINE.values | {"FILE": str(folder / "own.conf")}
    programs["check"] = 'wanted | cmp -s - "$FILE" || exit 3\n'
    one = bench.one(values=values, touches=(str(folder), str(folder / "own.conf")), programs=programs)
    assert bench.work("in", one) == ("done", "")
    assert bench.work("out", one) == ("done", "")
    assert not folder.exists()


def test_what_somebody_changed_since_is_left_to_them(bench: Bench) -> None:
    one = bench.one()
    assert bench.work("in", one)[0] == "done"
    bench.file.write_text("theirs\n")
    assert bench.standing(one) == "absent", "without its effect it is not in effect, whatever was noted"
    assert bench.work("out", one) == (
        "broken",
        f"{bench.file} was changed since by somebody else, and is left as it is",
    )
    assert bench.file.read_text() == "theirs\n"
    assert bench.work("in", one) == ("done", ""), "it is brought in again when that is asked for"
    assert bench.work("out", one) == ("done", "")
    assert not bench.file.exists(), "as it was before the first time"


def test_what_was_so_already_is_not_changed_and_not_undone(bench: Bench) -> None:
    one = bench.one()
    bench.file.write_text(f"{one.values['TEXT']}\n")
    was = bench.file.stat()
    assert bench.work("in", one) == ("done", "")
    assert bench.standing(one) == "present"
    assert bench.work("out", one) == ("done", "")
    assert bench.file.stat().st_ino == was.st_ino
    assert bench.left() == []


def test_what_does_not_apply_or_cannot_be_told_changes_nothing(bench: Bench) -> None:
    nowhere = LINE.values | {"FILE": "/nowhere/at/all"}
    assert bench.work("in", bench.one(values=nowhere)) == ("broken", "own-line does not apply to the machine")
    for mistake in ("false", "exit 1", "exit 2", "nosuchcommand 2>/dev/null", 'echo "$UNSET" 2>/dev/null', "kill $$"):
        one = bench.one(programs=LINE.programs | {"check": f"{mistake}\nexit 0\n"})
        why = "the check of own-line could not tell whether it is in effect"
        assert bench.work("in", one) == ("failed", why), mistake
    assert not bench.file.exists()
    assert bench.standing(bench.one()) == ""


def test_an_act_that_fails_half_way_is_undone(bench: Bench) -> None:
    bench.file.write_text("open\n")
    one = bench.one(programs=LINE.programs | {"act": 'echo half >"$FILE"\nfalse\n'})
    state, why = bench.work("in", one)
    assert (state, why.partition(";")[0]) == ("failed", "own-line could not be brought into effect")
    assert bench.standing(one) == "absent"
    assert bench.work("out", one) == ("done", "")
    assert bench.file.read_text() == "open\n"


@pytest.mark.parametrize("program_", ["verify", "check"])
def test_without_its_effect_seen_it_has_failed(bench: Bench, program_: str) -> None:
    if program_ == "verify":
        one = bench.one(programs=LINE.programs | {"verify": "false\n"})
    else:
        one = bench.one(programs=LINE.programs | {"act": ":\n", "verify": ":\n"})
    state, why = bench.work("in", one)
    assert (state, why.partition(";")[0]) == ("failed", "the effect of own-line is not seen")
    assert bench.standing(one) == "absent"


def test_an_undo_that_leaves_something_is_no_undo(bench: Bench) -> None:
    one = bench.one(programs=LINE.programs | {"undo": 'echo left >"$FILE"\n'})
    assert bench.work("in", one)[0] == "done"
    assert bench.work("out", one) == ("failed", f"{bench.file} is not as it was before own-line")
    assert bench.left() == [one.name], "what is kept for the way back stays"
    assert bench.work("out", one)[0] == "failed", "and the next try is not taken for somebody else's change"


def test_a_restart_is_waited_for_where_it_needs_one(bench: Bench) -> None:
    """Before it nothing is proven; after it the proof is asked for by whoever looks."""
    booted = bench.file.parent / "booted"
    one = bench.one(reboot=True, programs=LINE.programs | {"verify": f"[ -e {booted} ]\n"})
    assert bench.work("in", one) == ("done", "")
    assert bench.standing(one) == "absent"
    assert bench.standing(one, ANOTHER="boot") == "absent"
    booted.touch()
    assert bench.standing(one) == "absent", "it has not restarted since"
    assert bench.standing(one, ANOTHER="boot") == "present"
    booted.unlink()
    assert bench.standing(one, ANOTHER="boot") == "present", "the proof is asked for once, the check at each look"
    bench.file.unlink()
    assert bench.standing(one, ANOTHER="boot") == "absent"


def test_a_disk_without_room_is_told_before_anything_is_changed(bench: Bench) -> None:
    if os.geteuid():
        pytest.skip("a small disk is mounted, which needs root")
    bench.file.write_text("x" * 300_000)
    (bench.state / "remedies").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", bench.state / "remedies"], check=True)
    try:
        state, why = bench.work("in", bench.one())
        assert state == "failed"
        assert why.startswith("no space left")
    finally:
        subprocess.run(["umount", bench.state / "remedies"], check=True)
    assert bench.file.read_text() == "x" * 300_000


def test_another_text_than_the_approved_one_is_not_run(bench: Bench) -> None:
    one = bench.one()
    other = one.document.replace("|mv ", "|touch /dev/null; mv ")
    assert other != one.document
    why = "own-line, as it is known here, is not the one that was approved"
    assert bench.work("in", one, other) == ("broken", why)
    assert not bench.file.exists()
    assert bench.work("in", one)[0] == "done"
    newer = bench.one(version=2)
    assert bench.work("in", newer) == ("broken", "own-line is in effect in another version: take that back first")
    assert bench.work("out", newer) == ("broken", "own-line is in effect in another version, which is left as it is")
    assert bench.standing(one) == "present"


def test_a_program_that_hangs_is_ended(bench: Bench) -> None:
    slow = LINE.programs | {"check": "sleep 30\n"}
    one = bench.one(programs=slow, seconds={"check": 1})
    assert bench.work("in", one)[0] == "failed"
    one = bench.one(programs=LINE.programs | {"act": "sleep 30 &\nsleep 30\n"}, seconds={"act": 1})
    assert bench.work("in", one)[1].startswith("own-line could not be brought into effect")


def test_what_it_prints_stays_in_the_log_and_not_all_of_it(bench: Bench) -> None:
    noisy = "echo secret-word\nyes | head -c 300000\n"
    one = bench.one(programs=LINE.programs | {"act": f"{noisy}{LINE.programs['act']}", "verify": f"{noisy}false\n"})
    state, why = bench.work("in", one)
    assert state == "failed"
    assert "secret-word" not in why + bench.sh("recorded")
    assert "secret-word" in bench.log
    assert len(bench.log) < 150_000


def test_a_program_has_its_own_values_and_nothing_else(bench: Bench) -> None:
    one = bench.one(programs=LINE.programs | {"act": f"env >{bench.file.parent}/env\npwd\n{LINE.programs['act']}"})
    assert bench.work("in", one)[0] == "done"
    names = {line.partition("=")[0] for line in (bench.file.parent / "env").read_text().splitlines()}
    assert names - {"PWD", "_", "SHLVL"} == {"PATH", "LC_ALL", "HOME", "FILE", "TEXT"}
    assert f"{bench.state}/remedies/own-line/prior" in bench.log


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text, ""),
        (lambda text: text + "\n", "refused never own-line, as it is known here, is not the one that was approved"),
        (lambda text: "", "refused never own-line, as it is known here, is not the one that was approved"),
    ],
)
def test_a_text_that_comes_with_a_request_is_taken_whole_or_not_at_all(
    bench: Bench, tmp_path: Path, change: object, said: str
) -> None:
    assert callable(change)
    one, request, folder = bench.one(), tmp_path / "request", tmp_path / "taken"
    folder.mkdir()
    encoded = subprocess.run(["base64", "-w0"], input=change(one.document).encode(), capture_output=True, check=True)
    lines = [f"remediation {one.name} in {one.label} {one.digest}", f"document {one.name} {encoded.stdout.decode()}"]
    request.write_text("\n".join([*lines, ""]))
    command = f"documents {shlex.quote(str(request))} {shlex.quote(str(folder))}"
    assert bench.sh(command) == said
    assert folder.exists() == (not said)
    refusal = "refused never root has not put the digest of own-line into /etc/oakum/remediations"
    folder.mkdir(exist_ok=True)
    assert bench.sh(command, SUDO_UID="1000") == refusal
    assert not folder.exists()


def test_a_shipped_one_comes_with_the_program_whatever_is_sent(bench: Bench, tmp_path: Path) -> None:
    from oakum.adapters.ssh.remedies import shipped

    (tmp_path / "taken").mkdir()
    for name, each in shipped().items():
        request = tmp_path / "request"
        request.write_text(f"remediation {name} in {each.label} {each.digest}\n")
        assert bench.sh(f"documents {request} {tmp_path}/taken", SUDO_UID="1000") == ""
        assert (tmp_path / "taken" / f"{name}.document").read_text() == each.document
    request.write_text(f"remediation {name} in {each.label} {'0' * 64}\n")
    assert bench.sh(f"documents {request} {tmp_path}/taken").startswith(f"refused never {name}, as it is known here")


def test_looks_while_it_works_change_nothing_of_the_work(bench: Bench) -> None:
    """They run the check of what is being laid on, in the same folder."""
    slow = LINE.programs | {"act": f"for n in 1 2 3 4 5 6; do sleep 0.1; env >env; done\n{LINE.programs['act']}"}
    one = bench.one(programs=slow)
    looking = subprocess.Popen(
        ["/bin/sh", str(bench.program), "eval", "while :; do recorded; done"], stdout=subprocess.DEVNULL
    )
    try:
        for _ in range(3):
            assert bench.work("in", one) == ("done", ""), bench.log
            assert bench.work("out", one) == ("done", ""), bench.log
    finally:
        looking.kill()
        looking.wait()
