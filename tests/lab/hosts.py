"""Real Debian machines for tests: systemd, sshd, apt, each in a network namespace of its own, a few seconds to ssh.

``HostsLab`` is one run: a prefix of its own (of namespaces, links, cgroups), a folder in the lab's cache that it holds
locked, a network, a signed repository, and machines. What a killed run left is found by its prefix when the next one
starts, and removed. Nothing here is known to the product: tests reach machines from outside with OpenSSH's own client.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from tests.lab.cache import cache_folder
from tests.lab.hosts_base import SUITE, base, run
from tests.lab.hosts_machine import found_cgroups, reap, remove_cgroups
from tests.lab.hosts_repo import PORT, SECURITY, Repository

PREFIX = "oh"
_RUNS = "hosts-run-"
_MACHINE = Path(__file__).with_name("hosts_machine.py")
_PATIENCE = 60.0


class Host:
    """One machine: its address, its key, and what a test does to it from outside."""

    def __init__(self, lab: HostsLab, name: str, number: int) -> None:
        self.lab, self.name, self.address = lab, name, f"{lab.subnet}.{number}"
        self.folder = lab.folder / "machines" / name
        self.root = self.folder / "root"
        self._process: subprocess.Popen[bytes] | None = None
        self._disk: dict[str, str] = {}

    @property
    def key(self) -> Path:
        """The private key that it lets in."""
        return self.lab.key

    @property
    def host_key(self) -> str:
        """Its public host key, as ``known_hosts`` writes one."""
        return " ".join((self.root / "etc/ssh/ssh_host_ed25519_key.pub").read_text().split()[:2])

    def lay(self) -> dict[str, str]:
        """Its disk, mounted: an overlay of the base. Gives what whoever boots it has to know of that."""
        for part in ("upper", "work", "root"):
            (self.folder / part).mkdir(parents=True)
        options = f"lowerdir={self.lower()},upperdir={self.folder}/upper,workdir={self.folder}/work"
        run("mount", "-t", "overlay", f"{self.lab.prefix}-{self.name}", "-o", options, self.root)
        return {}

    def make(self) -> None:
        """Its disk with its own keys and its own repository."""
        self._disk = self.lay()
        for kind in ("ed25519",):
            key = self.root / f"etc/ssh/ssh_host_{kind}_key"
            run("ssh-keygen", "-q", "-t", kind, "-N", "", "-C", self.name, "-f", key)
        (self.root / "etc/machine-id").write_text(f"{secrets.token_hex(16)}\n")
        (self.root / "etc/hostname").write_text(f"{self.name}\n")
        (self.root / "etc/hosts").write_text(f"127.0.0.1 localhost\n{self.address} {self.name}\n")
        self.authorize("root", self.lab.public_key)
        self.settle()

    def lower(self) -> Path:
        """The base below its own files."""
        return self.lab.base / "root"

    def settle(self) -> None:
        """Where it gets its packages from."""
        shutil.copy(self.lab.base / "lab.gpg", self.root / "usr/share/keyrings/lab.gpg")
        site = f"[signed-by=/usr/share/keyrings/lab.gpg] http://{self.lab.gateway}:{PORT}"
        sources = f"deb {site} {SUITE} main\ndeb {site} {SECURITY} main\n"
        (self.root / "etc/apt/sources.list").write_text(sources)

    def authorize(self, user: str, public_key: str) -> None:
        """Lets a key in."""
        home = self.root / ("root" if user == "root" else f"home/{user}")
        place = home / ".ssh"
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (place / "authorized_keys").open("a") as keys:
            keys.write(f"{public_key}\n")

    def power_on(self) -> None:
        """Starts it; ``wait`` until it answers."""
        for name in ("power", "off"):
            (self.folder / name).unlink(missing_ok=True)
        settings = self.folder / "settings"
        settings.write_text(json.dumps({
            "folder": str(self.folder), "prefix": self.lab.prefix, "name": self.name, "address": self.address,
            "gateway": self.lab.gateway, "link": f"{self.lab.prefix}v{self.address.rpartition('.')[2]}",
            **self._disk,
        }))  # fmt: skip
        with (self.folder / "supervisor").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", _MACHINE, settings], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def wait(self) -> None:
        """Until sshd answers, and all of the boot is over: sshd is early."""
        wait_until(self.answers, f"{self.name} answers ({self.folder}/console)")
        wait_until(self.booted, f"{self.name} has booted ({self.folder}/console)")

    def booted(self) -> bool:
        """Whether the default target is reached."""
        return self.run("systemctl is-active default.target", check=False) == "active"

    def answers(self) -> bool:
        """Whether sshd says its version."""
        try:
            with socket.create_connection((self.address, 22), timeout=1) as connection:
                connection.settimeout(1)
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    def pull_plug(self) -> None:
        """Its power goes: nothing on it ends in order."""
        (self.folder / "power").write_text("off")
        wait_until((self.folder / "off").exists, f"{self.name} is off")
        if self._process is not None:
            self._process.wait()

    def stop(self) -> None:
        """Shuts it down in order."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait_stopped(self) -> None:
        """Until it is off."""
        if self._process is not None:
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
                reap(f"{self.lab.prefix}-{self.name}")

    def run(self, *command: str, user: str = "root", check: bool = True, input: str = "") -> str:
        """The output of a shell command on it, by OpenSSH's client."""
        done = subprocess.run(
            [*self.lab.ssh, "-l", user, self.address, *command], capture_output=True, text=True, timeout=120,
            input=input, check=False,
        )  # fmt: skip
        if check and done.returncode:
            raise RuntimeError(f"{self.name}: {' '.join(command)}: {done.returncode}: {done.stderr[-500:]}")
        return done.stdout.strip()

    def version(self, package: str) -> str:
        """The installed version of a package as its database on the disk says, read without asking the machine."""
        for stanza in (self.root / "var/lib/dpkg/status").read_text().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line and line[0] != " ")
            if fields.get("Package") == package and fields.get("Status", "").endswith(" installed"):
                return fields["Version"]
        return ""

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Its cable is out."""
        link = f"{self.lab.prefix}v{self.address.rpartition('.')[2]}"
        run("ip", "-n", f"{self.lab.prefix}-net", "link", "set", link, "down")
        try:
            yield
        finally:
            run("ip", "-n", f"{self.lab.prefix}-net", "link", "set", link, "up")


class HostsLab:
    """One run of the lab: use it as a context. ``host(NAME)`` makes and starts a machine."""

    def __init__(self) -> None:
        self.base = base()
        sweep()
        self.hosts: dict[str, Host] = {}
        self.prefix = f"{PREFIX}{secrets.token_hex(3)}"
        self.folder = cache_folder() / f"{_RUNS}{self.prefix}"
        self.folder.mkdir()
        self._lock = (self.folder / "lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            self.subnet = _network(self.prefix)
            self.gateway = f"{self.subnet}.1"
            self.key = self.folder / "id_ed25519"
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", self.key)
            self.repository = Repository(self.folder / "repository", self.base)
            self.repository.serve(self.gateway)
        except BaseException:
            self.close()
            raise

    @property
    def public_key(self) -> str:
        """The public half of the key that every machine lets in."""
        return self.key.with_suffix(".pub").read_text().strip()

    @property
    def ssh(self) -> list[str]:
        """OpenSSH's client with the lab's key, and the machines' keys pinned."""
        known = self.folder / "known_hosts"
        known.write_text("".join(f"{each.address} {each.host_key}\n" for each in self.hosts.values()))
        options = {"UserKnownHostsFile": known, "StrictHostKeyChecking": "yes", "BatchMode": "yes",
                   "ConnectTimeout": 20, "IdentitiesOnly": "yes", "IdentityFile": self.key,
                   "LogLevel": "ERROR"}  # fmt: skip
        return [
            "ssh",
            "-F",
            "/dev/null",
            *(word for key, value in options.items() for word in ("-o", f"{key}={value}")),
        ]

    def start(self, *names: str, kind: type[Host] | None = None) -> list[Host]:
        """New machines, all started before the first is waited for."""
        made = []
        for name in names:
            taken = {int(each.address.rpartition(".")[2]) for each in self.hosts.values()}
            number = next(number for number in range(11, 255) if number not in taken)
            host = self.hosts[name] = (kind or Host)(self, name, number)
            host.make()
            host.power_on()
            made.append(host)
        for host in made:
            host.wait()
        return made

    @contextmanager
    def running(self, *names: str, kind: type[Host] | None = None) -> Iterator[list[Host]]:
        """New machines for as long as somebody needs them."""
        made = self.start(*names, kind=kind)
        try:
            yield made
        finally:
            for host in made:
                self.remove(host)

    def remove(self, host: Host) -> None:
        """Pulls its plug and throws its disk away."""
        (host.folder / "power").write_text("off")
        host.wait_stopped()
        for line in Path("/proc/self/mounts").read_text().splitlines():
            if line.split()[1].startswith(f"{host.folder}/"):
                run("umount", "--lazy", line.split()[1])
        shutil.rmtree(host.folder)
        del self.hosts[host.name]

    def close(self) -> None:
        """Ends everything and removes it."""
        for host in self.hosts.values():
            (host.folder / "power").write_text("off")  # what they hold is thrown away
        for host in self.hosts.values():
            host.wait_stopped()
        if hasattr(self, "repository"):
            self.repository.stop()
        clean(self.prefix, self.folder)
        self._lock.close()

    def __enter__(self) -> HostsLab:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _network(prefix: str) -> str:
    """A bridge in a namespace of its own, and this machine on it; the first three numbers of its addresses."""
    taken = run("ip", "-o", "-4", "addr")
    for _ in range(100):
        subnet = f"10.{200 + secrets.randbelow(50)}.{secrets.randbelow(250)}"
        if f" {subnet}." not in taken:
            break
    net = f"{prefix}-net"
    run("ip", "netns", "add", net)
    for words in ("link add br0 type bridge", "link set br0 up", "link set lo up"):
        run("ip", "-n", net, *words.split())
    run("ip", "link", "add", f"{prefix}-h", "type", "veth", "peer", "name", "up0", "netns", net)
    run("ip", "-n", net, "link", "set", "up0", "master", "br0", "up")
    run("ip", "addr", "add", f"{subnet}.1/24", "dev", f"{prefix}-h")
    run("ip", "link", "set", f"{prefix}-h", "up")
    return subnet


def sweep() -> None:
    """Removes what runs left that were killed: a folder of a run that nobody holds locked."""
    for folder in cache_folder().glob(f"{_RUNS}*"):
        try:
            lock = (folder / "lock").open("r")
        except FileNotFoundError:
            continue
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            clean(folder.name.removeprefix(_RUNS), folder)


def clean(prefix: str, folder: Path) -> None:
    """Removes everything of a prefix: processes, mounts, network namespaces, links, cgroups, the folder."""
    for settings in folder.glob("machines/*/settings"):
        _end_supervisor(settings)
    reap(f"{prefix}-*")
    for line in Path("/proc/self/mounts").read_text().splitlines():
        place = line.split()[1]
        if place.startswith(f"{folder}/"):
            subprocess.run(["umount", "--lazy", place], check=False)
    for line in subprocess.run(
        ["ip", "netns", "list"], capture_output=True, text=True, check=False
    ).stdout.splitlines():
        if line.startswith(f"{prefix}-"):
            subprocess.run(["ip", "netns", "del", line.split()[0]], check=False)
    subprocess.run(["ip", "link", "del", f"{prefix}-h"], stderr=subprocess.DEVNULL, check=False)
    remove_cgroups(f"{prefix}-*")
    shutil.rmtree(folder, ignore_errors=True)


def _end_supervisor(settings: Path) -> None:
    """The process that is this machine's, by its command line; its parent is gone, so it ends itself anyway."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(settings) in command.split(b"\0") and int(process.name) != os.getpid():
            with suppress(ProcessLookupError):
                os.kill(int(process.name), signal.SIGKILL)


def left(prefix: str) -> list[str]:
    """What is there of a prefix: for the test that nothing stays."""
    found = [
        line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines() if f"{_RUNS}{prefix}" in line
    ]
    for words in (("netns", "list"), ("-br", "link")):
        listed = subprocess.run(["ip", *words], capture_output=True, text=True, check=False).stdout.splitlines()
        found += [line.split()[0] for line in listed if line.startswith(prefix)]
    return found + [str(each) for each in found_cgroups(f"{prefix}-*")]


def wait_until(condition: Callable[[], bool], what: str, seconds: float = _PATIENCE) -> None:
    """Asks again and again; raises TimeoutError."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.05)
