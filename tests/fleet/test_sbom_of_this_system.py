"""A part of this machine's packages, written down by distro2sbom in each of its forms, SPDX 3 among them.

The tool is real and runs here; what dpkg itself says of the same packages is the measure.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from oakum.fleet.sbom import read

FORMS = {
    "SPDX 2.3 tag-value": ("spdx", "tag"),
    "SPDX 2.3 JSON": ("spdx", "json"),
    "SPDX 3.0.1": ("spdx", "json"),
    "CycloneDX": ("cyclonedx", "json"),
}


def written(form: str, folder: Path) -> bytes:
    """apt and what it needs, in this form."""
    tool = shutil.which("distro2sbom", path=str(Path(sys.executable).parent)) or shutil.which("distro2sbom")
    if tool is None or shutil.which("dpkg") is None:
        pytest.skip("not installed: distro2sbom, or dpkg")
    kind, notation = FORMS[form]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    if form.startswith("SPDX 3"):
        environment["LIB4SBOM_SPDX3"] = "1"
    target = folder / "sbom"
    words = ["--distro", "deb", "--package", "apt", "--sbom", kind, "--format", notation, "-o", str(target)]
    subprocess.run([tool, *words], env=environment, check=True, timeout=120, stdin=subprocess.DEVNULL)
    return target.read_bytes()


def known_to_dpkg(names: list[str]) -> set[tuple[str, str, str]]:
    form = "${Package} ${Version} ${Architecture}\n"
    answer = subprocess.run(["dpkg-query", "-W", "-f", form, *names], check=True, capture_output=True, text=True)
    return {(name, version, arch) for name, version, arch in map(str.split, answer.stdout.splitlines())}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_names_the_packages_that_dpkg_knows(form: str, tmp_path: Path) -> None:
    asset = read(written(form, tmp_path), name="x")
    assert asset.source.startswith(form.partition(" tag")[0].removesuffix(" JSON"))
    assert "by distro2sbom" in asset.source
    packages = asset.packages.packages
    ours = {(one.name, one.version, one.arch) for one in packages}
    assert ours <= known_to_dpkg([one.name for one in packages])
    assert {"apt", "libc6", "gpgv"} <= {one.name for one in packages}


@pytest.mark.parametrize("form", FORMS)
def test_no_form_of_it_tells_source_packages_and_that_is_said(form: str, tmp_path: Path) -> None:
    asset = read(written(form, tmp_path), name="x")
    (gap,) = asset.gaps
    assert gap.kind == "incomplete-inventory"
    assert gap.what == f"source packages of {len(asset.packages.packages)} packages of type deb"


def test_its_spdx_3_is_no_other_set_than_its_spdx_2_and_is_known_by_its_content(tmp_path: Path) -> None:
    second, third = written("SPDX 2.3 JSON", tmp_path), written("SPDX 3.0.1", tmp_path)
    two, three = read(second, name="x"), read(third, name="x")
    assert (three.packages, three.gaps) == (two.packages, two.gaps)
    # Every document of this tool has the same identifier in SPDX 3.
    (identifier,) = (one["spdxId"] for one in json.loads(third)["@graph"] if one["type"] == "SpdxDocument")
    assert identifier.startswith("http://spdx.org/spdxdocs/SPDXRef-SpdxDocument-")
    assert three.key.startswith("sha256:")
    assert identifier not in three.subject
