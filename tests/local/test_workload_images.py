"""The images that a cluster runs, read from real registries: once each, as their pods may, within a budget."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.adapters.registry.servers import (
    HTPASSWD,
    NAME,
    PASSWORD,
    Reply,
    Request,
    Server,
    basic,
    docker_config,
    of_layout,
    push,
    registry,
)
from tests.fleet.images.builder import Files, file, for_platform, layer, named

from oakum.adapters.registry.credentials import Credentials, Entry
from oakum.adapters.registry.pull_secrets import entries_of, matching
from oakum.cli.main import main
from oakum.errors import InputError, NotAssessableError, Place
from oakum.fleet.assets import Asset, Gap
from oakum.fleet.cluster.dump import read_dump
from oakum.fleet.cluster.images import Reference, parse
from oakum.fleet.cluster.reading_list import SecretName, Wanted, reading_list
from oakum.fleet.cluster.workloads import Owners
from oakum.fleet.images.manifests import Platform
from oakum.local.workload_images import Budget, WorkloadImages

OS = file("etc/os-release", 'ID=debian\nVERSION_ID="12"\n')


def image(*names: str, architecture: str = "amd64") -> bytes:
    text = f"Package: {{}}\nStatus: install ok installed\nVersion: 1.0-1\nArchitecture: {architecture}\n\n"
    return layer(OS, file("var/lib/dpkg/status", "".join(map(text.format, names))))


WEB = Files()
WEB_DIGEST = str((_described := WEB.image([image("bash", "curl")], **named("1")))["digest"])
WEB.index(_described)


@pytest.fixture(autouse=True)
def _nobodys_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))


# What is worth reading.


def pod(name: str, image: str, digest: str = "", *, namespace: str = "shop", node: str = "n1", **spec: Any) -> Any:
    status: dict[str, Any] = {"phase": "Running"}
    if digest:
        repository = image.partition("@")[0].rpartition(":")[0] or image
        status["containerStatuses"] = [{"name": "c", "image": image, "imageID": f"{repository}@{digest}"}]
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace, "uid": f"uid-{name}"},
        "spec": {"nodeName": node, "containers": [{"name": "c", "image": image}], **spec}, "status": status,
    }  # fmt: skip


def node(name: str, architecture: str = "amd64") -> Any:
    info = {"operatingSystem": "linux", "architecture": architecture}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "uid": f"uid-{name}"},
            "status": {"nodeInfo": info}}  # fmt: skip


def dump(*objects: Any) -> bytes:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}).encode()


def listed(*objects: Any, exposures: dict[str, int] | None = None) -> list[Wanted]:
    snapshot = read_dump(dump(*objects), name="dump")
    keys = {owned.key.name: owned.key for owned in Owners(snapshot).workloads}
    return reading_list(snapshot, {keys[name]: rank for name, rank in (exposures or {}).items()})


A, B = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


def test_a_digest_is_one_image_however_often_it_runs() -> None:
    secrets: dict[str, Any] = {"imagePullSecrets": [{"name": "one"}, {"name": "two"}]}
    found = listed(
        node("n1"), node("n2", "arm64"), node("n3", "arm64"),
        pod("a", "quay.io/x/web:1", A), pod("b", "quay.io/x/web:2", A, node="n2", **secrets),
        pod("c", "quay.io/x/web:1", A, node="n3", namespace="other", imagePullSecrets=[{"name": "one"}]),
        pod("d", "quay.io/x/web:1", B),
    )  # fmt: skip
    assert [(one.key, str(one.reference), one.pods) for one in found] == [
        (f"image/{A}", f"quay.io/x/web@{A}", 3), (f"image/{B}", f"quay.io/x/web@{B}", 1),
    ]  # fmt: skip
    assert [str(each) for each in found[0].platforms] == ["linux/arm64", "linux/amd64"]
    # Each namespace's own secrets, and no other's.
    assert sorted(found[0].secrets) == [("other", "one"), ("shop", "one"), ("shop", "two")]
    assert found[1].secrets == ()


def test_what_is_exposed_comes_first_then_what_runs_most() -> None:
    pods = [pod(name, f"quay.io/x/{name}:1", f"sha256:{number:064}") for number, name in enumerate("abcd")]
    again = pod("d2", "quay.io/x/d:1", f"sha256:{3:064}")
    found = listed(*pods, again, exposures={"c": 0, "b": 1})
    assert [one.reference.repository for one in found] == ["x/c", "x/b", "x/d", "x/a"]


def test_what_nothing_runs_is_known_by_its_tag_and_what_has_no_reference_is_left_out() -> None:
    template = {"spec": {"containers": [{"name": "c", "image": "nginx:1.27"}]}}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "namespace": "shop"},
                  "spec": {"replicas": 0, "template": template}}  # fmt: skip
    found = listed(deployment, pod("bad", "NOT/An Image"))
    assert [(str(one.reference), one.exact, one.pods) for one in found] == [("docker.io/library/nginx:1.27", False, 0)]


def test_pods_that_have_ended_run_nothing() -> None:
    ended = pod("a", "quay.io/x/web:1", A)
    ended["status"]["phase"] = "Succeeded"
    assert [one.pods for one in listed(ended)] in ([], [0])


# Which entry of a pull secret is for which image (Kubernetes, "Images", "Interpretation of config.json").


@pytest.mark.parametrize(
    ("key", "image", "fits"),
    [
        ("quay.io", "quay.io/x/web", True),
        ("https://quay.io", "quay.io/x/web", True),
        ("https://quay.io/v1/", "quay.io/x/web", True),
        ("quay.io/x", "quay.io/x/web", True),
        ("quay.io/x/web", "quay.io/x/web", True),
        ("quay.io/x/we", "quay.io/x/web", False),
        ("quay.io/y", "quay.io/x/web", False),
        ("*.quay.io", "quay.io/x/web", False),
        ("*.quay.io", "eu.quay.io/x/web", True),
        ("*.io", "quay.io/x/web", True),
        ("*.quay.io", "a.b.quay.io/x/web", False),
        ("*", "quay.io/x/web", False),
        ("q*.io", "quay.io/x/web", True),
        ("quay.io", "quay.io:5000/x/web", False),
        ("quay.io:5000", "quay.io:5000/x/web", True),
        ("quay.io:5000", "quay.io/x/web", False),
        ("quay.io.evil.example", "quay.io/x/web", False),
        ("evil.example/quay.io", "quay.io/x/web", False),
        ("https://index.docker.io/v1/", "nginx", True),
        ("docker.io", "team/web", True),
        ("https://index.docker.io/v1/", "quay.io/x/web", False),
        ("", "quay.io/x/web", False),
    ],
)
def test_an_entry_is_for_its_own_registry_and_path(key: str, image: str, fits: bool) -> None:
    reference = parse(image)
    assert reference is not None
    found = matching({key: Entry(username="u", password="p")}, reference, Place("secret"))
    assert list(found) == ([Credentials("u", "p")] if fits else [])


def test_the_longest_path_goes_first() -> None:
    reference = parse("quay.io/x/y/web")
    assert reference is not None
    entries = {key: Entry(username=key, password="p") for key in ("quay.io", "quay.io/x/y", "*.io/x", "quay.io/z")}
    assert [one.name for one in matching(entries, reference, Place("s"))] == ["quay.io/x/y", "*.io/x", "quay.io"]


def encoded(content: object) -> str:
    return base64.b64encode(json.dumps(content).encode()).decode()


def test_both_types_of_pull_secrets_are_read_and_nothing_else() -> None:
    auths = {"quay.io": {"auth": basic()}}
    one = entries_of("kubernetes.io/dockerconfigjson", {".dockerconfigjson": encoded({"auths": auths})}, Place("s"))
    assert one == entries_of("kubernetes.io/dockercfg", {".dockercfg": encoded(auths)}, Place("s"))
    for type_, data in (
        ("Opaque", {".dockerconfigjson": encoded({"auths": auths})}),
        ("kubernetes.io/dockerconfigjson", {}),
        ("kubernetes.io/dockerconfigjson", {".dockerconfigjson": "no base64: correct horse"}),
        ("kubernetes.io/dockerconfigjson", {".dockerconfigjson": base64.b64encode(b"correct horse").decode()}),
        ("kubernetes.io/dockerconfigjson", {".dockerconfigjson": encoded({"auths": ["correct horse"]})}),
    ):
        with pytest.raises(InputError) as caught:
            entries_of(type_, data, Place("s"))
        assert "correct horse" not in str(caught.value)
        assert caught.value.remedy


# Reading.


class Run(NamedTuple):
    """What was read, and the lines that were told."""

    found: dict[str, Asset | Gap]
    told: list[str]


def run(
    wanted: list[Wanted],
    folder: Path,
    secrets: Callable[[SecretName], dict[str, Entry]] | None = None,
    *,
    seconds: float = 600,
    size: int = 1 << 30,
) -> Run:
    told: list[str] = []
    reader = WorkloadImages(Budget(seconds, size), folder / "images", tell=told.append)
    return Run(reader.read(wanted, secrets), told)


def want(text: str, **more: Any) -> Wanted:
    reference = parse(text)
    assert reference is not None
    return Wanted(key=f"image/{reference.digest or reference}", reference=reference, pods=1, **more)


def names(found: Asset | Gap) -> list[str]:
    assert isinstance(found, Asset), found
    return sorted(one.name for one in found.packages.packages)


def test_an_image_is_fetched_once_and_never_again(tmp_path: Path) -> None:
    with Server(of_layout(WEB)) as server:
        one = want(f"{server.host}/web@{WEB_DIGEST}", platforms=(Platform("amd64", "linux"),))
        first = run([one], tmp_path)
        assert names(first.found[one.key]) == ["bash", "curl"]
        assert "image 1 of 1" in first.told[0]
        asked = len(server.asked)
        assert asked >= 3
        assert run([one], tmp_path).found == first.found
        assert len(server.asked) == asked
        # Another platform is another image, and a file that was changed counts for nothing.
        (kept,) = (tmp_path / "images").iterdir()
        kept.write_bytes(kept.read_bytes()[:-1] + b"!")
        assert run([one], tmp_path).found == first.found
        assert len(server.asked) > asked


def test_a_tag_is_asked_for_each_time_and_said_to_be_one(tmp_path: Path) -> None:
    with Server(of_layout(WEB)) as server:
        one = want(f"{server.host}/web:1")
        found = run([one], tmp_path).found[one.key]
        assert names(found) == ["bash", "curl"]
        assert isinstance(found, Asset)
        (gap,) = found.gaps
        assert "no container reports what runs" in gap.why
        asked = len(server.asked)
        run([one], tmp_path)
        assert len(server.asked) == 2 * asked


def test_nodes_of_two_kinds_run_two_images(tmp_path: Path) -> None:
    files = Files()
    listed = [
        files.image(
            [image("bash", more, architecture=arch)], built_for=f"linux/{arch}", **for_platform(f"linux/{arch}")
        )
        for arch, more in (("amd64", "one"), ("arm64", "two"))
    ]
    kind = "application/vnd.oci.image.index.v1+json"
    described = files.document({"schemaVersion": 2, "mediaType": kind, "manifests": listed}, kind, **named("1"))
    files.index(described)
    with Server(of_layout(files)) as server:
        for platforms, expected in (
            ((Platform("amd64", "linux"),), ["bash", "one"]),
            ((Platform("arm64", "linux"),), ["bash", "two"]),
            ((Platform("arm64", "linux"), Platform("amd64", "linux")), ["bash", "bash", "one", "two"]),
        ):
            one = want(f"{server.host}/web@{described['digest']}", platforms=platforms)
            assert names(run([one], tmp_path).found[one.key]) == expected


def test_one_that_fails_keeps_no_other_back(tmp_path: Path) -> None:
    honest = of_layout(WEB)

    def answer(request: Request) -> Reply:
        if "/v2/lies/" in request.path:
            found = honest(Request(request.method, request.path.replace("/lies/", "/web/"), request.headers, b""))
            return found._replace(body=found.body[:-1] + b" ") if "blobs" in request.path else found
        return honest(request)

    with Server(answer) as server:
        wanted = [want(f"{server.host}/{name}@{digest}") for name, digest in (
            ("lies", WEB_DIGEST), ("none", A), ("web", WEB_DIGEST),
        )]  # fmt: skip
        wanted = [Wanted(key=f"{number}", reference=one.reference, pods=1) for number, one in enumerate(wanted)]
        found = run(wanted, tmp_path).found
    assert isinstance(found["0"], Gap)
    assert "changed" in found["0"].why
    assert isinstance(found["1"], Gap)
    assert "there is no such image" in found["1"].why
    assert names(found["2"]) == ["bash", "curl"]
    assert not any(found["0"].why in str(path.read_bytes()) for path in (tmp_path / "images").iterdir())


def test_a_registry_that_fails_is_left_alone_and_others_are_not(tmp_path: Path) -> None:
    with Server(lambda _: Reply(403)) as bad, Server(of_layout(WEB)) as good:
        wanted = [want(f"{bad.host}/x{number}@sha256:{number:064}") for number in range(20)]
        wanted.append(want(f"{good.host}/web@{WEB_DIGEST}"))
        found = run(wanted, tmp_path).found
        assert names(found[wanted[-1].key]) == ["bash", "curl"]
        left = [one for one in found.values() if isinstance(one, Gap) and "left alone" in one.why]
        assert len(left) >= 14
        assert all(f"{bad.host} was left alone after it had failed 3 times" in one.why for one in left)
        assert len({request.path for request in bad.asked if "manifests" in request.path}) <= 6


def test_a_budget_that_is_spent_leaves_the_rest_as_gaps(tmp_path: Path) -> None:
    with Server(of_layout(WEB)) as server:
        wanted = [Wanted(key=str(number), reference=parse(f"{server.host}/web:1") or Reference("", ""), pods=1)
                  for number in range(12)]  # fmt: skip
        for seconds, size, word in ((600, 1000, "spent"), (0, 1 << 30, "were over")):
            found = run(wanted, tmp_path, seconds=seconds, size=size).found
            assert len(found) == 12
            gaps = [one for one in found.values() if isinstance(one, Gap)]
            assert any(word in one.why and "--images-" in one.remedy for one in gaps)
            assert isinstance(found["11"], Gap)
        # What is kept costs nothing.
        one = want(f"{server.host}/web@{WEB_DIGEST}")
        run([one], tmp_path)
        assert names(run([one], tmp_path, seconds=0.0, size=0).found[one.key]) == ["bash", "curl"]


@pytest.fixture
def private(tmp_path: Path) -> Iterator[str]:
    """A real registry that wants a password."""
    WEB.write(tmp_path / "web")
    (tmp_path / "htpasswd").write_text(HTPASSWD)
    auth = {"htpasswd": {"realm": "private", "path": str(tmp_path / "htpasswd")}}
    with registry(tmp_path / "open", tmp_path / "storage") as host:
        push(f"oci:{tmp_path}/web:1", host, "web:1", "--preserve-digests")
    with registry(tmp_path / "run", tmp_path / "storage", auth=auth) as host:
        yield host


def test_pods_lend_their_secrets(private: str, tmp_path: Path) -> None:
    one = want(f"{private}/web@{WEB_DIGEST}", secrets=(("shop", "wrong"), ("shop", "right"), ("shop", "gone")))
    asked: list[SecretName] = []

    def secrets(name: SecretName) -> dict[str, Entry]:
        asked.append(name)
        if name[1] == "gone":
            raise NotAssessableError("the pull secret shop/gone may not be read", remedy="allow it")
        password = PASSWORD if name[1] == "right" else "false horse"
        return {private: Entry(username=NAME, password=password)}

    refused = run([one], tmp_path).found[one.key]
    assert isinstance(refused, Gap)
    assert "wants credentials" in refused.why
    assert asked == []
    assert names(run([one], tmp_path, secrets).found[one.key]) == ["bash", "curl"]
    assert asked == [("shop", "wrong"), ("shop", "right"), ("shop", "gone")]


def test_a_secret_that_may_not_be_read_is_the_reason(private: str, tmp_path: Path) -> None:
    one = want(f"{private}/web@{WEB_DIGEST}", secrets=(("shop", "gone"),))

    def secrets(_: SecretName) -> dict[str, Entry]:
        raise NotAssessableError("the pull secret shop/gone may not be read", remedy="allow it in that namespace")

    refused = run([one], tmp_path, secrets).found[one.key]
    assert isinstance(refused, Gap)
    assert "wants credentials" in refused.why
    assert "shop/gone may not be read" in refused.why
    assert refused.remedy == "allow it in that namespace"


def test_a_secret_of_another_registry_is_never_shown(tmp_path: Path) -> None:
    with Server(lambda _: Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'})) as server:
        one = want(f"{server.host}/web@{A}", secrets=(("shop", "other"),))
        run([one], tmp_path, lambda _: {"quay.io": Entry(username=NAME, password=PASSWORD)})
        assert not any("authorization" in request.headers for request in server.asked)


def test_ones_own_credentials_come_after_the_pods(private: str, tmp_path: Path) -> None:
    docker_config(tmp_path / "docker", {"auths": {private: {"auth": basic()}}})
    one = want(f"{private}/web@{WEB_DIGEST}", secrets=(("shop", "wrong"),))
    found = run([one], tmp_path, lambda _: {private: Entry(username=NAME, password="false horse")}).found[one.key]
    assert names(found) == ["bash", "curl"]


# At the command line.


def scanned(tmp_path: Path, capsys: pytest.CaptureFixture[str], *words: str, code: int = 3) -> tuple[Any, str]:
    data = ["--data", str(tmp_path / "data"), "-o", "json"]
    assert main(["scan", "--from", str(tmp_path / "dump.json"), *data, *words]) == code
    captured = capsys.readouterr()
    return json.loads(captured.out) if captured.out else None, captured.err


def test_the_contents_of_images_are_in_the_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Server(of_layout(WEB)) as server:
        reference = f"{server.host}/web:1"
        pods = [pod(f"p{number}", reference, WEB_DIGEST) for number in range(5)]
        (tmp_path / "dump.json").write_bytes(dump(node("n1"), *pods, pod("gone", f"{server.host}/gone:1", A)))
        before, _ = scanned(tmp_path, capsys)
        assert server.asked == [], "nothing is asked unless it is wanted"
        answer, told = scanned(tmp_path, capsys, "--images")
    images = {one["key"]: one for one in answer["assets"] if one["kind"] == "image"}
    assert images[f"image/{WEB_DIGEST}"]["packages"] == 2
    assert images[f"image/{WEB_DIGEST}"]["name"] == reference
    assert "image 1 of 2" in told
    gaps = [gap for gap in answer["not_assessable"] if gap["kind"] == "unread-image"]
    assert [gap["what"] for gap in gaps] == [f"{server.host}/gone@{A}"]
    assert "there is no such image" in gaps[0]["why"]
    unread = [gap for gap in before["not_assessable"] if gap["kind"] == "unread-image"]
    assert len(unread) == 2
    assert all("--images" in gap["remedy"] for gap in unread)


def test_an_sbom_goes_before_the_registry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sbom = {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
        {"type": "library", "name": "left", "version": "1", "purl": "pkg:npm/left@1"},
    ]}  # fmt: skip
    (tmp_path / "sbom.json").write_text(json.dumps(sbom))
    with Server(of_layout(WEB)) as server:
        (tmp_path / "dump.json").write_bytes(dump(node("n1"), pod("p", f"{server.host}/web:1", WEB_DIGEST)))
        answer, _ = scanned(tmp_path, capsys, "--images", f"--sbom={WEB_DIGEST}={tmp_path / 'sbom.json'}")
        assert server.asked == []
    assert [one["packages"] for one in answer["assets"] if one["kind"] == "image"] == [1]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--images", "--pull-secrets"], "--pull-secrets is for the images of a live cluster"),
        (["--images", "--images-size", "lots"], "is no size"),
        (["--images", "--images-time", "soon"], "is no age"),
    ],
)
def test_wrong_use_is_told(words: list[str], error: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "dump.json").write_bytes(dump(node("n1")))
    assert error in scanned(tmp_path, capsys, *words, code=2)[1]
