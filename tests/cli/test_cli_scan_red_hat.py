"""From Red Hat's own files to an answer: import, scan of an inventory of RHEL, and what is found."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from tests.data import shared

from oakum.cli.main import main

FILES = (
    "vex/trustify--cve-2024-50602.json.gz", "vex/claircore--cve-2026-0968.json.gz",
    "feeds/rhel/csaf/advisories/2024/rhsa-2024_6163.json", "feeds/rhel/csaf/advisories/2024/rhsa-2024_9371.json",
    "feeds/rhel/csaf/advisories/rhsa-2024_0811.json",
)  # fmt: skip
#: name, version, source: what an inventory of a machine with RHEL 9.2 and its extended support says.
PACKAGES = (
    ("expat", "2.5.0-1.el9", "expat-2.5.0-1.el9.src.rpm"),
    ("sudo", "1.9.5p2-9.el9_2.2", "sudo-1.9.5p2-9.el9_2.2.src.rpm"),
    ("python3-libs", "3.9.18-3.el9_4.5", "python3.9-3.9.18-3.el9_4.5.src.rpm"),
    ("libssh-config", "0.10.4-8.el9", "libssh-0.10.4-8.el9.src.rpm"),
    ("libssh2", "1.11.0-1.el9", "libssh2-1.11.0-1.el9.src.rpm"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "red-hat"
    found.mkdir()
    for file in FILES:
        data = shared(file).read_bytes()
        name = file.rpartition("/")[2].rpartition("--")[2].removesuffix(".gz")
        (found / name).write_bytes(gzip.decompress(data) if file.endswith(".gz") else data)
    return found


def sbom(path: Path) -> Path:
    components: list[dict[str, Any]] = [
        {"type": "library", "name": name, "version": version,
         "purl": f"pkg:rpm/redhat/{name}@{version}?arch=x86_64&distro=rhel-9.2&upstream={source}"}
        for name, version, source in PACKAGES
    ]  # fmt: skip
    system = {"type": "operating-system", "name": "rhel", "version": "9.2"}
    path.write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
                                "metadata": {"component": {"type": "container", "name": "machine"}},
                                "components": [*components, system]}))  # fmt: skip
    return path


def scanned(folder: Path, data: list[str]) -> dict[str, Any]:
    out = folder / "answer.json"
    machine = sbom(folder / "machine.cdx.json")
    main(["scan", str(machine), "--now", "2026-12-01T12:00:00Z", *data, "-o", f"json={out}"])
    answer: dict[str, Any] = json.loads(out.read_bytes())
    return answer


def test_red_hats_files_are_imported_and_judge_an_inventory(folder: Path, tmp_path: Path) -> None:
    data = ["--data", str(tmp_path / "data")]
    assert main(["feeds", "import", str(folder), *data]) == 0
    answer = scanned(tmp_path, data)
    found = {(one["id"], one["package"]["name"]): one for one in answer["findings"]}
    assert sorted(found) == [("CVE-2024-50602", "expat"), ("CVE-2026-0968", "libssh-config")]
    assert found["CVE-2024-50602", "expat"]["fix"]["version"] == "2.5.0-3.el9_5.1"
    assert found["CVE-2026-0968", "libssh-config"]["evidence"][0]["state"] == "Affected"
    assert [source["name"] for source in answer["sources"]] == ["red-hat"]
    assert answer["not_assessable"] == []


def test_trap_16_a_file_that_is_broken_later_keeps_what_was_known_of_its_vulnerability(
    folder: Path, tmp_path: Path
) -> None:
    data = ["--data", str(tmp_path / "data")]
    assert main(["feeds", "import", str(folder), *data]) == 0
    file = folder / "cve-2024-50602.json"
    file.write_bytes(file.read_bytes()[:-100])
    main(["feeds", "import", str(folder), "--allow-shrink", *data])
    assert "CVE-2024-50602" in {one["id"] for one in scanned(tmp_path, data)["findings"]}
