"""A remediation, the one text that stands for it, and the digest by which people approve it and a host runs it.

The text (``document``) is what a host is given: a line for each fact, and below them the programs, each line of them
behind a bar, so that no program can look like a fact. Its SHA-256 is the digest. Two remediations that differ in
anything, be it a blank in a program, have two digests.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

FORMAT = "oakum-remediation/1"
Program = Literal["check", "act", "verify", "undo"]
PROGRAMS: dict[Program, str] = {
    "check": "tells by its exit status whether it is in effect: 0 yes, 3 no, 4 it does not apply there; else unknown",
    "act": "writes what it is about to change into the folder that it runs in, and brings it into effect",
    "verify": "ends with 0 where the effect is seen from outside of what was changed",
    "undo": "brings back what stands in the folder that it runs in",
}
#: How long a program may take where its file does not say, in seconds.
SECONDS: dict[Program, int] = {"check": 10, "act": 60, "verify": 30, "undo": 60}
#: A document of more bytes is refused here and on hosts.
LONGEST = 32_768
#: States of a remediation on a machine beside its label.
ABSENT, PRESENT, NOT_APPLICABLE, UNKNOWN = "absent", "present", "not-applicable", "unknown"


class Remediation(msgspec.Struct, frozen=True, kw_only=True):
    """One remediation of one version.

    ``against`` are the vulnerabilities, ``sources`` pages that tell of this very measure or of the flaw, ``effect``
    what people may miss, ``applies`` where it makes sense. ``values`` are variables of the programs. ``touches`` are
    the paths whose state the host records before the act and compares after the undo. ``common`` stands before every
    program. ``seconds`` limit each program. Without ``undo`` it is forward-only.
    """

    name: str
    version: int
    title: str
    against: tuple[str, ...]
    sources: tuple[str, ...]
    effect: str
    applies: str
    programs: dict[Program, str]
    common: str = ""
    values: dict[str, str] = msgspec.field(default_factory=dict)
    touches: tuple[str, ...] = ()
    seconds: dict[Program, int] = msgspec.field(default_factory=dict)
    reboot: bool = False
    drain: bool = False

    @property
    def component(self) -> str:
        """The name under which a machine's software tells of it."""
        return component_of(self.name)

    @property
    def forward_only(self) -> bool:
        """Whether nothing undoes it."""
        return "undo" not in self.programs

    @property
    def document(self) -> str:
        """The canonical text."""
        lines = [FORMAT, f"name {self.name}", f"version {self.version}", f"title {self.title}"]
        lines += [f"against {each}" for each in self.against]
        lines += [f"source {each}" for each in self.sources]
        lines += [f"effect {self.effect}", f"applies {self.applies}"]
        lines += [f"reboot {'yes' if self.reboot else 'no'}", f"drain {'yes' if self.drain else 'no'}"]
        lines += [f"value {name} {value}" for name, value in sorted(self.values.items())]
        lines += [f"touches {each}" for each in self.touches]
        for program in PROGRAMS:
            if program in self.programs:
                lines.append(f"seconds {program} {self.seconds.get(program, SECONDS[program])}")
        for name, text in (("common", self.common), *((each, self.programs.get(each, "")) for each in PROGRAMS)):
            if text:
                lines += [f"program {name}", *(f"|{line}" for line in text.splitlines())]
        return "\n".join([*lines, ""])

    @property
    def digest(self) -> str:
        """SHA-256 of the document, in hexadecimal."""
        return digest_of(self.document)

    @property
    def label(self) -> str:
        """The version as states and plans write it."""
        return label_of(self.version, self.digest)


def stated(document: str) -> dict[str, str | bool | tuple[str, ...]]:
    """What a document says that a plan rests on, as the wants of an intent hold it; empty where it is none."""
    lines = document.splitlines()
    # A line of a program begins with a bar, and no fact does: it is never taken for one.
    facts = dict(line.partition(" ")[::2] for line in reversed(lines))
    if lines[:1] != [FORMAT] or "name" not in facts or "version" not in facts:
        return {}
    return {
        "remediation": facts["name"], "version": facts["version"], "digest": digest_of(document),
        "reboot": facts.get("reboot") == "yes", "drain": facts.get("drain") == "yes",
        "forward_only": "program undo" not in lines, "effect": facts.get("effect", ""),
    }  # fmt: skip


def digest_of(document: str) -> str:
    """SHA-256 of a document, in hexadecimal."""
    return hashlib.sha256(document.encode()).hexdigest()


def label_of(version: int | str, digest: str) -> str:
    """``VERSION@`` and the first twelve digits of the digest."""
    return f"{version}@{digest[:12]}"


def component_of(name: str) -> str:
    """The name under which a machine's software tells of a remediation."""
    return f"remediation/{name}"
