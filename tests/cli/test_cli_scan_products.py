"""From what vendors publish to an answer about their systems: import, and the scan of a root and of a cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.advisories.test_parser_products import notice, release
from tests.fleet.test_products import FILES, INVENTORY, KERNEL

from oakum.cli.main import main

Json = dict[str, Any]
FIX = "#### Security fixes:\n\n- Linux ([CVE-2024-1001](https://nvd.nist.gov/vuln/detail/CVE-2024-1001))\n"
FLATCAR = {
    "3815.2.1": release("stable"), "3815.2.2": release("stable", FIX), "3874.1.0": release("beta", FIX),
    "3913.0.0": release("alpha", FIX), "current": release("stable", FIX),
}  # fmt: skip
ROCKET = (
    '<package arch="x86_64" name="kernel-6.1" version="6.1.140" release="1.1749663821.e27d1b03.br1" epoch="0"/>'
    '<package arch="aarch64" name="kernel-6.1" version="6.1.140" release="1.1749663821.e27d1b03.br1" epoch="0"/>'
)
PAGE = "https://cloud.google.com/container-optimized-os/docs/release-notes/m109"


def bulletin(product: str, *fixed: str, **rest: Any) -> Json:
    return {"id": f"{product}-1", "url": PAGE, "product": product, "cves": ["CVE-2024-1001"], "fixed": fixed, **rest}


BULLETINS = {
    "bulletins": 1, "publisher": "Google",
    "entries": [
        bulletin("cos", "cos-105-17412-370-50", "cos-109-17800-147-60"), bulletin("talos", "v1.6.8", "v1.7.1"),
        bulletin("gke", "1.28.8-gke.1095000", "1.29.3-gke.1282000", part="kubelet"),
        bulletin("rhcos", "414.92.202404010000-0"),
    ],
}  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> list[str]:
    """A store with what the vendors publish."""
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    (feeds / "releases.json").write_text(json.dumps(FLATCAR))
    (feeds / "updateinfo.xml").write_text(f"<updates>{notice(cves=('CVE-2024-1001',), packages=ROCKET)}</updates>")
    (feeds / "google.json").write_text(json.dumps(BULLETINS))
    where = ["--data", str(tmp_path / "data")]
    assert main(["feeds", "import", str(feeds), *where]) == 0
    return where


def scanned(folder: Path, target: list[str], data: list[str]) -> Json:
    out = folder / "answer.json"
    main(["scan", *target, "--now", "2026-12-01T12:00:00Z", *data, "-o", f"json={out}"])
    answer: Json = json.loads(out.read_bytes())
    return answer


def root(folder: Path, files: dict[str, str]) -> list[str]:
    for path, text in files.items():
        at = folder / "root" / path.lstrip("/")
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text)
    return [str(folder / "root")]


def inventory(**kernel: str) -> str:
    return json.dumps({"Content": [KERNEL | kernel]})


#: os-release and inventory -> the fix that is missing, or none; the kinds of gaps that stay whatever is imported.
HOSTS: dict[str, tuple[dict[str, str], str, list[str]]] = {
    "Flatcar before the fix": ({"/etc/os-release": FILES["flatcar"].replace("2.2", "2.1")}, "3815.2.2", []),
    "Flatcar with the fix": ({"/etc/os-release": FILES["flatcar"]}, "", []),
    "Bottlerocket before the fix": (
        {"/etc/os-release": FILES["bottlerocket"], INVENTORY: inventory()}, "6.1.140-1.1749663821.e27d1b03.br1", [],
    ),
    "Bottlerocket with the fix": (
        {
            "/etc/os-release": FILES["bottlerocket"],
            INVENTORY: inventory(Version="6.1.140", Release="1.1749663821.e27d1b03.br1"),
        }, "", [],
    ),
    "COS before the fix": ({"/etc/os-release": FILES["cos"]}, "cos-109-17800-147-60", ["incomplete-inventory"]),
    "COS with the fix": (
        {"/etc/os-release": FILES["cos"].replace("147.54", "147.60")}, "", ["incomplete-inventory"],
    ),
    "Talos before the fix": ({"/etc/os-release": FILES["talos"]}, "v1.7.1", ["incomplete-inventory"]),
    "Talos with the fix": (
        {"/etc/os-release": FILES["talos"].replace("1.7.0", "1.7.1")}, "", ["incomplete-inventory"],
    ),
    "Red Hat CoreOS before the fix": (
        {"/etc/os-release": FILES["rhcos"]}, "414.92.202404010000-0", ["incomplete-inventory"],
    ),
    "Red Hat CoreOS with the fix": (
        {"/etc/os-release": FILES["rhcos"].replace("202403270157", "202404010000")}, "", ["incomplete-inventory"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTS)
def test_a_root_is_judged_by_what_its_vendor_publishes(name: str, tmp_path: Path, data: list[str]) -> None:
    files, fix, staying = HOSTS[name]
    answer = scanned(tmp_path, root(tmp_path, files), data)
    assert [(one["id"], one["fix"]["version"]) for one in answer["findings"]] == (
        [("CVE-2024-1001", fix)] if fix else []
    )
    kinds = {gap["kind"] for gap in answer["not_assessable"] if "golang" not in gap["what"]}
    assert kinds == set(staying)


@pytest.mark.parametrize("name", [name for name in HOSTS if "before" in name])
def test_without_a_feed_a_root_is_not_assessable_and_the_remedy_names_the_feed(name: str, tmp_path: Path) -> None:
    other = tmp_path / "go.json"
    other.write_text(json.dumps({"id": "GO-1", "modified": "2024-01-01T00:00:00Z", "affected": [
        {"package": {"ecosystem": "Go", "name": "example.com/a"}, "ranges": [
            {"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.0.0"}]}]}]}))  # fmt: skip
    where = ["--data", str(tmp_path / "data")]
    assert main(["feeds", "import", str(other), *where]) == 0
    answer = scanned(tmp_path, root(tmp_path, HOSTS[name][0]), where)
    assert answer["findings"] == []
    (gap,) = [gap for gap in answer["not_assessable"] if gap["kind"] == "no-feed"]
    assert "oakum feeds" in gap["remedy"]


def test_a_finding_cites_the_page_of_the_bulletin(tmp_path: Path, data: list[str]) -> None:
    answer = scanned(tmp_path, root(tmp_path, HOSTS["COS before the fix"][0]), data)
    (finding,) = answer["findings"]
    assert finding["evidence"][0]["reason"] == f"cos-1: {PAGE}"


def node(name: str, image: str, kubelet: str, **labels: str) -> Json:
    return {
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "uid": name, "labels": labels},
        "spec": {}, "status": {"nodeInfo": {
            "osImage": image, "kubeletVersion": kubelet, "containerRuntimeVersion": "containerd://1.7.13",
            "operatingSystem": "linux", "architecture": "amd64", "kernelVersion": "6.1.85",
        }},
    }  # fmt: skip


def cluster(folder: Path, *nodes: Json) -> list[str]:
    path = folder / "cluster.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(nodes)}))
    return ["--from", str(path)]


NODES = (
    node("flat-old", "Flatcar Container Linux by Kinvolk 3815.2.1 (Oklo)", "v1.29.3"),
    node("flat-new", "Flatcar Container Linux by Kinvolk 3815.2.2 (Oklo)", "v1.29.3"),
    node("talos-old", "Talos (v1.7.0)", "v1.29.3"),
    node("talos-new", "Talos (v1.7.1)", "v1.29.3"),
    node("gke-old", "Container-Optimized OS from Google", "v1.29.3-gke.1093000"),
    node("gke-new", "Container-Optimized OS from Google", "v1.29.3-gke.1282000"),
    node("ocp-old", "Red Hat Enterprise Linux CoreOS 414.92.202403270157-0 (Plow)", "v1.27.11+749fe1d"),
    node("ocp-new", "Red Hat Enterprise Linux CoreOS 414.92.202404010000-0 (Plow)", "v1.27.11+749fe1d"),
)


def test_nodes_are_judged_by_the_versions_that_they_report(tmp_path: Path, data: list[str]) -> None:
    answer = scanned(tmp_path, cluster(tmp_path, *NODES), data)
    names = {asset["key"]: asset["name"] for asset in answer["assets"]}
    found = {
        (names[key], one["package"]["name"], one["fix"]["version"])
        for one in answer["findings"]
        for key in one["assets"]
    }
    assert found == {
        ("flat-old", "flatcar", "3815.2.2"), ("talos-old", "talos", "v1.7.1"),
        ("gke-old", "k8s.io/kubelet", "1.29.3-gke.1282000"), ("ocp-old", "rhcos", "414.92.202404010000-0"),
    }  # fmt: skip
    unread = {gap["what"].split()[3] for gap in answer["not_assessable"] if gap["kind"] == "unread-node"}
    assert unread == {"talos-old", "talos-new", "gke-old", "gke-new", "ocp-old", "ocp-new"}


def test_without_a_feed_nodes_are_not_assessable_and_the_remedy_names_the_feed(tmp_path: Path) -> None:
    answer = scanned(tmp_path, cluster(tmp_path, *NODES[:4]), ["--feeds", str(_only_go(tmp_path))])
    assert answer["findings"] == []
    remedies = {gap["what"]: gap["remedy"] for gap in answer["not_assessable"] if gap["kind"] == "no-feed"}
    assert "releases.json" in remedies["1 package of flatcar"] and "bulletins" in remedies["1 package of talos"]


def _only_go(folder: Path) -> Path:
    path = folder / "only-go"
    path.mkdir()
    (path / "GO-1.json").write_text(json.dumps({"id": "GO-1", "modified": "2024-01-01T00:00:00Z", "affected": [
        {"package": {"ecosystem": "Go", "name": "example.com/a"}, "ranges": [
            {"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.0.0"}]}]}]}))  # fmt: skip
    return path
