"""The chain on real machines: hosts, a plan, another's approval, the canary, the others; and the way back of all of it.

What came of it is read from outside, from the machines' own disks.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.ssh.labs import DIES, installs, offer
from tests.lab.hosts import Host as Machine
from tests.lab.hosts import HostsLab
from tests.local.desk import Desk, provide

from oakum.cli.main import main
from oakum.local.runs import open_run, run_names
from oakum.local.starting import summary_of

Out = pytest.CaptureFixture[str]
MACHINES = ("chain-1", "chain-2", "chain-3")
FLAW = "CVE-2026-12345"
#: The kernel is that of the machine on which the lab runs.
ACCEPTED = ("--accept-unassessed", "unowned-kernel")


def flaw(folder: Path, name: str, fixed: str) -> None:
    """A flaw of a package becomes known, which a version of it closes."""
    at = f"{datetime.now(UTC):%Y-%m-%dT00:00:00Z}"
    events = [{"introduced": "0"}, {"fixed": fixed}]
    affected = {
        "package": {"ecosystem": "Debian:12", "name": name},
        "ranges": [{"type": "ECOSYSTEM", "events": events}],
    }
    record = {"schema_version": "1.6.0", "id": f"DEBIAN-{FLAW}", "upstream": [FLAW], "modified": at, "published": at,
              "details": "a flaw", "affected": [affected]}  # fmt: skip
    (folder / "advisories").mkdir()
    (folder / "advisories/flaw.json").write_text(json.dumps(record))
    assert main(["feeds", "import", str(folder / "advisories")]) == 0


def found(capsys: Out) -> Any:
    """What a scan of the hosts finds."""
    capsys.readouterr()
    assert main(["host", "scan", "-o", "json", *ACCEPTED]) == 0
    return json.loads(capsys.readouterr().out)


def proven(folder: Path, name: str, capsys: Out, *accepted: str) -> None:
    """A stranger sees in the bundle of a run that all is right, and, where a bit of it is another, where."""
    secret, bundle = folder / "ledger.key", folder / f"{name}.bundle"
    if not secret.exists():
        assert main(["ledger", "keygen", "example.com/lab", "--out", str(secret)]) == 0
    assert main(["runs", "export", name, "--sign", str(secret), "--out", str(bundle)]) == 0, capsys.readouterr()
    verify = ["runs", "verify", str(bundle), "--key", f"{secret}.pub", *ACCEPTED, *accepted]
    assert main(verify) == 0, capsys.readouterr()
    whole = bundle.read_bytes()
    with tarfile.open(bundle) as archive:
        (journal,) = (each for each in archive if each.name.endswith("journal.jsonl"))
    place = journal.offset_data + journal.size // 2
    bundle.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    capsys.readouterr()
    assert main(verify) == 1
    assert "journal" in "".join(capsys.readouterr())


def test_three_hosts_are_patched_one_first_and_all_of_it_is_taken_back(
    folder: Path, keys: Path, machines: list[Machine], hosts_lab: HostsLab, capsys: Out
) -> None:
    provide(machines, hosts_lab, "chain", "1.0", "1.1")
    desk = Desk(folder, keys, machines, "chain.service", ready="30s")
    flaw(folder, "chain", "1.1")
    before = found(capsys)
    assert [(each["id"], each["fix"]["state"], len(each["assets"])) for each in before["findings"]] == [
        (FLAW, "available", 3)
    ]
    first = before["actions"][0]
    assert (first["rank"], first["kind"]) == (1, "upgrade")
    assert [(each["packages"], each["target"]) for each in first["moves"]] == [(["chain"], "1.1")]
    plan = desk.plan("chain")
    assert [len(wave.steps) for wave in plan.waves] == [1, 2]
    assert desk.run("chain.json") == 0, capsys.readouterr()
    assert [each.version("chain") for each in machines] == ["1.1"] * 3
    assert found(capsys)["findings"] == [], "it is in effect: nothing runs the former version any more"
    (name,) = run_names(None)
    proven(folder, name, capsys)
    back = str(desk.folder / "back.json")
    given = ["--from", desk.scan(), "--policy", str(desk.policy), "--out", back]
    assert main(["rollback", name, "--all", *given]) == 0
    assert desk.run("back.json") == 0, capsys.readouterr()
    for each in machines:
        assert each.run("dpkg-query -W -f '${Version} ${db:Status-Abbrev}' chain") == "1.0 ii"
        # By dpkg's own count: there once, and back once.
        assert [line.split()[-2:] for line in installs(each, "chain")][-2:] == [["1.0", "1.1"], ["1.1", "1.0"]]
        assert len(installs(each, "chain")) == 3
        assert each.run("systemctl is-active chain") == "active"
    (undone,) = set(run_names(None)) - {name}
    proven(folder, undone, capsys)


def test_a_service_that_dies_on_the_first_host_stops_the_run_and_spares_the_others(
    folder: Path, keys: Path, machines: list[Machine], hosts_lab: HostsLab, capsys: Out
) -> None:
    provide(machines, hosts_lab, "dying", "1.0")
    offer(hosts_lab, "dying", "1.1", program=DIES)
    for each in machines:
        each.run("apt-get -qq update")
    desk = Desk(folder, keys, machines, "dying.service", ready="12s")
    plan = desk.plan("dying")
    (first,) = plan.waves[0].steps
    assert desk.run("dying.json") == 1
    assert "undone" in capsys.readouterr().out
    assert [each.version("dying") for each in machines] == ["1.0"] * 3
    (name,) = run_names(None)
    run = open_run(None, name)
    ended = summary_of(run, datetime.now(UTC))
    run.close()
    assert ended.state == "stopped"
    assert ended.counts == {"undone": 1, "waiting": 2}
    for each in machines:
        assert each.run("systemctl is-active dying") == "active"
        assert len(installs(each, "dying")) == (3 if each.name == first.subject.id else 1)
    proven(folder, name, capsys, "--accept-unassessed", "no-findings")


@pytest.mark.e2e
def test_oakum_run_that_is_killed_is_resumed_and_nothing_is_installed_twice(
    folder: Path, keys: Path, machines: list[Machine], hosts_lab: HostsLab
) -> None:
    provide(machines, hosts_lab, "killed", "1.0", "1.1")
    desk = Desk(folder, keys, machines, ready="30s")
    plan = desk.plan("killed")
    approval = folder / "approval"
    assert main(["approve", str(folder / "killed.json"), "--key", str(keys / "agrees"), "--out", str(approval)]) == 0
    begin = ["run", str(folder / "killed.json"), "--from", desk.scan(), "--policy", str(desk.policy)]
    words, kills = [*begin, "--key", str(keys / "asks"), "--approval", str(approval)], 0
    # Whole seconds and thirds of them, so that it dies while connecting, acting, waiting, and between hosts.
    for seconds in (1.0, 2.3, 1.7, 2.9, 4.1, 3.4, 300.0):
        process = subprocess.Popen([sys.executable, "-m", "oakum", *words], cwd=folder, stdout=subprocess.DEVNULL)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
            kills += 1
        if code == 0:
            break
        if names := run_names(None):
            words = ["resume", *names]
    assert code == 0
    assert kills >= 3
    assert [each.version("killed") for each in machines] == ["1.1"] * 3
    for each in machines:
        assert len(installs(each, "killed")) == 2, "there once, and up once"
        assert not (each.root / "var/lib/oakum/claim").exists()
    run = open_run(None, run_names(None)[0])
    assert summary_of(run, datetime.now(UTC)).well
    assert run.plan == plan
    run.close()
