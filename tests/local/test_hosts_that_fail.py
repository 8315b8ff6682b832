"""What goes wrong with hosts while a run is at work on them: cables, power, host keys, clocks, and what is allowed."""

from __future__ import annotations

import time

import pytest
from tests.adapters.ssh.labs import installs
from tests.local.faults import Patient, meanwhile, there

from oakum.adapters.ssh import commands
from oakum.adapters.ssh.commands import PLACE
from oakum.cli.main import main
from oakum.local.hosts import sudoers

pytestmark = pytest.mark.e2e

MACHINES = ("fails",)


def slow(name: str, seconds: int) -> dict[str, str]:
    """The first time that the script of 1.1 runs, it takes so long."""
    does = f"[ -e /opt/{name} ] || {{ touch /opt/{name}; sync /opt/{name}; sleep {seconds}; }}"
    return {"postinst": f"#!/bin/sh\n{does}\n"}


def once_and_well(patient: Patient, name: str, code: int, said: str, *words: str) -> None:
    """It came to a good end, said these words on the way, and was done once."""
    assert code == 0, said
    for each in words:
        assert each in said, said
    assert patient.machine.version(name) == "1.1"
    assert [line.split()[-2:] for line in installs(patient.machine, name)][-1] == ["1.0", "1.1"]
    patient.nothing_is_left()


def test_a_cable_that_is_out_in_the_middle_of_an_installation(patient: Patient) -> None:
    patient.has("g-cable", scripts=slow("g-cable", 3))
    patient.plan("g-cable")

    def cut() -> None:
        there(patient.machine.root / "opt/g-cable")
        with patient.machine.cut():
            time.sleep(9)

    with meanwhile(cut):
        code, said = patient.run("g-cable")
    once_and_well(patient, "g-cable", code, said, "waits for fails: ", "(it does not answer: ")
    assert len(installs(patient.machine, "g-cable")) == 2


def test_power_that_is_lost_in_the_middle_of_an_installation(patient: Patient) -> None:
    patient.has("g-power", scripts=slow("g-power", 60))
    patient.plan("g-power")

    def pull() -> None:
        there(patient.machine.root / "opt/g-power")
        patient.machine.pull_plug()
        time.sleep(3)
        patient.machine.power_on()

    with meanwhile(pull):
        code, said = patient.run("g-power")
    once_and_well(patient, "g-power", code, said, "it does not answer", "the machine went down meanwhile")


def test_another_host_key_lets_nothing_of_ours_out_and_is_told_with_what_to_do(patient: Patient) -> None:
    patient.has("g-key")
    patient.plan("g-key")
    begin = patient.ready("g-key")
    kept = "/etc/ssh/ssh_host_ed25519_key"
    # It shows another key for a while, and then its own again.
    patient.machine.run(
        f"cp {kept} /opt/key; ssh-keygen -q -t ed25519 -N '' -f /opt/other; systemd-run --quiet --unit=impostor sh -c '"
        f"cp /opt/other {kept}; systemctl restart ssh; echo impostor >/dev/kmsg; sleep 8; cp /opt/key {kept}; "
        "journalctl -u ssh -o cat >/opt/seen; systemctl restart ssh'; while cmp -s /opt/key "
        f"{kept}; do sleep 0.1; done; sleep 0.5"
    )
    code, said = patient.told_of(begin)
    once_and_well(
        patient, "g-key", code, said, "shows a host key that is not the pinned one", "find out why before anything else"
    )
    shown = (patient.machine.root / "opt/seen").read_text().split("Server listening")[-1]
    assert "Accepted" not in shown, "nobody signs in where the key is another one"


@pytest.mark.parametrize("off", ["3 hours ago", "3 hours"], ids=["behind", "ahead"])
def test_a_clock_that_is_wrong_and_is_put_right_in_the_middle_of_an_installation(patient: Patient, off: str) -> None:
    name = f"g-clock-{len(off)}"
    patient.has(name, scripts={"postinst": "#!/bin/sh\nrm -f /usr/sbin/date\nsleep 2\n"})
    wrong = f'#!/bin/sh\nexec /usr/bin/date -d "{off}" "$@"\n'
    patient.machine.run("cat >/usr/sbin/date && chmod 755 /usr/sbin/date", input=wrong)
    patient.plan(name)
    said = patient.told()
    assert f"fails: its clock is 3 h {'behind' if 'ago' in off else 'ahead of'}" in said
    before = time.monotonic()
    code, said = patient.run(name)
    once_and_well(patient, name, code, said)
    assert time.monotonic() - before < 60
    assert len(installs(patient.machine, name)) == 2


def test_what_an_account_may_do_is_withdrawn_in_the_middle_of_an_installation(patient: Patient) -> None:
    machine = patient.machine
    machine.run("useradd --create-home --shell /bin/sh oakum")
    machine.authorize("oakum", machine.lab.public_key)
    machine.run("chown -R oakum: /home/oakum; cat >/etc/sudoers.d/oakum", input=sudoers("oakum"))
    machine.run(
        f"mkdir -p {PLACE.rpartition('/')[0]} && cat >{PLACE} && chmod 755 {PLACE}", input=commands.program().decode()
    )
    words = ["--host-key", machine.host_key, "--identity", str(machine.lab.key), "--no-agent", "--sudo", "--replace"]
    assert main(["host", "add", machine.name, f"oakum@{machine.address}", *words, "--environment", "prod"]) == 0
    patient.has("g-sudo", scripts=slow("g-sudo", 2))
    patient.plan("g-sudo")
    allowed, away = machine.root / "etc/sudoers.d/oakum", machine.root / "opt/sudoers"

    def withdraw() -> None:
        there(machine.root / "opt/g-sudo")
        allowed.rename(away)
        time.sleep(6)
        away.rename(allowed)

    with meanwhile(withdraw):
        code, said = patient.run("g-sudo")
    once_and_well(patient, "g-sudo", code, said, "sudo does not let the account run our program (oakum host sudoers)")
    assert len(installs(machine, "g-sudo")) == 2
