"""Scripts of packages on a real machine: that fail, hang, tell a secret, or ask a question."""

from __future__ import annotations

import pytest
from tests.adapters.ssh.labs import offer
from tests.local.faults import Patient, fails, script

pytestmark = pytest.mark.e2e

MACHINES = ("scripts",)
SECRET = "hunter2-correct-horse"
#: How a script ends that has told it.
ENDS = {"fails": "exit 1", "hangs": "while :; do sleep 1; done", "well": "exit 0"}


def test_a_script_that_hangs_is_ended_and_named(patient: Patient) -> None:
    patient.has("f-hang", scripts=script("f-hang", "trap '' TERM HUP INT; while :; do sleep 1; done"))
    fails(patient, "f-hang", "a script of f-hang did not end within")
    assert patient.machine.run("pgrep -f f-hang.postinst", check=False) == ""
    patient.machine.run("touch /opt/mended-f-hang")
    patient.is_well_again("f-hang")


@pytest.mark.parametrize("how", ENDS)
def test_a_secret_that_a_script_prints_stays_on_the_machine(patient: Patient, how: str) -> None:
    name, ends = f"f-secret-{how}", ENDS[how]
    tells = "\n".join(
        f"echo '{line}'; echo '{line}' >&2"
        for line in (
            f"password={SECRET}", f"E: {SECRET}", f"dpkg: error processing package {SECRET} (--configure):",
            f"dpkg: error: dpkg frontend lock was locked by another process with pid {SECRET}",
            f"E: Could not get lock. It is held by process 1 ({SECRET})", f"Failed to fetch {SECRET}",
        )
    )  # fmt: skip
    patient.has(name, scripts=script(name, f"{tells}\n{ends}"))
    if how == "well":
        patient.is_well_again(name)
    else:
        fails(patient, name, f"a script of {name} ")
        assert patient.machine.run(f"grep -l {SECRET} /var/lib/oakum/work/*/log | xargs stat -c %a | sort -u") == "600"
        patient.machine.run(f"touch /opt/mended-{name}")
        patient.is_well_again(name)
    patient.said_nowhere(SECRET)


def test_questions_are_answered_by_their_defaults(patient: Patient) -> None:
    asks = {
        "templates": "Template: f-ask/colour\nType: string\nDefault: blue\nDescription: Which colour?\n",
        "config": "#!/bin/sh\nset -e\n. /usr/share/debconf/confmodule\ndb_input critical f-ask/colour || true\ndb_go\n",
        "postinst": "#!/bin/sh\nset -e\n. /usr/share/debconf/confmodule\ndb_get f-ask/colour\necho $RET >/opt/colour\n",
    }
    patient.has("f-ask", scripts=asks)
    patient.is_well_again("f-ask")
    assert (patient.machine.root / "opt/colour").read_text() == "blue\n"


def test_whoever_asks_on_the_terminal_gets_no_answer_and_the_package_goes_back(patient: Patient) -> None:
    patient.has("f-reads", scripts=script("f-reads", "set -e; read answer; echo $answer"))
    fails(patient, "f-reads", "a script of f-reads failed")
    patient.machine.run("touch /opt/mended-f-reads")
    patient.is_well_again("f-reads")


def test_a_changed_configuration_file_stays_and_the_new_one_is_beside_it(patient: Patient) -> None:
    file = "/etc/f-conf.conf"
    provide_conf = {"files": {file: "old\n"}, "conffiles": (file,)}
    offer(patient.lab, "f-conf", "1.0", **provide_conf)  # type: ignore[arg-type]  # words of a test
    patient.machine.run("apt-get -qq update; apt-get -qq -y install f-conf=1.0 >/dev/null; echo ours >/etc/f-conf.conf")
    patient.offers("f-conf", files={file: "new\n"}, conffiles=(file,))
    patient.is_well_again("f-conf")
    assert (patient.machine.root / "etc/f-conf.conf").read_text() == "ours\n"
    assert (patient.machine.root / "etc/f-conf.conf.dpkg-dist").read_text() == "new\n"
