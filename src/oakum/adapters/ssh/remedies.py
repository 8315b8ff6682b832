"""Remediations on their way to hosts: those that ship with Oakum, held to the digests that the program itself pins.

Their documents are a part of the program on hosts. A site's own travels with the request, and was approved with the
plan, which holds its text.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources

from oakum.changes.intents.scripts import DIGEST, DOCUMENT, NAME
from oakum.changes.plans.model import Change, Plan
from oakum.changes.remediations.model import (
    ABSENT,
    NOT_APPLICABLE,
    PRESENT,
    UNKNOWN,
    Remediation,
    component_of,
    digest_of,
)
from oakum.changes.remediations.pinned import PINNED
from oakum.changes.remediations.reading import read_remediations
from oakum.changes.state.inventory import SoftwareEntry
from oakum.errors import InputError, NotAssessableError, Place

_END = "END OF DOCUMENT"
_STATES = frozenset({ABSENT, PRESENT, NOT_APPLICABLE, UNKNOWN})
_LABEL = re.compile(r"[0-9]{1,4}@[0-9a-f]{12}\Z")


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, Remediation]:
    """All of them by name. Raises InputError where one is not what this program was made with."""
    folder = resources.files("oakum.changes.remediations").joinpath("data")
    found: dict[str, Remediation] = {}
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".yaml"):
            found |= {each.name: each for each in read_remediations(file.read_bytes(), file.name)}
    for name in found.keys() | PINNED.keys():
        if name not in found or found[name].digest != PINNED.get(name):
            raise InputError(
                f"the remediation {name} is not the one that this version of Oakum was made with",
                place=Place(str(folder)), remedy="install Oakum anew",
            )  # fmt: skip
    return found


def part() -> str:
    """The part of the host's program that holds their documents, readable as they are."""
    lines = ["# --- remediations that come with this program ---", "", f"SHIPPED='{' '.join(sorted(shipped()))}'"]
    lines += ["shipped() { # NAME: its document", "    case $1 in"]
    for name, each in sorted(shipped().items()):
        lines += [f"    {name}) cat <<'{_END}'", f"{each.document}{_END}", "        ;;"]
    return "\n".join([*lines, "    *) return 1 ;;", "    esac", "}", ""])


def documents_of(plan: Plan) -> dict[str, str]:
    """The texts of a site's own remediations in a plan, by their digests. Raises InputError where one is another."""
    found: dict[str, str] = {}
    for intent in plan.intents:
        document, digest = intent.wants.get(DOCUMENT), str(intent.wants.get(DIGEST, ""))
        if isinstance(document, str) and document:
            if digest_of(document) != digest:
                raise InputError(
                    f"the text of {intent.wants.get(NAME)} is not the one of its digest", remedy="make the plan anew"
                )
            found[digest] = document
    return found


def check(step: str, change: Change, documents: Mapping[str, str]) -> None:
    """Raises NotAssessableError for a script that is no remediation, or one that this version does not know."""
    name, digest = change.parameters.get(NAME, ""), change.parameters.get(DIGEST, "")
    if not name:
        what = f"{step} runs a script of the machine, which this version does not do on hosts"
        raise NotAssessableError(what, remedy="make it a remediation: wants: {remediation: NAME}")
    if name in shipped() and shipped()[name].digest != digest:
        what = f"{step}: this version of Oakum ships another {name} than the plan was made for"
        raise NotAssessableError(what, remedy="make the plan anew, and have it approved")
    if name not in shipped() and digest not in documents:
        raise NotAssessableError(f"{step}: the plan does not hold the text of {name}", remedy="make the plan anew")


def wanted(change: Change, documents: Mapping[str, str]) -> Iterator[str]:
    """What a host is asked for: to bring a remediation into effect, with its text where it has none, or to undo it."""
    name, digest = change.parameters[NAME], change.parameters[DIGEST]
    if change.after == ABSENT:
        yield f"remediation {name} out {change.before} {digest}"
        return
    yield f"remediation {name} in {change.after} {digest}"
    if name not in shipped():
        yield f"document {name} {base64.b64encode(documents[digest].encode()).decode()}"


def software_of(said: str) -> dict[str, SoftwareEntry]:
    """What a host says of remediations: ``is NAME LABEL STATE`` of those in effect, ``can NAME STATE`` of others.

    One that was laid on and has no effect any more is installed and not running.
    """
    found: dict[str, SoftwareEntry] = {}
    for line in said.splitlines():
        match line.split(" "):
            case ["is", name, label, state] if _LABEL.match(label):
                running = "" if state == PRESENT else UNKNOWN if state == UNKNOWN else ABSENT
                found[component_of(name)] = SoftwareEntry(installed=label, running=running, part="remediation")
            case ["can", name, state] if name in shipped() and state in _STATES:
                found[component_of(name)] = SoftwareEntry(installed=state, part="remediation")
            case _:
                pass
    return found
