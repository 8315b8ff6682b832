"""Rules of a site: they win, they extend, and a bad file says what, where and the remedy."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data import ROOT

from oakum.errors import InputError, LimitError, OakumError
from oakum.fleet.cluster.components import Components, package, parse_components
from oakum.fleet.cluster.images import Reference, parse

SHIPPED = (ROOT / "src/oakum/fleet/cluster/components.yaml").read_bytes()
OURS = parse_components(SHIPPED, "components.yaml")


def reference(text: str) -> Reference:
    found = parse(text)
    assert found is not None
    return found


def site(text: str) -> Components:
    return OURS.extend(parse_components(text.encode(), "site.yaml").rules)


def test_a_site_names_its_own_components() -> None:
    rules = site(
        "components:\n- {name: gate, role: gateway, images: [team/gateway], packages: [golang example.com/gw/v*]}\n"
    )
    found = rules.by_image(reference("registry.example.com/team/gateway:v2.3.4"), "x")
    assert found is not None
    assert (found.name, found.role, found.version) == ("gate", "gateway", "v2.3.4")
    assert [(each.name, each.version) for each in found.packages] == [("example.com/gw/v2", "v2.3.4")]
    assert rules.by_image(reference("registry.k8s.io/coredns/coredns:v1.11.1"), "kube-system") is not None


def test_a_site_wins_over_what_is_shipped() -> None:
    rules = site("components:\n- {name: our-dns, role: dns, images: [coredns]}\n")
    found = rules.by_image(reference("registry.k8s.io/coredns/coredns:v1.11.1"), "kube-system")
    assert found is not None
    assert (found.name, found.assessable) == ("our-dns", False)


@pytest.mark.parametrize(
    ("registry", "image", "vouched"),
    [
        ("registry.example.com/*", "registry.example.com/coredns/coredns:v1.11.1", True),
        ("registry.example.com/mirror/*", "registry.example.com/mirror/coredns:v1.11.1", True),
        ("registry.example.com/mirror/*", "registry.example.com/other/coredns:v1.11.1", False),
        ("*.example.com/*", "a.example.com/coredns:v1.11.1", True),
        ("*.example.com/*", "evil.example.org/x.example.com/coredns:v1.11.1", False),
        ("registry.example.com:5000/*", "registry.example.com:5000/coredns:v1.11.1", True),
        ("registry.example.com/*", "registry.example.com:5000/coredns:v1.11.1", False),
    ],
)
def test_a_site_vouches_for_its_mirrors(registry: str, image: str, vouched: bool) -> None:
    found = site(f"registries: ['{registry}']\n").by_image(reference(image), "kube-system")
    assert found is not None
    assert found.by_name is not vouched


def test_a_site_names_its_own_builds() -> None:
    rules = site(
        "vendors:\n- {name: Ours, images: ['r.example.com/*'], versions: ['*+ours.*'], labels: [example.com/node]}\n"
    )
    found = rules.by_image(reference("r.example.com/coredns:v1.11.1"), "kube-system")
    assert found is not None
    assert found.vendor == "Ours"
    assert rules.vendor_of_node("v1.29.3+ours.1", {}) == "Ours"
    assert rules.vendor_of_node("v1.29.3", {"example.com/node": ""}) == "Ours"


ROW = "components:\n- name: x\n  role: dns\n"
#: name -> (the file, line of the error, words of it)
BAD: dict[str, tuple[bytes, int | None, str]] = {
    "empty": (b"", 1, "empty"),
    "a text": (b"hello", 1, "mapping"),
    "a list": (b"- a\n", None, "mapping"),
    "latin-1": (b"components: []\n# caf\xe9", 2, "not UTF-8"),
    "NUL": (b"components: []\n\0", 2, "not valid YAML"),
    "cut": (b'components:\n- name: "x', 2, "not valid YAML"),
    "unknown part": (b"components: []\nplanets: []\n", 1, "unknown key 'planets'"),
    "unknown key": (ROW.encode() + b"  image: [a]\n", 2, "unknown key 'image'"),
    "no list": (b"components: {a: b}\n", None, "components is not a list"),
    "a row of text": (b"components:\n- x\n", 2, "a component is a mapping"),
    "no role": (b"components:\n- name: x\n  images: [a]\n", 2, "role is missing"),
    "no name": (b"components:\n- role: dns\n  images: [a]\n", 2, "name is missing"),
    "unknown role": (b"components:\n- name: x\n  role: planet\n  images: [a]\n", 3, "the role 'planet'"),
    "nothing to be known by": (ROW.encode(), 2, "nothing to be known by"),
    "everything": (ROW.encode() + b"  images: ['*']\n", 4, "matches everything"),
    "everything else": (ROW.encode() + b"  pods: ['?*']\n", 4, "matches everything"),
    "many stars": (ROW.encode() + b"  images: ['" + b"*a" * 50 + b"']\n", 4, "the glob"),
    "a class": (ROW.encode() + b"  images: ['[a-z]x']\n", 4, "the glob"),
    "a long glob": (ROW.encode() + b"  images: ['" + b"a" * 300 + b"']\n", 4, "longer than"),
    "a control character": (ROW.encode() + b'  images: ["a\\u001b"]\n', 4, "not printable"),
    "a bad label": (ROW.encode() + b"  labels: [app]\n", 4, "the label 'app'"),
    "a bad package": (ROW.encode() + b"  images: [a]\n  packages: [npm x]\n", 5, "the package 'npm x'"),
    "a package without a name": (ROW.encode() + b"  images: [a]\n  packages: [golang]\n", 5, "the package 'golang'"),
    "a mapping as glob": (ROW.encode() + b"  images: [{a: b}]\n", None, "plain text"),
    "key twice": (b"components: []\ncomponents: []\n", 2, "stands twice"),
    "an alias": (b"components: &a []\nvendors: *a\n", 2, "alias"),
    "a tag": (b"components: !!python/object:x []\n", 1, "tag"),
    "two documents": (b"components: []\n---\nvendors: []\n", 2, "several documents"),
    "deep": (b"[" * 100_000, 1, "deeply"),
    "too many rows": (b"registries: [" + b"a," * 6000 + b"]", None, "more than"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_says_what_where_and_the_remedy(case: str) -> None:
    data, line, words = BAD[case]
    with pytest.raises(InputError) as caught:
        parse_components(data, "site.yaml")
    error = caught.value
    assert words in error.what
    assert error.remedy
    assert error.place is not None
    assert error.place.file == "site.yaml"
    if line is not None:
        assert error.place.line == line


def test_no_glob_takes_long_on_any_name() -> None:
    worst = "*a*a*a*a*a*a*a*ab"
    rules = site(f"components:\n- {{name: x, role: dns, images: ['{worst}']}}\nregistries: ['{worst}']\n")
    start = time.process_time()
    for _ in range(100):
        rules.by_image(reference("example.com/" + "a" * 250), "x")
        rules.beside("a" * 250, "x", {"a" * 60: "a" * 60}, None)
        rules.vendor_of_node("a" * 5000, {})
    assert time.process_time() - start < 2


@given(st.binary(max_size=200) | st.text(alphabet="components:-name rl{}[]*&!'\"\n ", max_size=120).map(str.encode))
def test_any_bytes_are_rules_or_refused(data: bytes) -> None:
    try:
        parse_components(data, "site.yaml")
    except OakumError as error:
        assert error.remedy


@given(st.integers(0, len(SHIPPED) - 1), st.binary(max_size=4), st.integers(0, 30))
def test_the_shipped_rules_changed_anywhere_are_rules_or_refused(at: int, put: bytes, gone: int) -> None:
    start = SHIPPED.rfind(b"\n  - ", 0, max(at, 1))
    piece = b"components:" + SHIPPED[max(start, 0) : at] + put + SHIPPED[at + gone : at + gone + 300]
    try:
        parse_components(piece, "site.yaml")
    except OakumError as error:
        assert error.remedy


#: version as reported -> version that advisories of a Go module are compared with
VERSIONS = {
    "v1.2.3": "v1.2.3",
    "1.2.3": "v1.2.3",
    "v1.10.1-eksbuild.1": "v1.10.1",
    "3.5.12-0": "v3.5.12",
    "v1.0.0-rc.1": "v1.0.0-rc.1",
    "v1.0.0-alpha.2": "v1.0.0-alpha.2",
    "v1.0.0-beta3": "v1.0.0-beta3",
    "nginx-1.9.6-rancher1": "v1.9.6",
    "v1.7.13+ds1": "v1.7.13",
}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_go_module_has_the_number_of_a_version(version: str) -> None:
    found = package("golang", "example.com/x", version, "")
    assert found is not None
    assert found.version == VERSIONS[version]


@pytest.mark.parametrize(
    "version", ["", "latest", "v1", "v1.2", "1.2.x", "sha256:" + "a1" * 32, "v" + "9" * 30 + ".1.1", "x" * 100_000]
)
def test_no_number_is_no_package(version: str) -> None:
    assert package("golang", "example.com/x", version, "") is None


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("v0.9.1", "example.com/x"),
        ("v1.9.1", "example.com/x"),
        ("v2.0.0", "example.com/x/v2"),
        ("11.0.1", "example.com/x/v11"),
    ],
)
def test_a_module_has_its_major_version_in_its_path_from_two_on(version: str, name: str) -> None:
    found = package("golang", "example.com/x/v*", version, "")
    assert found is not None
    assert found.name == name


def test_a_part_of_kubernetes_keeps_the_marks_of_its_vendor() -> None:
    found = package("kubernetes", "k8s.io/kubelet", "v1.28.9_rke2r1", "RKE2")
    assert found is not None
    assert (found.version, found.vendor) == ("v1.28.9+rke2r1", "RKE2")


def test_the_limit_on_rows_is_a_limit() -> None:
    with pytest.raises(LimitError):
        parse_components(b"components:\n" + b"- {name: x, role: dns, images: [a]}\n" * 5001, "site.yaml")
