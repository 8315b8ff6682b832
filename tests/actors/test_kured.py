"""Whether people hold the lock of kured, by the forms in which its documentation and its lock are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.actors.kured import LOCK, held_by_people
from oakum.fleet.cluster.objects import Container, EnvVar, Meta, PodSpec, PodTemplate, Workload, WorkloadSpec

BY_HAND = '{"nodeID":"manual"}'


def daemon_set(lock: str, *args: str, env: str = "") -> Workload:
    container = Container(name="kured", args=args, env=(EnvVar(name=env),) if env else ())
    template = PodTemplate(spec=PodSpec(containers=(container,)))
    return Workload(
        kind="DaemonSet", metadata=Meta(name="kured", annotations={LOCK: lock}), spec=WorkloadSpec(template=template)
    )


@pytest.mark.parametrize(
    ("lock", "args", "env", "held"),
    [
        (BY_HAND, (), "", True),
        (BY_HAND, ("--period=1h",), "", True),
        (BY_HAND, ("--concurrency=1",), "", True),
        ('{"nodeID":"gone","metadata":{"unschedulable":false},"created":"2026-01-01T00:00:00Z","TTL":0}', (), "", True),
        ('{"nodeID":"w-1"}', (), "", False),
        ('{"nodeID":""}', (), "", False),
        ("", (), "", False),
        # A lock with a time to live is taken over.
        ('{"nodeID":"gone","created":"2020-01-01T00:00:00Z","TTL":1800000000000}', (), "", False),
        # With several places the form of one holds nothing, and all places have to be held.
        (BY_HAND, ("--concurrency=2",), "", False),
        (BY_HAND, ("--concurrency", "2"), "", False),
        (BY_HAND, ("--concurrency=many",), "", False),
        (BY_HAND, (), "KURED_CONCURRENCY", False),
        ('{"maxOwners":2,"locks":[{"nodeID":"a"},{"nodeID":"b"}]}', ("--concurrency=2",), "", True),
        ('{"maxOwners":2,"locks":[{"nodeID":"a"},{"nodeID":"b"}]}', (), "KURED_CONCURRENCY", True),
        ('{"maxOwners":2,"locks":[{"nodeID":"a"},{"nodeID":"b"}]}', ("--concurrency=3",), "", False),
        ('{"maxOwners":3,"locks":[{"nodeID":"a"},{"nodeID":"b"}]}', ("--concurrency=2",), "", False),
        ('{"maxOwners":2,"locks":[{"nodeID":"a"},{"nodeID":"w-1"}]}', ("--concurrency=2",), "", False),
        ('{"maxOwners":2,"locks":[{"nodeID":"a"},{"nodeID":"b","TTL":1}]}', ("--concurrency=2",), "", False),
        ('{"maxOwners":2,"locks":[]}', ("--concurrency=2",), "", False),
        ('{"maxOwners":1,"locks":[{"nodeID":"a"}]}', ("--concurrency=1",), "", False),
        # What is none of these forms holds nothing.
        ('{"nodeID":7}', (), "", False),
        ('["manual"]', (), "", False),
        ("[" * 5000, (), "", False),
    ],
)
def test_the_lock_is_held_where_no_node_can_get_it(lock: str, args: tuple[str, ...], env: str, held: bool) -> None:
    assert held_by_people(daemon_set(lock, *args, env=env), {"w-1", "w-2"}) is held


@given(st.text(), st.lists(st.text(), max_size=4))
def test_whatever_stands_there_is_answered(lock: str, args: list[str]) -> None:
    assert held_by_people(daemon_set(lock, *args), {"w-1"}) in (True, False)
