"""Packages with services for tests that change real rpm machines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.lab.hosts_rpm import RpmHost, program, rpm_repository, rpms_of
from tests.lab.hosts_rpm_repo import described, rpm

UNIT = "[Service]\nExecStart={path} 100000\n[Install]\nWantedBy=multi-user.target\n"
#: As an rpm of a service does: started once, and left alone at an update.
START = """\
systemctl daemon-reload
[ $1 -gt 1 ] || systemctl enable --quiet --now {name}
"""
CONFIG = "/etc/{name}.conf"


def build(
    machine: RpmHost,
    name: str,
    version: str,
    *,
    runs: str = "sleep",
    path: str = "/usr/sbin/{name}",
    scripts: Mapping[str, str] | None = None,
    requires: Iterable[str] = (),
    epoch: int = 0,
    service: bool = True,
    signed: bool = True,
    unit: str = "",
    more: Mapping[str, str | bytes] | None = None,
) -> Path:
    """A package for a machine's repository: a service that runs a program of Debian's base, and its configuration.

    It is built and signed, and not there yet. ``unit`` is the service's name where it is not the package's, ``more``
    are further files.
    """
    work = rpms_of(machine.lab, machine.manager)
    unit, place, config = unit or name, path.format(name=name), CONFIG.format(name=name)
    files: dict[str, str | bytes] = {
        place: program(machine.lab, runs, version),
        config: f"# {version}\n",
        **(more or {}),
    }
    given = dict(scripts or {})
    if service:
        files[f"/usr/lib/systemd/system/{unit}.service"] = UNIT.format(path=place)
        given = {"post": START.format(name=unit)} | given
    made = rpm(
        work, name, version, epoch=epoch, files=files, config=[config], requires=["/bin/sh", *requires], scripts=given
    )
    if signed:
        rpm_repository(machine.lab, machine.manager).sign(made)
    return made


def publish(machine: RpmHost, *rpms: Path) -> None:
    """Puts packages into the repository, and the machine looks at it."""
    repository = rpm_repository(machine.lab, machine.manager)
    repository.add(*rpms)
    repository.publish()
    machine.run(machine.refresh)


def install(machine: RpmHost, *rpms: Path) -> None:
    """Publishes packages, and installs just these."""
    publish(machine, *rpms)
    machine.run(f"{machine.install} {' '.join(machine.word(*described(each)) for each in rpms)} >/dev/null")
