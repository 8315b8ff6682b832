"""Feeds of rpm distributions through the real commands: import, scan of a real SBOM, and what is said of each package.

Each finding stands beside its negative twin (the fix is what is installed), and without the feed the packages of the
distribution are not assessable.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.advisories.update_notices import amazon, collection, oracle, update, updates
from tests.data import shared

from oakum.cli.main import main

Ask = Callable[[str, bytes | None], dict[str, Any]]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Import a feed and scan an SBOM of the shared data (or a file)."""
    monkeypatch.setenv("OAKUM_DATA", str(tmp_path / "data"))

    def asked(sbom: str, feed: bytes | None) -> dict[str, Any]:
        if feed is not None:
            (tmp_path / "feed").write_bytes(feed)
            assert main(["feeds", "import", str(tmp_path / "feed"), "--source", "vendor"]) == 0
        capsys.readouterr()
        path = Path(sbom) if sbom.startswith("/") else shared(f"sbom/{sbom}.cdx.json.gz")
        main(["scan", str(path), "--cleared", "-o", "json"])
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    return asked


def told(answer: dict[str, Any]) -> dict[str, str]:
    """Package -> the version that fixes it, or the vendor's word where there is none."""
    return {one["package"]["name"]: one["fix"]["version"] or one["evidence"][0]["state"] for one in answer["findings"]}


def unfed(answer: dict[str, Any], scope: str) -> bool:
    """Whether the packages of the system are not assessable for want of a feed."""
    gaps = [one["what"] for one in answer["not_assessable"] if one["kind"] == "no-feed"]
    return any(gap.endswith(f"packages of {scope}") for gap in gaps)


@pytest.mark.parametrize("tool", ["syft", "trivy"])
def test_notices_of_amazon_find_what_is_below_the_fix_and_nothing_else(ask: Ask, tool: str) -> None:
    sbom = f"amazonlinux_2_{tool}"
    assert unfed(ask(sbom, None), "amzn:2")
    notices = updates(
        amazon("2", "openssl-libs-1:1.0.2k-24.amzn2.0.17.x86_64", number="2026-1"),
        amazon("2", "glibc-2.26-64.amzn2.0.5.x86_64", number="2026-2"),
        amazon("2023", "python-9-9.amzn2023.x86_64", number="2026-3"),
        amazon("2", "rpm-9-9.amzn2.x86_64", topic="docker", number="2026-4"),
        update("ALAS2-2026-5", collection("Amazon Linux 2", "curl-9-9.amzn2.x86_64"), kind="bugfix", cves=()),
    )
    answer = ask(sbom, gzip.compress(notices))
    assert told(answer) == {"openssl-libs": "1:1.0.2k-24.amzn2.0.17", "rpm": "9-9.amzn2"}
    assert not unfed(answer, "amzn:2")


@pytest.mark.parametrize("tool", ["syft", "trivy"])
def test_notices_of_oracle_keep_flavours_and_modules_apart(ask: Ask, tool: str) -> None:
    sbom = f"oraclelinux_8-slim_{tool}"
    assert unfed(ask(sbom, None), "ol:8")
    notices = updates(
        oracle("8", "gnutls-3.6.16-8.el8_10.5.x86_64", number="2026-1"),
        oracle("8", "openssl-libs-1:1.1.1k-14.el8_10.x86_64", number="2026-2"),
        oracle("8", "glibc-2:2.28-251.0.3.ksplice1.el8_10.28.x86_64", number="2026-3"),
        oracle("8", "nettle-10:3.4.1-8.el8_fips.x86_64", number="2026-4"),
        oracle("8", "curl-9-1.module+el8.7.0+1+a.x86_64", number="2026-5", module="curl:9"),
        oracle("9", "rpm-9-9.el9.x86_64", number="2026-6"),
    )
    answer = ask(sbom, notices)
    assert told(answer) == {"gnutls": "3.6.16-8.el8_10.5"}
    assert not unfed(answer, "ol:8")
