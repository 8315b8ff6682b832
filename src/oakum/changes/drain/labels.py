"""Label selectors as people write them on a command line: ``app=web,tier in (a,b),!legacy``.

Source: kubernetes.io/docs/concepts/overview/working-with-objects/labels (equality and set based requirements).
"""

from __future__ import annotations

import re

from oakum.errors import InputError, Place
from oakum.fleet.cluster.objects import Requirement, Selector

_KEY = r"[A-Za-z0-9./_-]{1,317}"
_VALUE = r"[A-Za-z0-9._-]{0,63}"
_SET = re.compile(rf"({_KEY}) +(in|notin) *\(([^()]*)\)", re.ASCII)
_EQUAL = re.compile(rf"({_KEY}) *(==|=|!=) *({_VALUE})", re.ASCII)
_EXISTS = re.compile(rf"(!?) *({_KEY})", re.ASCII)
_PART = re.compile(r"(?:[^,(]|\([^()]*\))+")
_LONGEST = 10_000


def parse_selector(text: str, field: str) -> Selector:
    """A selector from its text; the empty one selects everything. Raises InputError naming the field."""
    parts = _PART.findall(text) if len(text) <= _LONGEST else []
    if ",".join(parts) != text:
        raise _bad(text, field)
    return Selector(match_expressions=tuple(_requirement(part.strip(), text, field) for part in parts))


def _requirement(part: str, text: str, field: str) -> Requirement:
    if found := _SET.fullmatch(part):
        operator = "In" if found[2] == "in" else "NotIn"
        return Requirement(key=found[1], operator=operator, values=tuple(each.strip() for each in found[3].split(",")))
    if found := _EQUAL.fullmatch(part):
        return Requirement(key=found[1], operator="NotIn" if found[2] == "!=" else "In", values=(found[3],))
    if found := _EXISTS.fullmatch(part):
        return Requirement(key=found[2], operator="DoesNotExist" if found[1] else "Exists")
    raise _bad(text, field)


def _bad(text: str, field: str) -> InputError:
    return InputError(
        f"{text[:60]!r} is no label selector", place=Place(field=field), remedy="write it as app=web,!old"
    )
