"""Conditions over facts, written in CEL: compiled and type-checked when they are given, evaluated without surprises.

A condition is text by a person (``--fail-on``, a policy). Compiling it against the variables that it may use finds
unknown names and wrong types at once; evaluating gives True, False or a ``Failure`` and never raises, so that whoever
asks decides what an unanswerable condition means (a gate takes it as "no").

The language is Google's Common Expression Language, https://github.com/google/cel-spec; regular expressions in it are
RE2's, which cannot explode, and its nesting and iterations are bounded by the library.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

from oakum.errors import InputError, Place

TypeName = Literal["string", "bool", "int", "double", "timestamp", "list of string", "map of string"]

_LONGEST = 4096
_WHERE = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): ([^\n]*)")


class Failure(msgspec.Struct, frozen=True):
    """A condition that could not be answered for some facts, and why."""

    why: str


class _Value(Protocol):
    def value(self) -> object: ...


class _Expression(Protocol):
    """What the CEL library compiles to; it ships no types of its own."""

    def eval(self, *, data: Mapping[str, object]) -> _Value: ...


class Condition:
    """A condition that has been checked; ``text`` is as it was given."""

    def __init__(self, text: str, expression: _Expression) -> None:
        self.text = text
        self._expression = expression

    def holds(self, facts: Mapping[str, object]) -> bool | Failure:
        """Whether the condition is true of these facts; a Failure where they do not answer it.

        A fact that is None, or is left out, is not known: a condition that needs it fails, one that does not
        (``has_epss && epss > 0.5`` with ``has_epss`` false) is answered.
        """
        known = {name: value for name, value in facts.items() if value is not None}
        try:
            result = self._expression.eval(data=known).value()
        except (RuntimeError, ValueError, TypeError, OverflowError) as error:
            # RuntimeError is the library's iteration budget; the others are facts that it cannot convert.
            return Failure(_first_line(error))
        # Errors of the evaluation itself (no such fact, division by zero) come back as values: their text.
        return result if isinstance(result, bool) else Failure(_first_line(result))


def compile(text: str, variables: Mapping[str, TypeName], *, name: str = "condition") -> Condition:
    """Check a condition against the variables that it may use.

    ``name`` is what the person calls it ("--fail-on"), for the place of an error. Raises InputError for text that is
    no CEL, uses an unknown variable, mixes types or does not give true or false; the remedy lists the variables.
    """
    from cel_expr_python import cel  # a megabyte of native code: only a command with a condition loads it

    if len(text) > _LONGEST:
        raise InputError(
            f"the condition has {len(text)} characters",
            place=Place(field=name),
            remedy=f"at most {_LONGEST} are read",
        )
    types = {
        "string": cel.Type.STRING,
        "bool": cel.Type.BOOL,
        "int": cel.Type.INT,
        "double": cel.Type.DOUBLE,
        "timestamp": cel.Type.TIMESTAMP,
        "list of string": cel.Type.List(cel.Type.STRING),
        "map of string": cel.Type.Map(cel.Type.STRING, cel.Type.STRING),
    }
    environment = cel.NewEnv(variables={each: types[kind] for each, kind in variables.items()})
    try:
        expression = environment.compile(text)
    except (RuntimeError, ValueError, TypeError) as error:
        # RuntimeError carries CEL's own complaints; TypeError and ValueError are texts that are no Unicode.
        raise _refused(str(error), variables, name) from None
    given = expression.return_type()
    if given != cel.Type.BOOL:
        kind = str(given.name()).lower()
        raise InputError(
            f"the condition gives {kind}, not true or false",
            place=Place(field=name),
            remedy=f"compare it with something; {_allowed(variables)}",
        )
    return Condition(text, expression)


def _refused(complaint: str, variables: Mapping[str, TypeName], name: str) -> InputError:
    found = _WHERE.search(complaint)
    place = Place(field=name)
    if found is None:
        what = "not a text of Unicode characters" if "incompatible" in complaint else _first_line(complaint)
    else:
        line, column, what = int(found[1]), int(found[2]), found[3]
        if column > 0:
            place = Place(field=f"{name}, " + (f"line {line}, " if line > 1 else "") + f"column {column}")
    remedy = _allowed(variables)
    if "(double, int)" in what or "(int, double)" in what:
        remedy = "write numbers beside a double with a point, as in 7.0"
    return InputError(f"not a condition: {what[:200]}", place=place, remedy=remedy)


def _allowed(variables: Mapping[str, TypeName]) -> str:
    return "the variables are " + ", ".join(f"{name} ({kind})" for name, kind in sorted(variables.items()))


def _first_line(error: object) -> str:
    return (str(error).splitlines() or [""])[0][:300]
