"""A look at a real machine by SSH: it tells what dpkg and the advisories say, and nobody waits for one that is dead."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from tests.lab.hosts import Host as Machine
from tests.lab.hosts import HostsLab
from tests.local.desk import Desk, provide

from oakum.changes.proof.evidence import read_look
from oakum.cli.main import main
from oakum.local.evidence import by_ssh

MACHINES = ("looked-1",)


def test_a_look_tells_versions_and_what_advisories_say_of_them(
    tmp_path: Path, keys: Path, machine: Machine, hosts_lab: HostsLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAKUM_DATA", str(tmp_path / "data"))
    provide([machine], hosts_lab, "looked", "1.0", "1.1")
    desk = Desk(tmp_path, keys, [machine])
    plan = desk.plan("looked")
    flaw = {
        "schema_version": "1.6.0", "id": "DEBIAN-CVE-2026-12345", "upstream": ["CVE-2026-12345"],
        "modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z", "details": "a flaw",
        "affected": [{
            "package": {"ecosystem": "Debian:12", "name": "looked"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}],
        }],
    }  # fmt: skip
    (tmp_path / "advisories").mkdir()
    (tmp_path / "advisories/flaw.json").write_text(json.dumps(flaw))
    assert main(["feeds", "import", str(tmp_path / "advisories")]) == 0
    assert json.loads(Path(desk.scan()).read_text())["hosts"]["looked-1"]["software"]["looked"]["closes"] == {
        "1.1": ["CVE-2026-12345"]
    }
    look = by_ssh(plan, hosts=[], data=None, feeds="")
    assert look is not None
    found, faults = read_look(
        "before", {"before/inventory.json": look.inventory, "before/findings.json": look.findings}
    )
    assert faults == []
    entry, told = found.machine("looked-1"), found.told("looked-1")
    assert entry is not None and told is not None
    assert entry.software["looked"].installed == machine.version("looked") == "1.0"
    assert entry.boot_id == machine.run("cat /proc/sys/kernel/random/boot_id")
    assert entry.uid == next(iter(plan.steps.values())).subject.uid
    assert [(each.id, each.package, each.version, each.fixed, each.state) for each in told.findings] == [
        ("CVE-2026-12345", "looked", "1.0", "1.1", "available")
    ]
    assert found.findings is not None and found.findings.feeds.startswith("sha256:")
    assert msgspec.json.decode(look.findings)["machines"]["looked-1"]["packages"] > 50
    machine.pull_plug()
    blind = by_ssh(plan, hosts=[], data=None, feeds="")
    assert blind is not None
    found, faults = read_look("after", {"after/inventory.json": blind.inventory, "after/findings.json": blind.findings})
    assert (faults, found.machine("looked-1"), found.told("looked-1")) == ([], None, None)
    assert found.findings is not None
    (gap,) = found.findings.machines["looked-1"].gaps
    assert "does not answer" in gap.why
