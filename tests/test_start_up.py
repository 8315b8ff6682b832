"""What a start imports: each command pays for itself only, and a scan of one SBOM for nothing that it does not use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

#: Needed by some form of input, output or condition, never by the start.
HEAVY = ("yaml", "rich", "cyclonedx", "cel_expr_python", "asyncio", "packageurl", "http", "urllib.request")
SBOM = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "metadata": {"component": {"type": "container", "name": "image"}},
    "components": [
        {"type": "operating-system", "name": "debian", "version": "12"},
        {
            "type": "library",
            "name": "bash",
            "version": "5.2.15-2+b2",
            "purl": "pkg:deb/debian/bash@5.2.15-2%2Bb2?arch=amd64&distro=debian-12",
        },
    ],
}
PROBE = """
import sys
from oakum.cli.main import main
try:
    code = main(sys.argv[1:])
except SystemExit as end:
    code = end.code or 0
print("exit", code, *sorted(sys.modules), file=sys.stderr)
"""


def imported(*words: str) -> tuple[int, set[str]]:
    """The exit code of one command in a process of its own, and every module that is loaded at its end."""
    done = subprocess.run([sys.executable, "-c", PROBE, *words], capture_output=True, text=True, check=True)
    word, code, *modules = done.stderr.splitlines()[-1].split()
    assert word == "exit"
    return int(code), set(modules)


def test_the_version_is_told_without_loading_any_command() -> None:
    code, modules = imported("--version")
    assert code == 0
    assert modules.isdisjoint(HEAVY)
    assert not {name for name in modules if name.startswith(("oakum.local", "oakum.advisories", "oakum.fleet"))}


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_scan_of_one_sbom_loads_no_heavy_library(tmp_path: Path, form: str) -> None:
    sbom = tmp_path / "image.cdx.json"
    sbom.write_text(json.dumps(SBOM), encoding="utf-8")
    code, modules = imported("scan", str(sbom), "--data", str(tmp_path / "data"), "-o", form)
    assert code == 3, "without feeds nothing can be assessed"
    assert modules.isdisjoint(HEAVY)
    assert "oakum.fleet.sbom" in modules


def test_a_scan_of_one_sbom_loads_no_reader_of_machines(tmp_path: Path) -> None:
    sbom = tmp_path / "image.cdx.json"
    sbom.write_text(json.dumps(SBOM), encoding="utf-8")
    _, modules = imported("scan", str(sbom), "--data", str(tmp_path / "data"))
    assert modules.isdisjoint({"oakum.fleet.rootfs", "oakum.fleet.rpmdb", "oakum.adapters.files.tree"})
    assert not {name for name in modules if name.startswith(("oakum.adapters.registry", "httpx2"))}


def test_a_scan_without_a_report_loads_nothing_that_compares(tmp_path: Path) -> None:
    sbom = tmp_path / "image.cdx.json"
    sbom.write_text(json.dumps(SBOM), encoding="utf-8")
    _, modules = imported("scan", str(sbom), "--data", str(tmp_path / "data"))
    assert not {name for name in modules if name.startswith(("oakum.findings.foreign", "oakum.local.comparing"))}


def test_a_scan_without_a_history_loads_nothing_that_follows_findings(tmp_path: Path) -> None:
    sbom = tmp_path / "image.cdx.json"
    sbom.write_text(json.dumps(SBOM), encoding="utf-8")
    _, modules = imported("scan", str(sbom), "--data", str(tmp_path / "data"))
    parts = ("oakum.findings.history", "oakum.findings.delta", "oakum.local.histories", "oakum.local.since")
    assert not {name for name in modules if name.startswith(parts)}


FORMS = {"cyclonedx", "cyclonedx_xml", "markup", "spdx", "spdx_tags", "spdx3", "syft", "kbom"}


@pytest.mark.parametrize(
    ("text", "readers"),
    [
        (json.dumps(SBOM), {"cyclonedx"}),
        ('<bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>', {"cyclonedx", "cyclonedx_xml", "markup"}),
        ("SPDXVersion: SPDX-2.3\nDocumentName: n\n", {"spdx", "spdx_tags"}),
    ],
)
def test_a_scan_of_one_sbom_loads_the_reader_of_its_form_only(tmp_path: Path, text: str, readers: set[str]) -> None:
    sbom = tmp_path / "sbom"
    sbom.write_text(text, encoding="utf-8")
    code, modules = imported("scan", str(sbom), "--data", str(tmp_path / "data"))
    assert code == 3
    assert {name for name in FORMS if f"oakum.fleet.sbom.{name}" in modules} == readers
    assert ("pyexpat" in modules) == ("markup" in readers)
    assert modules.isdisjoint(HEAVY)
    assert "oakum.fleet.cluster.components" not in modules
