"""Kind ``script``: a light remediation on machines, with the script that undoes it and the one that checks it.

A script is run by its path on the machine, never by a text that a shell would read. Its check tells by its exit code
whether it is in effect. Without an undo it is forward-only.
"""

from __future__ import annotations

from oakum.changes.intents.kinds import Field, Found, Kind
from oakum.changes.intents.model import Intent
from oakum.changes.plans.model import Change, Times
from oakum.changes.state.model import Machine
from oakum.errors import InputError, Place

ABSENT, APPLIED = "absent", "applied"


def component_of(intent: Intent) -> str:
    """The name under which a machine's software tells whether the script has been applied."""
    return f"script/{intent.name}"


def _check(intent: Intent) -> None:
    for field in ("run", "undo", "check"):
        path = intent.wants.get(field)
        if isinstance(path, str) and path and (not path.startswith("/") or "\0" in path or "\n" in path):
            raise InputError(
                f"{field}: {path[:60]!r} is no absolute path", place=Place(field=f"intent {intent.name[:60]}"),
                remedy="name a file that is on the machine, as /usr/local/lib/fix",
            )  # fmt: skip


def _of_machine(intent: Intent, machine: Machine) -> Found:
    component = component_of(intent)
    software = machine.software.get(component)
    if software is not None and software.installed == APPLIED:
        return ()
    undo = str(intent.wants.get("undo", ""))
    drain, reboot = bool(intent.wants.get("drain")), bool(intent.wants.get("reboot"))
    return (
        Change(
            intent=intent.name, kind=intent.kind, component=component, before=ABSENT, after=APPLIED,
            reversibility="reversible" if undo else "forward-only", back=ABSENT if undo else "",
            drain=drain or reboot, reboot=reboot, proof=("exit", "boot") if reboot else ("exit",),
            parameters={key: str(intent.wants[key]) for key in ("run", "undo", "check") if intent.wants.get(key)},
        ),
    )  # fmt: skip


KIND = Kind(
    name="script",
    says="a light remediation on machines, with its undo and its check",
    rank=50,
    fields={
        "run": Field(says="the script, by its absolute path on the machine", needed=True),
        "check": Field(says="a script that ends with 0 where it is in effect", needed=True),
        "undo": Field(says="the script that undoes it; without one it is forward-only"),
        "drain": Field(says="yes: only on a drained node", form=bool),
        "reboot": Field(says="yes: with a reboot", form=bool),
    },
    prior=Times(p50=30, p95=300),
    source="https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/",
    of_machine=_of_machine,
    check=_check,
)
