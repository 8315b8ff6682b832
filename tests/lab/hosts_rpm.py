"""rpm hosts of the lab: machines like its Debian ones, on a base with dnf or zypper, and the repository they use.

``rpm_repository`` gives a run's repository of one manager; ``lab.start(NAME, kind=DnfHost)`` a machine that knows it.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from tests.lab.hosts import Host, HostsLab
from tests.lab.hosts_base import run
from tests.lab.hosts_repo import PORT
from tests.lab.hosts_rpm_base import rpm_base
from tests.lab.hosts_rpm_repo import LAB_BASE, RpmRepository, lab_base

_OPTIONS = "enabled=1\ngpgcheck=1\nrepo_gpgcheck=1\n"


class RpmHost(Host):
    """A machine with an rpm database: its packages are those of the lab, the rest of it is Debian's."""

    manager: ClassVar[str]
    #: The id of the repository, in the vendor's words; ``folder`` is where its manager looks for the file.
    repository_id: ClassVar[str]
    repositories: ClassVar[str]
    options: ClassVar[str]
    release: ClassVar[dict[str, str]]
    #: Commands: look at the repositories anew; install.
    refresh: ClassVar[str]
    install: ClassVar[str]

    def lower(self) -> Path:
        """The base of its manager."""
        return rpm_base(self.manager) / "root"

    def settle(self) -> None:
        """Its release, its repository, the key that it trusts, and the package that stands for Debian's files."""
        rpm_repository(self.lab, self.manager)
        text = "".join(f'{key}="{value}"\n' for key, value in self.release.items())
        (self.root / "etc/os-release").write_text(text)
        address = f"http://{self.lab.gateway}:{PORT}/rpm/{self.manager}"
        place = self.root / self.repositories
        place.mkdir(parents=True, exist_ok=True)
        key = f"{address}/RPM-GPG-KEY-lab"
        (place / "lab.repo").write_text(
            f"[{self.repository_id}]\nname=Lab of {self.manager}\nbaseurl={address}\ngpgkey={key}\n{self.options}"
        )
        folder = rpm_base(self.manager)
        base = self.lab.folder / "rpms" / self.manager / f"{LAB_BASE}-1.0-1.el9.x86_64.rpm"
        database = ("--root", str(self.root), "--dbpath", "/var/lib/rpm")
        run("rpmkeys", *database, "--import", folder / "key")
        run("rpm", *database, "-i", "--nodeps", base)

    def word(self, name: str, epoch: str, version: str, release: str, *_: str) -> str:
        """A package in the words of its manager."""
        raise NotImplementedError

    def version(self, package: str) -> str:
        """The installed version ([EPOCH:]VERSION-RELEASE), read from the database on the disk; of two, both."""
        form = "%{NAME} %|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\n"
        said = run("rpm", "--dbpath", self.root / "var/lib/rpm", "-qa", "--qf", form)
        return " ".join(sorted(each.split()[1] for each in said.splitlines() if each.split()[0] == package))


class DnfHost(RpmHost):
    """Debian's dnf, on a machine that says it is Rocky Linux."""

    manager = "dnf"
    repository_id = "baseos"
    repositories = "etc/yum.repos.d"
    options = f"{_OPTIONS}metadata_expire=3600\n"
    release: ClassVar = {
        "NAME": "Lab Linux", "ID": "rocky", "ID_LIKE": "rhel centos fedora", "VERSION_ID": "9.4",
    }  # fmt: skip
    refresh = "dnf -q -y makecache --refresh"
    install = "dnf -q -y install"

    def word(self, name: str, epoch: str, version: str, release: str, *_: str) -> str:
        """A package in the words of its manager."""
        return f"{name}-{epoch}:{version}-{release}"


class ZypperHost(RpmHost):
    """Debian's zypper, on a machine that says it is openSUSE Leap."""

    manager = "zypper"
    repository_id = "repo-update"
    repositories = "etc/zypp/repos.d"
    options = f"{_OPTIONS}pkg_gpgcheck=1\nautorefresh=0\n"
    release: ClassVar = {"NAME": "Lab SUSE", "ID": "opensuse-leap", "ID_LIKE": "suse opensuse", "VERSION_ID": "15.6"}
    refresh = "zypper -q -n refresh --force"
    install = "zypper -q -n install --no-recommends --oldpackage"

    def word(self, name: str, epoch: str, version: str, release: str, *_: str) -> str:
        """A package in the words of its manager."""
        return f"'{name}={epoch}:{version}-{release}'"


def rpm_repository(lab: HostsLab, manager: str) -> RpmRepository:
    """The repository of a manager in a run; made and published once. Packages are built in ``rpms_of``."""
    known: dict[str, RpmRepository] = lab.__dict__.setdefault("rpm_repositories", {})
    if manager not in known:
        made = RpmRepository(lab.repository.folder / "rpm" / manager, rpm_base(manager))
        package = lab_base(rpms_of(lab, manager))
        made.sign(package)
        made.add(package)
        made.publish()
        known[manager] = made
    return known[manager]


def rpms_of(lab: HostsLab, manager: str) -> Path:
    """Where a run builds the packages of a manager's repository."""
    folder = lab.folder / "rpms" / manager
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def program(lab: HostsLab, name: str, version: str) -> bytes:
    """A program of Debian's base, as a build of some version: only a real program is mapped as itself."""
    return (lab.base / "root/bin" / name).read_bytes() + version.encode()
