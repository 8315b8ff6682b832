"""Image references by the grammar of the distribution project, and digests by what runtimes report as ``imageID``.

The grammar (package ``reference`` of the distribution project): name is [domain "/"] path, path components are
lower-case words joined by one ".", one or two "_" or any number of "-"; a tag is a word of at most 128 characters; a
digest is ALGORITHM:HEX. The first component is a registry where it holds "." or ":", is "localhost" or is not all lower
case. A text of 64 hex digits is refused, because it would mean an image id.
"""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.fleet.cluster.images import Reference, images_of, images_of_template, parse
from oakum.fleet.cluster.objects import Container, ContainerStatus, Meta, Pod, PodSpec, PodStatus

A, B = "sha256:" + "a1" * 32, "sha256:" + "b2" * 32
S512 = "sha512:" + "c3" * 64
HUB = "docker.io"

READ: list[tuple[str, str, str, str, str]] = [
    # what is written, registry, repository, tag, digest
    ("nginx", HUB, "library/nginx", "latest", ""),
    ("nginx:1.25", HUB, "library/nginx", "1.25", ""),
    ("nginx:1.25-alpine3.18_x", HUB, "library/nginx", "1.25-alpine3.18_x", ""),
    (f"nginx@{A}", HUB, "library/nginx", "", A),
    (f"nginx:1.25@{A}", HUB, "library/nginx", "1.25", A),
    ("library/nginx", HUB, "library/nginx", "latest", ""),
    ("docker.io/nginx", HUB, "library/nginx", "latest", ""),
    ("docker.io/library/nginx", HUB, "library/nginx", "latest", ""),
    ("index.docker.io/nginx", HUB, "library/nginx", "latest", ""),
    ("registry-1.docker.io/library/nginx", HUB, "library/nginx", "latest", ""),
    ("bitnami/redis:7", HUB, "bitnami/redis", "7", ""),
    ("docker.io/bitnami/redis:7", HUB, "bitnami/redis", "7", ""),
    ("a/b/c", HUB, "a/b/c", "latest", ""),
    ("a/b/c/d/e/f:g", HUB, "a/b/c/d/e/f", "g", ""),
    ("localhost", HUB, "library/localhost", "latest", ""),
    ("localhost:5000", HUB, "library/localhost", "5000", ""),
    ("localhost/nginx", "localhost", "nginx", "latest", ""),
    ("localhost:5000/nginx", "localhost:5000", "nginx", "latest", ""),
    ("localhost:5000/nginx:1", "localhost:5000", "nginx", "1", ""),
    (f"localhost:5000/nginx@{A}", "localhost:5000", "nginx", "", A),
    ("registry:5000/team/app", "registry:5000", "team/app", "latest", ""),
    ("registry/team/app", HUB, "registry/team/app", "latest", ""),
    ("registry.k8s.io/pause:3.9", "registry.k8s.io", "pause", "3.9", ""),
    ("registry.k8s.io/coredns/coredns:v1.11.1", "registry.k8s.io", "coredns/coredns", "v1.11.1", ""),
    ("k8s.gcr.io/kube-proxy:v1.20.0", "k8s.gcr.io", "kube-proxy", "v1.20.0", ""),
    ("eu.gcr.io/project-1/app:x", "eu.gcr.io", "project-1/app", "x", ""),
    ("gcr.io/a.b/c", "gcr.io", "a.b/c", "latest", ""),
    ("quay.io/jetstack/cert-manager-controller:v1.14.4", "quay.io", "jetstack/cert-manager-controller", "v1.14.4", ""),
    ("602401143452.dkr.ecr.eu-west-1.amazonaws.com/eks/coredns:v1.10.1-eksbuild.1",
     "602401143452.dkr.ecr.eu-west-1.amazonaws.com", "eks/coredns", "v1.10.1-eksbuild.1", ""),
    ("europe-west3-docker.pkg.dev/p/r/i:1", "europe-west3-docker.pkg.dev", "p/r/i", "1", ""),
    ("10.0.0.1/app", "10.0.0.1", "app", "latest", ""),
    ("10.0.0.1:5000/app:v1", "10.0.0.1:5000", "app", "v1", ""),
    ("[::1]/app", "[::1]", "app", "latest", ""),
    ("[::1]:5000/app:v1", "[::1]:5000", "app", "v1", ""),
    (f"[fd00:1:2::3]:75050/app@{A}", "[fd00:1:2::3]:75050", "app", "", A),
    ("[2001:db8::1]/team/app:v1", "[2001:db8::1]", "team/app", "v1", ""),
    ("HOST.example.com/app", "host.example.com", "app", "latest", ""),
    ("Uppercase/lowercase", "Uppercase", "lowercase", "latest", ""),
    ("LOCALHOST/app", "LOCALHOST", "app", "latest", ""),
    ("xn--n3h.com/myimage:xn--n3h.com", "xn--n3h.com", "myimage", "xn--n3h.com", ""),
    ("foo_bar.com:8080", HUB, "library/foo_bar.com", "8080", ""),
    ("test.example.com/my-app", "test.example.com", "my-app", "latest", ""),
    ("a--b/c---d", HUB, "a--b/c---d", "latest", ""),
    ("a_b/c__d", HUB, "a_b/c__d", "latest", ""),
    ("a.b-c_d", HUB, "library/a.b-c_d", "latest", ""),
    ("1/2:3", HUB, "1/2", "3", ""),
    ("0", HUB, "library/0", "latest", ""),
    ("nginx:_x", HUB, "library/nginx", "_x", ""),
    ("nginx:UPPER", HUB, "library/nginx", "UPPER", ""),
    ("nginx:" + "a" * 128, HUB, "library/nginx", "a" * 128, ""),
    ("a" * 63, HUB, "library/" + "a" * 63, "latest", ""),
    ("a" * 64 + ":v1", HUB, "library/" + "a" * 64, "v1", ""),
    ("g" * 64, HUB, "library/" + "g" * 64, "latest", ""),
    ("example.com/" + "a" * 255, "example.com", "a" * 255, "latest", ""),
    (f"nginx@{S512}", HUB, "library/nginx", "", S512),
    ("  nginx:1.25\n", HUB, "library/nginx", "1.25", ""),
]  # fmt: skip

REFUSED: list[str] = [
    "", " ", ":", "@", "/", ":tag", "/nginx", "nginx/", "nginx:", "nginx@", f"@{A}", A, "a1" * 32,
    "NGINX", "Nginx:1", "library/Nginx", "docker.io/library/NGINX", "nginx:-x", "nginx:.x", "nginx:a b",
    "nginx:" + "a" * 129, "nginx:é", "nginx:1:2", "a//b", "a/-b", "a-/b", "-a", "a-", "_a", "a_", ".a", "a.",
    "a..b", "a___b", "a._b", "a-_b",
    "a b", "a\tb", "a\nb", "a\x00b", "ä", "nginx@sha256:abc", "nginx@sha256:" + "A1" * 32, "nginx@sha256:" + "a1" * 33,
    "nginx@sha512:" + "a1" * 32, "nginx@md5:" + "a1" * 16, "nginx@" + "a1" * 32, f"nginx@{A}@{A}", f"nginx@{A}:v1",
    "https://registry.example.com/app", "docker://nginx", "-bad.example.com/app", "bad-.example.com/app",
    "a..example.com/app", "host_name.example.com/app", "example.com:port/app", "example.com:/app", "[::1/app",
    "::1/app", "[fe80::1%eth0]/app", "[::1]:/app", "example.com/" + "a" * 256, "example.com/" + "a/" * 5000 + "a",
    "${IMAGE}", "{{ .Values.image }}",
]  # fmt: skip


@pytest.mark.parametrize("row", READ, ids=lambda row: row[0].strip()[:60])
def test_a_reference_is_read_by_the_grammar(row: tuple[str, str, str, str, str]) -> None:
    text, registry, repository, tag, digest = row
    assert parse(text) == Reference(registry, repository, tag, digest)


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: repr(text)[:60])
def test_what_is_no_reference_is_none(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize("row", READ, ids=lambda row: row[0].strip()[:60])
def test_a_reference_written_out_reads_as_itself(row: tuple[str, str, str, str, str]) -> None:
    reference = parse(row[0])
    assert reference is not None
    assert parse(str(reference)) == reference


@given(st.text(alphabet="aA0./:@-_[]%é\0 ", max_size=40) | st.text(max_size=30))
def test_any_text_is_a_reference_or_none_and_stays_the_same(text: str) -> None:
    reference = parse(text)
    assert reference is None or parse(str(reference)) == reference


def pod(image: str, image_id: str | None, *, status: str = "c") -> Pod:
    statuses = () if image_id is None else (ContainerStatus(name=status, image=image, image_id=image_id),)
    return Pod(
        metadata=Meta(name="p", namespace="n"),
        spec=PodSpec(containers=(Container(name="c", image=image),)),
        status=PodStatus(phase="Running", container_statuses=statuses),
    )


RUNS: list[tuple[str, str, str | None, str]] = [
    # which runtime says it, what was asked for, the status's imageID, the digest that runs
    ("containerd", "nginx:1.25", f"docker.io/library/nginx@{A}", A),
    ("containerd, mirrored", "nginx:1.25", f"mirror.example.com/hub/nginx@{A}", A),
    ("containerd, registry with a port", "localhost:5000/x:1", f"localhost:5000/x@{A}", A),
    ("containerd, an image that was loaded", "x:1", "sha256:" + "d4" * 32, ""),
    ("docker", "nginx:1.25", f"docker-pullable://nginx@{A}", A),
    ("docker, registry with a port", "localhost:5000/x:1", f"docker-pullable://localhost:5000/x@{A}", A),
    ("docker, an image that was built there", "x:1", "docker://sha256:" + "d4" * 32, ""),
    ("docker, as CRI", "x:1", f"docker://x@{A}", A),
    ("CRI-O", "quay.io/a/b:1", f"quay.io/a/b@{A}", A),
    ("CRI-O, id of the configuration", "quay.io/a/b:1", "d4" * 32, ""),
    ("CRI-O, id beside a digest asked for", f"quay.io/a/b@{A}", "d4" * 32, A),
    ("CRI-O, scheme", "quay.io/a/b:1", f"cri-o://quay.io/a/b@{A}", A),
    ("podman", "x:1", f"docker.io/library/x:1@{A}", A),
    ("not started", "nginx:1.25", "", ""),
    ("not started, digest asked for", f"nginx@{A}", "", A),
    ("no status", "nginx:1.25", None, ""),
    ("no status, digest asked for", f"nginx:1.25@{A}", None, A),
    ("changed in place: what runs is the old one", f"nginx@{B}", f"docker.io/library/nginx@{A}", A),
    ("an index asked for, its manifest runs", f"nginx@{B}", f"docker-pullable://nginx@{A}", A),
    ("an index asked for and reported", f"nginx@{B}", f"docker.io/library/nginx@{B}", B),
    ("a tag in the status names no digest", "nginx:1.25", "docker.io/library/nginx:1.25", ""),
    ("nonsense", "nginx:1.25", "!!!", ""),
    ("no reference asked for", "NGINX", f"docker.io/library/nginx@{A}", A),
    ("sha512", "nginx:1.25", f"docker.io/library/nginx@{S512}", S512),
]


@pytest.mark.parametrize("row", RUNS, ids=lambda row: row[0])
def test_the_digest_that_runs_is_the_status_word(row: tuple[str, str, str | None, str]) -> None:
    _, image, image_id, digest = row
    (found,) = images_of(pod(image, image_id))
    assert found.digest == digest
    assert found.given == image
    assert found.key == (f"image/{digest}" if digest else f"image/ref:{parse(image)}")


OTHER_TAGS: list[tuple[str, str, str, str | None]] = [
    # what it is, what was asked for, the status's image, what runs beside it
    ("as asked for", "nginx:1.25", "docker.io/library/nginx:1.25", None),
    ("changed in place: the old one runs", "x.example.com/y:2", "x.example.com/y:1", "x.example.com/y:1"),
    (
        "another tag of the same contents",
        "nginx:latest",
        "docker.io/library/nginx:1.25",
        "docker.io/library/nginx:1.25",
    ),
    ("a digest asked for", f"x.example.com/y@{A}", "x.example.com/y:1", "x.example.com/y:1"),
    ("another repository", "x.example.com/y:2", "mirror.example.com/y:1", None),
    ("an id", "x.example.com/y:2", "sha256:" + "d4" * 32, None),
    ("no tag", "x.example.com/y:2", f"x.example.com/y@{A}", None),
    ("nothing", "x.example.com/y:2", "", None),
    ("nonsense", "x.example.com/y:2", "!!!", None),
    ("no reference asked for", "{{ image }}", "x.example.com/y:1", None),
]


@pytest.mark.parametrize("row", OTHER_TAGS, ids=lambda row: row[0])
def test_the_status_may_know_another_tag(row: tuple[str, str, str, str | None]) -> None:
    _, asked, said, runs = row
    one = pod(asked, None)
    statuses = (ContainerStatus(name="c", image=said),)
    (found,) = images_of(msgspec.structs.replace(one, status=PodStatus(phase="Running", container_statuses=statuses)))
    assert (found.given, found.runs) == (asked, None if runs is None else parse(runs))


def test_a_status_of_another_container_says_nothing() -> None:
    (found,) = images_of(pod("nginx:1.25", f"docker.io/library/nginx@{A}", status="other"))
    assert found.digest == ""


def test_one_image_has_one_key_however_it_is_written() -> None:
    written = ("nginx", "nginx:latest", "library/nginx", "docker.io/nginx", "index.docker.io/library/nginx:latest")
    assert len({images_of(pod(text, None))[0].key for text in written}) == 1
    pulled = (f"docker.io/library/nginx@{A}", f"docker-pullable://mirror.example.com/x@{A}", f"x.example.com/y@{A}")
    assert {images_of(pod("nginx", text))[0].key for text in pulled} == {f"image/{A}"}


def test_what_is_no_reference_is_known_by_its_own_text() -> None:
    (found,) = images_of(pod("{{ image }}", None))
    assert (found.reference, found.key) == (None, "image/ref:{{ image }}")


def test_every_kind_of_container_is_told_apart() -> None:
    one = Pod(
        metadata=Meta(name="p", namespace="n"),
        spec=PodSpec(
            init_containers=(
                Container(name="setup", image="i:1"),
                Container(name="proxy", image="s:1", restart_policy="Always"),
            ),
            containers=(Container(name="app", image="a:1"),),
            ephemeral_containers=(Container(name="debug", image="e:1"),),
        ),
        status=PodStatus(
            init_container_statuses=(ContainerStatus(name="setup", image_id=f"i@{A}"),),
            container_statuses=(ContainerStatus(name="app", image_id=f"a@{B}"),),
            ephemeral_container_statuses=(ContainerStatus(name="debug", image_id=f"e@{A}"),),
        ),
    )
    found = [(image.container, image.use, image.digest) for image in images_of(one)]
    assert found == [("setup", "init", A), ("proxy", "sidecar", ""), ("app", "container", B), ("debug", "ephemeral", A)]
    asked = [(image.use, image.digest) for image in images_of_template(one.spec)]
    assert asked == [("init", ""), ("sidecar", ""), ("container", ""), ("ephemeral", "")]
