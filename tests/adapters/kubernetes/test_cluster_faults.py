"""Servers that are no API server, or a broken one: bounded waiting, clear errors, never a silently empty answer."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.kubernetes.faults import Answer, Asked, Between, Fault, status

from oakum.adapters.kubernetes import client as client_module
from oakum.adapters.kubernetes import lists
from oakum.adapters.kubernetes.client import Client
from oakum.adapters.kubernetes.kubeconfig import choose
from oakum.adapters.kubernetes.reading import MOST_GAPS, dump_cluster, read_cluster
from oakum.adapters.kubernetes.withheld import without_secrets
from oakum.errors import NotAssessableError, OakumError
from oakum.fleet.cluster.dump import read_dump
from oakum.fleet.cluster.snapshot import Snapshot

PODS = "/api/v1/pods"
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def discovered(**groups: list[str]) -> dict[str, Any]:
    """Aggregated discovery of resources in version v1 of groups; core stands for the group without a name."""
    items = [
        {
            "metadata": {"name": "" if group == "core" else group},
            "versions": [
                {"version": "v1", "resources": [{"resource": name, "verbs": ["get", "list"]} for name in names]}
            ],
        }
        for group, names in groups.items()
    ]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items}


def listed(*names: str, token: str = "", **more: Any) -> Answer:
    items = [{"metadata": {"name": name, "namespace": "a"}} for name in names]
    metadata = {"continue": token} if token else {}
    return Answer(
        body=json.dumps({"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": items} | more).encode()
    )


class Clock:
    """Time that passes only in sleep, and one second each second that is slept."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Small:
    """A server with pods and services only; ``pods`` answers for the former."""

    def __init__(self, pods: Fault) -> None:
        self.pods = pods

    def __call__(self, asked: Asked) -> Any:
        if asked.path == PODS:
            return self.pods(asked)
        if asked.path == "/api/v1/services":
            return Answer(body=b'{"kind":"ServiceList","apiVersion":"v1","metadata":{},"items":[]}')
        if asked.path == "/version":
            return Answer(body=b'{"gitVersion":"v1.35.4"}')
        found = discovered(core=["pods", "services"]) if asked.path == "/api" else discovered()
        return Answer(body=json.dumps(found).encode())


@pytest.fixture
def clock() -> Clock:
    return Clock()


Read = Callable[[Fault], Snapshot]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Between]:
    with Between(tmp_path) as between:
        yield between


@pytest.fixture
def read(server: Between, clock: Clock) -> Read:
    def read(fault: Fault) -> Snapshot:
        server.fault = fault
        access = choose(None, {"KUBECONFIG": str(server.kubeconfig)}, Path("/nonexistent"))
        with Client(access, sleep=clock.sleep, clock=lambda: clock.now) as client:
            return read_cluster(client, now=NOW)

    return read


def test_a_small_cluster(read: Read, server: Between) -> None:
    snapshot = read(Small(lambda _: listed("b", "a")))
    assert [one.metadata.name for one in snapshot.items["Pod"]] == ["a", "b"]
    assert (snapshot.gaps, snapshot.version) == ((), "v1.35.4")
    assert {one.api_version for one in snapshot.items["Pod"]} == {"v1"}
    assert len(server.asked) == 5


def test_throttling_is_borne_for_so_long_and_then_told(read: Read, clock: Clock) -> None:
    throttled = Answer(429, status(429, "TooManyRequests", "too many requests"), {"Retry-After": "7"})
    with pytest.raises(NotAssessableError, match=r"too many requests.*less busy"):
        read(Small(lambda _: throttled))
    assert set(clock.slept) == {7.0}
    assert 110 < sum(clock.slept) <= 120


def test_a_wish_to_wait_for_a_day_is_not_granted(read: Read, clock: Clock) -> None:
    with pytest.raises(NotAssessableError, match="HTTP status 429"):
        read(Small(lambda _: Answer(429, b"", {"Retry-After": "86400"})))
    assert clock.slept == []


def test_without_a_wish_the_pauses_grow(read: Read, clock: Clock) -> None:
    with pytest.raises(NotAssessableError):
        read(Small(lambda _: Answer(429, b"slow", {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"})))
    assert clock.slept[:7] == [0.25, 0.5, 1, 2, 4, 8, 8]


def test_the_wish_may_stand_in_the_body(read: Read, clock: Clock) -> None:
    details = status(429, "TooManyRequests", "x", details={"retryAfterSeconds": 3})
    read(Small(lambda asked: Answer(429, details) if asked.number == 1 else listed()))
    assert clock.slept == [3.0]


EXPIRED = Answer(410, status(410, "Expired", "too old"))
GAPS: dict[str, tuple[Fault, str]] = {
    "a sign-in page": (lambda _: Answer(body=b"<html>Sign in</html>"), r"is not the JSON.*sign-in page"),
    "cut off": (lambda _: Answer(body=listed("a").body[:-9]), "is not the JSON"),
    "an empty answer": (lambda _: Answer(), "is not the JSON"),
    "an object that is no list": (lambda _: Answer(body=b"{}"), "is not the JSON"),
    "null": (lambda _: Answer(body=b"null"), "is not the JSON"),
    "a Status with 200": (
        lambda _: Answer(body=json.dumps({"kind": "Status", "apiVersion": "v1", "items": []}).encode()),
        "is no list but 'Status'",
    ),
    "a list without items": (lambda _: Answer(body=b'{"kind":"PodList","apiVersion":"v1"}'), "is not the JSON"),
    "deep nesting": (lambda _: Answer(body=b'{"kind":"PodList","items":' + b"[" * 200_000), "is not the JSON"),
    "gzip that is none": (lambda _: Answer(body=b"abc", headers={"Content-Encoding": "gzip"}), "cannot be unpacked"),
    "the same token for ever": (lambda _: listed("a", token="t"), "goes on after its end"),
    "new tokens for ever": (lambda asked: listed("a", token=str(asked.number)), "more than 30 pages"),
    "a broken server": (lambda _: Answer(500, status(500, "InternalError", "etcd is away")), "etcd is away"),
    "an aggregated server that is away": (lambda _: Answer(503, b"service unavailable"), "HTTP status 503"),
    "a redirect": (lambda _: Answer(302, b"", {"Location": "https://sign.in"}), "HTTP status 302.*own address"),
    "tokens that always expire": (
        lambda asked: EXPIRED if asked.number % 2 == 0 or not asked.query else listed("a", token="t"),
        "too old",
    ),
}


@pytest.mark.parametrize("fault", GAPS)
def test_an_answer_that_cannot_be_used_is_a_gap_and_no_empty_list(
    fault: str, read: Read, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MOST_PAGES", 30)
    pods, message = GAPS[fault]
    snapshot = read(Small(pods))
    assert "Service" in snapshot.listed
    assert "Pod" not in snapshot.listed
    assert "Pod" not in snapshot.items
    (gap,) = snapshot.gaps
    assert gap.what == "Pod objects"
    assert sum(clock.slept) <= 10
    import re

    assert re.search(message, f"{gap.why} ({gap.remedy})")


def test_a_list_that_begins_anew_forgets_what_was_there(read: Read) -> None:
    answers = {1: listed("gone", token="t"), 2: EXPIRED}
    snapshot = read(Small(lambda asked: answers.get(asked.number) or listed("here")))
    assert [one.metadata.name for one in snapshot.items["Pod"]] == ["here"]


def test_an_answer_without_end_is_refused(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "LARGEST_ANSWER", 1 << 20)
    bomb = gzip.compress(b" " * (8 << 20))
    with pytest.raises(OakumError, match=r"larger than 1 MB.*no API server"):
        read(Small(lambda _: Answer(body=bomb, headers={"Content-Encoding": "gzip"})))


def test_a_server_that_goes_away_for_good_is_given_up(read: Read, clock: Clock) -> None:
    with pytest.raises(NotAssessableError, match="cannot be reached"):
        read(Small(lambda _: Answer(length=100)))
    assert 50 < sum(clock.slept) <= 60


def test_a_refusal_just_after_the_server_was_away_is_not_believed(read: Read) -> None:
    """An API server that has just started says 403 until it knows its roles, 401 until it knows its accounts."""
    answers = {2: Answer(length=9), 3: Answer(401, b""), 4: Answer(403, b"")}
    snapshot = read(
        Small(lambda asked: answers.get(asked.number) or listed("a", token="" if asked.query.get("continue") else "t"))
    )
    assert snapshot.gaps == ()
    assert "Pod" in snapshot.items


def test_one_bad_object_is_a_gap_and_the_others_go_on(read: Read) -> None:
    bad = [{"metadata": {"name": "bad"}, "spec": 7}, 5, {"metadata": {}}]
    good = {"metadata": {"name": "good", "namespace": "a"}}
    snapshot = read(Small(lambda _: listed(items=[*bad, good])))
    assert [one.metadata.name for one in snapshot.items["Pod"]] == ["good"]
    assert "Pod" in snapshot.listed
    assert [gap.what for gap in snapshot.gaps] == ["Pod bad", "Pod", "Pod"]


def test_many_bad_objects_are_counted_and_the_dump_says_the_same(server: Between) -> None:
    bad = [{"metadata": {"name": f"p{number}"}, "spec": 7} for number in range(MOST_GAPS + 9)]
    server.fault = Small(lambda _: listed(items=[*bad, {"metadata": {"name": "good", "namespace": "a"}}]))
    access = choose(None, {"KUBECONFIG": str(server.kubeconfig)}, Path("/nonexistent"))
    with Client(access) as client:
        snapshot, dump = dump_cluster(client, now=NOW)
    assert len(snapshot.gaps) == MOST_GAPS + 1
    assert snapshot.gaps[-1].what == "9 other Pod objects"
    assert msgspec.structs.replace(read_dump(dump, name="d"), source=snapshot.source) == snapshot


@pytest.mark.parametrize("path", ["/api", "/apis"])
@pytest.mark.parametrize("answer", [b"<html>", b"{}", b"", b'{"kind": 5}'])
def test_a_server_that_is_no_api_server(path: str, answer: bytes, read: Read) -> None:
    with pytest.raises(OakumError, match=r"is not the JSON that it should be.*sign-in page"):
        read(lambda asked: Answer(body=answer) if asked.path == path else Small(lambda _: listed())(asked))


def test_a_server_that_serves_none_of_the_kinds(read: Read) -> None:
    with pytest.raises(NotAssessableError, match="serves none of the kinds"):
        read(
            lambda asked: (
                Answer(body=json.dumps(discovered()).encode()) if "api" in asked.path else Small(lambda _: None)(asked)
            )
        )


def test_a_group_whose_server_is_down_is_unknown_and_not_empty(read: Read) -> None:
    stale = discovered(core=["pods", "services"])
    group = {
        "metadata": {"name": "route.openshift.io"},
        "versions": [{"version": "v1", "freshness": "Stale", "resources": []}],
    }
    down = json.dumps(discovered() | {"items": [group]}).encode()
    answers = {"/api": Answer(body=json.dumps(stale).encode()), "/apis": Answer(body=down)}
    snapshot = read(lambda asked: answers.get(asked.path) or Small(lambda _: listed())(asked))
    assert "Route" not in snapshot.listed
    assert "Ingress" in snapshot.listed, "not served, so there is none"
    (gap,) = snapshot.gaps
    assert gap.what == "Route objects"
    assert "does not answer" in gap.why


def test_an_unknown_version_is_a_gap(read: Read) -> None:
    small = Small(lambda _: listed("a"))
    snapshot = read(lambda asked: Answer(403, b"") if asked.path == "/version" else small(asked))
    assert snapshot.version == ""
    assert [gap.what for gap in snapshot.gaps] == ["the version of the API server"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["metadata", "spec", "containers", "env", "template", "annotations", "name", "livenessProbe"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(
    st.sampled_from(["Pod", "Deployment", "CronJob", "VirtualMachine", "Service"]), json_values, st.binary(max_size=9)
)
def test_what_is_withheld_from_any_value(kind: str, value: object, junk: bytes) -> None:
    for raw in (json.dumps(value).encode(), junk):
        try:
            cleaned = without_secrets("v1", kind, raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        assert json.loads(cleaned)["kind"]
        assert without_secrets("v1", kind, cleaned) == cleaned
