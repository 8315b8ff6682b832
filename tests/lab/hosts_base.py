"""The base of the lab's hosts: a small Debian, and what its security channel has newer; built once, kept in the cache.

The base is installed from the main suite alone, so that every security update is still pending. Its key in the cache
is the recipe below; the packages behind it are those of the day on which it was built. The older packages of what has
an update are kept beside the newer ones: a host of the lab finds both in its repository, as a real one does.

Needed: root on Linux, the Debian packages of ``TOOLS``, and the apt sources of this machine. ``python -m
tests.lab.hosts_base`` builds it and says where it is.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.lab.cache import cache_folder, cached
from tests.lab.go import LabUnavailable

SUITE = "bookworm"
#: In the base beside debootstrap's minbase. No Python: nothing on a host may need it.
INCLUDE = (
    "systemd", "systemd-sysv", "dbus", "openssh-server", "iproute2", "openssl", "ca-certificates", "sudo", "procps",
)  # fmt: skip
#: Commands, and the Debian packages that bring them.
TOOLS = {
    "debootstrap": "debootstrap", "systemd-nspawn": "systemd-container", "ip": "iproute2", "gpg": "gpg",
    "apt-ftparchive": "apt-utils", "dpkg-deb": "dpkg", "ssh-keygen": "openssh-client", "unshare": "util-linux",
}  # fmt: skip
_RECIPE = "1"
_TIME_LIMIT = 900
SIGNER = "lab@example.invalid"


def base() -> Path:
    """The folder with ``root`` (the base), ``old`` and ``new`` (packages), ``gpg`` and ``lab.gpg`` (the signing key).

    Raises LabUnavailable where it can be neither found nor built.
    """
    check()
    return cached("hosts-", [_RECIPE, SUITE, *INCLUDE], lambda part: debian(part, INCLUDE))


def check() -> None:
    """Raises LabUnavailable where hosts can't run here, with what is missing."""
    if sys.platform != "linux":
        raise LabUnavailable("hosts of the lab run on Linux only")
    if os.geteuid() != 0:
        raise LabUnavailable("hosts of the lab need root (network namespaces, mounts)")
    missing = sorted({package for command, package in TOOLS.items() if shutil.which(command) is None})
    if missing:
        raise LabUnavailable(f"hosts of the lab need: apt-get install {' '.join(missing)}")
    with tempfile.TemporaryDirectory(dir=_made(cache_folder())) as folder:
        place = Path(folder)
        for name in ("lower", "upper", "work", "root"):
            (place / name).mkdir()
        options = f"lowerdir={place}/lower,upperdir={place}/upper,workdir={place}/work"
        mounted = subprocess.run(
            ["mount", "-t", "overlay", "lab-check", "-o", options, place / "root"], capture_output=True, text=True
        )
        if mounted.returncode:
            raise LabUnavailable(f"no overlay can be mounted in {cache_folder()}: {mounted.stderr.strip()[-200:]}")
        subprocess.run(["umount", place / "root"], check=True)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def run(*command: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """The output of a command; raises LabUnavailable with the end of what it said where it fails."""
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=_TIME_LIMIT, check=False, cwd=cwd,
        env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive", **(env or {})},
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        said = (done.stderr + done.stdout).strip()[-400:]
        raise LabUnavailable(f"{command[0]} ended with status {done.returncode}: {said}")
    return done.stdout


def debian(part: Path, include: Sequence[str]) -> None:
    """Fills a folder with ``root``, a small Debian of the main suite, ``old`` and ``new``, ``gpg`` and ``lab.gpg``."""
    root = part / "root"
    run("debootstrap", "--variant=minbase", f"--include={','.join(include)}", SUITE, root, _sites()[SUITE])
    for name in ("old", "new"):
        (part / name).mkdir()
    with tempfile.TemporaryDirectory(dir=part) as work:
        for deb in downloaded(root, Path(work), "dist-upgrade"):
            shutil.move(deb, part / "new" / deb.name)
    names = {deb.name.partition("_")[0] for deb in (part / "new").iterdir()}
    for deb in (root / "var/cache/apt/archives").glob("*.deb"):
        if deb.name.partition("_")[0] in names:
            shutil.move(deb, part / "old" / deb.name)
        else:
            deb.unlink()
    _slim(root)
    signing_key(part, SIGNER, "ed25519", part / "lab.gpg")


def _sites() -> dict[str, str]:
    """Where this machine gets each suite from."""
    found: dict[str, str] = {}
    for line in run("apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)").splitlines():
        site, _, release = line.partition(" ")
        found.setdefault(release, site)
    if SUITE not in found or f"{SUITE}-security" not in found:
        raise LabUnavailable(f"this machine has no apt sources of {SUITE} and {SUITE}-security")
    return found


def downloaded(root: Path, work: Path, *words: str) -> Sequence[Path]:
    """The packages that apt would bring into a root by these words, from where this machine has its own."""
    sites = _sites()
    for name in ("lists/partial", "cache/archives/partial"):
        (work / name).mkdir(parents=True)
    signed = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
    suites = [suite for suite in (SUITE, f"{SUITE}-security") if suite in sites]
    (work / "sources.list").write_text("".join(f"deb {signed} {sites[suite]} {suite} main\n" for suite in suites))
    settings = {
        "Dir::State::status": root / "var/lib/dpkg/status", "Dir::State::lists": work / "lists",
        "Dir::Cache": work / "cache", "Dir::Etc::sourcelist": work / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null", "Debug::NoLocking": "1", "APT::Sandbox::User": "root",
    }  # fmt: skip
    options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    run("apt-get", *options, "update", "-qq")
    run("apt-get", *options, "-y", "-qq", "-d", *words)
    return sorted((work / "cache/archives").glob("*.deb"))


def _slim(root: Path) -> None:
    """What every machine of its own makes anew, or does not need."""
    for pattern in ("etc/ssh/ssh_host_*", "etc/machine-id", "var/lib/dbus/machine-id", "var/lib/apt/lists/*Packages"):
        for path in root.glob(pattern):
            path.unlink()
    for folder in ("usr/share/doc", "usr/share/man", "usr/share/locale"):
        for path in (root / folder).iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    # No timer of the base may take apt's lock while a test looks at something else; tests that want that start it.
    for timer in ("apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer", "fstrim.timer"):
        (root / "etc/systemd/system" / timer).symlink_to("/dev/null")
    # Where the kernel of this machine has no place for them there, sshd's own start must not wait for the journal.
    policy = root / "usr/sbin/policy-rc.d"
    policy.unlink(missing_ok=True)
    if not re.search(r"^PermitRootLogin", (root / "etc/ssh/sshd_config").read_text(), re.MULTILINE):
        (root / "etc/ssh/sshd_config.d/lab.conf").write_text("UseDNS no\nPermitRootLogin prohibit-password\n")


def signing_key(part: Path, signer: str, algorithm: str, public: Path, *form: str) -> None:
    """A key in ``gpg`` that signs what the lab offers, its other half in ``public``; it is good for nothing else."""
    home = part / "gpg"
    home.mkdir(mode=0o700)
    env = {"GNUPGHOME": str(home)}
    try:
        run("gpg", "--batch", "--quiet", "--passphrase", "", "--quick-gen-key", f"lab <{signer}>", algorithm, "sign",
            "never", env=env)  # fmt: skip
        run("gpg", "--batch", *form, "--output", public, "--export", signer, env=env)
    finally:
        run("gpgconf", "--homedir", home, "--kill", "all")


if __name__ == "__main__":
    try:
        print(base())
    except LabUnavailable as error:
        sys.exit(str(error))
