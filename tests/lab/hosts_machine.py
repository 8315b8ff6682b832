"""One machine of the lab, from power on to power off: ``python hosts_machine.py SETTINGS`` (a JSON file).

It is systemd-nspawn over an overlay of the base, in a network namespace and cgroups of its own. Without systemd on this
machine nspawn cannot restart a guest itself: it ends with status 133 where the guest reboots, and is started again
here. The network namespace is made anew at each boot, as a real machine's firewall and routes are. When whoever
started this ends, or asks for it (TERM), the machine ends, too.

``FOLDER/power``: a file that says ``off`` keeps a machine off until it is gone (the plug is pulled).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

_REBOOT = 133
#: Between the kernel's clock and the guest's: each boot begins at zero.
_UPTIME = Path("/proc/uptime")


class Machine:
    """The machine of one settings file: folder, prefix, name, address, gateway, lower."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.folder, self.prefix, self.name = Path(settings["folder"]), settings["prefix"], settings["name"]
        self.address, self.gateway, self.link = settings["address"], settings["gateway"], settings["link"]
        self.device, self.mounted_by = settings.get("device", ""), settings.get("mount", "")
        self.namespace = f"{self.prefix}-{self.name}"
        self.parent = os.getppid()
        self.stopping = False

    def run(self) -> None:
        """Boots until it is powered off or nobody wants it any more."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            while not self.stopping and self._boot() == _REBOOT:
                pass
        finally:
            self.network_down()
            remove_cgroups(self.namespace)
            (self.folder / "off").touch()

    def _stop(self, *_: object) -> None:
        self.stopping = True

    def _boot(self) -> int:
        self.network_up()
        if self.device:
            self.mount()
        up = _UPTIME.read_text().partition(".")[0]
        command = [
            "unshare", "--time", "--boottime", f"-{up}", "--monotonic", f"-{up}", "systemd-nspawn", "--quiet",
            f"--directory={self.folder}/root", f"--machine={self.namespace}", f"--hostname={self.name}",
            "--register=no", "--keep-unit", "--boot", "--console=pipe", "--resolv-conf=off", "--timezone=off",
            f"--network-namespace-path=/run/netns/{self.namespace}", "--link-journal=no",
            *([f"--bind={self.device}"] if self.device else []),
        ]  # fmt: skip
        with (self.folder / "console").open("ab") as log:
            guest = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=lambda: join_cgroups(self.namespace),
            )  # fmt: skip
        asked = killed = 0.0
        while (code := guest.poll()) is None:
            time.sleep(0.05)
            if os.getppid() != self.parent:
                self.stopping = True
                guest.kill()
            elif self.stopping and not asked:
                asked = time.monotonic()
                guest.terminate()
            elif (self.folder / "power").exists() or (asked and time.monotonic() - asked > 10 and not killed):
                killed = time.monotonic()
                guest.kill()
        reap(self.namespace)
        return code

    def mount(self) -> None:
        """Its root, as a boot loader finds it: by the name of a subvolume, or the default one."""
        root = f"{self.folder}/root"
        while os.path.ismount(root):
            subprocess.run(["umount", root], check=True)
        options = ",".join(each for each in ("noatime", self.mounted_by) if each)
        subprocess.run(["mount", "-t", "btrfs", "-o", options, self.device, root], check=True)

    def network_up(self) -> None:
        """A namespace with the machine's link in it. A fixed MAC, for a new one would wait for stale ARP entries."""
        self.network_down()
        last = int(self.address.rpartition(".")[2])
        ip("netns", "add", self.namespace)
        ip("-n", f"{self.prefix}-net", "link", "add", self.link, "type", "veth", "peer", "name", "host0", "address",
           f"02:4f:4b:00:00:{last:02x}", "netns", self.namespace)  # fmt: skip
        ip("-n", f"{self.prefix}-net", "link", "set", self.link, "master", "br0", "up")
        ip("-n", self.namespace, "link", "set", "lo", "up")
        ip("-n", self.namespace, "addr", "add", f"{self.address}/24", "dev", "host0")
        ip("-n", self.namespace, "link", "set", "host0", "up")
        ip("-n", self.namespace, "route", "add", "default", "via", self.gateway)

    def network_down(self) -> None:
        """Takes the link and the namespace away."""
        for words in (("-n", f"{self.prefix}-net", "link", "del", self.link), ("netns", "del", self.namespace)):
            subprocess.run(["ip", *words], stderr=subprocess.DEVNULL, check=False)


def ip(*words: str) -> None:
    """One command of ip(8)."""
    subprocess.run(["ip", *words], check=True)


def cgroups(name: str) -> list[Path]:
    """The folder of a name in every hierarchy, below the cgroup of whoever asks."""
    found = []
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    own = dict(line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text().splitlines())
    for _, place, kind, options, *_ in mounts:
        if kind == "cgroup2" and "" in own:
            found.append(Path(place + own[""].rstrip("/")) / name)
        elif kind == "cgroup":
            for controllers, path in own.items():
                if controllers and set(controllers.split(",")) <= set(options.split(",")):
                    found.append(Path(place + path.rstrip("/")) / name)
    return found


def join_cgroups(name: str) -> None:
    """Puts this process into cgroups of its own, where the guest's will be rooted."""
    for folder in cgroups(name):
        try:
            folder.mkdir(exist_ok=True)
            for file in ("cpuset.cpus", "cpuset.mems"):
                above = folder.parent / file
                if above.exists() and (folder / file).exists():
                    (folder / file).write_text(above.read_text())
            if (folder / "cgroup.clone_children").exists() and "cpuset" in folder.parts:
                (folder / "cgroup.clone_children").write_text("1")
            (folder / "cgroup.procs").write_text(str(os.getpid()))
        except OSError as error:
            print(f"{folder}: {error}", file=sys.stderr)


def reap(name: str) -> None:
    """Kills what is left in the cgroups of a name: a guest outlives its nspawn where that was killed."""
    for _ in range(100):
        left = 0
        for folder in found_cgroups(name):
            for file in folder.rglob("cgroup.procs"):
                try:
                    pids = [int(line) for line in file.read_text().split()]
                except OSError:
                    continue
                for pid in pids:
                    if pid == os.getpid():
                        continue
                    left += 1
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
        if not left:
            return
        time.sleep(0.05)


def found_cgroups(name: str) -> list[Path]:
    """The folders of a name (a prefix with ``*`` at its end) in every hierarchy, wherever they were made."""
    found: list[Path] = []
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind in ("cgroup", "cgroup2"):
            for depth in ("", "*/", "*/*/"):
                found += Path(place).glob(f"{depth}{name}")
    return found


def remove_cgroups(name: str) -> None:
    """Removes the folders of a name, from the innermost one."""
    for folder in found_cgroups(name):
        for path in sorted((each for each in folder.rglob("*") if each.is_dir()), reverse=True):
            with contextlib.suppress(OSError):
                path.rmdir()
        with contextlib.suppress(OSError):
            folder.rmdir()


if __name__ == "__main__":
    Machine(json.loads(Path(sys.argv[1]).read_text())).run()
