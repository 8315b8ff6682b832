"""A machine before each shipped remediation, and what somebody sees of it who does not ask the remediation itself."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from tests.lab.hosts import Host as Machine

SOCKET = "[Socket]\nListenStream=/run/rpcbind.sock\n"
SLEEPS = "[Service]\nExecStart=/bin/sleep 100000\n[Install]\nWantedBy=multi-user.target\n"


class Scene(msgspec.Struct, frozen=True):
    """``prepare`` makes the hole; ``outside`` tells what can be seen of it, open and closed."""

    prepare: str
    outside: Callable[[Machine], str]
    open: str
    closed: str


def seen(command: str) -> Callable[[Machine], str]:
    """The last line that a command prints there."""
    return lambda machine: machine.run(command, check=False).rpartition("\n")[2]


def module(name: str) -> Scene:
    """kmod itself says what it would run; the lab's machines have no modules that could be loaded."""
    return Scene("", seen(f"modprobe -n -v {name} 2>/dev/null || echo none"), "none", "install /bin/false")


def setting(path: str, before: str, after: str) -> Scene:
    """A file in the place of a setting that is the whole machine's, which the lab shares with others."""
    file = f"/run/{path.replace('/', '-')}"
    own = f"echo {before} >{file}; mount --bind {file} /proc/sys/{path}"
    return Scene(own, seen(f"cat {file}"), before, after)


def sack(machine: Machine) -> str:
    """Whether a new connection to it has selective acknowledgements, as the other end sees it."""
    with socket.create_connection((machine.address, 22), timeout=4) as connection:
        # struct tcp_info: the options that both ends agreed on are its sixth byte, 2 is SACK (linux/tcp.h).
        options = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 16)[5]
    return "ok" if options & 2 else "none"


def service(*units: str) -> Scene:
    """Units that run, and that anything may start again."""
    lines = [
        f"printf '{SLEEPS if unit.endswith('.service') else SOCKET}' >/usr/lib/systemd/system/{unit}" for unit in units
    ]
    lines += ["systemctl daemon-reload", f"systemctl enable --quiet {' '.join(units)}"]
    lines += [f"systemctl start {unit}" for unit in units]
    looks = "; ".join(f"systemctl start {unit} 2>/dev/null; systemctl is-active {unit}" for unit in units)
    states = [" ".join([state] * len(units)) for state in ("active", "inactive")]
    return Scene("\n".join(lines), seen(f"echo $({looks})"), *states)


def grace(machine: Machine) -> str:
    """Whether the server ends a connection that says nothing within four seconds."""
    with socket.create_connection((machine.address, 22), timeout=4) as connection:
        connection.settimeout(4)
        end = time.monotonic() + 4
        try:
            while connection.recv(1000):
                connection.settimeout(max(end - time.monotonic(), 0.01))
        except TimeoutError:
            return "waits"
    return "ends"


def cipher(machine: Machine) -> str:
    """Whether OpenSSH's client gets in by the cipher alone."""
    words = [*machine.lab.ssh, "-o", "Ciphers=chacha20-poly1305@openssh.com", "-l", "root", machine.address, "true"]
    return "offered" if subprocess.run(words, capture_output=True, check=False).returncode == 0 else "refused"


def stale(machine: Machine) -> str:
    """Whether the SSH server maps a libcrypto that is gone, by the kernel's own tables."""
    maps = "/proc/$(systemctl show -p MainPID --value ssh)/maps"
    return machine.run(f"grep -q '/libcrypto.* .deleted.' {maps} && echo stale || echo fresh")


AS_NOBODY = "setpriv --reuid=65534 --regid={group} --clear-groups"
SCENES = {
    "module-n-hdlc-off": module("n_hdlc"),
    "module-dccp-off": module("dccp_ipv4"),
    "module-tipc-off": module("tipc"),
    "module-rds-off": module("rds"),
    "setting-tcp-sack-off": Scene(
        "mkdir /run/proc; mount -t proc proc /run/proc; mount --bind /run/proc/sys/net /proc/sys/net",
        sack, "ok", "none",
    ),
    "setting-unprivileged-bpf-off": setting("kernel/unprivileged_bpf_disabled", "0", "2"),
    "setting-user-namespaces-off": setting("user/max_user_namespaces", "1000", "0"),
    "sshd-login-grace-time-zero": Scene(
        "echo LoginGraceTime 1 >>/etc/ssh/sshd_config; systemctl reload ssh", grace, "ends", "waits"
    ),
    "sshd-terrapin-ciphers-off": Scene("", cipher, "offered", "refused"),
    "setuid-pkexec-off": Scene(
        "install -m 4755 /usr/bin/id /usr/bin/pkexec", seen(f"{AS_NOBODY} /usr/bin/pkexec -u".format(group=65534)),
        "0", "65534",
    ),
    "docker-socket-root-only": Scene(
        "groupadd -g 777 docker;"
        " printf '[Socket]\\nListenStream=/run/docker.sock\\nSocketMode=0660\\nSocketGroup=docker\\n'"
        f" >/usr/lib/systemd/system/docker.socket; printf '{SLEEPS}' >/usr/lib/systemd/system/docker.service;"
        " systemctl daemon-reload; systemctl start docker.socket",
        seen(f"{AS_NOBODY} test -w /run/docker.sock && echo writes || echo keeps out".format(group=777)),
        "writes", "keeps out",
    ),
    "service-cups-browsed-off": service("cups-browsed.service"),
    "service-rpcbind-off": service("rpcbind.socket", "rpcbind.service"),
    "sudoedit-editors-off": Scene(
        "useradd ed; echo 'ed ALL=(root) NOPASSWD: sudoedit /etc/motd' >/etc/sudoers.d/ed; touch /etc/motd;"
        " printf '#!/bin/sh\\necho mine\\n' >/usr/local/bin/mine; chmod 755 /usr/local/bin/mine",
        seen("EDITOR=/usr/local/bin/mine setpriv --reuid=ed --regid=ed --clear-groups sudoedit -n /etc/motd"
             " 2>/dev/null | grep -x mine || echo another"),
        "mine", "another",
    ),
    "sudo-password-stars-off": Scene(
        "echo 'Defaults pwfeedback' >/etc/sudoers.d/stars",
        seen("sudo -l -U root | grep -q '!pwfeedback' && echo off || echo on"), "on", "off",
    ),
    "restart-services-of-openssl": Scene(
        "cd /usr/lib/*-linux-gnu && cp -p libcrypto.so.3 new && mv new libcrypto.so.3", stale, "stale", "fresh"
    ),
}  # fmt: skip


def everything(machine: Machine) -> dict[str, str]:
    """What stands in the places that remediations change: kind, mode, owner and content, read from outside."""
    found: dict[str, str] = {}
    for top in ("etc", "usr/bin/pkexec", "usr/lib/systemd"):
        place = machine.root / top
        for path in sorted([place, *place.rglob("*")]) if place.exists() else []:
            info = path.lstat()
            content = str(path.readlink()) if path.is_symlink() else path.read_bytes().hex() if path.is_file() else ""
            found[str(path.relative_to(machine.root))] = f"{info.st_mode:o} {info.st_uid} {info.st_gid} {content}"
    found["/run/docker.sock"] = machine.run("stat -c '%a %u %g' /run/docker.sock", check=False)
    return found


def give_kmod(machine: Machine) -> None:
    """kmod of this machine, which is of the same release."""
    import shutil

    kmod = Path(shutil.which("kmod") or "/usr/bin/kmod")
    (machine.root / "usr/sbin/modprobe").write_bytes(kmod.read_bytes())
    (machine.root / "usr/sbin/modprobe").chmod(0o755)
