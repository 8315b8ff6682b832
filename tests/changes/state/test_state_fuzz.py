"""Whatever is given as a dump or an inventory becomes a state or an error that says what is wrong."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.changes.state.makings import (
    NO_WEBHOOKS,
    Item,
    dump,
    inventory,
    namespace,
    node,
    pod,
    source,
    state_of,
    static,
)

from oakum.changes.state.document import read_state, state_document
from oakum.changes.state.missing import BLOCKS
from oakum.errors import OakumError

WHOLE = dump(
    namespace(), node("cp-1", control=True), node(), static("etcd", "3.5.12-0", "cp-1"),
    static("kube-apiserver", "v1.30.2", "cp-1"), pod("web-1", owner="ReplicaSet"),
)  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", "x", 0, -1, 1.5, True, [], {}, [None], {"a": None}, "\x00", "a/b", "é" * 300, 10**30, [[[]]]]
)


def paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a value."""
    found = [path] if path else []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in pairs:
        found += paths(each, (*path, key))
    return found


PLACES = paths(WHOLE)


@given(changes=st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=3))
def test_a_dump_with_anything_anywhere(changes: list[tuple[tuple[str | int, ...], Any]]) -> None:
    value = copy.deepcopy(WHOLE)
    for path, new in changes:
        _put(value, path, new)
    try:
        state = state_of(source(value), NO_WEBHOOKS) if _named(value) else state_of(source(value))
    except OakumError as error:
        assert error.what
        return
    assert read_state(state_document(state), "again.json").digest == state.digest


def _named(value: Item) -> bool:
    """Whether the cluster still calls itself nothing else."""
    return "oakum.dev/cluster" not in str(value)


def _put(value: Any, path: tuple[str | int, ...], new: Any) -> None:
    try:
        for key in path[:-1]:
            value = value[key]
        value[path[-1]] = new
    except (KeyError, IndexError, TypeError):
        pass  # an earlier change took the place away


@given(left_out=st.sets(st.integers(0, 5)))
def test_no_object_that_goes_missing_makes_a_dump_look_better(left_out: set[int]) -> None:
    """Without the List's own word, fewer objects never mean fewer kinds that are missing."""
    whole = dump(*WHOLE["items"], listed=None)
    fewer = dump(*(each for number, each in enumerate(WHOLE["items"]) if number not in left_out), listed=None)
    if not fewer["items"]:
        return
    kinds = ("nodes", "pods", "namespaces", "disruption budgets")
    before = {gap.what for gap in state_of(source(whole)).gaps if gap.kind == BLOCKS} & set(kinds)
    after = {gap.what for gap in state_of(source(fewer)).gaps if gap.kind == BLOCKS} & set(kinds)
    assert before <= after


INVENTORY = """\
format: oakum-inventory/1
at: 2026-11-28T05:30:00Z
clusters: {prod: {tier: 1, listed: [all], etcd: {m: {machine: w-1}}}}
hosts:
  db-1: {uid: u, healthy: yes, software: {a: {installed: 1, offers: [2, 3], closes: {3: [CVE-1]}}}}
nodes:
  prod/w-1: {snapshots: yes, software: {kubelet: {offers: [v1.31.4]}}}
offers:
  - for: {cluster: prod, labels: {a: b}}
    when: node_role == "worker"
    software: {kubelet: {offers: []}}
"""
PIECES = st.sampled_from(
    ["{", "}", "[", "]", ":", ",", "\n", "  ", "- ", "&a ", "*a", "!!x ", "'", '"', "\t", "é", "0", "#"]
)


@given(at=st.integers(0, len(INVENTORY)), length=st.integers(0, 12), piece=PIECES)
def test_an_inventory_with_anything_anywhere(at: int, length: int, piece: str) -> None:
    text = INVENTORY[:at] + piece + INVENTORY[at + length :]
    try:
        found = inventory(text)
        state_of(source(WHOLE), text)
    except OakumError as error:
        assert error.what
        assert str(error.place)
    else:
        assert found.source == "inventory.yaml"


@given(data=st.binary(max_size=60))
def test_bytes_that_are_no_inventory(data: bytes) -> None:
    from oakum.changes.state.inventory_reading import read_inventory

    try:
        read_inventory(b"format: oakum-inventory/1\n" + data, "x.yaml")
    except OakumError as error:
        assert error.what
