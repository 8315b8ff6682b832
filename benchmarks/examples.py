"""What is measured: real packages whose versions are perturbed, so that no two package sets have one in common.

Random choices come from a seed: every run measures the same input.
"""

from __future__ import annotations

import gzip
import random
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.measure import DATA
from oakum.fleet.assets import Asset, Host, Kernel
from oakum.fleet.packages import Package, package_set
from oakum.fleet.releases import Release

ALMALINUX = DATA / "sbom" / "almalinux_8-minimal_trivy.cdx.json.gz"
GO_MODULES = 181
ROOT_PACKAGES = 744
_LAST_NUMBER = re.compile(r"\d+(?=\D*\Z)")


def store(work: Path, name: str) -> Path:
    """The data folder of one imported source."""
    return work / "data" / name


def index_file(work: Path, name: str) -> Path:
    """The index of one imported source."""
    return store(work, name) / "feeds" / "index.sqlite"


def almalinux_sbom() -> bytes:
    """AlmaLinux 8 as Trivy wrote it down."""
    return gzip.decompress(ALMALINUX.read_bytes())


def almalinux_sboms(count: int) -> Iterator[bytes]:
    """``count`` hosts in Trivy's form: the packages of AlmaLinux 8, each in a version that no other host has."""
    chance = random.Random(8)
    document = msgspec.json.decode(almalinux_sbom())
    originals = [
        (part, part["version"], part["purl"]) for part in document["components"] if part.get("purl", "").count("rpm/")
    ]
    for number in range(count):
        for part, version, purl in originals:
            new = _perturbed(version, number, chance)
            part["version"] = new
            part["purl"] = purl.replace(f"@{version}", f"@{new}")
        yield msgspec.json.format(msgspec.json.encode(document), indent=2)


def _perturbed(version: str, number: int, chance: random.Random) -> str:
    """A neighbour of a version: its last upstream number moved a little, its release made unique."""
    upstream, _, release = version.rpartition("-")
    moved = _LAST_NUMBER.sub(lambda found: str(max(0, int(found[0]) + chance.randint(-1, 1))), upstream)
    return f"{moved}-{release}.{number}"


def go_sboms(work: Path, count: int) -> Iterator[bytes]:
    """``count`` Go programs in Trivy's form: 181 modules of the Go vulnerability database, near a fixed version."""
    with sqlite3.connect(index_file(work, "go")) as connection:
        rows = connection.execute(
            "SELECT name, fix, max(high) FROM packages JOIN ranges ON package = id WHERE scope = 'golang'"
            " AND name LIKE '%.%/%' AND fix GLOB '[0-9]*.[0-9]*.[0-9]*' GROUP BY name ORDER BY name"
        ).fetchall()
    chance = random.Random(181)
    modules = sorted(chance.sample(rows, GO_MODULES))
    for number in range(count):
        components: list[dict[str, Any]] = []
        for module, fix, _ in modules:
            major, minor = fix.split(".")[:2]
            version = f"v{major}.{max(0, int(minor) + chance.randint(-1, 1))}.{number}"
            components.append(
                {
                    "bom-ref": f"pkg:golang/{module}@{version}",
                    "type": "library",
                    "name": module,
                    "version": version,
                    "purl": f"pkg:golang/{module}@{version}",
                    "properties": [
                        {"name": "aquasecurity:trivy:PkgID", "value": f"{module}@{version}"},
                        {"name": "aquasecurity:trivy:PkgType", "value": "gobinary"},
                    ],
                }
            )
        document = {
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": {"component": {"bom-ref": "root", "type": "application", "name": f"program-{number}"}},
            "components": components,
        }
        yield msgspec.json.format(msgspec.json.encode(document), indent=2)


def fleet(work: Path, nodes: int, sets: int, release: Release, packages: int = 400) -> list[Asset]:
    """Machines from ``sets`` images: 400 packages of AlmaLinux 8, nine of ten at the newest version of their history.

    Each set has packages of its own, as if each had been read from its own machine; the nodes of a set share them.
    """
    chance = random.Random(400)
    with sqlite3.connect(index_file(work, "almalinux")) as connection:
        rows = connection.execute(
            "SELECT name, fix FROM packages JOIN ranges ON package = id"
            " WHERE scope = 'almalinux:8' AND fix != '' GROUP BY name, fix ORDER BY name, high"
        )
        history: dict[str, list[str]] = {}
        for name, fix in rows:
            history.setdefault(name, []).append(fix)
    names = chance.sample(sorted(history), packages)
    made = []
    for _ in range(sets):
        members = []
        for name in names:
            versions = history[name]
            version = versions[-1] if chance.random() < 0.9 else chance.choice(versions)
            epoch, colon, rest = version.partition(":")
            members.append(
                Package(
                    type="rpm",
                    name=name,
                    version=rest if colon else version,
                    arch="x86_64",
                    epoch=int(epoch) if colon else None,
                    purl=f"pkg:rpm/almalinux/{name}@{version}?arch=x86_64",
                )
            )
        made.append(package_set(release, members))
    release_text = "4.18.0-553.el8_10.x86_64"
    kernels = (Kernel(release_text, "kernel-core", "4.18.0-553.el8_10", running=True),)
    return [
        Asset(
            kind="host",
            key=f"machine-{number}",
            name=f"node-{number}",
            source="rpm",
            packages=made[number % sets],
            host=Host(live=True, running_kernel=release_text, kernels=kernels, boot_id=f"boot-{number}"),
        )
        for number in range(nodes)
    ]


def debian_root(work: Path) -> tuple[Path, int] | str:
    """A root with this machine's package database cut to 744 packages, and how many it has; or why there is none."""
    status = Path("/var/lib/dpkg/status")
    if not status.is_file() or shutil.which("dpkg-query") is None:
        return "this machine has no dpkg database"
    root = work / "debian"
    paragraphs = status.read_text(encoding="utf-8").strip().split("\n\n")
    (root / "etc").mkdir(parents=True, exist_ok=True)
    for name in ("os-release", "debian_version"):
        if (file := Path("/etc") / name).is_file():
            shutil.copy(file, root / "etc" / name)
    database = root / "var" / "lib" / "dpkg"
    shutil.copytree("/var/lib/dpkg", database, dirs_exist_ok=True)
    (database / "status").write_text("\n\n".join(paragraphs[:ROOT_PACKAGES]) + "\n\n", encoding="utf-8")
    listed = subprocess.run(["dpkg-query", f"--admindir={database}", "-W"], capture_output=True, check=True)
    return root, listed.stdout.count(b"\n")
