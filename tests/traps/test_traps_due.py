"""Every trap is held by tests that exist, or is due in a room that will own it; none is forgotten.

The table names each trap, and each part of it that can go wrong by itself. A part is held by tests, given as the file
below ``tests`` and the start of the functions' names, or is due with the room and the reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

TESTS = Path(__file__).resolve().parents[1]
NUMBERED = tuple(f"{number:02}" for number in range(1, 21))
#: The rooms whose tests are named after another list, that of patching.
OTHER_LISTS = ("changes", "policy", "simulation")
#: The list of smaller traps, in its order.
ALSO = (
    "arch-specific advisories", "noarch", "i386 on amd64", "third-party repositories", "held and pinned packages",
    "half-installed dpkg states", "multiarch duplicates", "gpg-pubkey", "scanner scanning itself",
    "kernel flaw that is not compiled in", "purl case and percent-encoding", "PyPI name normalisation",
    "version strings that make a comparator raise",
)  # fmt: skip


class Due(NamedTuple):
    """What is not held yet: the room that will own it, and why it is not built here."""

    room: str
    why: str


Held = tuple[str, ...]
TRAPS: dict[str, dict[str, Held | Due]] = {
    "01": {
        "both purl styles": ("fleet/test_sbom_images.py::test_trap_01", "cli/test_scan_one_answer.py::test_trap_01"),
        "absent is not 0": ("fleet/test_rpmdb_read.py::test_trap_01", "fleet/test_sbom_forms.py::test_trap_01"),
        "a verdict that hangs on it is marked": ("traps/test_trap_01_epoch.py::test_trap_01",),
    },
    "02": {
        "inventories name the source and its version": (
            "fleet/test_sbom_images.py::test_trap_02", "fleet/test_sbom_forms.py::test_trap_02",
            "fleet/test_dpkg.py::test_trap_02", "fleet/test_rpmdb_read.py::test_trap_02",
            "fleet/test_apk_database.py::test_trap_02",
        ),
        "never mixed": (
            "traps/test_trap_02_source_versus_binary.py::test_trap_02", "fleet/test_ecosystems.py::test_trap_02",
        ),
    },
    "03": {
        "the distribution's word wins where it has spoken": (
            "traps/test_trap_03_backport_blindness.py::test_trap_03_backport_blindness_the_distribution",
        ),
        "else undetermined": (
            "traps/test_trap_03_backport_blindness.py::test_trap_03_backport_blindness_a_silent",
            "traps/test_trap_03_in_clusters.py::test_trap_03",
        ),
        "ownership of a file by the package's own list of files": (
            "fleet/languages/test_languages.py::test_trap_03_what_a_package",
            "traps/test_trap_03_backport_blindness.py::test_trap_03_backport_blindness_the_systems",
        ),
    },
    "04": {
        "word, class and reason": (
            "traps/test_trap_04_state_words.py::test_trap_04_state_words_stand",
            "advisories/test_parser_feeds.py::test_trap_04_open",
        ),
        "fix 0": (
            "advisories/test_parser_feeds.py::test_trap_04_fixed",
            "advisories/test_parser_feeds.py::test_trap_04_key",
        ),
        "undetermined": ("traps/test_trap_04_state_words.py::test_trap_04_state_words_undetermined",),
        "denials": ("traps/test_trap_04_state_words.py::test_trap_04_state_words_a_denial",),
        "reasons of Ubuntu's tracker": Due("advisories (Ubuntu CVE tracker, OVAL, CSAF)", "no parser of this feed yet"),
    },
    "05": {
        "channels of the node": (
            "fleet/test_apt_channels.py::test_trap_05", "fleet/test_dnf_channels.py::test_trap_05",
            "advisories/test_parser_osv.py::test_trap_05",
        ),
        "entitled and not entitled": ("traps/test_trap_05_esm_pockets.py::test_trap_05",),
    },
    "06": {
        "streams": (
            "traps/test_trap_06_modularity.py::test_trap_06", "fleet/test_rpmdb_kernels.py::test_trap_06",
            "fleet/test_sbom_forms.py::test_trap_06", "advisories/test_parser_osv.py::test_trap_06",
        ),
    },
    "07": {"flavours": ("traps/test_trap_07_flavours.py::test_trap_07", "fleet/test_dpkg.py::test_trap_07")},
    "08": {
        "one runs": (
            "traps/test_trap_08_kernel.py::test_trap_08_kernel_the_running",
            "traps/test_trap_08_kernel.py::test_trap_08_kernel_of_an_rpm",
            "traps/test_trap_08_kernel.py::test_trap_08_kernel_upgraded",
            "fleet/test_rootfs.py::test_trap_08_many", "fleet/test_rpmdb_kernels.py::test_trap_08_a_kernel",
        ),
        "headers": (
            "traps/test_trap_08_kernel.py::test_trap_08_kernel_headers", "fleet/test_rootfs.py::test_trap_08_headers",
            "fleet/test_rpmdb_kernels.py::test_trap_08_headers",
        ),
        "unowned": (
            "fleet/test_rootfs.py::test_trap_08_this", "traps/test_trap_08_kernel.py::test_trap_08_kernel_that_no",
        ),
        "once for the node, never for an image": ("traps/test_trap_08_kernel.py::test_trap_08_kernel_belongs",),
        "installed and not running": ("traps/test_trap_08_kernel.py::test_trap_08_kernel_fixed",),
        "signed from another source": ("traps/test_trap_08_kernel.py::test_trap_08_kernel_is_signed",),
        "a live patch is loaded": (
            "traps/test_trap_08_kernel.py::test_trap_08_kernel_with_a_live", "fleet/test_rootfs.py::test_trap_08_live",
        ),
        "what a live patch fixes": Due(
            "advisories (LSN, ALASLIVEPATCH)", "no parser of these notices yet: the flaw stays a finding with a note"
        ),
    },
    "09": {
        "replaced files in use": (
            "traps/test_trap_09_running_versus_installed.py::test_trap_09", "fleet/test_rootfs.py::test_trap_09",
        ),
        "container runtime, kubelet and static pods that were not restarted": (
            "traps/test_trap_09_running_in_clusters.py::test_trap_09",
        ),
    },
    "10": {
        "order": ("versions/test_versions_kubernetes.py::test_trap_10",),
        "not comparable": (
            "traps/test_trap_10_kubernetes_builds.py::test_trap_10",
            "traps/test_trap_10_kubernetes_components.py::test_trap_10_kubernetes_components_two_builds",
        ),
        "by component": (
            "traps/test_trap_10_kubernetes_components.py::test_trap_10_kubernetes_components_get",
            "traps/test_trap_10_kubernetes_components.py::test_trap_10_kubernetes_components_share",
        ),
        "flaws of Windows nodes only": (
            "traps/test_trap_10_kubernetes_components.py::test_trap_10_kubernetes_components_windows",
        ),
        "flaws of design": ("traps/test_trap_10_kubernetes_components.py::test_trap_10_kubernetes_components_flaws",),
        "a vendor's build below the fix": (
            "findings/test_component_builds.py::test_trap_10",
            "traps/test_trap_10_kubernetes_components.py::test_trap_10_kubernetes_components_the_vendors",
        ),
        "the vendors' own feeds": Due("advisories (EKS, GKE, AKS bulletins)", "no parser of these feeds yet"),
    },
    "11": {
        "versions": ("versions/test_versions_go.py::test_trap_11", "traps/test_trap_11_go_binaries.py::test_trap_11"),
        "replaced modules": ("fleet/languages/test_languages.py::test_trap_11",),
        "main versions and symbols": Due(
            "fleet (images)", "what a linker was told of the main version, and which symbols are there, is not read"
        ),
        "staging modules": ("traps/test_trap_11_go_binaries.py::test_trap_11_go_binaries_staging",),
        "add-ons that a vendor built anew": ("traps/test_trap_11_go_binaries.py::test_trap_11_go_binaries_of_an",),
    },
    "12": {
        "semantics": (
            "traps/test_trap_12_osv_ranges.py::test_trap_12", "advisories/test_parser_osv.py::test_trap_12",
            "advisories/test_index_reference.py::test_trap_12",
        ),
        "last affected and builds of that version": (
            "traps/test_trap_12_osv_ranges.py::test_trap_12_osv_ranges_of_a_component",
        ),
    },
    "13": {
        "scopes": (
            "traps/test_trap_13_release_scoping.py::test_trap_13", "fleet/test_ecosystems.py::test_trap_13",
            "fleet/test_sbom_forms.py::test_trap_13", "fleet/test_sbom_images.py::test_trap_13",
        ),
    },
    "14": {
        "rolling": ("traps/test_trap_14_rolling_and_image_based.py::test_trap_14_rolling_and_image_based_wolfi",),
        "without a package list": (
            "traps/test_trap_14_rolling_and_image_based.py::test_trap_14_rolling_and_image_based_a_system",
        ),
        "nodes without a package list": (
            "traps/test_trap_14_rolling_and_image_based.py::test_trap_14_rolling_and_image_based_nodes",
        ),
        "by the version of the system": Due(
            "advisories (Bottlerocket, Flatcar, Talos, COS)",
            "no parser of these feeds yet",
        ),
    },
    "15": {
        "groups": ("traps/test_trap_15_aliases.py::test_trap_15", "advisories/test_parser_osv.py::test_trap_15"),
        "one twin has the fix": ("traps/test_trap_15_aliases.py::test_trap_15_aliases_a_twin",),
        "revoked": ("traps/test_trap_15_aliases.py::test_trap_15_aliases_that_are_revoked",),
        "bundles": ("traps/test_trap_15_aliases.py::test_trap_15_aliases_a_bundle",),
    },
    "16": {
        "withdrawn": ("traps/test_trap_16_withdrawn.py::test_trap_16", "findings/test_as_of.py::test_trap_16"),
        "shrunken feed": ("advisories/test_feed_store.py::test_trap_16", "cli/test_cli_feeds.py::test_trap_16"),
        "removed from KEV": ("risk/test_decide.py::test_trap_16",),
        "rejected and disputed": Due(
            "advisories (CVE list)",
            "the state of a CVE id is not asked when a finding is judged",
        ),
    },
    "17": {
        "as of": (
            "traps/test_trap_17_time.py::test_trap_17", "findings/test_as_of.py::test_trap_17",
            "advisories/test_feed_store.py::test_trap_17", "risk/test_decide.py::test_trap_17",
        ),
        "dirty dates": ("advisories/test_parser_osv.py::test_trap_17_times",),
    },
    "18": {
        "never averaged": ("risk/test_severity.py::test_trap_18", "traps/test_trap_18_19_in_findings.py::test_trap_18"),
    },
    "19": {
        "evidence": ("risk/test_decide.py::test_trap_19", "traps/test_trap_18_19_in_findings.py::test_trap_19"),
        "storms on the day of a new model": Due("signals", "nothing notifies anybody yet"),
        "KEV is for a product": Due("risk", "the catalogue names products in words; the CVE alone is compared"),
    },
    "20": {
        "key": ("traps/test_trap_20_identity.py::test_trap_20",),
        "known before": ("cli/test_cli_scan.py::test_trap_20",),
        "VEX": ("cli/test_cli_scan_vex.py::test_trap_20", "findings/test_statements_ruling.py::test_trap_20"),
        "accepted risks": Due("policy (exceptions)", "a policy's exceptions are not laid on findings yet"),
    },
}  # fmt: skip
SMALLER: dict[str, Held | Due] = {
    "arch-specific advisories": ("traps/test_trap_also.py::test_trap_also_arch",),
    "noarch": ("traps/test_trap_also.py::test_trap_also_arch",),
    "i386 on amd64": ("traps/test_trap_also.py::test_trap_also_i386",),
    "third-party repositories": (
        "traps/test_trap_also.py::test_trap_also_third_party", "fleet/test_apt_origins.py::test_trap_also",
    ),
    "held and pinned packages": (
        "traps/test_trap_also.py::test_trap_also_held", "fleet/test_dpkg.py::test_trap_also_held",
    ),
    "half-installed dpkg states": (
        "traps/test_trap_also.py::test_trap_also_half", "fleet/test_dpkg.py::test_trap_also_held_and_half",
    ),
    "multiarch duplicates": (
        "traps/test_trap_also.py::test_trap_also_i386", "fleet/test_dpkg.py::test_trap_also_multiarch",
    ),
    "gpg-pubkey": ("traps/test_trap_also.py::test_trap_also_gpg",),
    "scanner scanning itself": ("traps/test_trap_also.py::test_trap_also_the_scanner",),
    "kernel flaw that is not compiled in": Due(
        "policy (VEX)",
        "the configuration of a kernel is not compared with a flaw",
    ),
    "purl case and percent-encoding": ("traps/test_trap_also.py::test_trap_also_purl",),
    "PyPI name normalisation": ("traps/test_trap_also.py::test_trap_also_pypi",),
    "version strings that make a comparator raise": ("traps/test_trap_also.py::test_trap_also_version",),
}  # fmt: skip

PARTS = [
    pytest.param(number, held, id=f"{number} {part}") for number, parts in TRAPS.items() for part, held in parts.items()
] + [pytest.param("also", held, id=part) for part, held in SMALLER.items()]


def test_no_trap_is_forgotten() -> None:
    assert tuple(TRAPS) == NUMBERED
    assert tuple(SMALLER) == ALSO
    assert all(parts for parts in TRAPS.values())


@pytest.mark.parametrize("number", NUMBERED)
def test_every_numbered_trap_has_a_test(number: str) -> None:
    assert any(not isinstance(held, Due) for held in TRAPS[number].values())


@pytest.mark.parametrize(("number", "held"), PARTS)
def test_a_part_is_held_by_tests_named_after_its_trap_or_is_due(number: str, held: Held | Due) -> None:
    if isinstance(held, Due):
        assert len(held.room) > 3 and len(held.why) > 20
        return
    assert held
    for name in held:
        file, _, start = name.partition("::")
        assert start.startswith(f"test_trap_{number}"), f"{name} is not named after its trap"
        assert any(found.startswith(start) for found in functions(TESTS / file)), f"no test {name}"


def test_a_test_that_is_named_after_a_trap_names_one_of_the_list() -> None:
    files = (path for path in TESTS.rglob("test_*.py") if path.relative_to(TESTS).parts[0] not in OTHER_LISTS)
    numbers = {number for path in files for number in trap_numbers(path)}
    assert numbers <= {*NUMBERED, "also"}


def trap_numbers(path: Path) -> Iterator[str]:
    for name in functions(path):
        if found := re.match(r"test_trap_([a-z0-9]+)", name):
            yield found[1]


@cache
def functions(path: Path) -> tuple[str, ...]:
    tree = ast.parse(path.read_bytes(), str(path))
    return tuple(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
