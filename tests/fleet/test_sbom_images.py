"""One image, one answer: Syft's and Trivy's SBOMs of the same image must become the same packages.

Of the identity (type, name, version, epoch, arch, source, source version) nothing differs on the twelve images; what
remains is outside it: Syft lists ten Python packages of amazonlinux:2 which Trivy leaves out.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from tests.data import shared

from oakum.fleet.assets import Asset
from oakum.fleet.packages import Package
from oakum.fleet.sbom import read

IMAGES = {
    "almalinux_8-minimal": ("almalinux:8", 99),
    "alpine_3.18": ("alpine:3.18", 15),
    "alpine_3.20": ("alpine:3.20", 14),
    "amazonlinux_2": ("amzn:2", 106),
    "debian_10-slim": ("debian:10", 84),
    "debian_12-slim": ("debian:12", 88),
    "gcr.io_distroless_base-debian12_latest": ("debian:12", 6),
    "opensuse_leap_15.5": ("opensuse-leap:15.5", 130),
    "oraclelinux_8-slim": ("ol:8", 102),
    "rockylinux_9-minimal": ("rocky:9", 118),
    "ubuntu_20.04": ("ubuntu:20.04", 92),
    "ubuntu_24.04": ("ubuntu:24.04", 92),
}
Identity = tuple[str, str, str, int | None, str, str, str]


def load(stem: str) -> Asset:
    found = sorted(shared("sbom").glob(f"{stem}.*"))
    assert len(found) == 1, stem
    return read(found[0].read_bytes(), name=found[0].name)


def os_packages(asset: Asset) -> list[Package]:
    return [package for package in asset.packages.packages if package.type in {"deb", "rpm", "apk"}]


def identities(asset: Asset) -> set[Identity]:
    return {(p.type, p.name, p.version, p.epoch, p.arch, p.source, p.source_version) for p in os_packages(asset)}


def package(asset: Asset, name: str) -> Package:
    return next(p for p in asset.packages.packages if p.name == name)


@pytest.mark.parametrize("image", IMAGES)
def test_both_tools_sboms_of_an_image_are_the_same_packages(image: str) -> None:
    syft, trivy = load(f"{image}_syft"), load(f"{image}_trivy")
    scope, count = IMAGES[image]
    for asset in (syft, trivy):
        assert asset.gaps == ()
        assert asset.kind == "image"
        assert asset.packages.release is not None
        assert asset.packages.release.scope == scope
        assert len(os_packages(asset)) == count
        assert "gpg-pubkey" not in {p.name for p in os_packages(asset)}
        assert all(p.source and p.source_version for p in os_packages(asset))
    assert identities(syft) == identities(trivy)
    if image != "amazonlinux_2":
        assert syft.packages.digest == trivy.packages.digest
    assert syft.source == "CycloneDX 1.6 by syft 1.39.0"
    assert trivy.source == "CycloneDX 1.6 by trivy 0.67.2"
    assert len(identities(syft)) == count


@pytest.mark.parametrize("image", ["alpine_3.20", "debian_12-slim", "ubuntu_24.04"])
def test_spdx_twins_are_equal_to_cyclonedx(image: str) -> None:
    folder = shared("sbom/spdx")
    file = next(folder.glob(f"{image}_trivy.spdx.json*"))
    spdx, cyclonedx = read(file.read_bytes(), name=file.name), load(f"{image}_trivy")
    assert spdx.packages.digest == cyclonedx.packages.digest
    assert spdx.key == cyclonedx.key
    assert spdx.name == cyclonedx.name
    assert spdx.source == "SPDX 2.3 by trivy 0.67.2"
    assert spdx.gaps == ()


def test_trap_01_epoch_of_both_purl_styles() -> None:
    for tool in ("syft", "trivy"):
        debian, alma = load(f"debian_12-slim_{tool}"), load(f"almalinux_8-minimal_{tool}")
        assert sum(":" in p.version for p in os_packages(debian)) == 11
        assert package(debian, "zlib1g").version == "1:1.2.13.dfsg-1"
        assert package(debian, "zlib1g").source_version == "1:1.2.13.dfsg-1"
        assert (package(alma, "openssl-libs").version, package(alma, "openssl-libs").epoch) == ("1.1.1k-14.el8_6", 1)
        assert package(alma, "bash").epoch is None


def test_trap_02_source_versus_binary_package() -> None:
    for tool in ("syft", "trivy"):
        debian = load(f"debian_12-slim_{tool}")
        other = [p for p in os_packages(debian) if p.source != p.name]
        rebuilt = [p for p in os_packages(debian) if p.source_version != p.version]
        assert len(other) / len(os_packages(debian)) > 0.6
        assert len(rebuilt) >= 4
        bsdutils, bash = package(debian, "bsdutils"), package(debian, "bash")
        assert (bsdutils.version, bsdutils.source) == ("1:2.38.1-5+deb12u3", "util-linux")
        assert bsdutils.source_version == "2.38.1-5+deb12u3"
        assert (bash.version, bash.source, bash.source_version) == ("5.2.15-2+b10", "bash", "5.2.15-2")


def test_trap_13_ecosystem_release_scoping_in_real_sboms() -> None:
    scopes = {
        f"{image}_{tool}": load(f"{image}_{tool}").packages.release for image in IMAGES for tool in ("syft", "trivy")
    }
    assert {stem: release.scope for stem, release in scopes.items() if release} == {
        f"{image}_{tool}": scope for image, (scope, _) in IMAGES.items() for tool in ("syft", "trivy")
    }


def test_gzip_and_plain_are_the_same(tmp_path: Path) -> None:
    file = shared("sbom/alpine_3.20_trivy.cdx.json")
    plain = read(file.read_bytes(), name="x")
    assert read(gzip.compress(file.read_bytes()), name="x") == plain
    assert read(b"\xef\xbb\xbf" + file.read_bytes(), name="x").packages == plain.packages
