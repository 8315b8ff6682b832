"""Where both name a vulnerability of a package and do not say the same about it, and which rule ours follows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from oakum.advisories.index import scheme_of_scope
from oakum.findings.foreign.model import Claim, Difference
from oakum.findings.foreign.rules import RULES
from oakum.findings.model import Finding
from oakum.findings.statements.model import Ruled
from oakum.fleet.ecosystems import OS_TYPES
from oakum.versions import Unparsable

_BANDS = {"negligible": "low", "unimportant": "low", "minor": "low", "moderate": "medium", "important": "high"}
_KNOWN = frozenset({"none", "low", "medium", "high", "critical"})
#: Classes of a vendor's word that say more than that something is affected.
_SAID = ("will-not-fix", "deferred", "end-of-life", "undetermined")


class Judged(msgspec.Struct, frozen=True):
    """What was judged of one of our findings: the band of its severity, who scored it, whether the catalogue of known
    exploited vulnerabilities has it (None where none was imported)."""

    severity: str
    scorer: str
    exploited: bool | None


def differences(one: Ruled, claims: Sequence[Claim], judged: Judged | None, *, by_source: bool) -> Iterator[Difference]:
    """Everything about which we and these claims (at least one) do not say the same, what matters most first."""
    finding = one.finding
    counted = [claim for claim in claims if not claim.set_aside]
    yield from _status(one, claims, counted)
    fix = list(_fix(finding, counted or list(claims)))
    yield from fix
    if not fix:
        yield from _state(finding, counted)
    if judged is not None:
        yield from _severity(judged, counted)
        told = {claim.exploited for claim in counted} - {None}
        if judged.exploited is not None and told == {not judged.exploited}:
            words = {True: "known exploited", False: "not known as exploited"}
            ours, theirs = words[judged.exploited], words[not judged.exploited]
            yield Difference("exploited", ours, theirs, "kev", RULES["kev"])
    if by_source:
        name = finding.package.name
        yield Difference("package", name, claims[0].named, "source-name", f"{name} is built from {claims[0].named}")


def _status(one: Ruled, claims: Sequence[Claim], counted: Sequence[Claim]) -> Iterator[Difference]:
    if one.suppressed and one.statement is not None:
        if counted:
            said = one.statement
            why = f"{said.author or 'a statement'} says {said.status.replace('_', ' ')} ({said.time[:10]})"
            yield Difference("status", "does not apply", "affected", "statement", why)
    elif not counted:
        yield Difference("status", "affected", "set aside", "set-aside", f"their report says: {claims[0].set_aside}")
    elif one.finding.fix.state == "installed":
        why = one.finding.fix.effective.proof
        yield Difference("status", "fix installed, not effective", "affected", "not-effective", why)


def _fix(finding: Finding, claims: Sequence[Claim]) -> Iterator[Difference]:
    ours = finding.fix.version
    theirs = list(dict.fromkeys(fix for claim in claims for fix in claim.fixes))
    if not ours and not theirs:
        return
    if ours and any(_equal(finding.scope, ours, fix) for fix in theirs):
        return
    records = sorted({each.record for each in finding.evidence})
    by = next((each for each in finding.evidence if each.fix == ours), None)
    said = ", ".join(theirs) or "none"
    if not ours:
        vendor = next((each for each in finding.evidence if each.state_class in _SAID), None)
        rule = "vendor-state" if vendor is not None else "no-fix"
        named = vendor or (finding.evidence[0] if finding.evidence else None)
        words = f"{named.record} ({named.source}): {named.state or 'no fixed version'}" if named is not None else ""
        yield Difference("fix", "none", said, rule, words or RULES[rule])
        return
    named_by = f"{by.record} ({by.source})" if by is not None else finding.id
    if finding.fix.channel:
        yield Difference("fix", ours, said, "channel", f"{named_by}: fixed in {ours} of {finding.fix.channel}")
    elif len(records) > 1 and finding.package.type not in OS_TYPES:
        yield Difference("fix", ours, said, "all-records", f"{', '.join(records[:4])}: {ours} closes all of them")
    else:
        yield Difference("fix", ours, said, "vendor-fix", f"{named_by}: fixed in {ours}")


def _equal(scope: str, ours: str, theirs: str) -> bool:
    if ours == theirs:
        return True
    order = scheme_of_scope(scope)
    if order is None:
        return False
    left, right = order.key(ours), order.key(theirs)
    return not isinstance(left, Unparsable) and left == right


def _state(finding: Finding, claims: Sequence[Claim]) -> Iterator[Difference]:
    """Where neither names a fix, the vendor may have said why there is none."""
    if finding.fix.version:
        return
    said = next((each for each in finding.evidence if each.state_class in _SAID), None)
    ours = said.state_class if said is not None else "affected"
    theirs = sorted({claim.state for claim in claims if claim.state})
    if theirs and ours not in theirs:
        words = f"{said.record} ({said.source}): {said.state}" if said is not None else "no vendor's word was imported"
        yield Difference("status", ours, ", ".join(theirs), "vendor-state", words)


def _severity(judged: Judged, claims: Sequence[Claim]) -> Iterator[Difference]:
    theirs = {_BANDS.get(claim.severity, claim.severity): claim for claim in claims}
    known = {band: claim for band, claim in theirs.items() if band in _KNOWN}
    if judged.severity in _KNOWN and known and judged.severity not in known:
        whose = next((claim.scorer for claim in known.values() if claim.scorer), "")
        by = f"by {judged.scorer}" if judged.scorer else "as imported"
        why = f"ours is {by}" + (f", theirs by {whose}" if whose else "")
        yield Difference("severity", judged.severity, ", ".join(sorted(known)), "severity", why)
