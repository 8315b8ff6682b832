"""Remediations from a wish to two real machines and back: approved, on one first, with a restart where it needs one."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.adapters.ssh.labs import RUN, Bench, offer, way
from tests.adapters.ssh.scenes import everything, grace
from tests.adapters.ssh.test_remedies_on_hosts import change_of
from tests.lab.hosts import Host as Machine
from tests.lab.hosts import HostsLab
from tests.local.desk import Desk

from oakum.adapters.ssh.commands import PLACE, program
from oakum.adapters.ssh.connections import Connections
from oakum.adapters.ssh.remedies import shipped
from oakum.adapters.ssh.world import HostsWorld
from oakum.changes.remediations.reading import read_remediations
from oakum.cli.main import main
from oakum.local.hosts import sudoers
from oakum.local.plans import read_plan
from oakum.local.remediations import NAMESPACE
from oakum.local.runs import open_run, run_names
from oakum.local.starting import summary_of

pytestmark = pytest.mark.e2e

Out = pytest.CaptureFixture[str]
MACHINES = ("fixed-1", "fixed-2")
NAME = "sshd-login-grace-time-zero"
OWN = """\
format: oakum-remediations/1
programs:
  check: |
    [ -e /etc/tmpfiles.d/own.conf ] || exit 3
  act: |
    mkdir -p /etc/tmpfiles.d
    echo 'f /run/{file} 0644 root root' >/etc/tmpfiles.d/own.conf
    cat /run/secret 2>/dev/null || :
  verify: |
    [ -e /run/own ]
  undo: |
    rm -f /run/own
remediations:
  - name: {name}
    version: 1
    title: Our own
    against: [CVE-2026-1000]
    sources: [https://example.com/own]
    effect: None.
    applies: Everywhere.
    reboot: {reboot}
    touches: [/etc/tmpfiles.d, /etc/tmpfiles.d/own.conf]
"""


def told(desk: Desk, name: str) -> list[dict[str, str]]:
    """What the inventory of a scan says of a remediation, host by host."""
    found = json.loads(Path(desk.scan()).read_text())["hosts"]
    return [found[host]["software"].get(f"remediation/{name}", {}) for host in sorted(found)]


def take_back(desk: Desk, run: str) -> int:
    words = ["--from", desk.scan(), "--policy", str(desk.policy), "--out", str(desk.folder / "back.json")]
    assert main(["rollback", run, "--all", *words]) == 0
    return desk.run("back.json")


def test_a_shipped_one_is_laid_on_with_packages_in_one_visit_and_all_of_it_is_taken_back(
    folder: Path, keys: Path, machines: list[Machine], hosts_lab: HostsLab, capsys: Out
) -> None:
    offer(hosts_lab, "fixing", "1.0", "1.1")
    for each in machines:
        each.run("apt-get -qq update; apt-get -qq -y install fixing=1.0 >/dev/null")
        each.run("echo LoginGraceTime 1 >>/etc/ssh/sshd_config; systemctl reload ssh")
    desk = Desk(folder, keys, machines)
    assert [each["installed"] for each in told(desk, NAME)] == ["absent"] * 2
    assert [each["installed"] for each in told(desk, "setuid-pkexec-off")] == ["not-applicable"] * 2
    before = [everything(each) for each in machines]
    packages = "- {name: fixing, kind: packages, wants: {names: [fixing]}"
    kind = f"kind: script, wants: {{remediation: {NAME}}}}}\n{packages}"
    plan = desk.plan_of("grace", kind)
    assert [len(wave.steps) for wave in plan.waves] == [1, 1]
    assert desk.run("grace.json") == 0, capsys.readouterr()
    assert [(each.version("fixing"), grace(each)) for each in machines] == [("1.1", "waits")] * 2
    assert [each["installed"] for each in told(desk, NAME)] == [shipped()[NAME].label] * 2
    again = desk.plan_of("again", f"kind: script, wants: {{remediation: {NAME}}}")
    assert not again.steps, "it is in effect"
    assert take_back(desk, run_names(None)[0]) == 0, capsys.readouterr()
    assert [(each.version("fixing"), grace(each)) for each in machines] == [("1.0", "ends")] * 2
    assert [each["installed"] for each in told(desk, NAME)] == ["absent"] * 2
    for each, was in zip(machines, before, strict=True):
        assert everything(each) == was


def own(desk: Desk, name: str, *, file: str = "own", reboot: str = "no") -> list[str]:
    """A remediation of a site's own, signed by somebody; the words that name its folder."""
    folder = desk.folder / f"own-{name}"
    folder.mkdir()
    text = OWN.format(name=name, file=file, reboot=reboot)
    (folder / "own.yaml").write_text(text)
    (one,) = read_remediations(text.encode(), "own")
    words = ["ssh-keygen", "-q", "-Y", "sign", "-n", NAMESPACE, "-f", str(desk.keys / "third")]
    done = subprocess.run(words, input=f"{one.digest}\n".encode(), capture_output=True, check=True)
    (folder / f"{name}.sig").write_bytes(done.stdout)
    return ["--remediations", str(folder)]


def plan_own(desk: Desk, name: str, words: list[str]) -> None:
    intent, file = desk.folder / f"{name}.yaml", desk.folder / f"{name}.json"
    intent.write_text(f"version: 1\nintents:\n- {{name: own, kind: script, wants: {{remediation: {name}}}}}\n")
    given = ["--from", desk.scan(), "--intent", str(intent), "--policy", str(desk.policy), "--out", str(file), *words]
    assert main(["plan", *given]) == 0
    assert read_plan(file).steps


def test_one_that_needs_a_restart_is_proven_after_it_and_gone_after_another(
    folder: Path, keys: Path, machines: list[Machine], capsys: Out
) -> None:
    desk = Desk(folder, keys, machines, ready="60s")
    plan_own(desk, "own-boot", own(desk, "own-boot", reboot="yes"))
    boots = [each.run("cat /proc/sys/kernel/random/boot_id") for each in machines]
    assert desk.run("own-boot.json") == 0, capsys.readouterr()
    for each, boot in zip(machines, boots, strict=True):
        assert each.run("cat /proc/sys/kernel/random/boot_id") != boot
        assert each.run("ls /run/own") == "/run/own"
    assert take_back(desk, run_names(None)[0]) == 0, capsys.readouterr()
    for each in machines:
        assert not (each.root / "etc/tmpfiles.d/own.conf").exists()
        assert each.run("ls /run/own", check=False) == ""


def test_one_without_an_effect_after_its_restart_is_taken_back_and_spares_the_other(
    folder: Path, keys: Path, machines: list[Machine], capsys: Out
) -> None:
    desk = Desk(folder, keys, machines, ready="60s")
    for each in machines:
        each.run("echo the password is hunter2 >/run/secret")
    plan_own(desk, "own-nothing", own(desk, "own-nothing", file="another", reboot="yes"))
    assert desk.run("own-nothing.json") == 1
    said = capsys.readouterr()
    assert "it restarted and the change is not effective" in said.out + said.err
    assert "hunter2" not in said.out + said.err
    run = open_run(None, run_names(None)[0])
    assert summary_of(run, datetime.now(UTC)).counts == {"undone": 1, "waiting": 1}
    assert b"hunter2" not in run.file.path.read_bytes()
    run.close()
    logs = [each.run("cat /var/lib/oakum/work/*/log", check=False) for each in machines]
    assert ["hunter2" in each for each in logs].count(True) == 1, "it is on the one machine that was changed"
    for each in machines:
        assert not (each.root / "etc/tmpfiles.d/own.conf").exists()


def test_an_account_with_sudo_runs_a_text_of_its_own_only_where_root_has_let_its_digest(
    machines: list[Machine], hosts_lab: HostsLab
) -> None:
    machine = machines[0]
    machine.run("useradd --create-home --shell /bin/sh oakum")
    machine.authorize("oakum", hosts_lab.public_key)
    machine.run("chown -R oakum: /home/oakum")
    machine.run("cat >/etc/sudoers.d/oakum && chmod 440 /etc/sudoers.d/oakum", input=sudoers("oakum"))
    machine.run(f"mkdir -p {PLACE.rpartition('/')[0]} && cat >{PLACE} && chmod 755 {PLACE}", input=program().decode())
    text = OWN.format(name="own-sudo", file="own", reboot="yes")
    (one,) = read_remediations(text.encode(), "own")
    account = way(machine, user="oakum", sudo=True)
    with Connections({machine.name: account}) as opened:
        bench = Bench(opened, machine)
        documents = {one.digest: one.document}
        bench.world = HostsWorld({machine.name: account}, opened, bench.world.machines, run=RUN, documents=documents)
        outcome = bench.act("apply", machine.name, changes=(change_of(one),))
        assert (outcome.result, outcome.code) == ("refused", "never")
        assert outcome.why == "root has not put the digest of own-sudo into /etc/oakum/remediations"
        assert not (machine.root / "etc/tmpfiles.d/own.conf").exists()
        grace_ = shipped()["sshd-terrapin-ciphers-off"]
        assert bench.made("apply", machine.name, change_of(grace_)).state == "done", "what ships needs no leave"
        assert bench.made("undo", machine.name, change_of(grace_, out=True)).state == "done"
        machine.run(f"mkdir -p /etc/oakum; echo {one.digest} >/etc/oakum/remediations")
        assert bench.made("apply", machine.name, change_of(one)).state == "done"
        assert (machine.root / "etc/tmpfiles.d/own.conf").exists()
        assert bench.made("undo", machine.name, change_of(one, out=True)).state == "done"
        assert not (machine.root / "etc/tmpfiles.d/own.conf").exists()
