"""Signed rpm repositories for the lab's hosts, with advisories: what a test publishes is offered.

They stand in a folder that the lab's server serves. ``rpm`` builds a small package for a test.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

from tests.lab.hosts_base import run
from tests.lab.hosts_repo import signing
from tests.lab.hosts_rpm_base import SIGNER

#: What Debian has brought to the machine, told to the rpm database.
LAB_BASE = "lab-base"
_PROVIDES = ("/bin/sh", "/usr/bin/sh", "/bin/bash", "systemd = 252", "system-release = 9")


class Advisory(NamedTuple):
    """One advisory: its id, its type (security, bugfix ...), the CVEs, the packages, whether it asks for a reboot."""

    id: str
    type: str
    cves: tuple[str, ...]
    rpms: tuple[Path, ...]
    reboot: bool = False


class RpmRepository:
    """One repository in a folder, signed by the key of ``base``."""

    def __init__(self, folder: Path, base: Path) -> None:
        self.folder, self._base = folder, base
        self._advisories: list[Advisory] = []
        folder.mkdir(parents=True)
        shutil.copy(base / "key", folder / "RPM-GPG-KEY-lab")

    def add(self, *rpms: Path) -> None:
        """Puts packages there; ``publish`` shows them."""
        for each in rpms:
            shutil.copy(each, self.folder / each.name)

    def withdraw(self, name: str, version: str = "*") -> None:
        """Takes packages away, of any release; ``publish`` shows it."""
        for each in self.folder.glob(f"{name}-{version}-*.rpm"):
            each.unlink()

    def advise(
        self, id: str, *rpms: Path, type: str = "security", cves: Iterable[str] = (), reboot: bool = False
    ) -> None:
        """Says what some packages are for; ``publish`` shows it."""
        self._advisories.append(Advisory(id, type, tuple(cves), rpms, reboot))

    def publish(self) -> None:
        """Writes the index and signs it."""
        run("createrepo_c", "--quiet", "--update", self.folder)
        with tempfile.TemporaryDirectory() as work:
            file = Path(work) / "updateinfo.xml"
            file.write_text(updateinfo(self._advisories))
            run("modifyrepo_c", "--mdtype=updateinfo", file, self.folder / "repodata")
        index = self.folder / "repodata/repomd.xml"
        with signing(self._base) as env:
            run("gpg", "--batch", "--yes", "--armor", "--detach-sign", "--local-user", SIGNER, index, env=env)
        shutil.copy(self.folder / "RPM-GPG-KEY-lab", self.folder / "repodata/repomd.xml.key")

    def sign(self, *rpms: Path) -> None:
        """Signs packages."""
        with signing(self._base) as env:
            options = ("--define", f"_gpg_name {SIGNER}", "--define", "__gpg /usr/bin/gpg")
            run("rpmsign", *options, "--addsign", *rpms, env=env)


def updateinfo(advisories: Iterable[Advisory]) -> str:
    """Advisories in the form of updateinfo.xml, as Rocky and SUSE write them."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<updates>"]
    for each in advisories:
        lines += [
            f'<update from="lab@example.invalid" status="final" type="{each.type}" version="1">',
            f"<id>{each.id}</id>", f"<title>{each.id}</title>", "<severity>Important</severity>",
            '<release>lab</release>', '<issued date="2026-11-01 00:00:00"/>', "<description>&lt;id&gt;</description>",
            "<references>",
            *(f'<reference href="https://{cve}.invalid/" id="{cve}" title="{cve}" type="cve"/>' for cve in each.cves),
            "</references>", '<pkglist><collection short="lab"><name>lab</name>',
        ]  # fmt: skip
        for file in each.rpms:
            name, epoch, version, release, arch, source = described(file)
            lines.append(
                f"<package name={quoteattr(name)} epoch={quoteattr(epoch)} version={quoteattr(version)} release="
                f"{quoteattr(release)} arch={quoteattr(arch)} src={quoteattr(source)}><filename>{file.name}</filename>"
                + ("<reboot_suggested>True</reboot_suggested>" if each.reboot else "")
                + "</package>"
            )
        lines.append("</collection></pkglist></update>")
    return "\n".join([*lines, "</updates>", ""])


def described(file: Path) -> list[str]:
    """Name, epoch, version, release, architecture, source package of a package file."""
    form = "%{NAME}|%{EPOCHNUM}|%{VERSION}|%{RELEASE}|%{ARCH}|%{SOURCERPM}"
    return run("rpm", "-qp", "--nosignature", "--qf", form, file).split("|")


def rpm(
    folder: Path,
    name: str,
    version: str,
    *,
    release: str = "1.el9",
    epoch: int = 0,
    files: Mapping[str, str | bytes] | None = None,
    scripts: Mapping[str, str] | None = None,
    config: Iterable[str] = (),
    requires: Iterable[str] = (),
    provides: Iterable[str] = (),
    size: int = 0,
) -> Path:
    """Builds a package in a folder, unsigned. Files that begin with ``#!`` or are bytes are programs.

    ``scripts`` are bodies for /bin/sh by their section (post, preun ...); ``size`` bytes are added as a file.
    """
    with tempfile.TemporaryDirectory(dir=folder) as work:
        content = Path(work) / "content"
        given = dict(files or {})
        if size:
            given[f"/usr/share/{name}/filling"] = bytes(size)
        for path, text in given.items():
            file = content / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            program = isinstance(text, bytes) or text.startswith("#!")
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
            file.chmod(0o755 if program else 0o644)
        content.mkdir(exist_ok=True)
        kept = set(config)
        spec = [
            f"Name: {name}", f"Version: {version}", f"Release: {release}", *([f"Epoch: {epoch}"] if epoch else []),
            "Summary: a package of the lab", "License: MIT", "AutoReqProv: no",
            *(f"Requires: {each}" for each in requires), *(f"Provides: {each}" for each in provides),
            "%description", "%{summary}", "%install", f"cp -a {content}/. %{{buildroot}}/",
            *(line for section, body in (scripts or {}).items() for line in (f"%{section}", body)),
            "%files", *(f"{'%config(noreplace) ' if path in kept else ''}{path}" for path in given),
        ]  # fmt: skip
        (Path(work) / "package.spec").write_text("\n".join([*spec, ""]))
        settings = {
            "_topdir": f"{work}/top", "_rpmdir": str(folder), "_binary_payload": "w1.gzdio",
            "_build_name_fmt": "%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm", "__os_install_post": "%{nil}",
            "debug_package": "%{nil}", "_build_id_links": "none", "__brp_mangle_shebangs": "/bin/true",
        }  # fmt: skip
        defined = [word for key, value in settings.items() for word in ("--define", f"{key} {value}")]
        run("rpmbuild", "-bb", "--quiet", "--nodeps", "--target", "x86_64", *defined, f"{work}/package.spec")
    return folder / f"{name}-{version}-{release}.x86_64.rpm"


def lab_base(folder: Path) -> Path:
    """The package that stands for what Debian has brought."""
    return rpm(folder, LAB_BASE, "1.0", provides=_PROVIDES)
