"""The phases of intents: by rank, what has to come first before what waits for it, and barriers between them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.changes.planning.worlds import intent

from oakum.changes.intents.model import Intent
from oakum.changes.planning.order import phases
from oakum.errors import InputError

WANTS: dict[str, dict[str, Any]] = {
    "etcd": {"to": "3.5.16"}, "control-plane": {"to": "1.32.1"}, "kubelet": {"to": "1.32.1"}, "kernel": {},
    "packages": {"names": ("lib",)}, "container-runtime": {},
}  # fmt: skip
#: Ranks of the kinds.
ETCD, PLANE, KUBELET, MACHINE = 10, 20, 40, 50


def of(kind: str, name: str = "", after: tuple[str, ...] = ()) -> Intent:
    return intent(kind, name, after=after, **WANTS[kind])


def in_order(*intents: Intent) -> dict[str, tuple[int, ...]]:
    return {name: tuple(phase) for name, phase in phases(intents).items()}


def test_intents_that_wait_for_nothing_have_the_ranks_of_their_kinds() -> None:
    assert in_order(of("kernel"), of("etcd"), of("packages"), of("kubelet"), of("control-plane")) == {
        "kernel": (0, MACHINE, 0), "etcd": (0, ETCD, 0), "packages": (0, MACHINE, 0), "kubelet": (0, KUBELET, 0),
        "control-plane": (0, PLANE, 0),
    }  # fmt: skip


def test_intents_of_one_rank_that_follow_each_other_have_a_segment_and_a_depth_each() -> None:
    found = in_order(of("packages", "c", ("b",)), of("kernel", "a"), of("kernel", "b", ("a",)), of("kernel", "d"))
    assert found == {"a": (0, MACHINE, 0), "d": (0, MACHINE, 0), "b": (1, MACHINE, 1), "c": (2, MACHINE, 2)}


def test_the_longest_way_decides_how_deep_an_intent_is() -> None:
    found = in_order(
        of("kernel", "a"), of("kernel", "b", ("a",)), of("kernel", "c", ("a", "b")), of("kernel", "d", ("b", "a"))
    )
    assert found["c"] == found["d"] == (2, MACHINE, 2)


def test_what_has_to_come_first_takes_the_rank_of_what_waits_for_it() -> None:
    found = in_order(of("kernel", "a"), of("packages", "b", ("a",)), of("etcd", "c", ("b",)), of("kubelet"))
    assert found == {"a": (0, ETCD, 0), "b": (1, ETCD, 1), "c": (2, ETCD, 2), "kubelet": (2, KUBELET, 0)}


def test_what_waits_for_a_lower_rank_keeps_its_own_and_begins_behind_a_barrier() -> None:
    found = in_order(of("etcd"), of("kernel", "k", ("etcd",)), of("control-plane"), of("packages"))
    assert found == {
        "etcd": (0, ETCD, 0),
        "control-plane": (0, PLANE, 0),
        "k": (1, MACHINE, 0),
        "packages": (1, MACHINE, 0),
    }


def test_an_intent_waits_for_all_that_it_names_in_whatever_order_they_are_told() -> None:
    a, b, c = of("kubelet", "a"), of("kernel", "b", ("a",)), of("packages", "c", ("a", "b"))
    wanted = {"a": (0, KUBELET, 0), "b": (1, MACHINE, 0), "c": (2, MACHINE, 1)}
    assert in_order(a, b, c) == in_order(c, b, a) == in_order(b, c, a) == wanted


def test_what_stands_first_in_several_ways_is_no_circle() -> None:
    found = in_order(
        of("kernel", "d", ("b", "c")), of("kernel", "b", ("a",)), of("kernel", "c", ("a",)), of("kernel", "a")
    )
    assert [found[name][2] for name in "abcd"] == [0, 1, 1, 2]


@pytest.mark.parametrize(
    ("intents", "where", "what", "remedy"),
    [
        ([of("kernel", "a"), of("etcd", "a")], "a", "two intents have this name", "give each intent its own name"),
        ([of("kernel", "a", ("b",)), of("etcd", "c")], "a", "comes after 'b', which is no intent", "one of a, c"),
        ([of("kernel", "a", ("a",))], "a", "each waits for the next: a after a", "drop one `after` of these"),
        ([of("kernel", "a", ("y", "b")), of("kernel", "y"), of("kernel", "b", ("a",))], "a",
         "each waits for the next: a after b after a", "drop one `after` of these"),
        ([of("kernel", "a", ("b",)), of("kernel", "b", ("c",)), of("kernel", "c", ("b",))], "b",
         "each waits for the next: b after c after b", "drop one `after` of these"),
        ([of("kernel", "x"), of("kernel", "a", ("x", "b")), of("kernel", "b", ("x", "c")), of("kernel", "c", ("a",))],
         "a", "each waits for the next: a after b after c after a", "drop one `after` of these"),
    ],
)  # fmt: skip
def test_what_cannot_be_ordered_is_refused_by_name(intents: list[Intent], where: str, what: str, remedy: str) -> None:
    with pytest.raises(InputError) as refused:
        phases(intents)
    assert (str(refused.value.place), refused.value.what, refused.value.remedy) == (f"intent {where}", what, remedy)
