"""``oakum scan --from DUMP`` from end to end: what an answer tells of a cluster, and what bad dumps do to it."""

from __future__ import annotations

import copy
import io
import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from oakum.cli.main import main

DEMO = Path(__file__).resolve().parents[2] / "demo"
NOW = "2026-09-01T12:00:00Z"
Json = dict[str, Any]
Scan = Callable[..., Json]
WEB = "sha256:" + "a" * 64
PRIORITY = ("3 days", "14 days", "60 days", "fix on system upgrade")


@pytest.fixture
def scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scan:
    """Scans with the advisories of the demo; asserts the exit code, and returns the JSON answer."""
    monkeypatch.setenv("OAKUM_DATA", str(tmp_path / "data"))
    assert main(["feeds", "import", str(DEMO / "feeds")]) == 0

    def run(*words: str, code: int = 3) -> Json:
        out = tmp_path / "answer.json"
        out.unlink(missing_ok=True)
        assert main(["scan", *words, "--now", NOW, "-o", f"json={out}"]) == code
        return dict(json.loads(out.read_text())) if out.exists() else {}

    return run


@pytest.fixture(scope="module")
def demo() -> list[Json]:
    """The objects of the demo's cluster."""
    return [each for one in yaml.safe_load_all((DEMO / "cluster.yaml").read_text()) for each in one["items"]]


def saved(folder: Path, objects: list[Json], name: str = "dump.json") -> str:
    path = folder / name
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    return str(path)


def sboms(objects: list[Json]) -> list[str]:
    """``--sbom`` for the images of the demo whose contents are given."""
    words = []
    for one in objects:
        for status in one.get("status", {}).get("containerStatuses", []) if one["kind"] == "Pod" else []:
            digest = status["imageID"].rpartition("@")[2]
            for name in ("web", "api"):
                if f"/{name}" in status["imageID"]:
                    words.append(f"--sbom={digest}={DEMO}/images/{name}.cdx.json")
    return sorted(set(words))


def outcomes(answer: Json) -> dict[tuple[str, str, str], str]:
    return {
        (one["id"], one["package"]["name"], one["package"]["purl"]): one["decision"]["outcome"]
        for one in answer["findings"]
    }


def levels(answer: Json) -> dict[str, str]:
    return {one["name"]: one["level"] for one in answer["exposures"]}


def test_a_closing_does_what_a_scan_without_the_service_shows(scan: Scan, demo: list[Json], tmp_path: Path) -> None:
    """Each closing of a Service that is told is tried: the Service is taken out of the dump."""
    before = scan("--from", saved(tmp_path, demo), *sboms(demo))
    told: dict[str, dict[str, str]] = {}
    shifts: dict[str, Counter[tuple[str, str]]] = {}
    for one in before["exposures"]:
        for closing in one["closings"]:
            told.setdefault(closing["what"], {})[one["name"]] = closing["leaves"]
            moved = Counter({(each["outcome"], each["to"]): each["findings"] for each in closing["shifts"]})
            assert shifts.setdefault(closing["what"], moved) == moved
    services = [what for what in told if what.startswith("Service ")]
    assert services
    for what in services:
        space, _, name = what.removeprefix("Service ").partition("/")
        gone = next(
            one
            for one in demo
            if (one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) == ("Service", space, name)
        )
        # Its controller takes the address of the Service that is gone off its Ingresses.
        freed = str(gone.get("status", {}).get("loadBalancer"))
        rest = [
            {**one, "status": {}} if one["kind"] == "Ingress" and str(one["status"]["loadBalancer"]) == freed else one
            for one in demo
            if one is not gone
        ]
        after = scan("--from", saved(tmp_path, rest), *sboms(demo))
        changed = {name: level for name, level in levels(after).items() if level != levels(before)[name]}
        assert changed == told[what], what
        then = outcomes(after)
        moved = Counter((now, then[key]) for key, now in outcomes(before).items() if then[key] != now)
        assert moved == shifts[what], what


def test_an_image_has_one_action_for_all_its_placements_and_the_most_urgent_context(
    scan: Scan, demo: list[Json], tmp_path: Path
) -> None:
    answer = scan("--from", saved(tmp_path, demo), *sboms(demo))
    images = {one["name"]: one for one in answer["assets"] if one["kind"] == "image"}
    by_image = Counter(
        (name, action["outcome"]) for action in answer["actions"] for name in images if name in action["title"]
    )
    assert by_image
    assert set(by_image.values()) == {1}
    users = {one["subject"] for one in answer["relations"] if one["kind"] == "uses"}
    assert users
    contexts = {one["key"]: one["context"] for one in answer["assets"]}
    ranks = ("open", "controlled", "small")
    for name, image in images.items():
        using = [
            one["subject"] for one in answer["relations"] if one["object"] == image["key"] and one["kind"] == "uses"
        ]
        worst = min(ranks.index(contexts[key]["system_exposure"]["value"]) for key in using)
        assert image["context"]["system_exposure"]["value"] == ranks[worst], name


def workload(answer: Json, name: str) -> Json:
    return next(dict(one) for one in answer["assets"] if one["name"].startswith(name))


def annotated(objects: list[Json], name: str, **annotations: str) -> list[Json]:
    changed = copy.deepcopy(objects)
    for one in changed:
        if one["kind"] == "Deployment" and one["metadata"]["name"] == name:
            one["metadata"].setdefault("annotations", {}).update(annotations)
    return changed


def test_a_context_file_speaks_before_annotations_and_these_before_what_is_measured(
    scan: Scan, demo: list[Json], tmp_path: Path
) -> None:
    plain = workload(scan("--from", saved(tmp_path, demo)), "shop/web")["context"]["system_exposure"]
    assert (plain["value"], plain["default"]) == ("open", False)
    dump = saved(tmp_path, annotated(demo, "web", **{"oakum.dev/system-exposure": "small"}))
    answer = scan("--from", dump)
    stated = workload(answer, "shop/web")["context"]["system_exposure"]
    assert stated["value"] == "small", stated
    assert "annotation" in stated["source"]
    context = tmp_path / "context.yaml"
    context.write_text("- name: shop/web*\n  system_exposure: controlled\n")
    filed = workload(scan("--from", dump, "--context", str(context)), "shop/web")["context"]["system_exposure"]
    assert filed["value"] == "controlled", filed
    assert "context.yaml" in filed["source"]


def test_an_input_that_was_measured_or_stated_says_when_the_cluster_was_read(scan: Scan) -> None:
    answer = scan("--from", str(DEMO / "cluster.yaml"), "--table", "ssvc-deployer")
    inputs = [one for each in answer["findings"] for one in each["decision"]["inputs"]]
    read = {one["time"] for one in inputs if one["source"].startswith(("measured: ", "annotation ", "label "))}
    assert read == {one["time"] for one in answer["exposures"]} == {"2026-08-31T08:00:00Z"}
    assert {one["key"] for one in inputs if one["time"] in read} >= {"system_exposure"}


def test_a_dump_from_standard_input_is_the_dump(
    scan: Scan, demo: list[Json], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = saved(tmp_path, demo)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path(file).read_bytes())))
    piped = scan("--from", "-")
    assert piped["findings"]
    assert [one["name"] for one in piped["assets"] if one["kind"] == "cluster"] == ["standard input"]
    assert outcomes(piped) == outcomes(scan("--from", file))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"no dump")))
    assert scan("--from", "-", code=2) == {}


def test_the_nodes_of_a_pool_are_patched_by_one_action(scan: Scan) -> None:
    answer = scan("--from", str(DEMO / "cluster.yaml"))
    pools = [(one["title"], len(one["assets"])) for one in answer["actions"] if one["kind"] == "pool"]
    assert ("Patch 3 nodes of pool workers: k8s.io/kubelet to 1.29.7", 3) in pools
    assert len(pools) == 4, "two packages on the workers, and on the control plane by other days"


@pytest.mark.parametrize("kind", ["Pod", "Node", "Service", "NetworkPolicy", "PodDisruptionBudget", "ClusterRole"])
def test_a_dump_that_lacks_a_kind_says_so_and_is_not_clean(
    scan: Scan, demo: list[Json], tmp_path: Path, kind: str
) -> None:
    rest = [one for one in demo if one["kind"] != kind]
    answer = scan("--from", saved(tmp_path, rest))
    told = " ".join(f"{one['what']} {one['why']}" for one in answer["not_assessable"])
    assert kind.lower() in told.lower().replace(" ", ""), told


def test_two_clusters_that_share_an_image_have_one_action_for_it(scan: Scan, demo: list[Json], tmp_path: Path) -> None:
    second = copy.deepcopy(demo)
    for one in second:
        if "uid" in one["metadata"]:
            one["metadata"]["uid"] = "second-" + one["metadata"]["uid"]
        for owner in one["metadata"].get("ownerReferences", []):
            owner["uid"] = "second-" + owner["uid"]
    words = ("--from", saved(tmp_path, demo), "--from", saved(tmp_path, second, "second.json"), *sboms(demo))
    answer = scan(*words)
    assert len([one for one in answer["assets"] if one["kind"] == "cluster"]) == 2
    one = scan("--from", saved(tmp_path, demo), *sboms(demo))
    images = [[each["name"] for each in of["assets"] if each["kind"] == "image"] for of in (answer, one)]
    assert sorted(images[0]) == sorted(images[1])
    titles = [[each["title"] for each in of["actions"]] for of in (answer, one)]
    for title in titles[1]:
        if "image" in title:
            assert titles[0].count(title) == 1


BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "truncated": (b'{"apiVersion": "v1", "kind": "List", "items": [{"kind": "Pod"', "bad.json:1"),
    "no dump": (b'{"hello": "world"}', "kind"),
    "a bomb": (
        b"a: &a [1,1]\n" + b"".join(b"%c: &%c [*%c,*%c]\n" % (98 + n, 98 + n, 97 + n, 97 + n) for n in range(20)),
        "",
    ),
    "no UTF-8": (b'{"kind": "List", "apiVersion": "v1", "items": [\xff\xfe]}', ""),
    "deep": (b"[" * 100_000, "deep"),
    "another format": (b"\x7fELF" + bytes(100), ""),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_dump_is_an_error_with_its_remedy_and_the_others_go_on(
    scan: Scan, demo: list[Json], tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data, words = BAD[name]
    bad = tmp_path / "bad.json"
    bad.write_bytes(data)
    capsys.readouterr()
    scan("--from", str(bad), code=2)
    told = capsys.readouterr().err
    assert str(bad) in told
    assert words in told
    assert "Traceback" not in told
    answer = scan("--from", str(bad), "--from", saved(tmp_path, demo), code=2)
    assert any(one["kind"] == "cluster" for one in answer["assets"])


def test_strange_objects_do_not_stop_a_scan(scan: Scan, demo: list[Json], tmp_path: Path) -> None:
    """Owners in a circle, an owner chain of thousands, a node of no name, a label of a megabyte, null lists."""
    circle = [
        {"apiVersion": "apps/v1", "kind": "ReplicaSet",
         "metadata": {"name": f"c{n}", "namespace": "x", "uid": f"c{n}", "ownerReferences": [
             {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"c{(n + 1) % 3}", "uid": f"c{(n + 1) % 3}",
              "controller": True}]}}
        for n in range(3)
    ]  # fmt: skip
    chain = [
        {"apiVersion": "apps/v1", "kind": "ReplicaSet",
         "metadata": {"name": f"k{n}", "namespace": "x", "uid": f"k{n}", "ownerReferences": [
             {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"k{n + 1}", "uid": f"k{n + 1}",
              "controller": True}]}}
        for n in range(5_000)
    ]  # fmt: skip
    strange: list[Json] = [
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": ""}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "x", "labels": {"k": "v" * 2**20}}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "q", "namespace": "x", "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "k0", "uid": "k0", "controller": True}]},
         "spec": {"containers": None, "volumes": None, "nodeName": None}, "status": None},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "x"}, "spec": {"ports": None}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "r", "namespace": "x"}, "spec": "text"},
    ]  # fmt: skip
    answer = scan("--from", saved(tmp_path, [*demo, *circle, *chain, *strange]))
    assert any(one["name"].startswith("shop/web") for one in answer["exposures"])
    told = " ".join(one["what"] for one in answer["not_assessable"])
    assert "x/r" in told or "Pod" in told


def test_an_sbom_of_another_image_is_an_error_and_no_silence(
    scan: Scan, demo: list[Json], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    scan("--from", saved(tmp_path, demo), f"--sbom={WEB}={DEMO}/images/web.cdx.json", code=2)
    assert WEB in capsys.readouterr().err


def test_a_components_file_of_the_site_names_more_components(scan: Scan, demo: list[Json], tmp_path: Path) -> None:
    plain = {one["name"] for one in scan("--from", saved(tmp_path, demo))["assets"] if one["kind"] == "component"}
    assert any(name.startswith("ingress-nginx") for name in plain)
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("components: 3\n")
    scan("--from", saved(tmp_path, demo), "--components", str(wrong), code=2)


def test_a_saved_dump_is_not_for_others_to_read_and_never_half_written(tmp_path: Path, scan: Scan) -> None:
    scan("cluster", "--save-dump", str(tmp_path / "missing" / "dump.json"), code=2)
    assert not (tmp_path / "missing").exists()
