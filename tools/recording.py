"""``make recording``: run changes on three real machines in a terminal, record it, and draw the recordings.

Each scene is a sequence of commands that a person would type, in a pseudo-terminal of 80 columns: a run that goes well,
one whose first host does not come up again, and the way back of the first. build/recordings/ gets them as asciicast v2
(asciinema plays that), docs/pictures/ as SVG that plays by itself. Names of runs, hashes and times differ from one
recording to the next: they are replaced by invented ones of the same length, and times by others that are as far apart.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pty
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from tests.lab.go import LabUnavailable

from tools.terminal import Screen, frames, svg
from tools.three_hosts import offer_bad, three_hosts

ROOT = Path(__file__).resolve().parents[1]
CASTS, PICTURES = ROOT / "build" / "recordings", ROOT / "docs" / "pictures"
COLUMNS, ROWS = 80, 48
#: When every recording begins.
BEGIN = datetime(2026, 9, 1, 3, 12, 4)
#: Seconds before a command is typed, and after it.
_BEFORE, _AFTER = 0.8, 0.4

Event = tuple[float, str]


class Scene(NamedTuple):
    """A picture: its title, what it shows for those who do not see it, and the commands."""

    name: str
    title: str
    tells: str
    commands: tuple[str, ...]


RUN = "oakum run plan.json --from state.json --policy policy --approval plan.approval"
HAPPY = Scene(
    "run", "oakum run: one host first, then the others",
    "A terminal. web1 is changed first and watched for ten seconds, then web2 and web3 one after the other.", (RUN,),
)  # fmt: skip
STOPPED = Scene(
    "run-stopped", "oakum run: the first host does not come up again, and the run stops",
    "A terminal. On web1 the service does not come up after the change; web1 is brought back to its former version,"
    " and web2 and web3 are not touched.",
    (RUN,),
)  # fmt: skip
BACK = Scene(
    "rollback", "oakum rollback: all of it is taken back",
    "A terminal. The way back is planned, somebody else approves it, and it is carried out.",
    (
        "oakum rollback @RUN@ --all --from now.json --policy policy --out back.json",
        "oakum approve back.json --key colleague --out back.approval",
        "oakum run back.json --approval back.approval --from now.json --policy policy",
    ),
)  # fmt: skip


class Desk:
    """Somebody at a terminal, in a folder with a policy and keys."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '/usr/bin:/bin')}"
        kept = {key: value for key, value in os.environ.items() if key in ("HOME", "LANG", "TMPDIR")}
        self.environment = kept | {
            "PATH": path, "OAKUM_DATA": str(folder / "data"), "OAKUM_KEY": "me", "TERM": "xterm-256color",
            "COLORTERM": "", "LC_ALL": "C.UTF-8",
        }  # fmt: skip

    def do(self, command: str, *answers: int) -> str:
        """What a command prints that is not shown; ``answers`` are its exit codes that are no failure."""
        words = shlex.split(command)
        done = subprocess.run(
            words, cwd=self.folder, env=self.environment, capture_output=True, text=True, stdin=subprocess.DEVNULL,
            check=False,
        )  # fmt: skip
        if done.returncode not in (0, *answers):
            raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def settle(self) -> None:
        """Hosts, people and a policy."""
        self.do("oakum host add --from hosts/inventory.ini --known-hosts hosts/known_hosts"
                " --identity hosts/id_ed25519 --no-agent --environment prod --health shopd")  # fmt: skip
        shutil.copytree(ROOT / "demo/hosts/policy", self.folder / "policy")
        people = ["approvers:"]
        for name in ("me", "colleague"):
            self.do(f"ssh-keygen -q -t ed25519 -N '' -C '' -f {name}")
            key = (self.folder / f"{name}.pub").read_text().strip()
            people.append(f"- {{name: {name}, roles: [platform], keys: ['{key}']}}")
        (self.folder / "policy/people.yaml").write_text("\n".join([*people, ""]))

    def plan(self) -> None:
        """A plan for shopd, and a colleague's approval of it."""
        self.do("oakum host scan --save state.json", 1, 3)
        self.do(f"oakum plan --from state.json --intent {ROOT}/demo/hosts/shopd.yaml --policy policy --out plan.json")
        self.do("oakum approve plan.json --key colleague --out plan.approval")

    def last_run(self) -> str:
        """The name of the newest run."""
        name: str = json.loads(self.do("oakum runs list -o json"))[0]["run"]
        return name

    def play(self, scene: Scene) -> tuple[datetime, list[Event]]:
        """Types the commands of a scene; when that began (UTC), what the terminal shows, and when (seconds)."""
        events: list[Event] = []
        start = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        now = 0.0
        for number, command in enumerate(scene.commands):
            words = command.replace("@RUN@", self.last_run() if "@RUN@" in command else "")
            events.append((now, f"{chr(10) if number else ''}\x1b[90m$\x1b[0m \x1b[1m{words}\x1b[0m\r\n"))
            now = self._typed(words, now + _BEFORE, lambda at, data: events.append((at, data))) + _AFTER
        return start, events

    def _typed(self, command: str, begin: float, tell: Callable[[float, str], None]) -> float:
        """Carries a command out in a terminal; the time of its end."""
        child, terminal = pty.fork()
        if not child:
            os.chdir(self.folder)
            words = shlex.split(command)
            try:
                os.execvpe(words[0], words, self.environment)
            finally:
                os._exit(127)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        start = time.monotonic()
        rest = b""
        while True:
            try:
                read = os.read(terminal, 1 << 16)
            except OSError:  # how a pseudo-terminal tells its end
                read = b""
            if not read:
                break
            # A letter may be cut in the middle.
            data = rest + read
            whole = data.decode("utf-8", "ignore")
            rest = data[len(whole.encode()) :]
            tell(begin + time.monotonic() - start, whole)
        os.close(terminal)
        os.waitpid(child, 0)
        return begin + time.monotonic() - start


class Neutral:
    """Replaces what is of one recording alone by what is of all; each text by one of its own length."""

    _RUN = re.compile(r"\d{8}-\d{4}-[0-9a-f]{6}-[0-9a-f]{4}")
    _HASH = re.compile(r"(?<=sha256:)[0-9a-f]{64}")
    _TIME = re.compile(r"(?<!\d)(?:\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?|\d\d:\d\d:\d\d)(?!\d)")

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._start = BEGIN

    def __call__(self, start: datetime, events: list[Event]) -> list[Event]:
        """The events of a recording that began at a time, with neutral words."""
        text = "".join(data for _, data in events)
        self._start = start
        for pattern, by in ((self._RUN, self._run), (self._HASH, self._hash), (self._TIME, self._time)):
            text = pattern.sub(by, text)
        found: list[Event] = []
        at = 0
        for when, data in events:
            found.append((round(when, 3), text[at : at + len(data)]))
            at += len(data)
        return found

    def _invented(self, given: str) -> str:
        return self._names.setdefault(given, hashlib.sha256(f"oakum {len(self._names)}".encode()).hexdigest())

    def _run(self, found: re.Match[str]) -> str:
        name = self._invented(found[0])
        return f"{BEGIN:%Y%m%d-%H%M}-{name[:6]}-{name[6:10]}"

    def _hash(self, found: re.Match[str]) -> str:
        return self._invented(found[0])

    def _time(self, found: re.Match[str]) -> str:
        given = found[0]
        form = "%H:%M:%S" if len(given) == 8 else "%Y-%m-%d %H:%M:%S" if given.count(":") == 2 else "%Y-%m-%d %H:%M"
        when = datetime.strptime(given, form)
        day = self._start.date() if len(given) == 8 else when.date()
        # Where no seconds are shown, whole minutes are moved.
        shift = BEGIN - self._start if form.endswith("%S") else BEGIN.replace(second=0) - self._start.replace(second=0)
        return (datetime.combine(day, when.time()) + shift).strftime(form)


def kept(scene: Scene, events: list[Event]) -> None:
    """Writes a recording and its picture."""
    CASTS.mkdir(parents=True, exist_ok=True)
    head = {"version": 2, "width": COLUMNS, "height": ROWS, "title": scene.title}
    lines = [json.dumps(head), *(json.dumps([at, "o", data]) for at, data in events)]
    (CASTS / f"{scene.name}.cast").write_text("\n".join([*lines, ""]))
    screen = Screen(COLUMNS)
    for _, data in events:
        screen.feed(data)
    description = f"{scene.tells} It ends with: {' '.join(screen.text.split())}"
    picture = svg(f"t-{scene.name}", frames(events, COLUMNS), COLUMNS, scene.title, description)
    file = PICTURES / f"{scene.name}.svg"
    file.write_text(picture)
    print(f"{file.relative_to(ROOT)}: {len(picture) >> 10} kB, {events[-1][0]:.0f} s")


def main() -> int:
    """Records all scenes."""
    neutral = Neutral()
    with tempfile.TemporaryDirectory(prefix="oakum-recording-") as place:
        folder = Path(place)
        try:
            with three_hosts(folder) as (lab, machines):
                desk = Desk(folder)
                desk.settle()
                desk.plan()
                kept(HAPPY, neutral(*desk.play(HAPPY)))
                desk.do("oakum host scan --save now.json", 1, 3)
                kept(BACK, neutral(*desk.play(BACK)))
                offer_bad(lab, machines)
                desk.plan()
                kept(STOPPED, neutral(*desk.play(STOPPED)))
        except LabUnavailable as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
