"""A change that packages cannot take back is taken back by a copy of the machine, whole: by what is on its disk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.adapters.ssh.labs import DIES, START, offer
from tests.lab.hosts import HostsLab
from tests.lab.hosts_btrfs import BtrfsHost
from tests.local.desk import Desk

from oakum.local.runs import open_run, run_names
from oakum.local.starting import summary_of

Out = pytest.CaptureFixture[str]
#: The new version converts the data, as a database does, and cannot be asked to convert it back.
CONVERTS = "#!/bin/sh\nset -e\necho format 2 >/var/lib/converting/data\nrm -f /var/lib/converting/journal\n"


@pytest.fixture(scope="module")
def machine(hosts_lab: HostsLab) -> Iterator[BtrfsHost]:
    with hosts_lab.running("copied", kind=BtrfsHost) as (made,):
        assert isinstance(made, BtrfsHost)
        yield made


def test_what_packages_cannot_take_back_is_taken_back_by_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: Path, machine: BtrfsHost, hosts_lab: HostsLab, capsys: Out
) -> None:
    monkeypatch.setenv("OAKUM_DATA", str(tmp_path / "data"))
    offer(hosts_lab, "converting", "1.0")
    machine.run("apt-get -qq update; apt-get -qq -y install converting >/dev/null; apt-get clean")
    machine.run("mkdir /var/lib/converting; cd /var/lib/converting; echo format 1 >data; echo since 2019 >journal")
    # Nobody has the old version any more: no channel, and no cache on the machine.
    hosts_lab.repository.withdraw("converting")
    script = CONVERTS + START.format(name="converting").removeprefix("#!/bin/sh\nset -e\n")
    offer(hosts_lab, "converting", "1.1", program=DIES, scripts={"postinst": script})
    machine.run("apt-get -qq update")

    desk = Desk(tmp_path, keys, [machine], "converting.service")
    plan = desk.plan("converting")
    (step,) = plan.steps.values()
    assert (step.reversibility, step.snapshot) == ("needs-snapshot", True)
    assert desk.run("converting.json") == 1
    assert "undone" in capsys.readouterr().out

    data = machine.root / "var/lib/converting"
    assert (data / "data").read_text() == "format 1\n"
    assert (data / "journal").read_text() == "since 2019\n"
    assert machine.version("converting") == "1.0"
    assert machine.run("systemctl is-active converting") == "active"
    run = open_run(None, run_names(None)[0])
    found = summary_of(run, datetime.now(UTC))
    run.close()
    assert (found.state, found.counts) == ("stopped", {"undone": 1})
    left = sorted(path.relative_to(machine.disk).as_posix() for path in (machine.disk / ".oakum").glob("*/*"))
    assert not [path for path in left if path.split("/")[1] in ("copies", "former", "new")], left
    (log,) = (machine.disk / ".oakum/state/work").glob("*/journal")
    assert "converting.service" in log.read_text(), "the machine's own journal of the failure is not kept"
