"""The bases of the lab's rpm hosts: the Debian base with Debian's dnf or zypper, and without dpkg and apt.

Two bases, for Debian's dnf-plugins-core and its zypper exclude each other. The rpm database knows nothing of the files
that Debian brought: the package ``lab-base`` stands for them there.

Needed beside what the Debian base needs: the Debian packages of ``TOOLS``. ``python -m tests.lab.hosts_rpm_base``
builds both and says where they are.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from tests.lab.cache import cached
from tests.lab.go import LabUnavailable
from tests.lab.hosts_base import base, check, downloaded, run, signing_key

#: The Debian packages in each base.
PACKAGES = {"dnf": ("dnf", "dnf-plugins-core", "rpm"), "zypper": ("zypper", "rpm", "gnupg")}
#: Commands that build and sign packages and repositories, and the Debian packages that bring them.
TOOLS = {"rpmbuild": "rpm", "rpmsign": "rpm", "createrepo_c": "createrepo-c", "modifyrepo_c": "createrepo-c"}
SIGNER = "lab-rpm@example.invalid"
_RECIPE = "1"
#: What would make the machine a Debian host, or an rpm host with a second package manager.
_DEBIAN = (
    "var/lib/dpkg", "var/lib/apt", "var/cache/apt", "etc/apt", "usr/bin/dpkg", "usr/bin/dpkg-query", "usr/bin/dpkg-deb",
    "usr/bin/dpkg-split", "usr/bin/dpkg-trigger", "usr/bin/dpkg-divert", "usr/bin/dpkg-statoverride", "usr/bin/apt",
    "usr/bin/apt-get", "usr/bin/apt-cache", "usr/bin/apt-mark", "usr/bin/apt-config", "usr/lib/apt", "etc/os-release",
    "etc/debian_version",
)  # fmt: skip


def rpm_base(manager: str) -> Path:
    """The folder with ``root``, ``gpg`` and ``key`` (the signing key, armored). Raises LabUnavailable."""
    check()
    missing = sorted({package for command, package in TOOLS.items() if shutil.which(command) is None})
    if missing:
        raise LabUnavailable(f"rpm hosts of the lab need: apt-get install {' '.join(missing)}")
    debian = base()
    recipe = [_RECIPE, debian.name, manager, *PACKAGES[manager]]
    return cached(f"hosts-{manager}-", recipe, lambda part: _build(part, debian, manager))


def _build(part: Path, debian: Path, manager: str) -> None:
    root = part / "root"
    run("cp", "-a", "--reflink=auto", debian / "root", root)
    with tempfile.TemporaryDirectory(dir=part) as work:
        debs = downloaded(root, Path(work), "--no-install-recommends", "install", *PACKAGES[manager])
        place = root / "var/tmp/debs"
        place.mkdir()
        for deb in debs:
            shutil.copy(deb, place / deb.name)
    # Some need one another before they are configured: the second pass configures what the first had to leave.
    install = (
        "dpkg -i --force-confold --force-depends /var/tmp/debs/*.deb >&2 || dpkg --force-confold --configure -a >&2"
    )
    run("chroot", root, "/bin/sh", "-c", install)
    shutil.rmtree(place)
    for path in _DEBIAN:
        target = root / path
        shutil.rmtree(target) if target.is_dir() and not target.is_symlink() else target.unlink(missing_ok=True)
    # Debian's rpm keeps its database in the home of whoever asks.
    (root / "etc/rpm").mkdir(exist_ok=True)
    (root / "etc/rpm/macros").write_text("%_dbpath /var/lib/rpm\n")
    run("chroot", root, "rpm", "--initdb")
    if manager == "dnf":
        # This plugin wants createrepo_c at every transaction.
        (root / "etc/dnf/plugins/local.conf").write_text("[main]\nenabled=0\n")
        (root / "etc/dnf/vars/releasever").write_text("9\n")
    signing_key(part, SIGNER, "rsa3072", part / "key", "--armor")


if __name__ == "__main__":
    try:
        for each in PACKAGES:
            print(rpm_base(each))
    except LabUnavailable as error:
        sys.exit(str(error))
