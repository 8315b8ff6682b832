"""Which images of a cluster are to be pulled, from where, for which platforms, and with whose secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.cli.pulls import account, node, pod

from oakum.fleet.cluster.dump import read_dump
from oakum.fleet.cluster.pulls import MOST_PLACES, Wanted, wanted

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
Json = dict[str, Any]


def of(*objects: Json) -> dict[str, Wanted]:
    data = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}).encode()
    return {one.key: one for one in wanted(read_dump(data, name="dump"))}


def places(one: Wanted) -> list[tuple[str, list[str]]]:
    return [(str(place.reference), [str(secret) for secret in place.secrets]) for place in one.places]


@pytest.mark.parametrize(
    ("image", "runs", "key", "expected"),
    [
        ("r.test/web:1", f"r.test/web@{A}", f"image/{A}", [f"r.test/web@{A}"]),
        ("r.test/web:1", f"docker-pullable://r.test/web@{A}", f"image/{A}", [f"r.test/web@{A}"]),
        # The runtime has it under another name, too: what was asked for is tried first.
        ("r.test/web:1", f"mirror.test/web@{A}", f"image/{A}", [f"r.test/web@{A}", f"mirror.test/web@{A}"]),
        (f"r.test/web:1@{A}", "", f"image/{A}", [f"r.test/web@{A}"]),
        # What runs counts, not what is asked for.
        (f"r.test/web@{B}", f"r.test/web@{A}", f"image/{A}", [f"r.test/web@{A}"]),
        ("r.test/web:1", "", "image/ref:r.test/web:1", ["r.test/web:1"]),
        # The id of a configuration is no digest that a registry knows.
        ("r.test/web:1", f"docker://{A}", "image/ref:r.test/web:1", ["r.test/web:1"]),
        ("nginx", "", "image/ref:docker.io/library/nginx:latest", ["docker.io/library/nginx:latest"]),
        (A, "", f"image/ref:{A}", []),
    ],
)
def test_where_an_image_is_had_from(image: str, runs: str, key: str, expected: list[str]) -> None:
    (one,) = of(pod("web", image, runs=runs)).values()
    assert one.key == key
    assert one.digest == (key.removeprefix("image/") if "ref:" not in key else "")
    assert [name for name, _ in places(one)] == expected


def test_each_digest_once_with_all_its_pods_and_platforms() -> None:
    nodes = [node("n1"), node("n2", "arm64"), node("n3", "s390x")]
    pods = [pod(f"web-{number}", f"r.test/web@{A}", on=f"n{number % 2 + 1}") for number in range(40)]
    ended = pod("done", f"r.test/web@{B}", phase="Succeeded")
    (one,) = [each for each in of(*nodes, *pods, ended).values() if each.digest == A]
    assert one.pods == 40
    assert [str(each) for each in one.platforms] == ["linux/amd64", "linux/arm64"]


def test_what_is_on_no_node_may_come_to_any() -> None:
    (one,) = of(node("n1"), node("n2", "arm64"), pod("web", "r.test/web:1", runs="", on="")).values()
    assert [str(each) for each in one.platforms] == ["linux/amd64", "linux/arm64"]
    (one,) = of(pod("web", "r.test/web:1", runs="")).values()
    assert one.platforms == ()


def test_what_no_pod_runs_is_counted_with_none() -> None:
    template = {"spec": {"containers": [{"name": "c", "image": "r.test/job:1"}], "imagePullSecrets": [{"name": "s"}]}}
    cron = {
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "night", "namespace": "shop", "uid": "u"},
        "spec": {"schedule": "0 0 * * *", "jobTemplate": {"spec": {"template": template}}},
    }  # fmt: skip
    (one,) = of(cron).values()
    assert (one.pods, places(one)) == (0, [("r.test/job:1", ["shop/s"])])


def test_secrets_stand_beside_the_repositories_of_their_own_pods() -> None:
    """The same contents, had from two repositories by pods of two namespaces: each with its own secret only."""
    one = pod("a", f"r.test/web@{A}", space="shop", secrets=["one"])
    two = pod("b", f"mirror.test/web@{A}", space="other", secrets=["two"])
    three = pod("c", f"r.test/web@{A}", space="third", secrets=["three", "one"])
    (found,) = of(one, two, three).values()
    assert dict(places(found)) == {
        f"r.test/web@{A}": ["shop/one", "third/three", "third/one"],
        f"mirror.test/web@{A}": ["other/two"],
    }


def test_the_accounts_secrets_are_for_pods_that_name_none() -> None:
    accounts = [account("shop", "of-default"), account("shop", "of-builder", name="builder"), account("other", "no")]
    plain, own, builder = (
        pod("plain", f"r.test/a@{A}"),
        pod("own", f"r.test/b@{B}", secrets=["own"]),
        pod("builder", "r.test/c:1", runs=""),
    )
    builder["spec"]["serviceAccountName"] = "builder"
    found = of(*accounts, plain, own, builder)
    assert {name: secrets for one in found.values() for name, secrets in places(one)} == {
        f"r.test/a@{A}": ["shop/of-default"],
        f"r.test/b@{B}": ["shop/own"],
        "r.test/c:1": ["shop/of-builder"],
    }


def test_only_so_many_repositories_are_asked_for_one_image() -> None:
    (one,) = of(*(pod(f"p{number}", f"r{number}.test/web@{A}") for number in range(50))).values()
    assert len(one.places) == MOST_PLACES
    assert one.pods == 50
