"""A cluster as a person names it, and the dump that is kept of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.adapters.kubernetes.faults import Answer, Asked, Between, write_kubeconfig

from oakum.errors import OakumError
from oakum.local.clusters import is_live, read, read_saved

ANSWERS: dict[str, Any] = {
    "/version": {"gitVersion": "v1.35.4"},
    "/api": {
        "kind": "APIGroupDiscoveryList",
        "items": [{"versions": [{"version": "v1", "resources": [{"resource": "pods", "verbs": ["list"]}]}]}],
    },
    "/apis": {"kind": "APIGroupList", "groups": []},
    "/api/v1/pods": {"kind": "PodList", "apiVersion": "v1", "items": [{"metadata": {"name": "a", "namespace": "b"}}]},
}


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Between]:
    def answer(asked: Asked) -> Answer:
        return Answer(body=json.dumps(ANSWERS[asked.path]).encode())

    with Between(tmp_path, answer) as between:
        cluster = {"server": between.address}
        arn = write_kubeconfig(tmp_path / "arn", cluster, {}, name="arn:aws:eks:eu:1:cluster/prod")
        monkeypatch.setenv("KUBECONFIG", f"{between.kubeconfig}:{arn}")
        yield between


def test_what_names_a_live_cluster() -> None:
    assert [is_live(word) for word in ("cluster", "cluster:prod", "clusters", "host", "cluster.json")] == [
        True, True, False, False, False,
    ]  # fmt: skip


@pytest.mark.usefixtures("server")
def test_the_current_context_and_a_named_one() -> None:
    said: list[str] = []
    assert read("cluster", progress=said.append).source == "live cluster test"
    assert said == ["read 1 objects of 1 kinds in 4 calls"]
    assert read("cluster:arn:aws:eks:eu:1:cluster/prod").source == "live cluster arn:aws:eks:eu:1:cluster/prod"
    with pytest.raises(OakumError, match="a context's name is empty"):
        read("cluster:")
    with pytest.raises(OakumError, match=r"no context named 'prod'.*cluster/prod, test"):
        read("cluster:prod")


@pytest.mark.usefixtures("server")
def test_the_dump_that_is_kept_is_the_snapshot_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "dump.json"
    path.write_text("an older one")
    path.chmod(0o644)
    snapshot = read("cluster", save_dump=path)
    saved = read_saved(path)
    assert saved.source == f"dump {path}"
    assert msgspec.structs.replace(saved, source=snapshot.source) == snapshot
    assert path.stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob(".dump*"))
    folder = tmp_path / "folder"
    folder.mkdir()
    path.rename(folder / "dump.json")
    assert read_saved(folder).items == snapshot.items


def test_a_dump_that_cannot_be_written_is_told_before_the_cluster_is_asked(server: Between, tmp_path: Path) -> None:
    with pytest.raises(OakumError, match="no such folder"):
        read("cluster", save_dump=tmp_path / "none/dump.json")
    assert server.asked == []
    (tmp_path / "taken").mkdir()
    with pytest.raises(OakumError, match="cannot be written"):
        read("cluster", save_dump=tmp_path / "taken")
    assert not list(tmp_path.glob(".taken*"))


def test_a_dump_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(OakumError, match=r"none: No such file"):
        read_saved(tmp_path / "none")
    (tmp_path / "cut").write_bytes(b'{"kind": "List"')
    with pytest.raises(OakumError, match=r"cut:1: .*ends in the middle"):
        read_saved(tmp_path / "cut")
