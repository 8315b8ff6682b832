"""Virtual machines for tests: a Debian with a kernel and a boot loader of its own, which a test replaces and boots.

qemu emulates the processor; every step takes seconds to a minute. A machine has no way out of itself: it reaches the
lab's repository, and tests reach its sshd. It ends with the process that started it.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from tests.lab.cache import cache_folder
from tests.lab.hosts import wait_until
from tests.lab.hosts_base import SUITE, run
from tests.lab.hosts_repo import PORT, SECURITY, Repository
from tests.lab.vm_base import ADDRESS, REPOSITORY, base

_RUNS = "vm-run-"
_TETHER = Path(__file__).with_name("tether.py")
#: Seconds for a boot on a machine that is busy with other things.
_PATIENCE = 600.0


class VirtualMachine:
    """One machine with a disk of its own in ``folder``, over the base's; use it as a context."""

    def __init__(self, made: Path, folder: Path, name: str = "vm") -> None:
        self.base, self.folder, self.name = made, folder, name
        #: On the loopback network, so that several machines have each its port 22.
        self.address = f"127.{1 + secrets.randbelow(254)}.{secrets.randbelow(256)}.{1 + secrets.randbelow(254)}"
        self.key = made / "id"
        self.host_key = " ".join((made / "host.pub").read_text().split()[:2])
        self.disk = folder / "disk.qcow2"
        self._process: subprocess.Popen[bytes] | None = None

    def power_on(self) -> None:
        """Starts it; ``wait`` until it answers."""
        if not self.disk.exists():
            run("qemu-img", "create", "-q", "-f", "qcow2", "-b", self.base / "disk.img", "-F", "raw", self.disk)
        network = (
            f"user,id=n,ipv6=off,restrict=on,hostfwd=tcp:{self.address}:22-{ADDRESS}:22,"
            f"guestfwd=tcp:{REPOSITORY}:{PORT}-cmd:socat - TCP:{self.address}:{PORT}"
        )
        command = [
            shutil.which("qemu-system-x86_64") or "qemu-system-x86_64", "-name", self.name, "-machine", "q35",
            "-accel", "tcg,thread=multi,tb-size=256", "-cpu", "Nehalem-v1", "-smp", "2", "-m", "512",
            "-display", "none", "-vga", "none", "-nodefaults", "-no-user-config",
            "-serial", f"file:{self.folder}/console",
            "-drive", f"if=none,id=d,file={self.disk},format=qcow2,cache=unsafe", "-device", "virtio-blk-pci,drive=d",
            "-device", "virtio-rng-pci", "-netdev", network,
            "-device", "virtio-net-pci,netdev=n,mac=52:54:00:4f:4b:01,romfile=",
        ]  # fmt: skip
        with (self.folder / "qemu").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", _TETHER, str(os.getpid()), *command],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def answers(self) -> bool:
        """Whether sshd says its version: the forwarded port is open long before."""
        if self._process is not None and self._process.poll() is not None:
            raise RuntimeError(f"qemu ended: {(self.folder / 'qemu').read_text()[-500:]}")
        try:
            with socket.create_connection((self.address, 22), timeout=1) as connection:
                connection.settimeout(1)
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    def wait(self) -> None:
        """Until sshd answers."""
        wait_until(self.answers, f"{self.name} answers ({self.folder}/console)", _PATIENCE)

    def run(self, command: str, *, check: bool = True, input: str = "") -> str:
        """The output of a shell command on it, by OpenSSH's client."""
        known = self.folder / "known_hosts"
        known.write_text(f"{self.address} {self.host_key}\n")
        options = {"UserKnownHostsFile": known, "StrictHostKeyChecking": "yes", "BatchMode": "yes", "ConnectTimeout": 9,
                   "IdentitiesOnly": "yes", "IdentityFile": self.key, "LogLevel": "ERROR"}  # fmt: skip
        words = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
        done = subprocess.run(
            ["ssh", "-F", "/dev/null", *words, "-l", "root", self.address, command], capture_output=True, text=True,
            timeout=600, input=input, check=False,
        )  # fmt: skip
        if check and done.returncode:
            raise RuntimeError(f"{self.name}: {command}: {done.returncode}: {done.stderr[-500:]}")
        return done.stdout.strip()

    def reboot(self) -> str:
        """Restarts it; its kernel then."""
        boot, kernel = "cat /proc/sys/kernel/random/boot_id", "uname -r"
        before = self.run(boot)
        self.run("systemctl reboot", check=False)
        wait_until(
            lambda: self.answers() and self.run(boot, check=False) not in ("", before), "another boot", _PATIENCE
        )
        return self.run(kernel)

    def power_off(self) -> None:
        """Shuts it down in order."""
        assert self._process is not None
        self.run("systemctl poweroff", check=False)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(120)
        self.pull_plug()

    def pull_plug(self) -> None:
        """Its power goes."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class VirtualLab:
    """A virtual machine and the signed repository that it finds its updates in; use it as a context."""

    def __init__(self) -> None:
        made = base()
        _sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=_RUNS, dir=cache_folder()))
        self._lock = (self.folder / "lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.machine = VirtualMachine(made, self.folder)
        self.repository = Repository(self.folder / "repository", made)
        self.repository.serve(self.machine.address)

    def start(self) -> VirtualMachine:
        """The machine, when it answers."""
        site = f"[signed-by=/usr/share/keyrings/lab.gpg] http://{REPOSITORY}:{PORT}"
        self.machine.power_on()
        self.machine.wait()
        sources = f"deb {site} {SUITE} main\ndeb {site} {SECURITY} main\n"
        self.machine.run("cat >/etc/apt/sources.list", input=sources)
        return self.machine

    def __enter__(self) -> VirtualLab:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.machine.pull_plug()
        self.repository.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()


def _sweep() -> None:
    """Removes what runs left that were killed: their machines ended with them."""
    for folder in cache_folder().glob(f"{_RUNS}*"):
        with suppress(FileNotFoundError, BlockingIOError), (folder / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)


def settle(part: Path) -> None:
    """The first boot of a new disk in ``part``, in which its own tools write the boot loader's menu."""
    folder = part / "first"
    folder.mkdir()
    machine = VirtualMachine(part, folder)
    try:
        machine.power_on()
        machine.wait()
        machine.run("update-grub")
        machine.power_off()
        run("qemu-img", "convert", "-O", "raw", machine.disk, part / "settled.img")
    finally:
        machine.pull_plug()
    (part / "settled.img").replace(part / "disk.img")
    shutil.rmtree(folder)
