"""The reader of compatibility files: what it takes, where it says that something is wrong, and what it never raises."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.changes.compat import Knowledge, joined, read
from oakum.errors import InputError, OakumError
from oakum.local.compat import knowledge, shipped

API = """
version: 1
apis_until: 1.37
apis:
  - api: policy/v1beta1
    kinds: [PodDisruptionBudget, Eviction]
    deprecated: 1.21
    removed: 1.25
    replacement: policy/v1
    replacement_since: 1.21
    source: https://example.org/a
    read: 2026-11-24
"""
PAIR = """
version: 1
compatible:
  - component: containerd
    versions: [">=1.7.24 <1.8", "2.1"]
    kubernetes: ">=1.32 <1.34"
    answer: compatible
    why: they say so
    source: https://example.org/b
    read: 2026-11-24
"""
EDGE = """
version: 1
edges:
  - name: e1
    components: [etcd, kubelet]
    from: "*"
    to: ">=3.5.0 <3.5.3"
    when: etcd_members > 1
    why: harm
    remedy: go on
    source: https://example.org/c
    read: 2026-11-24
"""


def reading(text: str) -> Knowledge:
    return read(text.encode(), "site.yaml")


def test_an_api() -> None:
    found = reading(API)
    assert found.apis_until == 37
    one, other = found.apis
    assert (one.api_version, one.kind, one.deprecated, one.removed) == ("policy/v1beta1", "PodDisruptionBudget", 21, 25)
    assert (one.last_served, one.replacement, one.replacement_since) == (24, "policy/v1", 21)
    assert (one.source.url, one.source.read) == ("https://example.org/a", "2026-11-24")
    assert other.kind == "Eviction"


def test_a_release_that_looks_like_a_number_stays_what_it_is() -> None:
    assert reading(API.replace("1.25", "1.30").replace("1.21", "1.20")).apis[0].deprecated == 20


def test_an_api_may_go_with_the_release_that_deprecates_it() -> None:
    assert reading(API.replace("1.21", "1.25")).apis[0].deprecated == 25


def test_an_api_may_be_deprecated_without_an_end_or_go_without_a_warning() -> None:
    (deprecated, _), (removed, _) = (
        reading(swap(API, f"    {line}\n", "")).apis for line in ("removed: 1.25", "deprecated: 1.21")
    )
    assert (deprecated.deprecated, deprecated.removed, deprecated.last_served) == (21, None, None)
    assert (removed.deprecated, removed.removed) == (None, 25)


def test_a_pairing() -> None:
    (found,) = reading(PAIR).pairings
    assert (found.component, found.compatible, found.why) == ("containerd", True, "they say so")
    assert [each.text for each in found.versions] == [">=1.7.24 <1.8", "2.1"]
    assert found.kubernetes.text == ">=1.32 <1.34"


def test_an_edge() -> None:
    (found,) = reading(EDGE).edges
    assert (found.name, found.components, found.remedy) == ("e1", ("etcd", "kubelet"), "go on")
    assert found.condition is not None
    assert found.condition.text == "etcd_members > 1"
    assert reading(EDGE.replace("    when: etcd_members > 1\n", "")).edges[0].condition is None


def swap(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


def many(count: int) -> str:
    return ", ".join(f'"1.{number}"' for number in range(count))


#: A text that is wrong, the line and the field that the error names, and words of it.
WRONG = [
    (swap(API, "version: 1\n", "version: 2\n"), 2, "version", "version '2' of the format is not known"),
    (swap(API, "version: 1\n", ""), None, "version", "version is missing"),
    (swap(API, "apis:", "apix:"), 5, "apix", "unknown section"),
    (swap(API, "apis_until: 1.37", "apis_until: 37"), 3, "apis_until", "no release of Kubernetes"),
    (swap(API, "policy/v1beta1", "policy"), 5, "apis[1].api", "no API version"),
    (swap(API, "policy/v1beta1", "Policy/v1"), 5, "apis[1].api", "no API version"),
    (swap(API, "[PodDisruptionBudget, Eviction]", "[]"), 5, "apis[1].kinds", "kinds"),
    (swap(API, "PodDisruptionBudget", "Pod Budget"), 6, "apis[1].kinds", "no kind"),
    (swap(API, "Eviction", "PodDisruptionBudget"), 6, "apis[1].kinds", "twice"),
    (swap(API, "    kinds: [PodDisruptionBudget, Eviction]\n", ""), 5, "apis[1].kinds", "kinds is missing"),
    (swap(API, "1.25", "1.x"), 8, "apis[1].removed", "no release"),
    (swap(API, "1.25", "1.025"), 8, "apis[1].removed", "no release"),
    (swap(API, "1.25", "2.1"), 8, "apis[1].removed", "no release"),
    (swap(API, "removed: 1.25", "removed: 1.20"), 7, "apis[1].deprecated", "deprecated after"),
    (swap(swap(API, "    removed: 1.25\n", ""), "    deprecated: 1.21\n", ""), 5, "apis[1].removed", "neither"),
    (swap(API, "policy/v1\n", "policy\n"), 9, "apis[1].replacement", "no API version"),
    (swap(API, "https://", "http://"), 11, "apis[1].source", "no address"),
    (swap(API, "    source: https://example.org/a\n", ""), 5, "apis[1].source", "source is missing"),
    (swap(API, "2026-11-24", "2026-11-31"), 12, "apis[1].read", "no day"),
    (swap(API, "2026-11-24", "20261124"), 12, "apis[1].read", "no day"),
    (swap(API, "    read: 2026-11-24\n", ""), 5, "apis[1].read", "read is missing"),
    (API + "    since: 1.2\n", 13, "apis[1].since", "unknown field 'since'"),
    (swap(API, "  - api: policy/v1beta1", "  - api: policy/v1beta1\n    api: policy/v1"), 6, "", "stands twice"),
    (API + API.partition("apis:\n")[2], 5, "apis", "stands twice"),
    (swap(PAIR, "answer: compatible", "answer: probably"), 7, "compatible[1].answer", "cannot be 'probably'"),
    (swap(PAIR, '"2.1"', '"<=2.1"'), 5, "compatible[1].versions", "no range"),
    (swap(PAIR, '">=1.32 <1.34"', '">=1.34 <1.32"'), 6, "compatible[1].kubernetes", "holds no version"),
    (swap(PAIR, '    versions: [">=1.7.24 <1.8", "2.1"]\n', ""), 4, "compatible[1].versions", "0 ranges"),
    (swap(PAIR, '">=1.7.24 <1.8", "2.1"', many(11)), 5, "compatible[1].versions", "11 ranges"),
    (swap(PAIR, "    why: they say so\n", ""), 4, "compatible[1].why", "why is missing"),
    (swap(PAIR, "containerd", "x" * 101), 4, "compatible[1].component", "a name of more than"),
    (swap(PAIR, "containerd", '"a\\u0007b"'), 4, "compatible[1].component", "odd ones"),
    (swap(EDGE, "etcd_members > 1", "etcd_member > 1"), 8, "edges[1].when", "etcd_member"),
    (swap(EDGE, "etcd_members > 1", "etcd_members > > 1"), 8, "edges[1].when", "(when, column 16)"),
    (swap(EDGE, "etcd_members > 1", "etcd_members"), 8, "edges[1].when", "not true or false"),
    (swap(EDGE, "etcd_members > 1", '\'"x" > 1\''), 8, "edges[1].when", ""),
    (swap(EDGE, '"*"', '"**"'), 6, "edges[1].from", "no range"),
    (swap(EDGE, "[etcd, kubelet]", f"[etcd, {'x' * 101}]"), 5, "edges[1].components", "a name of more than"),
    (swap(EDGE, "[etcd, kubelet]", '["a\\u0007b"]'), 5, "edges[1].components", "odd ones"),
    (swap(EDGE, "[etcd, kubelet]", "[]"), 4, "edges[1].components", "components"),
    (swap(EDGE, "    components: [etcd, kubelet]\n", ""), 4, "edges[1].components", "no component"),
    (swap(EDGE, "    remedy: go on\n", ""), 4, "edges[1].remedy", "remedy is missing"),
    (EDGE + EDGE.partition("edges:\n")[2], 4, "edges", "'e1' stands twice"),
    ("version: 1\n", None, "", "says nothing"),
    ("version: 1\napis: []\n", None, "", "says nothing"),
    ("", None, "", "no mapping"),
    ("- a\n", 1, "", "no mapping"),
    ("version: 1\napis: 3\n", 2, "apis", "no list"),
    ("version: 1\napis: [3]\n", 2, "apis[1]", "no mapping"),
    ("version: [1\n", None, "", "YAML"),
    ("version: &a 1\napis: *a\n", 2, "", "alias"),
    ("version: !!python/name:os.system 1\n", 1, "", "tag"),
    ("a: " + "[" * 100 + "]" * 100, 1, "", "nested too deeply"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "field", "words"), WRONG)
def test_what_is_wrong_is_named_with_file_line_and_field(text: str, line: int | None, field: str, words: str) -> None:
    with pytest.raises(InputError) as error:
        reading(text)
    place = error.value.place
    assert place is not None
    assert place.file == "site.yaml"
    assert words in error.value.what
    assert field in place.field
    assert line is None or place.line == line, str(error.value)
    assert error.value.remedy


def test_a_pair_that_is_and_is_not_compatible_is_refused() -> None:
    other = PAIR.partition("compatible:\n")[2].replace("answer: compatible", "answer: incompatible")
    with pytest.raises(InputError, match="told incompatible and compatible"):
        reading(PAIR + other)
    with pytest.raises(InputError, match="told incompatible and compatible"):
        reading(PAIR + other.replace("containerd", "Containerd").replace(">=1.32 <1.34", "1.33"))
    assert len(reading(PAIR + other.replace(">=1.32 <1.34", "1.34")).pairings) == 2
    assert len(reading(PAIR + other.replace("containerd", "CRI-O")).pairings) == 2
    assert len(reading(PAIR + other.replace('[">=1.7.24 <1.8", "2.1"]', '["<1.7.24", "1.8"]')).pairings) == 2


def test_names_of_100_characters_and_entries_of_ten_ranges_are_taken() -> None:
    name = "x" * 100
    assert reading(swap(EDGE, "[etcd, kubelet]", f"[etcd, {name}]")).edges[0].components == ("etcd", name)
    assert reading(swap(PAIR, "containerd", name)).pairings[0].component == name
    assert len(reading(swap(PAIR, '">=1.7.24 <1.8", "2.1"', many(10))).pairings[0].versions) == 10


def test_a_file_of_256_kib_is_read() -> None:
    data = EDGE.encode() + b"#"
    assert len(read(data.ljust(256 * 1024, b"x"), "site.yaml").edges) == 1


@pytest.mark.parametrize(
    ("data", "words"), [(b"\xff\xfe", "UTF-8"), (b"version: 1\n#".ljust(256 * 1024 + 1, b"x"), "larger")]
)
def test_a_file_that_is_no_text_or_too_large(data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words) as error:
        read(data, "site.yaml")
    assert error.value.place is not None
    assert error.value.place.file == "site.yaml"


def test_more_entries_of_a_component_than_can_be_compared_are_refused() -> None:
    entry = PAIR.partition("compatible:\n")[2]
    with pytest.raises(InputError, match="201 entries of containerd"):
        reading("version: 1\ncompatible:\n" + entry * 201)
    assert len(reading("version: 1\ncompatible:\n" + entry * 200).pairings) == 200


def test_the_first_of_several_wins() -> None:
    mine = reading(API.replace("removed: 1.25", "removed: 1.26").replace("1.37", "1.36"))
    both = joined(mine, reading(API))
    assert both.by_api["policy/v1beta1", "Eviction"].removed == 26
    assert both.apis_until == 37
    assert joined(reading(API), mine).by_api["policy/v1beta1", "Eviction"].removed == 25
    edges = joined(reading(EDGE.replace("harm", "other harm")), reading(EDGE))
    assert [each.why for each in edges.edges] == ["other harm"]
    assert joined().apis_until is None


def test_a_site_gives_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own/a.yaml").write_text(EDGE)
    (tmp_path / "own/b.yml").write_text(PAIR)
    (tmp_path / "own/c.txt").write_text("no data")
    (tmp_path / "api.yaml").write_text(API.replace("policy/v1beta1", "example.org/v1beta1"))
    found = knowledge([tmp_path / "own", tmp_path / "api.yaml"])
    assert found.edges[0].name == "e1"
    assert found.pairings[0].why == "they say so"
    assert found.by_api["example.org/v1beta1", "Eviction"].removed == 25
    assert len(found.edges) == len(shipped().edges) + 1
    assert knowledge() == shipped()


def test_a_file_of_a_site_that_is_wrong_is_named(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(swap(EDGE, "etcd_members > 1", "nothing"))
    with pytest.raises(InputError) as error:
        knowledge([wrong])
    assert str(error.value).startswith(f"{wrong}:8: edges[1].when: ")
    for path in (tmp_path / "absent.yaml", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(InputError) as error:
            knowledge([path])
        assert error.value.place is not None
        assert error.value.place.file == str(path)


LINES = sorted({line for text in (API, PAIR, EDGE) for line in text.splitlines()})
broken = st.lists(st.sampled_from(LINES) | st.text(max_size=12), max_size=24).map("\n".join)


@given(st.text(max_size=60) | broken | st.sampled_from([API, PAIR, EDGE]).flatmap(
    lambda text: st.tuples(st.integers(0, len(text)), st.integers(0, 8), st.text(max_size=6)).map(
        lambda cut: text[: cut[0]] + cut[2] + text[cut[0] + cut[1] :]
    )
))  # fmt: skip
def test_no_text_makes_it_raise_anything_else(text: str) -> None:
    try:
        found = read(text.encode("utf-8", "surrogatepass"), "site.yaml")
    except OakumError as error:
        assert error.place is not None
        assert error.place.file == "site.yaml"
    else:
        assert found.apis or found.pairings or found.edges


@given(st.binary(max_size=60))
def test_no_bytes_make_it_raise_anything_else(data: bytes) -> None:
    with pytest.raises(OakumError):
        read(data, "site.yaml")
