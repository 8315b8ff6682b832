"""A remediation as an intent: what it comes to by what is in effect on the machine, and what is no such intent."""

from __future__ import annotations

import pytest
from tests.changes.state.makings import NOW

from oakum.changes.intents.catalogue import kind_of, wanted
from oakum.changes.intents.model import Intent
from oakum.changes.plans import Change, LeftOut
from oakum.changes.remediations.model import Remediation, digest_of
from oakum.changes.state import Machine, Software, State
from oakum.errors import InputError

Wants = dict[str, str | bool | tuple[str, ...]]
DIGEST = "ab" * 32
LABEL = f"3@{DIGEST[:12]}"
NAMED: Wants = {"remediation": "closed", "version": "3", "digest": DIGEST, "effect": "Nothing is missed."}


def found(state: str | None, **more: str | bool) -> str | Change | LeftOut:
    """What it comes to on a machine where it is in a state; None where nobody has looked."""
    software = {} if state is None else {"remediation/closed": Software(installed=state, part="package")}
    one = Machine(name="w-1", uid="u", cluster="c", software=software)
    made = wanted(
        Intent(name="i", kind="script", wants={**NAMED, **more}), State(at=NOW, digest="", machines=(one,))
    )  # fmt: skip
    if made.obstacles:
        return made.obstacles[0]
    if made.done:
        return "in effect"
    return made.changes["c/w-1"][0] if made.changes else "not there"


@pytest.mark.parametrize("state", [None, "absent"])
def test_where_it_is_not_in_effect_it_is_brought_in_and_can_be_taken_back(state: str | None) -> None:
    change = found(state)
    assert isinstance(change, Change)
    assert (change.component, change.before, change.after) == ("remediation/closed", "absent", LABEL)
    assert (change.reversibility, change.back) == ("reversible", "absent")
    assert change.parameters == {"remediation": "closed", "digest": DIGEST, "effect": "Nothing is missed."}


def test_what_nothing_undoes_is_forward_only() -> None:
    change = found(None, forward_only=True)
    assert isinstance(change, Change)
    assert (change.reversibility, change.back) == ("forward-only", "")


@pytest.mark.parametrize(
    ("state", "comes"), [("present", "in effect"), (LABEL, "in effect"), ("not-applicable", "not there")]
)
def test_where_it_is_in_effect_or_makes_no_sense_nothing_is_done(state: str, comes: str) -> None:
    assert found(state) == comes


@pytest.mark.parametrize(
    ("state", "digest", "rule", "why"),
    [
        ("unknown", DIGEST, "version-unknown",
         "not assessable: the check of closed could not tell whether it is in effect"),
        ("2@cdcdcdcdcdcd", DIGEST, "other-version", "closed is in effect in another version, 2@cdcdcdcdcdcd"),
        ("absent", "", "version-unknown", "nobody has told which version of closed is meant"),
        ("present", "", "version-unknown", "nobody has told which version of closed is meant"),
    ],
)  # fmt: skip
def test_where_that_is_not_clear_the_machine_is_left_out(state: str, digest: str, rule: str, why: str) -> None:
    left = found(state, digest=digest)
    assert isinstance(left, LeftOut)
    assert (left.subject, left.rule, left.why) == ("c/w-1", rule, why)
    assert left.remedy


def remediation(*, reboot: bool = False) -> Remediation:
    """A site's own."""
    return Remediation(
        name="closed", version=3, title="T", against=("CVE-2026-1",), sources=("https://example.com/",), effect="None.",
        applies="Everywhere.", reboot=reboot,
        programs={"check": "true", "act": "true", "verify": "true", "undo": "true"},
    )  # fmt: skip


def documented(one: Remediation, **more: str | bool) -> Intent:
    wants: Wants = {"remediation": "closed", "version": "3", "digest": digest_of(one.document), "effect": "None."}
    return Intent(name="i", kind="script", wants={**wants, "document": one.document, **more})


def test_an_intent_says_what_the_text_of_its_remediation_says() -> None:
    """What the text answers with no may be left out."""
    assert kind_of(documented(remediation())).name == "script"
    assert kind_of(documented(remediation(reboot=True), reboot=True)).name == "script"


@pytest.mark.parametrize(
    ("intent", "says"),
    [
        (documented(remediation(), version="4"), "version: the document says otherwise"),
        (documented(remediation(), digest=DIGEST), "digest: the document says otherwise"),
        (documented(remediation(reboot=True)), "reboot: the document says otherwise"),
        (documented(remediation(), drain=True), "drain: the document says otherwise"),
        (Intent(name="i", kind="script", wants={**NAMED, "run": "/r"}), "run: a remediation has it"),
        (Intent(name="i", kind="script", wants={**NAMED, "check": "/c"}), "check: a remediation has it"),
        (Intent(name="i", kind="script", wants={**NAMED, "check": "/c", "undo": "/u"}), "undo: a remediation has it"),
    ],
)
def test_an_intent_that_says_otherwise_is_none(intent: Intent, says: str) -> None:
    with pytest.raises(InputError) as raised:
        kind_of(intent)
    assert raised.value.what == says
    assert raised.value.remedy
