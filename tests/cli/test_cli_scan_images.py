"""``oakum scan`` of images on disk: findings, gaps, exit codes, platforms."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fleet.images.builder import Files, file, for_platform, layer, layout, named

from oakum.cli.main import main

Scan = Callable[..., dict[str, Any]]
OS = file("etc/os-release", 'ID=debian\nVERSION_ID="12"\n')
PACKAGE = "Package: {0}\nStatus: install ok installed\nVersion: {1}\nArchitecture: amd64\nSource: {2}\n\n"


def status(**versions: str) -> bytes:
    rows = ((name.replace("_", "-"), version, name.partition("_")[0]) for name, version in versions.items())
    return "".join(PACKAGE.format(*row) for row in rows).encode()


DEBIAN = layer(OS, file("var/lib/dpkg/status", status(curl="7.0-1", linux_image_6="6.1.0-1")))


@pytest.fixture
def scan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Scan:
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    records = []
    for number, name in enumerate(("curl", "linux")):
        events = [{"introduced": "0"}, {"fixed": "8.0-1"}]
        package = {"ecosystem": "Debian:12", "name": name}
        affected = [{"package": package, "ranges": [{"type": "ECOSYSTEM", "events": events}]}]
        records.append({"id": f"CVE-2025-{number}", "modified": "2026-02-28T12:00:00Z", "affected": affected})
    (feeds / "debian.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))

    def run(*words: object, code: int) -> dict[str, Any]:
        out = tmp_path / "answer.json"
        out.unlink(missing_ok=True)
        given = ["scan", "--feeds", feeds, "--now", "2026-03-01T12:00:00Z", "-o", f"json={out}", *words]
        assert main([str(word) for word in given]) == code
        answer = json.loads(out.read_bytes()) if out.exists() else {}
        return {**answer, "told": capsys.readouterr().err}

    return run


def ids(answer: dict[str, Any]) -> list[str]:
    return [one["id"] for one in answer["findings"]]


def test_trap_08_the_packages_of_an_image_are_judged_and_its_kernel_is_not(scan: Scan, tmp_path: Path) -> None:
    layout(DEBIAN).write(tmp_path / "layout")
    (tmp_path / "archive.tar").write_bytes(layout(DEBIAN).tar())
    for name in ("layout", "archive.tar"):
        answer = scan(tmp_path / name, code=0)
        assert ids(answer) == ["CVE-2025-0"]
        (asset,) = answer["assets"]
        assert (asset["kind"], asset["packages"], asset["host"]) == ("image", 2, None)


def test_one_image_named_twice_is_matched_as_one_work_item(scan: Scan, tmp_path: Path) -> None:
    layout(DEBIAN).write(tmp_path / "layout")
    answer = scan(tmp_path / "layout", tmp_path / "layout", code=0)
    assert ids(answer) == ["CVE-2025-0"]
    assert len(answer["findings"][0]["assets"]) == 2


def test_an_image_that_cannot_be_read_is_not_assessable_and_the_others_go_on(scan: Scan, tmp_path: Path) -> None:
    layout(DEBIAN, b"noise" * 300).write(tmp_path / "bad")
    layout(DEBIAN).write(tmp_path / "good")
    answer = scan(tmp_path / "bad", tmp_path / "good", code=3)
    assert ids(answer) == ["CVE-2025-0"]
    (gap,) = (gap for gap in answer["not_assessable"] if gap["kind"] == "unread-image")
    assert "no sound tar archive" in gap["why"]
    assert gap["asset"] == answer["assets"][0]["key"]


def test_a_digest_that_lies_is_told_and_the_others_go_on(scan: Scan, tmp_path: Path) -> None:
    files = layout(DEBIAN)
    largest = max((path for path in files if path.startswith("blobs/")), key=lambda path: len(files[path]))
    files[largest] = files[largest][:-1] + b"x"
    files.write(tmp_path / "bad")
    layout(DEBIAN).write(tmp_path / "good")
    answer = scan(tmp_path / "bad", tmp_path / "good", code=2)
    assert ids(answer) == ["CVE-2025-0"]
    assert "it was changed" in answer["told"]
    assert "fetch or build the image again" in answer["told"]


def test_a_platform_is_chosen(scan: Scan, tmp_path: Path) -> None:
    files = Files()
    other = layer(OS, file("var/lib/dpkg/status", status(other="1")))
    listed = [
        files.image([data], built_for=name, **for_platform(name), **named("web:1"))
        for name, data in {"linux/s390x": DEBIAN, "linux/ppc64le": other}.items()
    ]
    files.index(*listed).write(tmp_path / "layout")
    assert ids(scan(f"{tmp_path}/layout:web:1", "--platform", "linux/s390x", code=0)) == ["CVE-2025-0"]
    assert ids(scan(f"{tmp_path}/layout:1", "--platform", "linux/ppc64le", code=0)) == []
    assert "there are: linux/ppc64le, linux/s390x" in scan(tmp_path / "layout", code=2)["told"]
    assert "no platform" in scan(tmp_path / "layout", "--platform", "s390x", code=2)["told"]
