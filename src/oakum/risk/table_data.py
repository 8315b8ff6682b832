"""The four decision tables as data: facts of their publishers, in a compact form of our own.

A table's outcomes are written as letters, one for each combination of its inputs, the last input changing fastest;
blanks only group them. ``numbering`` says how the publisher numbers the same rows: SSVC's older tables count the
combinations in that very order, its newer ones by level (see ``oakum.risk.tables.numbered``).

Sources: CERT/CC SSVC, https://certcc.github.io/SSVC/ (tables of the namespaces ssvc and cisa); the remediation
timelines are those of CISA's Binding Operational Directive 26-04. Which outcome is the more urgent follows from the
publishers' order of their outcome values.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Numbering = Literal["last input fastest", "by level"]


class Column(NamedTuple):
    """An input of a table: key in snake case, the publisher's title with version, values from harmless to severe."""

    key: str
    title: str
    values: tuple[str, ...]


class Word(NamedTuple):
    """An outcome: its letter in the matrix, the publisher's word, and the days it allows (None: it names no number)."""

    letter: str
    name: str
    days: int | None = None


class Source(NamedTuple):
    """A table as it is written down here. ``words`` stand from the most to the least urgent."""

    name: str
    version: str
    title: str
    url: str
    columns: tuple[Column, ...]
    outcome: str
    words: tuple[Word, ...]
    matrix: str
    numbering: Numbering = "last input fastest"


_SSVC = "https://github.com/CERTCC/SSVC/blob/main/data/csv/"
_NO_YES = ("no", "yes")
_EXPLOITATION = Column("exploitation", "Exploitation v1.1.0", ("none", "public poc", "active"))
_AUTOMATABLE = Column("automatable", "Automatable v2.0.0", _NO_YES)
_TECHNICAL_IMPACT = Column("technical_impact", "Technical Impact v1.0.0", ("partial", "total"))
_HUMAN_IMPACT = ("low", "medium", "high", "very high")

SOURCES: tuple[Source, ...] = (
    Source(
        name="cisa-bod-26-04",
        version="1.0.0",
        title="CISA BOD 26-04 Remediation Timelines",
        url=_SSVC + "cisa/cisa_bod_26_04_1_0_0.csv",
        columns=(
            Column("in_kev", "In KEV v1.0.0 (cisa)", _NO_YES),
            Column("publicly_exposed", "Publicly Exposed v1.0.0 (cisa)", _NO_YES),
            _AUTOMATABLE,
            _TECHNICAL_IMPACT,
        ),
        outcome="CISA BOD 26-04 Remediation Timelines v1.0.0 (cisa)",
        words=(
            Word("f", "3 days & forensic investigation", 3),
            Word("3", "3 days", 3),
            Word("e", "14 days", 14),
            Word("s", "60 days", 60),
            Word("u", "fix on system upgrade"),
        ),
        # KEV no: unexposed, exposed; KEV yes: unexposed, exposed. In each: automatable no, yes; partial, total.
        matrix="uuss see3 eeef ef3f",
        numbering="by level",
    ),
    Source(
        name="ssvc-deployer",
        version="1.0.0",
        title="Deployer Patch Application Priority",
        url=_SSVC + "ssvc/deployer_patch_application_priority_1_0_0.csv",
        columns=(
            _EXPLOITATION,
            Column("system_exposure", "System Exposure v1.0.1", ("small", "controlled", "open")),
            _AUTOMATABLE,
            Column("human_impact", "Human Impact v2.0.2", _HUMAN_IMPACT),
        ),
        outcome="Defer, Scheduled, Out-of-Cycle, Immediate v1.0.0",
        words=(Word("i", "immediate"), Word("o", "out-of-cycle"), Word("s", "scheduled"), Word("d", "defer")),
        # One line for each exploitation; in it small, controlled, open; in each: automatable no, yes.
        matrix="ddss dsss  dsss ssss  dsss ssso"
        "       dsss ssss  dsss ssso  ssso ssoo"
        "       ssoo sooo  ssoo oooo  sooi ooii",
    ),
    Source(
        name="cisa-coordinator",
        version="2.0.3",
        title="CISA Coordinator",
        url=_SSVC + "cisa/cisa_coordinator_2_0_3.csv",
        columns=(
            _EXPLOITATION,
            _AUTOMATABLE,
            _TECHNICAL_IMPACT,
            Column(
                "mission_and_well_being_impact",
                "Mission and Well-Being Impact v1.0.0",
                ("low", "medium", "high"),
            ),
        ),
        outcome="CISA Levels v1.1.0 (cisa)",
        words=(Word("a", "act"), Word("n", "attend"), Word("*", "track*"), Word("t", "track")),
        # One line for each exploitation; in it automatable no, yes; in each: partial, total.
        matrix="ttt tt*  ttn ttn       tt* t*n  ttn t*n       ttn tna  nna naa",
    ),
    Source(
        name="human-impact",
        version="1.0.0",
        title="Human Impact",
        url=_SSVC + "ssvc/human_impact_1_0_0.csv",
        columns=(
            Column("safety_impact", "Safety Impact v2.0.1", ("negligible", "marginal", "critical", "catastrophic")),
            Column(
                "mission_impact",
                "Mission Impact v2.0.0",
                ("degraded", "mef support crippled", "mef failure", "mission failure"),
            ),
        ),
        outcome="Human Impact v2.0.2",
        words=(Word("v", "very high"), Word("h", "high"), Word("m", "medium"), Word("l", "low")),
        matrix="llmv llmv mhhv vvvv",
    ),
)
