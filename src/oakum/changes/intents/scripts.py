"""Kind ``script``: a light remediation on machines, with its undo and its check.

Two forms. A remediation of Oakum's form is named; whoever plans writes into the wants which version and which text that
is (``version``, ``digest``, and for a site's own the text itself), so that what is approved is what is run. Else a
script is run by its path on the machine, never by a text that a shell would read; its check tells by its exit code
whether it is in effect. Without an undo either is forward-only.
"""

from __future__ import annotations

from oakum.changes.intents.kinds import UNKNOWN_VERSION, Field, Found, Kind, left_out
from oakum.changes.intents.model import Intent
from oakum.changes.plans.model import Change, Times
from oakum.changes.remediations.model import (
    ABSENT,
    NOT_APPLICABLE,
    PRESENT,
    UNKNOWN,
    component_of,
    label_of,
    stated,
)
from oakum.changes.state.model import Machine
from oakum.errors import InputError, Place

__all__ = ["ABSENT", "APPLIED", "DIGEST", "DOCUMENT", "EFFECT", "KIND", "NAME"]

APPLIED = "applied"
#: Wants, and parameters of changes, of the first form.
NAME, DIGEST, DOCUMENT, EFFECT = "remediation", "digest", "document", "effect"
_PATHS = ("run", "undo", "check")


def _check(intent: Intent) -> None:
    place = Place(field=f"intent {intent.name[:60]}")
    if intent.wants.get(NAME):
        given = [field for field in _PATHS if intent.wants.get(field)]
        if given:
            raise InputError(f"{given[0]}: a remediation has it", place=place, remedy="leave it out, or name a script")
        document = intent.wants.get(DOCUMENT)
        for field, value in stated(str(document)).items() if document else ():
            if intent.wants.get(field, False) != value:
                raise InputError(f"{field}: the document says otherwise", place=place, remedy="plan again")
        return
    for field in ("run", "check"):
        if not intent.wants.get(field):
            says = KIND.fields[field].says
            raise InputError(f"{field}: is missing", place=place, remedy=f"{says}; or name a remediation")
    for field in _PATHS:
        path = intent.wants.get(field)
        if isinstance(path, str) and path and (not path.startswith("/") or "\0" in path or "\n" in path):
            raise InputError(
                f"{field}: {path[:60]!r} is no absolute path", place=place,
                remedy="name a file that is on the machine, as /usr/local/lib/fix",
            )  # fmt: skip


def _of_machine(intent: Intent, machine: Machine) -> Found:
    return _remediation(intent, machine) if intent.wants.get(NAME) else _script(intent, machine)


def _remediation(intent: Intent, machine: Machine) -> Found:
    name, digest = str(intent.wants[NAME]), str(intent.wants.get(DIGEST, ""))
    if not digest:
        why = f"nobody has told which version of {name} is meant"
        return left_out(machine.id, UNKNOWN_VERSION, why, "plan with oakum plan, which knows the remediations")
    component, label = component_of(name), label_of(str(intent.wants.get("version", "")), digest)
    software = machine.software.get(component)
    # What nobody has looked for is asked for on the machine before anything is done there.
    state = software.current if software is not None else ABSENT
    if state == NOT_APPLICABLE:
        return None
    if state in (PRESENT, label):
        return ()
    if state == UNKNOWN:
        why = f"not assessable: the check of {name} could not tell whether it is in effect"
        return left_out(machine.id, UNKNOWN_VERSION, why, "see on the machine what its check says")
    if state != ABSENT:
        why = f"{name} is in effect in another version, {state}"
        return left_out(machine.id, "other-version", why, "take that back first, by a rollback of its run")
    parameters = {NAME: name, DIGEST: digest, EFFECT: str(intent.wants.get(EFFECT, ""))}
    return (
        _change(intent, machine, component, label, parameters, forward_only=bool(intent.wants.get("forward_only"))),
    )


def _script(intent: Intent, machine: Machine) -> Found:
    component = f"script/{intent.name}"
    software = machine.software.get(component)
    if software is not None and software.installed == APPLIED:
        return ()
    parameters = {key: str(intent.wants[key]) for key in _PATHS if intent.wants.get(key)}
    return (_change(intent, machine, component, APPLIED, parameters, forward_only=not intent.wants.get("undo")),)


def _change(
    intent: Intent, machine: Machine, component: str, after: str, parameters: dict[str, str], *, forward_only: bool
) -> Change:
    """Outside of a cluster there is nothing to drain."""
    drain, reboot = bool(intent.wants.get("drain")), bool(intent.wants.get("reboot"))
    return Change(
        intent=intent.name, kind=intent.kind, component=component, before=ABSENT, after=after,
        reversibility="forward-only" if forward_only else "reversible", back="" if forward_only else ABSENT,
        drain=(drain or reboot) and bool(machine.cluster), reboot=reboot,
        proof=("exit", "boot") if reboot else ("exit",), parameters=parameters,
    )  # fmt: skip


KIND = Kind(
    name="script",
    says="a light remediation on machines, with its undo and its check",
    rank=50,
    fields={
        "remediation": Field(says="a remediation by its name; with it neither run nor check nor undo are given"),
        "version": Field(says="its version, filled in by who plans"),
        "digest": Field(says="the SHA-256 of its text, filled in by who plans; given, it has to be that"),
        "effect": Field(says="what people may notice, filled in by who plans"),
        "document": Field(says="the text of a site's own, filled in by who plans"),
        "signature": Field(says="the signature of a site's own, filled in by who plans"),
        "forward_only": Field(says="yes: nothing undoes the remediation, filled in by who plans", form=bool),
        "run": Field(says="the script, by its absolute path on the machine"),
        "check": Field(says="a script that ends with 0 where it is in effect"),
        "undo": Field(says="the script that undoes it; without one it is forward-only"),
        "drain": Field(says="yes: only on a drained node", form=bool),
        "reboot": Field(says="yes: with a reboot", form=bool),
    },
    prior=Times(p50=30, p95=300),
    source="https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/",
    of_machine=_of_machine,
    check=_check,
)
