"""SUSE's CSAF documents by ``feeds import`` and ``scan`` of an inventory: with them an answer, without them none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.advisories.suse_documents import LEAP, LTSS, SLES, suse

from oakum.adapters.feeds.store import FeedStore
from oakum.cli.main import main


def sbom(folder: Path, version: str, *, product: str = "sles", release: str = "15.5") -> Path:
    """A CycloneDX inventory of one package."""
    path = folder / f"{product}-{version}.cdx.json"
    purl = f"pkg:rpm/suse/foo@{version}?arch=x86_64&distro={product}-{release}"
    path.write_text(json.dumps({
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {"component": {"type": "container", "name": "x", "bom-ref": "x"}},
        "components": [
            {"type": "operating-system", "name": product, "version": release, "bom-ref": "os"},
            {"type": "library", "name": "foo", "version": version, "purl": purl, "bom-ref": "foo"},
        ],
    }))  # fmt: skip
    return path


def scan(capsys: pytest.CaptureFixture[str], data: Path, path: Path) -> tuple[list[tuple[str, str, str]], list[str]]:
    """(CVE, fix, channel) of each finding, and what is not assessable."""
    capsys.readouterr()
    main(["scan", str(path), "--data", str(data), "-o", "json"])
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    found = [(one["id"], one["fix"]["version"], one["fix"]["channel"]) for one in answer["findings"]]
    return found, [f"{gap['what']} {gap['why']}" for gap in answer["not_assessable"]]


def documents(folder: Path) -> Path:
    folder.mkdir()
    for cve, said in {
        "CVE-2024-1001": (
            (SLES, "foo-1.0-150500.5.14.1", "recommended"), ("SUSE Example Appliance 3", "foo", "known_affected"),
        ),
        "CVE-2024-1002": ((SLES, "foo", "known_affected"), (LTSS, "foo-1.0-150500.5.20.1", "recommended")),
        "CVE-2024-1003": ((LEAP, "foo-1.0-150600.1.1", "recommended"),),
    }.items():  # fmt: skip
        (folder / f"{cve.lower()}.json").write_text(json.dumps(suse(*said, cve=cve)))
    (folder / "cve-2024-1004.json").write_bytes(b'{"document": {"csaf_version": "2.0"}')
    return folder


def test_from_documents_to_an_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    old, new = sbom(tmp_path, "1.0-150500.5.13.1"), sbom(tmp_path, "1.0-150500.5.20.1")
    found, gaps = scan(capsys, data, old)
    assert found == []
    assert any("sles:15.5" in why for why in gaps), "without a feed nobody speaks of it"
    folder = documents(tmp_path / "csaf-vex")
    assert main(["feeds", "import", str(folder), "--data", str(data)]) == 2, "one document is broken"
    with FeedStore.open(data / "feeds") as store:
        (source,) = store.sources()
    assert (source.name, source.format, source.facts) == ("csaf-vex", "csaf", 3)
    assert sorted(one.record for one in source.problems) == ["CVE-2024-1001", "cve-2024-1004"]
    assert scan(capsys, data, old)[0] == [
        ("CVE-2024-1001", "1.0-150500.5.14.1", ""), ("CVE-2024-1002", "1.0-150500.5.20.1", "ltss"),
    ]  # fmt: skip
    assert scan(capsys, data, new)[0] == []
    leap = {"product": "opensuse-leap", "release": "15.6"}
    assert [one[0] for one in scan(capsys, data, sbom(tmp_path, "1.0-150600.0.1", **leap))[0]] == ["CVE-2024-1003"]
    assert scan(capsys, data, sbom(tmp_path, "1.0-150600.1.1", **leap))[0] == []
    found, gaps = scan(capsys, data, sbom(tmp_path, "1.0-1.1", product="sle-micro", release="5.5"))
    assert found == []
    assert any("sle-micro:5.5" in why for why in gaps)
