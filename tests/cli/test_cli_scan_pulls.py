"""``oakum scan`` of clusters whose images are read from real registries (Debian's docker-registry)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from tests.adapters.kubernetes.faults import Between
from tests.adapters.registry.servers import (
    HTPASSWD,
    Reply,
    Server,
    Tokens,
    basic,
    docker_config,
    push,
    registry,
    skopeo,
)  # fmt: skip
from tests.cli.pulls import Api, account, dump, exposed, namespace, node, pod, pull_secret
from tests.fleet.images.builder import Files, file, for_platform, layer, named

from oakum.adapters.kubernetes.secrets import MANIFEST
from oakum.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
Json = dict[str, Any]
Scan = Callable[..., Json]
NOW = "2026-09-01T12:00:00Z"
OS = file("etc/os-release", 'ID=debian\nVERSION_ID="12"\n')
SECRET = "correct horse"
INDEX = "application/vnd.oci.image.index.v1+json"


def installed(**packages: str) -> bytes:
    text = "Package: {}\nStatus: install ok installed\nVersion: {}\nArchitecture: amd64\n\n"
    return layer(OS, file("var/lib/dpkg/status", "".join(text.format(*each) for each in packages.items())))


class Stock(NamedTuple):
    """A storage with images in it, and their digests by name."""

    storage: Path
    digests: dict[str, str]


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    """``team/web:1``, ``team/api:1``, ``other/db:1``, and ``team/all:1`` of two platforms with different packages."""
    folder = tmp_path_factory.mktemp("stock")
    made = {name: Files() for name in ("team/web", "team/api", "other/db", "team/all")}
    for name, packages in (("team/web", {"openssl": "1"}), ("team/api", {"zlib": "1"}), ("other/db", {"pg": "1"})):
        made[name].index(made[name].image([installed(**packages)], **named("1")))
    both = made["team/all"]
    listed = [
        both.image([installed(**packages)], built_for=built_for, **for_platform(built_for))
        for built_for, packages in (("linux/amd64", {"intel": "1"}), ("linux/arm64", {"acorn": "1"}))
    ]
    both.index(both.document({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}, INDEX, **named("1")))
    digests = {}
    with registry(folder / "run", folder / "storage") as host:
        for name, files in made.items():
            files.write(folder / name)
            push(f"oci:{folder}/{name}:1", host, f"{name}:1", "--preserve-digests")
            found = json.loads(skopeo("inspect", "--tls-verify=false", f"docker://{host}/{name}:1"))
            digests[name] = found["Digest"]
    return Stock(folder / "storage", digests)


@pytest.fixture(scope="module")
def open_to_all(stock: Stock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registry(tmp_path_factory.mktemp("open"), stock.storage) as host:
        yield host


@pytest.fixture(scope="module")
def locked(stock: Stock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("locked")
    (folder / "htpasswd").write_text(HTPASSWD)
    auth = {"htpasswd": {"realm": "of the test", "path": str(folder / "htpasswd")}}
    with registry(folder, stock.storage, auth=auth) as host:
        yield host


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's own credentials, proxies and data count here."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("OAKUM_DATA", str(tmp_path / "data"))
    # One advisory, so that findings can be counted.
    affected = [{"package": {"ecosystem": "Debian:12", "name": "openssl"}, "ranges": [RANGE]}]
    record = {"id": "DSA-1", "modified": "2026-08-01T00:00:00Z", "affected": affected, "aliases": ["CVE-2026-1"]}
    (tmp_path / "osv").mkdir()
    (tmp_path / "osv/DSA-1.json").write_text(json.dumps(record))


RANGE = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2"}]}


@pytest.fixture
def scan(tmp_path: Path) -> Scan:
    """Scans with the one advisory; the JSON answer."""

    def run(*words: str, code: int = 3) -> Json:
        out = tmp_path / "answer.json"
        out.unlink(missing_ok=True)
        given = ["scan", *words, "--feeds", str(tmp_path / "osv"), "--now", NOW, "-o", f"json={out}"]
        assert main(given) == code
        text = out.read_text() if out.exists() else "{}"
        assert SECRET not in text
        assert basic() not in text
        return dict(json.loads(text))

    return run


def images(answer: Json) -> dict[str, Json]:
    return {one["key"]: one for one in answer["assets"] if one["kind"] == "image"}


def unread(answer: Json) -> list[Json]:
    return [one for one in answer["not_assessable"] if one["kind"] == "unread-image"]


def test_an_image_is_read_once_for_all_its_pods(
    scan: Scan, stock: Stock, open_to_all: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    web = f"{open_to_all}/team/web@{stock.digests['team/web']}"
    pods = [pod(f"web-{number}", f"{open_to_all}/team/web:1", runs=web, on=f"n{number % 2}") for number in range(5)]
    words = ("--from", dump(tmp_path, node("n0"), node("n1"), *pods), "--insecure-registry", open_to_all)
    before = scan(*words)
    assert [gap["what"] for gap in unread(before)] == [f"{open_to_all}/team/web:1"]
    assert before["findings"] == []
    capsys.readouterr()
    answer = scan(*words, "--pull-images")
    assert unread(answer) == []
    (image,) = images(answer).values()
    assert image["key"] == f"image/{stock.digests['team/web']}"
    assert image["name"] == f"{open_to_all}/team/web:1"
    (finding,) = answer["findings"]
    assert (finding["id"], finding["package"]["name"]) == ("DSA-1", "openssl")
    assert finding["assets"] == [image["key"]]
    users = [one for one in answer["relations"] if (one["kind"], one["object"]) == ("uses", image["key"])]
    assert sum(one["count"] for one in users) == 5
    # Somebody who is no terminal reads plain lines, one for each image.
    lines = capsys.readouterr().err.splitlines()
    assert len([line for line in lines if line.startswith("oakum scan: images: 1 of 1, ")]) == 1


def test_what_was_read_is_not_pulled_again(scan: Scan, stock: Stock, tmp_path: Path) -> None:
    with registry(tmp_path / "run", stock.storage) as host:
        web = pod("web", f"{host}/team/web@{stock.digests['team/web']}")
        words = ("--from", dump(tmp_path, node("n1"), web), "--pull-images", "--insecure-registry", host)
        first = scan(*words)
    assert len(first["findings"]) == 1
    # Nobody is there any more.
    second = scan(*words)
    assert (second["findings"], second["assets"]) == (first["findings"], first["assets"])
    assert unread(second) == []
    for kept in (tmp_path / "data/pulled").rglob("*.image"):
        data = bytearray(kept.read_bytes())
        data[-1] ^= 1
        kept.write_bytes(data)
    assert len(unread(scan(*words))) == 1


def test_an_index_is_read_for_every_platform_that_it_runs_on(
    scan: Scan, stock: Stock, open_to_all: str, tmp_path: Path
) -> None:
    def packages(*objects: Json) -> int:
        words = ("--insecure-registry", open_to_all, "--pull-images")
        answer = scan("--from", dump(tmp_path, *objects), *words)
        (image,) = images(answer).values()
        return int(image["packages"])

    name = f"{open_to_all}/team/all@{stock.digests['team/all']}"
    one, two = pod("one", name), pod("two", name, on="n2")
    assert packages(node("n1"), one) == 1
    assert packages(node("n1"), node("n2"), one, two) == 1
    assert packages(node("n1"), node("n2", "arm64"), one, two) == 2
    # A pod that is on no node yet may come to any.
    assert packages(node("n1"), node("n2", "arm64"), pod("one", name, on="")) == 2


def test_an_image_of_two_clusters_is_read_for_the_nodes_of_both(
    scan: Scan, stock: Stock, open_to_all: str, tmp_path: Path
) -> None:
    one = pod("one", f"{open_to_all}/team/all@{stock.digests['team/all']}")
    dumps = []
    for each in ("amd64", "arm64"):
        identity = namespace("kube-system") | {"metadata": {"name": "kube-system", "uid": each}}
        dumps.append(dump(tmp_path, identity, node("n1", each), one, name=each))
    words = (word for each in dumps for word in ("--from", each))
    answer = scan(*words, "--pull-images", "--insecure-registry", open_to_all)
    (image,) = images(answer).values()
    assert image["packages"] == 2
    assert unread(answer) == []


def test_on_a_terminal_one_line_is_rewritten(
    scan: Scan, stock: Stock, open_to_all: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    web = pod("web", f"{open_to_all}/team/web@{stock.digests['team/web']}")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    scan("--from", dump(tmp_path, node("n1"), web), "--pull-images", "--insecure-registry", open_to_all)
    told = capsys.readouterr().err
    assert "\r\x1b[Kimages: 1 of 1, " in told
    assert "\n" not in told


def test_a_platform_that_is_not_there_or_not_known_is_a_gap(
    scan: Scan, stock: Stock, open_to_all: str, tmp_path: Path
) -> None:
    words = ("--insecure-registry", open_to_all, "--pull-images")
    name = f"{open_to_all}/team/all@{stock.digests['team/all']}"
    missing = scan(
        "--from", dump(tmp_path, node("n1", "s390x"), node("n2"), pod("a", name), pod("b", name, on="n2")), *words
    )
    (gap,) = unread(missing)
    assert gap["why"] == "no image in it is for linux/s390x"
    (image,) = images(missing).values()
    assert image["packages"] == 1
    (gap,) = unread(scan("--from", dump(tmp_path, pod("a", name)), *words))
    assert "the nodes that run it are not known" in gap["why"]


def test_a_tag_is_read_and_what_runs_may_be_another(scan: Scan, stock: Stock, open_to_all: str, tmp_path: Path) -> None:
    one = pod("web", f"{open_to_all}/team/web:1", runs="")
    answer = scan("--from", dump(tmp_path, node("n1"), one), "--pull-images", "--insecure-registry", open_to_all)
    assert len(answer["findings"]) == 1
    (gap,) = unread(answer)
    assert gap["why"].startswith(f"only its reference is known: it was read as {stock.digests['team/web']}")
    assert "what runs may be another" in gap["why"]


def test_an_sbom_stands_in_for_the_registry(scan: Scan, tmp_path: Path) -> None:
    digest = "sha256:" + "a" * 64
    component = {
        "type": "library",
        "name": "openssl",
        "version": "1",
        "purl": "pkg:deb/debian/openssl@1?distro=debian-12",
    }
    sbom = tmp_path / "web.cdx.json"
    sbom.write_text(
        json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": [component]})
    )
    with Server(lambda _: Reply(404)) as server:
        file = dump(tmp_path, node("n1"), pod("web", f"{server.host}/web@{digest}"))
        words = ("--from", file, "--insecure-registry", server.host)
        scan(*words)
        assert server.asked == []
        answer = scan(*words, "--pull-images", f"--sbom={digest}={sbom}")
        assert server.asked == []
        assert len(answer["findings"]) == 1
        scan(*words, "--pull-images")
        assert server.asked != []


def test_this_machine_is_not_asked_for_what_is_the_nodes_own(scan: Scan, tmp_path: Path) -> None:
    with Server(lambda _: Reply(404)) as server:
        web = pod("web", f"{server.host}/web@sha256:{'a' * 64}")
        answer = scan("--from", dump(tmp_path, node("n1"), web), "--pull-images")
        assert server.asked == []
    (gap,) = unread(answer)
    assert f"{server.host} is each node's own" in gap["why"]
    assert f"--insecure-registry {server.host}" in gap["remedy"]


def test_a_registry_that_lets_nobody_in_is_a_gap_of_its_own_images(
    scan: Scan, stock: Stock, open_to_all: str, locked: str, tmp_path: Path
) -> None:
    web, api = stock.digests["team/web"], stock.digests["team/api"]
    pods = [pod("web", f"{open_to_all}/team/web@{web}"), pod("api", f"{locked}/team/api@{api}", secrets=["regcred"])]
    insecure = ("--insecure-registry", locked, "--insecure-registry", open_to_all)
    words = ("--from", dump(tmp_path, node("n1"), *pods), "--pull-images", *insecure)
    answer = scan(*words)
    assert len(answer["findings"]) == 1
    (gap,) = unread(answer)
    assert "wants credentials, and none are known for it" in gap["why"]
    assert "docker login" in gap["remedy"]
    assert "the pods name pull secrets (shop/regcred), which --pull-secrets reads" in gap["remedy"]
    docker_config(tmp_path / "docker", {"auths": {locked: {"auth": basic()}}})
    assert unread(scan(*words)) == []


class Live(NamedTuple):
    """A cluster that a server stands for."""

    server: Between
    scan: Callable[..., Json]


@pytest.fixture
def live(scan: Scan, locked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    with Between(tmp_path) as server:
        monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig))

        def run(objects: list[Json], secrets: dict[str, Json | None], *words: str) -> Json:
            server.fault = Api([namespace("kube-system"), node("n1"), *objects], secrets)
            return scan("cluster", "--pull-images", "--pull-secrets", "--insecure-registry", locked, *words)

        yield Live(server, run)


def secrets_asked(server: Between) -> list[str]:
    return [one.path.removeprefix("/api/v1/namespaces/") for one in server.asked if "/secrets/" in one.path]


@pytest.mark.parametrize("form", ["dockerconfigjson", "dockercfg"])
def test_a_pull_secret_is_read_when_it_is_wanted_and_once(
    live: Live, stock: Stock, locked: str, tmp_path: Path, form: str, capfd: pytest.CaptureFixture[str]
) -> None:
    auths = {locked: {"auth": basic()}}
    secret = pull_secret(auths if form == "dockercfg" else {"auths": auths}, f"kubernetes.io/{form}")
    pods = [
        pod(name, f"{locked}/team/{name}@{stock.digests[f'team/{name}']}", secrets=["regcred"])
        for name in ("web", "api")
    ]
    answer = live.scan(pods, {"shop/regcred": secret}, "--save-dump", str(tmp_path / "saved.json"))
    assert unread(answer) == []
    assert len(answer["findings"]) == 1
    assert secrets_asked(live.server) == ["shop/secrets/regcred"]
    # Nowhere on disk, and told to nobody.
    told = "".join(capfd.readouterr())
    for kept in (path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()):
        assert SECRET.encode() not in kept
        assert basic().encode() not in kept
    assert SECRET not in told
    assert basic() not in told


def test_a_service_account_has_the_secret_for_pods_that_name_none(live: Live, stock: Stock, locked: str) -> None:
    secrets: dict[str, Json | None] = {
        "shop/account": pull_secret({"auths": {locked: {"auth": basic()}}}),
        "shop/own": pull_secret({"auths": {}}),
    }
    web = f"{locked}/team/web@{stock.digests['team/web']}"
    assert unread(live.scan([account("shop", "account"), pod("web", web)], secrets)) == []
    live.server.asked.clear()
    # One with a list of its own does not have the account's.
    api = pod("api", f"{locked}/team/api@{stock.digests['team/api']}", secrets=["own"])
    assert len(unread(live.scan([account("shop", "account"), api], secrets))) == 1
    assert secrets_asked(live.server) == ["shop/secrets/own"]


def test_a_secret_is_for_the_images_of_its_own_namespace(live: Live, stock: Stock, locked: str) -> None:
    secrets: dict[str, Json | None] = {"shop/regcred": pull_secret({"auths": {locked: {"auth": basic()}}})}
    mine = pod("web", f"{locked}/team/web@{stock.digests['team/web']}", secrets=["regcred"])
    others = pod("db", f"{locked}/other/db@{stock.digests['other/db']}", space="other", secrets=["regcred"])
    answer = live.scan([mine, others], secrets)
    (gap,) = unread(answer)
    assert gap["what"].startswith(f"{locked}/other/db")
    assert "Secret other/regcred: there is none" in gap["why"]
    assert len(answer["findings"]) == 1


@pytest.mark.parametrize(
    ("secret", "why", "remedy"),
    [
        (None, "Secret shop/regcred: it may not be read", "deploy/rbac/oakum-pull-secrets.yaml"),
        (
            {"kind": "Secret", "type": "Opaque", "data": {}},
            "of a type that no registry is asked with",
            "dockerconfigjson",
        ),
        (pull_secret({"auths": {"else.test": {"auth": basic()}}}), "none are known for it", "docker login"),
        (pull_secret({"auths": [SECRET]}), "Secret shop/regcred: no configuration of Docker", "kubectl create secret"),
        ({"kind": "Secret", "type": "kubernetes.io/dockerconfigjson", "data": SECRET}, "is no Secret", "API server"),
        ({"kind": "Secret", "type": "kubernetes.io/dockerconfigjson"}, "it has nothing at .dockerconfigjson", "anew"),
        ("wrong", "does not take the credentials that are known for it (tried shop/regcred)", "docker login"),
    ],
    ids=["denied", "type", "other-host", "content", "no-secret", "empty", "wrong"],
)
def test_a_secret_that_does_not_help_is_a_gap_with_its_remedy(
    live: Live, stock: Stock, locked: str, secret: Json | str | None, why: str, remedy: str
) -> None:
    if isinstance(secret, str):
        secret = pull_secret({"auths": {locked: {"auth": basic("reader", "wrong")}}})
    web = pod("web", f"{locked}/team/web@{stock.digests['team/web']}", secrets=["regcred"])
    (gap,) = unread(live.scan([web], {"shop/regcred": secret}))
    assert why in gap["why"]
    assert remedy in gap["remedy"]


def test_a_server_of_tokens_takes_a_pull_secret(
    live: Live, stock: Stock, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tokens = Tokens(tmp_path_factory.mktemp("tokens"))
    with registry(tmp_path_factory.mktemp("run"), stock.storage, auth=tokens.auth) as host:
        secrets: dict[str, Json | None] = {"shop/regcred": pull_secret({"auths": {host: {"auth": basic()}}})}
        name = f"{host}/team/web@{stock.digests['team/web']}"
        insecure = ("--insecure-registry", host)
        assert len(unread(live.scan([pod("web", name)], secrets, *insecure))) == 1
        assert unread(live.scan([pod("web", name, secrets=["regcred"])], secrets, *insecure)) == []


def test_what_is_reachable_is_read_before_what_has_many_pods(
    scan: Scan, stock: Stock, open_to_all: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr("oakum.local.pulling.PARALLEL", 1)

    def of(name: str, count: int, **more: Any) -> list[Json]:
        image = f"{open_to_all}/{name}@{stock.digests[name]}"
        return [pod(f"{name.rpartition('/')[2]}-{number}", image, **more) for number in range(count)]

    pods = [*of("other/db", 3), *of("team/api", 2), *of("team/web", 1, labels={"app": "web"})]
    file = dump(tmp_path, namespace("kube-system"), node("n1"), exposed("web"), *pods)
    words = ("--from", file, "--pull-images", "--insecure-registry", open_to_all)
    scan(*words, "--pull-bytes", "1500B")
    told = [line for line in capsys.readouterr().err.splitlines() if ": images: " in line]
    assert [line.split(": ")[3].split("@")[0].removeprefix(f"{open_to_all}/") for line in told] == [
        "team/web", "other/db", "team/api",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("host", "--pull-images"), "--pull-images is about a cluster"),
        (("--from", "DUMP", "--pull-secrets"), "--pull-secrets is for --pull-images"),
        (("--from", "DUMP", "--pull-images", "--pull-secrets"), "read from a live cluster, and none is named"),
        (("--from", "DUMP", "--pull-images", "--pull-budget", "10"), "--pull-budget '10' is no time"),
        (("--from", "DUMP", "--pull-images", "--pull-bytes", "much"), "--pull-bytes 'much' is no size"),
        (("--from", "DUMP", "--pull-images", "--insecure-registry", "a b"), "is no registry"),
    ],
    ids=["host", "alone", "dump", "time", "size", "registry"],
)
def test_wrong_use_is_told(
    words: tuple[str, ...], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = dump(tmp_path, node("n1"))
    assert main(["scan", *(file if word == "DUMP" else word for word in words)]) == 2
    assert told in capsys.readouterr().err


def test_the_role_for_pull_secrets_reads_secrets_by_name_and_nothing_else() -> None:
    (role,) = yaml.safe_load_all((ROOT / MANIFEST).read_text())
    assert role["kind"] == "ClusterRole"
    assert role["rules"] == [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]
    # Whoever only scans sees none.
    reader = yaml.safe_load_all((ROOT / "deploy/rbac/oakum-reader.yaml").read_text())
    assert not any(
        "secrets" in rule["resources"] for one in reader for rule in one.get("rules", []) if "resources" in rule
    )


def test_a_real_cluster_gives_the_secrets_that_its_roles_allow_and_no_others(
    lab_programs: None, scan: Scan, stock: Stock, locked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.lab.control_plane import ControlPlane
    from tests.lab.dumped import load_manifests

    reader = {"kind": "ServiceAccount", "name": "oakum-reader", "namespace": "oakum"}
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "oakum-pull-secrets", "namespace": "shop"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "oakum-pull-secrets"},
        "subjects": [reader],
    }
    placed = {"shop": "team/web", "other": "other/db"}
    with ControlPlane(controllers=False, scheduler=False, audit=True) as plane:
        machine = node("n1")
        del machine["metadata"]["uid"]
        plane.apply([machine])
        for space, name in placed.items():
            secret = pull_secret({"auths": {locked: {"auth": basic()}}})
            secret["metadata"] = {"name": "regcred", "namespace": space}
            one = pod("one", f"{locked}/{name}:1", runs=f"{locked}/{name}@{stock.digests[name]}", space=space)
            del one["metadata"]["uid"]
            # Which its account has, and not itself: the admission that copies them is not at work here.
            own = account(space, "regcred")
            plane.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}}, secret, own, one])
        load_manifests(plane, ROOT / "deploy/rbac/oakum-reader.yaml")
        load_manifests(plane, ROOT / MANIFEST)
        monkeypatch.setenv("KUBECONFIG", str(plane.kubeconfig_for_service_account("oakum", "oakum-reader")))
        words = ("cluster", "--pull-images", "--pull-secrets", "--insecure-registry", locked)
        denied = unread(scan(*words))
        assert sorted(gap["what"] for gap in denied) == [f"{locked}/{name}:1" for name in ("other/db", "team/web")]
        for gap in denied:
            assert 'cannot get resource "secrets"' in gap["why"]
            assert MANIFEST in gap["remedy"]
        plane.apply([binding])

        def bound() -> bool:
            return [gap["what"] for gap in unread(scan(*words))] == [f"{locked}/other/db:1"]

        plane.wait_until(bound, "the binding is seen", seconds=30)
        asked = {
            (event["verb"], event["objectRef"]["namespace"], event["objectRef"].get("name"))
            for event in plane.audit_events()
            if event.get("objectRef", {}).get("resource") == "secrets"
            and event["user"]["username"] == "system:serviceaccount:oakum:oakum-reader"
        }
    assert asked == {("get", "shop", "regcred"), ("get", "other", "regcred")}
