"""Copies of a machine on btrfs: made, refused where they could not be put back, put back by a restart, thrown away.

What goes back is the root. What this program remembers of requests does not: an act that was answered after the copy
was made stays answered, and a fencing token that was seen stays seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.adapters.ssh.labs import Bench, change, offer, way
from tests.lab.hosts import HostsLab
from tests.lab.hosts_base import run as command
from tests.lab.hosts_btrfs import BtrfsHost, NamedBtrfsHost, full

from oakum.adapters.ssh.connections import Connections
from oakum.changes.running.acts import Outcome

DONE = Outcome(result="done")
#: What stands beside the root, in the folder of ours.
OURS = ".oakum"


@pytest.fixture(scope="module", params=[BtrfsHost, NamedBtrfsHost], ids=["default", "named"])
def machine(request: pytest.FixtureRequest, hosts_lab: HostsLab) -> Iterator[BtrfsHost]:
    """A machine whose root is the default subvolume, and one whose root is mounted by its name."""
    with hosts_lab.running(f"btrfs-{request.param.__name__.lower()}", kind=request.param) as (made,):
        assert isinstance(made, BtrfsHost)
        yield made


@pytest.fixture
def bench(request: pytest.FixtureRequest, machine: BtrfsHost) -> Iterator[Bench]:
    """A run of its own, with its own tokens."""
    with Connections({machine.name: way(machine)}) as opened:
        bench = Bench(opened, machine, run=f"run-{request.node.originalname}")
        yield bench
        bench.act("release", machine.name)


def beside(machine: BtrfsHost, folder: str) -> list[str]:
    """What stands in one of our folders at the top of the file system."""
    place = machine.disk / OURS / folder
    return sorted(path.name for path in place.iterdir()) if place.exists() else []


def test_a_copy_puts_back_every_file_and_neither_tokens_nor_answers(
    bench: Bench, machine: BtrfsHost, hosts_lab: HostsLab
) -> None:
    name, copy = machine.name, f"{bench.run}/s/snapshot/1"
    offer(hosts_lab, "rolled", "1.0", "1.1")
    machine.run("apt-get -qq update; apt-get -qq -y install rolled=1.0 >/dev/null; echo first >/etc/kept")
    assert bench.act("claim", name) == DONE
    assert bench.act("snapshot", name, key=copy) == DONE
    before = bench.seen(name)
    assert before.copies == (copy,)
    assert bench.made("apply", name, change("rolled", "1.0", "1.1")).state == "done"
    machine.run("echo second >/etc/kept; echo new >/etc/later; rm /etc/debian_version")
    assert bench.act("silence", name, key=f"{bench.run}/answered") == DONE
    assert bench.act("claim", name, key=f"{bench.run}/claimed", token=9, run="other").code == "changed"
    assert bench.act("claim", name, token=9) == DONE
    bench.token = 9

    back = f"{bench.run}/s/undo/1"
    assert bench.act("undo", name, key=back, parameters={"copy": copy}) == DONE
    assert bench.over(name, back).state == "done"

    seen = bench.seen(name)
    assert seen.boot_id != before.boot_id
    assert seen.running["rolled"] == machine.version("rolled") == "1.0"
    assert (machine.root / "etc/kept").read_text() == "first\n"
    assert not (machine.root / "etc/later").exists()
    assert (machine.root / "etc/debian_version").exists()
    assert seen.claim is not None
    assert seen.claim.run == bench.run
    assert bench.act("release", name, token=8).code == "fenced", "the fence went back with the root"
    assert bench.act("undo", name, key=back, parameters={"copy": copy}) == DONE
    assert bench.seen(name).boot_id == seen.boot_id, "it was put back twice"
    assert list((machine.disk / OURS / "state/work").glob("*/journal")), "the journal of what failed went with the root"

    assert beside(machine, "former") != []
    assert bench.act("discard", name, parameters={"copy": copy}) == DONE
    assert bench.seen(name).copies == ()
    assert [beside(machine, folder) for folder in ("copies", "former", "new")] == [[], [], []]


def test_no_copy_is_made_where_there_is_no_room_for_what_is_written_over(bench: Bench, machine: BtrfsHost) -> None:
    with full(machine, left=300):
        refused = bench.act("snapshot", machine.name)
    assert (refused.result, refused.code) == ("refused", "never")
    assert refused.why.startswith("no space left for a copy: ")
    assert bench.seen(machine.name).copies == ()


def test_no_copy_is_made_of_a_root_that_a_copy_would_not_hold_whole(bench: Bench, machine: BtrfsHost) -> None:
    inner = machine.root / "srv/inner"
    command("btrfs", "-q", "subvolume", "create", inner)
    assert bench.act("snapshot", machine.name, key=f"{bench.run}/empty") == DONE, "an empty one is nothing to be lost"
    assert bench.act("discard", machine.name, parameters={"copy": f"{bench.run}/empty"}) == DONE
    (inner / "data").write_text("not in any copy")
    refused = bench.act("snapshot", machine.name)
    command("btrfs", "-q", "subvolume", "delete", inner)
    assert refused.code == "never"
    assert refused.why == "the subvolume /srv/inner is within its root, and no copy would hold it"


@pytest.mark.parametrize("options", ["subvolid=256", "defaults,subvolid=256,noatime"])
def test_no_copy_is_made_of_a_root_that_is_mounted_by_number(bench: Bench, machine: BtrfsHost, options: str) -> None:
    table = machine.root / "etc/fstab"
    table.write_text(f"/dev/sda1 / btrfs {options} 0 0\n")
    refused = bench.act("snapshot", machine.name)
    table.unlink()
    assert (refused.code, refused.why) == ("never", "its root is mounted by the number of a subvolume")


def test_a_machine_on_another_file_system_is_not_copied(lab_host: object, hosts_lab: HostsLab, tmp_path: Path) -> None:
    (host,) = (each for each in hosts_lab.hosts.values() if each is lab_host)
    with Connections({host.name: way(host)}) as opened:
        bench = Bench(opened, host, run="run-none")
        refused = bench.act("snapshot", host.name)
    assert (refused.code, refused.why) == ("never", "its root is not on btrfs")
