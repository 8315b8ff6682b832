"""What an asset means to the business: from one file of rules, with a marked default for whatever nobody said.

A rule selects assets by glob on the name, and by kind, and states facts; a later rule overrides an earlier one, fact by
fact. A default must not lower urgency behind somebody's back, so exposure counts as open until somebody says otherwise.
Sources of the defaults: SSVC, "Default System Exposure Values" (who does not know the exposure must assume open) and
the defaults for safety (marginal) and mission impact (support crippled), which give a low human impact by SSVC's own
table; CVSS 3.1 section 4.1 (a requirement that is not defined weighs like medium). Tier 2 and internal data are our own
middle values.
"""

from __future__ import annotations

import re
from fnmatch import translate
from typing import get_args

import msgspec

from oakum.errors import InputError, LimitError, Place
from oakum.fleet.assets import Context, Fact, Kind
from oakum.fleet.context_files import Row, rows_of_csv, rows_of_yaml

#: The largest context file: a line for each of ten thousand assets stays below 2 MiB.
MAX_BYTES = 8 * 1024 * 1024
_LEVELS = ("low", "medium", "high")

#: Fact -> the values it may have; an empty tuple means free text.
VALUES: dict[str, tuple[str, ...]] = {
    "owner": (),
    "tier": ("1", "2", "3", "4"),
    "confidentiality": _LEVELS,
    "integrity": _LEVELS,
    "availability": _LEVELS,
    "data_sensitivity": ("none", "internal", "confidential", "restricted"),
    "public_exposure": ("yes", "no"),
    "system_exposure": ("small", "controlled", "open"),
    "human_impact": ("low", "medium", "high", "very high"),
}
#: Fact -> (the value nobody gave, why this one).
DEFAULTS: dict[str, tuple[str, str]] = {
    "owner": ("unknown", "nobody is named"),
    "tier": ("2", "neither the most nor the least critical"),
    "confidentiality": ("medium", "CVSS weighs an undefined requirement like medium"),
    "integrity": ("medium", "CVSS weighs an undefined requirement like medium"),
    "availability": ("medium", "CVSS weighs an undefined requirement like medium"),
    "data_sensitivity": ("internal", "neither public nor known to be confidential"),
    "public_exposure": ("yes", "SSVC: an unknown exposure counts as open"),
    "system_exposure": ("open", "SSVC: an unknown exposure counts as open"),
    "human_impact": ("low", "SSVC: marginal safety impact, essential functions supported"),
}
_SELECTORS = ("name", "kind")
_SPOKEN = {"true": "yes", "false": "no", "on": "yes", "off": "no"}
_LONGEST = 256


class Rule(msgspec.Struct, frozen=True):
    """One rule: which assets (``name`` a glob, ``kind`` empty for any), the facts it states, and where it stands."""

    name: str
    kind: str
    facts: dict[str, Fact]


class ContextRules:
    """The rules of one context file, in order."""

    def __init__(self, rules: tuple[Rule, ...] = ()) -> None:
        self.rules = rules
        self._compiled = [(re.compile(translate(rule.name)), rule) for rule in rules]

    def of(self, asset_name: str, asset_kind: str) -> Context:
        """The context of an asset; every fact that no rule states is a default and marked as one."""
        stated: dict[str, Fact] = {}
        for pattern, rule in self._compiled:
            if (not rule.kind or rule.kind == asset_kind) and pattern.match(asset_name):
                stated.update(rule.facts)
        facts = {
            key: stated.get(key) or Fact(value, f"default: {why}", default=True)
            for key, (value, why) in DEFAULTS.items()
        }
        if "system_exposure" not in stated and facts["public_exposure"].value == "no":
            facts["system_exposure"] = Fact("controlled", "default: not open, as public_exposure is no", default=True)
        return Context(**facts)


def parse(data: bytes, name: str) -> ContextRules:
    """Read rules from YAML (``assets:`` a list of rules, or that list alone) or from CSV with a header.

    ``name`` is the file as the caller calls it; ``.csv`` means CSV and any other name YAML. Raises InputError with the
    line for anything that is not understood, LimitError for what is too large.
    """
    place = Place(name)
    if len(data) > MAX_BYTES:
        raise LimitError(f"the context file is larger than {MAX_BYTES >> 20} MiB", place=place, remedy="use globs")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError("the file is not UTF-8", place=Place(name, line), remedy="save it as UTF-8") from None
    rows = rows_of_csv(text, name) if name.lower().endswith(".csv") else rows_of_yaml(text, name)
    if not rows:
        raise InputError("the file has no rules", place=place, remedy="add a rule, or leave the option out")
    return ContextRules(tuple(_rule(row, name) for row in rows))


def _rule(row: Row, name: str) -> Rule:
    facts: dict[str, Fact] = {}
    selectors: dict[str, str] = {}
    for key, cell in row.items():
        place = Place(name, cell.line, key)
        if key not in VALUES and key not in _SELECTORS:
            raise InputError(
                f"unknown key {key!r}", place=place, remedy=f"allowed: {', '.join((*_SELECTORS, *VALUES))}"
            )
        if not cell.value:
            continue
        if len(cell.value) > _LONGEST or cell.value.count("*") > 8:
            raise LimitError(f"a value of more than {_LONGEST} characters or 8 stars", place=place, remedy="shorten it")
        if key in _SELECTORS:
            selectors[key] = cell.value
        else:
            facts[key] = Fact(_value(key, cell.value, place), f"context file {name}:{cell.line}")
    line = next(iter(row.values())).line if row else None
    if "name" not in selectors:
        raise InputError(
            "the rule selects no asset", place=Place(name, line, "name"), remedy='give name: a glob, "*" for all'
        )
    kind = selectors.get("kind", "")
    if kind and kind not in get_args(Kind):
        raise InputError(
            f"unknown kind {kind!r}",
            place=Place(name, row["kind"].line, "kind"),
            remedy=f"allowed: {', '.join(get_args(Kind))}",
        )
    return Rule(selectors["name"], kind, facts)


def _value(key: str, text: str, place: Place) -> str:
    allowed = VALUES[key]
    if not allowed:
        return text
    value = re.sub(r"[_\s-]+", " ", text).strip().lower()
    if key == "public_exposure":
        value = _SPOKEN.get(value, value)
    if value not in allowed:
        raise InputError(f"{key} cannot be {text!r}", place=place, remedy=f"allowed: {', '.join(allowed)}")
    return value
