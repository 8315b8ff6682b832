"""The chain on real rpm machines, one with dnf and one with zypper, by the advisories of their repositories.

What came of it is read from outside, from the databases on the machines' own disks.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.adapters.ssh.labs_rpm import build, install, publish
from tests.lab.hosts import HostsLab
from tests.lab.hosts_rpm import DnfHost, RpmHost, ZypperHost, rpm_repository
from tests.local.desk import Desk

from oakum.cli.main import main
from oakum.local.runs import run_names

pytestmark = pytest.mark.e2e

Out = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def machines(hosts_lab: HostsLab) -> Iterator[list[RpmHost]]:
    with hosts_lab.running("rpm-1", kind=DnfHost) as dnf, hosts_lab.running("rpm-2", kind=ZypperHost) as zypper:
        yield [each for each in (*dnf, *zypper) if isinstance(each, RpmHost)]


def test_a_security_update_comes_to_both_and_all_of_it_is_taken_back(
    folder: Path, keys: Path, machines: list[RpmHost], capsys: Out
) -> None:
    """The bug fix beside it is left alone: only what an advisory of security names is asked for."""
    for each in machines:
        old = [build(each, "guard", "1.0"), build(each, "plain", "1.0", service=False)]
        new = [build(each, "guard", "1.1"), build(each, "plain", "1.1", service=False)]
        repository = rpm_repository(each.lab, each.manager)
        repository.advise("LABSA-7", new[0], cves=["CVE-2026-0007"])
        repository.advise("LABBA-8", new[1], type="bugfix")
        install(each, *old)
        publish(each, *new)
    desk = Desk(folder, keys, machines, "guard.service")
    plan = desk.plan_of("fixes", "kind: packages, wants: {security: yes}")
    assert [len(wave.steps) for wave in plan.waves] == [1, 1]
    changes = [change for step in plan.steps.values() for change in step.changes]
    assert {(each.component, each.after, each.closes) for each in changes} == {
        ("guard", "1.1-1.el9", ("CVE-2026-0007", "LABSA-7"))
    }
    assert desk.run("fixes.json") == 0, capsys.readouterr()
    assert [each.version("guard") for each in machines] == ["1.1-1.el9"] * 2
    assert [each.version("plain") for each in machines] == ["1.0-1.el9"] * 2
    (name,) = run_names(None)
    back = str(desk.folder / "back.json")
    given = ["--from", desk.scan(), "--policy", str(desk.policy), "--out", back]
    assert main(["rollback", name, "--all", *given]) == 0
    assert desk.run("back.json") == 0, capsys.readouterr()
    assert [each.version("guard") for each in machines] == ["1.0-1.el9"] * 2
    for each in machines:
        assert each.run("systemctl is-active guard") == "active"
        assert each.run("rpm -V guard", check=False) == ""
