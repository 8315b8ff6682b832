"""The shipped files have sources and do not contradict themselves, and the page tells the format as it is read."""

from __future__ import annotations

import re
from datetime import date
from importlib import resources
from pathlib import Path

import pytest

from oakum.changes.compat import FACTS, read
from oakum.changes.skew import COMPONENTS
from oakum.errors import InputError
from oakum.fleet.cluster.component_rules import read_rules
from oakum.local.compat import shipped

DATA = resources.files("oakum.changes.compat").joinpath("data")
FILES = sorted(each.name for each in DATA.iterdir() if each.name.endswith(".yaml"))
PAGE = (Path(__file__).resolve().parents[3] / "docs/reference/compatibility.md").read_text()
#: Whose own words count. The others are who has read a table of a project that was out of reach.
PROJECTS = (
    "https://github.com/", "https://kubernetes.io/", "https://etcd.io/", "https://pkg.go.dev/",
    "https://newreleases.io/project/github/kubernetes-sigs/",
)  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file_reads_and_every_entry_has_a_source_and_a_day(name: str) -> None:
    found = read(DATA.joinpath(name).read_bytes(), name)
    sources = [each.source for part in (found.apis, found.pairings, found.edges) for each in part]
    assert sources
    for each in sources:
        assert each.url.startswith(PROJECTS), each
        assert date(2026, 1, 1) <= date.fromisoformat(each.read)


def test_all_files_together_do_not_contradict_each_other() -> None:
    pairings = shipped().pairings
    for one in pairings:
        for other in pairings:
            same = one.component.casefold() == other.component.casefold()
            assert not (same and one.compatible and not other.compatible and one.meets(other)), (one, other)
    names = [each.name for each in shipped().edges]
    assert len(names) == len(set(names))
    lives = [(each.api_version, each.kind) for each in shipped().apis]
    assert len(lives) == len(set(lives))


def test_what_is_compatible_ends_somewhere() -> None:
    """No source speaks of a Kubernetes that was not out when it was read."""
    until = shipped().apis_until
    for each in shipped().pairings:
        if each.compatible:
            assert each.kubernetes.high is not None, each
            assert not each.kubernetes.meets(read(_pair(f">=1.{(until or 0) + 1}"), "x").pairings[0].kubernetes), each


def _pair(kubernetes: str) -> bytes:
    return f"""
version: 1
compatible:
  - {{component: x, versions: ["1.1"], kubernetes: "{kubernetes}", answer: compatible, why: w,
     source: "https://example.org/x", read: 2026-11-24}}
""".encode()


def test_components_are_called_what_a_scan_calls_them() -> None:
    rules = read_rules(
        resources.files("oakum.fleet.cluster").joinpath("components.yaml").read_bytes(), "components.yaml"
    )
    known = {each.name for each in rules.components} | {*COMPONENTS, "containerd", "CRI-O", "runc"}
    named = {each.component for each in shipped().pairings} | {
        name for each in shipped().edges for name in each.components
    }
    assert named <= known


def test_every_component_that_was_asked_for_is_there() -> None:
    named = {each.component for each in shipped().pairings}
    assert named == {
        "containerd", "CRI-O", "etcd", "CoreDNS", "Calico", "Cilium", "Flannel", "AWS EBS CSI driver",
        "GCE PD CSI driver", "Azure Disk CSI driver", "vSphere CSI driver",
    }  # fmt: skip


def test_apis_of_every_release_that_removed_some_are_there() -> None:
    removing = {each.removed for each in shipped().apis}
    assert {16, 22, 25, 26, 27, 29, 32, 33, 34, 35, 37} <= removing
    assert all(
        each.deprecated is None or each.removed is None or each.deprecated <= each.removed for each in shipped().apis
    )


def test_a_replacement_is_itself_served_when_its_forerunner_goes() -> None:
    lives = shipped().by_api
    for each in shipped().apis:
        if each.replacement and each.removed is not None:
            assert each.replacement_since is not None, each
            assert each.replacement_since <= each.removed or each.api_version.startswith("flowcontrol"), each
            successor = lives.get((each.replacement, each.kind))
            assert successor is None or successor.removed is None or successor.removed > each.removed, each


def test_the_page_tells_every_fact_with_its_type_and_meaning() -> None:
    for name, variable in FACTS.items():
        assert f"| `{name}` | {variable.type} | {variable.meaning} |" in PAGE
    assert set(re.findall(r"^\| `(\w+)` \| (?:string|bool|int|list|map)", PAGE, re.MULTILINE)) == set(FACTS)


def _fields(section: str) -> tuple[str, ...]:
    """The fields that the reader says it knows, from its own complaint about one that it does not."""
    entries = {
        "apis": "{api: v1, kinds: [A], removed: 1.2, source: https://example.org/x, read: 2026-11-24, zz: 1}",
        "compatible": '{component: x, versions: ["1.1"], kubernetes: "1.1", answer: compatible, why: w, '
        "source: https://example.org/x, read: 2026-11-24, zz: 1}",
        "edges": '{name: x, components: [x], from: "*", to: "*", why: w, remedy: r, '
        "source: https://example.org/x, read: 2026-11-24, zz: 1}",
    }
    with pytest.raises(InputError) as error:
        read(f"version: 1\n{section}:\n  - {entries[section]}\n".encode(), "x")
    return tuple(error.value.remedy.removeprefix("the fields here are ").split(", "))


@pytest.mark.parametrize("section", ["apis", "compatible", "edges"])
def test_the_page_tells_every_field_of_a_section_and_no_other(section: str) -> None:
    part = PAGE.partition(f"\n## `{section}`\n")[2].partition("\n## ")[0]
    table = set(re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE))
    assert table | {"source", "read"} == set(_fields(section))


def test_the_examples_of_the_page_are_read() -> None:
    examples = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert examples
    for example in examples:
        read(example.encode(), "compatibility.md")


def test_the_page_tells_every_shipped_file_and_component() -> None:
    for name in FILES:
        assert f"`{name}`" in PAGE
    for component in {each.component for each in shipped().pairings}:
        assert component in PAGE
