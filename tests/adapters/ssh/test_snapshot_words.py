"""What is said of copies between a run and a host: made, kept, put back, and whether any can be made."""

from __future__ import annotations

import pytest
from tests.adapters.ssh.test_ssh_collected import END, archive
from tests.adapters.ssh.test_ssh_looks import look

from oakum.adapters.ssh.collected import CollectedTree
from oakum.adapters.ssh.world import request_of
from oakum.changes.plans.model import Subject
from oakum.changes.running.acts import Act, Do
from oakum.local.hosts import _snapshots

KEY = "run-1/packages@h/snapshot/1"


@pytest.mark.parametrize(("do", "parameters"), [("undo", {"copy": KEY}), ("discard", {"copy": KEY}), ("snapshot", {})])
def test_a_copy_is_named_by_the_key_of_the_act_that_made_it(do: Do, parameters: dict[str, str]) -> None:
    subject = Subject(kind="machine", cluster="", name="h", uid="m")
    act = Act(key="k", do=do, run="r", plan="p", token=1, subject=subject, parameters=parameters)
    lines = request_of(act).decode().splitlines()
    assert f"do {do}" in lines
    assert [line for line in lines if line.startswith("copy")] == [f"copy {KEY}" for _ in parameters]


def test_the_copies_that_a_host_keeps_are_seen() -> None:
    assert look(f"copy {KEY}", "copy other").copies == (KEY, "other")
    assert look().copies == ()


@pytest.mark.parametrize(
    ("said", "wanted"),
    [(b"", True), (b"its root is not on btrfs\n", False), (None, None)],
    ids=["yes", "no", "unasked"],
)
def test_whether_a_host_can_be_copied_is_known_only_where_it_was_asked(said: bytes | None, wanted: bool | None) -> None:
    files = END if said is None else {**END, ".oakum/uncopied": said}
    assert _snapshots(CollectedTree(archive(files), "h")) is wanted
