"""Several sources make one state: in any order, with one digest; what contradicts is told with both sources."""

from __future__ import annotations

import io
from itertools import permutations
from pathlib import Path

import pytest
from tests.changes.state.makings import (
    NO_WEBHOOKS,
    NOW,
    Item,
    dump,
    inventory,
    namespace,
    node,
    pod,
    source,
    state_of,
    text_of,
)

from oakum.changes.state import State
from oakum.changes.state.document import read_state, state_document
from oakum.changes.state.joining import join
from oakum.changes.state.of_cluster import Dump
from oakum.errors import InputError
from oakum.local.states import read_states, shipped_components


def cluster(name: str, *items: Item, file: str = "") -> Dump:
    system = namespace()
    system["metadata"]["uid"] = f"cluster-{name}"
    made = node(f"{name}-1")
    return source(dump(system, made, *items), name, file=file)


PROD, STAGE = cluster("prod"), cluster("stage")
HOSTS = "format: oakum-inventory/1\nhosts: {h-1: {uid: u1}, h-2: {uid: u2}}\n"


def test_the_order_of_the_sources_means_nothing() -> None:
    inventories = [inventory(HOSTS, "a.yaml"), inventory(NO_WEBHOOKS, "b.yaml")]
    found = {
        state_document(join(dumps, [], texts, shipped_components(), NOW))
        for dumps in permutations([PROD, STAGE])
        for texts in permutations(inventories)
    }
    assert len(found) == 1


def test_the_order_of_objects_and_the_name_of_the_file_mean_nothing() -> None:
    one, other = pod("a"), pod("b")
    digests = {
        state_of(cluster("prod", *items, file=file)).digest
        for items in ((one, other), (other, one))
        for file in ("x.json", "y.json")
    }
    assert len(digests) == 1


def test_the_digest_is_that_of_the_facts_and_not_of_their_time() -> None:
    early, late = (
        source(dump(namespace(), node(), read_at=moment)) for moment in ("2026-11-28T04:00:00Z", "2026-11-28T05:00:00Z")
    )
    one, other = state_of(early), state_of(late)
    assert one.at != other.at
    assert one.digest == other.digest
    assert one.digest.startswith("sha256:")


@pytest.mark.parametrize(
    "changed",
    [
        dump(namespace(), node(ready="False")),
        dump(namespace(), node(labels={"a": "b"})),
        dump(namespace(), node(), pod("x")),
        dump(namespace(annotations={"oakum.dev/tier": "1"}), node()),
        dump(namespace(), node(), listed="Node"),
        dump(namespace(), node("w-2")),
    ],
)
def test_whatever_changes_changes_the_digest(changed: Item) -> None:
    assert state_of(changed).digest != state_of(dump(namespace(), node())).digest


def test_machines_and_clusters_stand_in_order() -> None:
    state = join([STAGE, PROD], [], [inventory(HOSTS)], shipped_components(), NOW)
    assert [each.id for each in state.machines] == ["h-1", "h-2", "prod/prod-1", "stage/stage-1"]
    assert [each.name for each in state.clusters] == ["prod", "stage"]


def test_two_clusters_of_one_name_are_an_error_that_says_what_to_do() -> None:
    other = cluster("stage", file="other.json")
    renamed = Dump(source="other.json", name="prod", around=other.around)
    with pytest.raises(InputError, match=r"cluster prod stands in other\.json too") as raised:
        join([PROD, renamed], [], [], shipped_components(), NOW)
    assert "folder" in raised.value.remedy
    assert "NAME=FILE" in raised.value.remedy


def test_one_cluster_under_two_names_is_an_error() -> None:
    again = Dump(source="again.json", name="again", around=PROD.around)
    with pytest.raises(InputError, match="has the uid of cluster"):
        join([PROD, again], [], [], shipped_components(), NOW)


def test_a_dump_without_a_uid_is_not_taken_for_a_cluster_of_which_nobody_tells_the_uid() -> None:
    """Without kube-system a dump tells no uid; only its own name can be that of an inventory's cluster."""
    nameless = source(dump(node("s-1")), "stage")
    state = state_of(PROD, nameless, "format: oakum-inventory/1\nclusters: {prod: {tier: 1}}\n")
    assert [(each.name, each.facts) for each in state.clusters] == [("prod", {"tier": "1"}), ("stage", {})]


def test_a_dump_that_nobody_called_anything_has_the_name_that_it_says() -> None:
    said = source(dump(namespace(annotations={"oakum.dev/cluster": "eu"}), node()))
    state = join([Dump(source="x.json", name="x", around=said.around)], [], [], shipped_components(), NOW)
    assert [each.name for each in state.clusters] == ["eu"]


def test_one_machine_in_two_clusters_is_an_error() -> None:
    twin = cluster("stage", node("prod-1"))
    with pytest.raises(InputError, match="has the uid of prod/prod-1"):
        join([PROD, twin], [], [], shipped_components(), NOW)


def test_a_written_state_joins_what_is_read_anew() -> None:
    written = read_state(state_document(state_of(PROD)), "old.json")
    joined = join([STAGE], [("old.json", written)], [], shipped_components(), NOW)
    assert joined.digest == join([STAGE, PROD], [], [], shipped_components(), NOW).digest


# From files


def write(folder: Path, name: str, content: Item | str) -> str:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else text_of(content))
    return str(file)


WHOLE = dump(namespace(), node(), pod("a"))


def read(*sources: str) -> State:
    return read_states(sources, NOW)


def test_a_dump_is_named_after_its_file_or_by_whoever_gives_it(tmp_path: Path) -> None:
    file = write(tmp_path, "eu.json", WHOLE)
    assert read(file).clusters[0].name == "eu"
    assert read(f"prod={file}").clusters[0].name == "prod"


def test_a_folder_is_one_cluster_with_the_inventories_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "prod"
    folder.mkdir()
    write(folder, "nodes.json", dump(node(), listed=None, read_at=""))
    write(folder, "rest.json", dump(namespace(), pod("a"), listed=None, read_at=""))
    write(folder, "hosts.yaml", HOSTS)
    state = read(str(folder))
    assert [each.id for each in state.machines] == ["h-1", "h-2", "prod/w-1"]
    assert len(state.clusters[0].around.pods) == 1


def test_a_folder_of_inventories_alone_is_no_dump(tmp_path: Path) -> None:
    write(tmp_path, "hosts.yaml", HOSTS)
    assert not read(str(tmp_path)).clusters


def test_a_source_that_is_given_twice_counts_once(tmp_path: Path) -> None:
    file = write(tmp_path, "eu.json", WHOLE)
    assert read(file, file).digest == read(file).digest


def test_webhooks_are_read_from_every_file_of_a_folder(tmp_path: Path) -> None:
    hook = {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "m"}, "webhooks": [],
    }  # fmt: skip
    write(tmp_path, "a.json", WHOLE)
    write(tmp_path, "b.json", hook)
    assert "MutatingWebhookConfiguration" in read(str(tmp_path)).clusters[0].around.snapshot.listed


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "empty"),
        ("{", "not valid JSON"),
        (text_of(WHOLE).decode()[:-40], "not valid JSON: it ends in the middle"),
        ("\x00\x01\x02", "not valid YAML"),
        ("[1, 2, 3]", "nothing of it can be read"),
        ('{"format": "oakum-plan/1"}', "format 'oakum-plan/1' is no state"),
        ("format: oakum-plan/1\n", "format 'oakum-plan/1' is no state"),
        ('{"format": "oakum-state/1"}', "missing required field"),
        ('{"format": "oakum-state/1", "at": "2026-11-28", "machines": 3}', "no oakum-state/1"),
        ("hello: world\n", "nothing of it can be read"),
    ],
)
def test_a_file_that_is_no_state_is_named_with_what_is_wrong(tmp_path: Path, content: str, says: str) -> None:
    file = write(tmp_path, "given.json", content)
    with pytest.raises(InputError) as raised:
        read(file)
    assert says in str(raised.value)
    assert "given.json" in str(raised.value)
    assert raised.value.remedy


def test_a_file_in_another_encoding_is_refused_and_one_with_a_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"format: oakum-inventory/1\nhosts: {h: {uid: \xe9}}\n")
    with pytest.raises(InputError, match=r"latin.yaml:2: the file is not UTF-8"):
        read(str(tmp_path / "latin.yaml"))
    (tmp_path / "marked.yaml").write_bytes(b"\xef\xbb\xbf" + HOSTS.encode())
    assert len(read(str(tmp_path / "marked.yaml")).machines) == 2
    (tmp_path / "utf16.json").write_bytes(text_of(WHOLE).decode().encode("utf-16"))
    assert len(read(str(tmp_path / "utf16.json")).machines) == 1


@pytest.mark.parametrize(("given", "name"), [("-", "cluster"), ("prod=-", "prod")])
def test_a_dump_on_standard_input(monkeypatch: pytest.MonkeyPatch, given: str, name: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text_of(WHOLE))))
    assert read(given).clusters[0].name == name


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read(str(tmp_path / "none.json"))
