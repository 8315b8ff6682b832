"""One vocabulary of releases: OSV names, os-release files and SBOM spellings must meet in the same scope."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data import shared
from tests.fleet.examples import at_least

from oakum.fleet.ecosystems import naming, release_from_name, release_from_os_release, scope_of_osv

OSV = {
    "Debian:12": ("debian:12", "", "deb"),
    "debian:12": ("debian:12", "", "deb"),
    "Debian": ("debian", "", "deb"),
    "Debian:sid": ("debian:sid", "", "deb"),
    "Ubuntu:22.04:LTS": ("ubuntu:22.04", "", "deb"),
    "Ubuntu:25.10": ("ubuntu:25.10", "", "deb"),
    "Ubuntu:Pro:16.04:LTS": ("ubuntu:16.04", "pro", "deb"),
    "Ubuntu:Pro:FIPS-updates:20.04:LTS": ("ubuntu:20.04", "fips-updates", "deb"),
    "Ubuntu:ubuntu_pro:22.04::main": ("ubuntu:22.04", "pro", "deb"),
    "Alpine:v3.18": ("alpine:3.18", "", "apk"),
    "Alpine:edge": ("alpine:edge", "", "apk"),
    "Alpine": ("alpine", "", "apk"),
    "AlmaLinux:8": ("almalinux:8", "", "rpm"),
    "AlmaLinux": ("almalinux", "", "rpm"),
    "Rocky Linux:9": ("rocky:9", "", "rpm"),
    "Red Hat:enterprise_linux:9::baseos": ("rhel:9", "", "rpm"),
    "Red Hat:rhel_eus:9.2::appstream": ("rhel:9", "eus:9.2", "rpm"),
    "Red Hat:rhel_e4s:9.2::appstream": ("rhel:9", "e4s:9.2", "rpm"),
    "Red Hat:openshift:4.12::el8": ("rhel:8", "openshift:4.12", "rpm"),
    "openSUSE:Leap 15.5": ("opensuse-leap:15.5", "", "rpm"),
    "openSUSE:Tumbleweed": ("opensuse-tumbleweed", "", "rpm"),
    "SUSE:Linux Enterprise Server 15 SP5": ("sles:15.5", "", "rpm"),
    "SUSE:Linux Enterprise Server 15 SP3-LTSS": ("sles:15.3", "ltss", "rpm"),
    "SUSE:Linux Enterprise Module for Basesystem 15 SP5": ("sles:15.5", "module-basesystem", "rpm"),
    "SUSE Linux Enterprise Server:sles:15:sp4::module-containers": ("sles:15.4", "module-containers", "rpm"),
    "Oracle Linux:8": ("ol:8", "", "rpm"),
    "Oracle Linux:ol8_baseos_latest::ol8_baseos_latest": ("ol:8", "", "rpm"),
    "Amazon Linux:2": ("amzn:2", "", "rpm"),
    "Amazon Linux:amazon_linux_2023::al2023_appstream": ("amzn:2023", "", "rpm"),
    "Photon OS:4.0": ("photon:4", "", "rpm"),
    "Azure Linux:2": ("mariner:2", "", "rpm"),
    "Azure Linux:3": ("azurelinux:3", "", "rpm"),
    "openEuler:22.03-LTS-SP3": ("openeuler:22.03-lts-sp3", "", "rpm"),
    "Mageia:9": ("mageia:9", "", "rpm"),
    "Wolfi": ("wolfi", "", "apk"),
    "Chainguard": ("chainguard", "", "apk"),
    "MinimOS": ("minimos", "", "apk"),
    "Echo": ("echo", "", "deb"),
    "Root:Debian:12": ("root:debian:12", "", "deb"),
    "Seal:npm": ("seal:npm", "", "npm"),
    "Seal:Red Hat:7": ("seal:rhel:7", "", "rpm"),
    "Go": ("golang", "", "golang"),
    "npm": ("npm", "", "npm"),
    "PyPI": ("pypi", "", "pypi"),
    "Maven": ("maven", "", "maven"),
    "Maven:https://maven.google.com": ("maven", "", "maven"),
    "RubyGems": ("gem", "", "gem"),
    "NuGet": ("nuget", "", "nuget"),
    "Packagist": ("composer", "", "composer"),
    "crates.io": ("cargo", "", "cargo"),
    "Hex": ("hex", "", "hex"),
    "Pub": ("pub", "", "pub"),
    "CRAN": ("cran", "", "cran"),
    "Hackage": ("hackage", "", "hackage"),
    "GHC": ("ghc", "", "ghc"),
    "Bitnami": ("bitnami", "", "bitnami"),
    "bitnami": ("bitnami", "", "bitnami"),
    "kubernetes": ("kubernetes", "", "kubernetes"),
    "Kubernetes": ("kubernetes", "", "kubernetes"),
    "SwiftURL": ("swift", "", "swift"),
    "GitHub Actions": ("githubactions", "", "githubactions"),
}
#: Every ecosystem of the OSV schema that names a release, or none.
SCHEMA = (
    "AlmaLinux Alpaquita Alpine Android|BellSoft Hardened Containers|Bioconductor Bitnami Chainguard CleanStart "
    "ConanCenter CRAN crates.io Debian|Docker Hardened Images:Debian:12|Echo GHC|GitHub Actions|Go Hackage Hex Julia "
    "Kubernetes Linux Mageia Maven MinimOS npm NuGet opam openEuler openSUSE OSS-Fuzz Packagist|Photon OS|Pub PyPI|"
    "Red Hat|Rocky Linux|Root:npm|RubyGems SUSE SwiftURL TuxCare:Debian:12|Ubuntu VSCode Wolfi|Azure Linux"
)
UNSPACED = [
    name
    for part in SCHEMA.split("|")
    for name in (
        [part]
        if part.split()[0] in {"BellSoft", "Docker", "GitHub", "Photon", "Red", "Rocky", "Azure"}
        else part.split()
    )
]


@pytest.mark.parametrize("name", OSV)
def test_trap_13_ecosystem_release_scoping_of_osv_names(name: str) -> None:
    found = scope_of_osv(name)
    assert found is not None
    assert (found.scope, found.channel, found.type) == OSV[name]


@pytest.mark.parametrize("name", UNSPACED)
def test_every_ecosystem_of_the_schema_is_known_in_any_case(name: str) -> None:
    assert scope_of_osv(name) is not None
    assert scope_of_osv(name.upper()) == scope_of_osv(name)


@pytest.mark.parametrize("name", ["", "Ecosystem1", "JavaScript", "x" * 10_000, ":", "::12"])
def test_an_unknown_ecosystem_is_none_and_never_something_near(name: str) -> None:
    assert scope_of_osv(name) is None


def test_another_vendors_rebuild_never_shares_the_scope_of_the_distribution() -> None:
    for vendor in ("Root", "Seal", "TuxCare"):
        rebuilt, base = scope_of_osv(f"{vendor}:Debian:12"), scope_of_osv("Debian:12")
        assert rebuilt is not None and base is not None
        assert rebuilt.scope != base.scope
        assert rebuilt.type == base.type


@given(st.text(max_size=60), st.text(max_size=30))
@settings(max_examples=at_least(300))
def test_names_never_raise(name: str, version: str) -> None:
    scope_of_osv(name)
    release_from_name(name, version)
    release_from_os_release({"ID": name, "VERSION_ID": version, "PRETTY_NAME": name})


def os_release(text: str) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line)
    return {key: "".join(shlex.split(value)) if value[:1] in "\"'" else value for key, value in pairs}


def test_all_real_os_release_files() -> None:
    folder = shared("os-release")
    special = {
        "alpine-edge": "alpine:edge",
        "ubuntu-dist_11": "debian:11",
        "rhel-releasefiles_atomichost-7": "rhel:7",
        "rhel-releasefiles_hummingbird": "hummingbird",
    }
    files = sorted(folder.glob("*.txt"))
    assert len(files) == 56
    for file in files:
        kind, _, rest = file.stem.partition("-")
        expected = special.get(file.stem) or f"{kind}:{rest.rpartition('_')[2]}"
        release = release_from_os_release(os_release(file.read_text()))
        assert release is not None, file.name
        assert release.scope == expected, file.name
        assert release.known


@pytest.mark.parametrize(
    ("fields", "scope", "parent"),
    [
        ({"ID": "linuxmint", "VERSION_ID": "21.3", "UBUNTU_CODENAME": "jammy"}, "linuxmint:21.3", "ubuntu:22.04"),
        ({"ID": "linuxmint", "VERSION_ID": "6", "DEBIAN_CODENAME": "bookworm"}, "linuxmint:6", "debian:12"),
        ({"ID": "raspbian", "ID_LIKE": "debian", "VERSION_ID": "12"}, "raspbian:12", "debian:12"),
        ({"ID": "pop", "ID_LIKE": "ubuntu debian", "VERSION_ID": "22.04"}, "pop:22.04", "ubuntu:22.04"),
        ({"ID": "centos", "NAME": "CentOS Linux", "VERSION_ID": "7"}, "centos:7", "rhel:7"),
        ({"ID": "centos", "NAME": "CentOS Stream", "VERSION_ID": "8"}, "centos-stream:8", ""),
        ({"ID": "kali", "ID_LIKE": "debian", "VERSION_ID": "2024.1"}, "kali", ""),
        ({"ID": "gardenlinux", "ID_LIKE": "debian", "VERSION_ID": "1443.3"}, "gardenlinux:1443.3", ""),
        ({"ID": "somebodys", "ID_LIKE": "debian", "VERSION_ID": "12"}, "somebodys:12", ""),
    ],
)
def test_trap_13_derivatives_take_the_parents_advisories_only_where_they_hold(
    fields: dict[str, str], scope: str, parent: str
) -> None:
    release = release_from_os_release(fields)
    assert release is not None
    assert (release.scope, release.parent) == (scope, parent)


def test_debian_without_a_version_is_testing_or_unstable() -> None:
    fields = {"ID": "debian", "PRETTY_NAME": "Debian GNU/Linux trixie/sid", "VERSION_CODENAME": "trixie"}
    release = release_from_os_release(fields)
    assert release is not None
    assert (release.scope, release.rolling, release.known) == ("debian:sid", True, True)


@pytest.mark.parametrize("fields", [{}, {"ID": ""}, {"ID": "a b"}, {"ID": "../x"}, {"VERSION_ID": "12"}])
def test_no_usable_id_is_no_release(fields: dict[str, str]) -> None:
    assert release_from_os_release(fields) is None


@pytest.mark.parametrize(
    ("name", "version", "scope"),
    [
        ("debian-12", "", "debian:12"),
        ("debian-12.13", "", "debian:12"),
        ("debian", "12.13", "debian:12"),
        ("Debian GNU/Linux 12", "", "debian:12"),
        ("alma-8.10", "", "almalinux:8"),
        ("almalinux-8.10", "", "almalinux:8"),
        ("ol-8.10", "", "ol:8"),
        ("oracle-8.10", "", "ol:8"),
        ("amzn-2", "", "amzn:2"),
        ("amazon-2 (Karoo)", "", "amzn:2"),
        ("amazon", "2 (Karoo)", "amzn:2"),
        ("amazon AMI release 2018.03", "", "amzn:1"),
        ("opensuse-leap-15.5", "", "opensuse-leap:15.5"),
        ("opensuse.leap", "15.5", "opensuse-leap:15.5"),
        ("opensuse-tumbleweed-20240101", "", "opensuse-tumbleweed"),
        ("rocky-9.3", "", "rocky:9"),
        ("redhat-8.5", "", "rhel:8"),
        ("rhel-8.5", "", "rhel:8"),
        ("photon-4.0", "", "photon:4"),
        ("wolfi-20230201", "", "wolfi"),
        ("bookworm", "", "debian:12"),
        ("jammy", "", "ubuntu:22.04"),
        ("alpine", "3.18.12", "alpine:3.18"),
        ("alpine", "3.19_alpha20230901", "alpine:edge"),
        ("alpine-edge", "", "alpine:edge"),
        ("sles", "15.5", "sles:15.5"),
        ("SLES 15 SP5", "", "sles:15.5"),
        ("cbl-mariner", "2.0", "mariner:2"),
        ("centos", "9", "centos-stream:9"),
        ("centos", "8.4.2105", "centos:8"),
        ("fedora", "40", "fedora:40"),
    ],
)
def test_trap_13_every_tools_spelling_of_a_release(name: str, version: str, scope: str) -> None:
    release = release_from_name(name, version)
    assert release is not None
    assert release.scope == scope
    assert release.known


@pytest.mark.parametrize("name", ["rhel", "debian", "opensuse.leap", "debian-twelve"])
def test_a_product_without_a_release_is_not_known(name: str) -> None:
    release = release_from_name(name)
    assert release is None or not release.known


@pytest.mark.parametrize("name", ["", "-", "3.18.12", "foo-1", "talosish", "x" * 5000])
def test_an_unknown_product_is_none(name: str) -> None:
    assert release_from_name(name) is None


def test_trap_02_source_versus_binary_is_decided_by_the_product() -> None:
    expected = {"debian": "source", "ubuntu": "source", "raspbian": "source", "alpine": "source"}
    expected |= {"almalinux": "binary", "rhel": "binary", "amzn": "binary", "ol": "binary", "fedora": "source"}
    expected |= dict.fromkeys(("rocky", "opensuse-leap", "sles", "photon", "azurelinux", "wolfi", "nobodys"), "either")
    assert {product: naming(product) for product in expected} == expected
