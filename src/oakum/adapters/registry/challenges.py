"""What a server wants before it answers: the challenges of ``WWW-Authenticate`` (RFC 9110, 11.3 and 11.6.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_SPACES = re.compile(r"[ \t,]*")
#: A scheme is followed by spaces or the end, never by a "=".
_SCHEME = re.compile(rf"({_WORD})(?:[ \t]+|$|(?=,))(?!=)")
_PARAMETER = re.compile(rf"({_WORD})[ \t]*=[ \t]*(?:\"((?:[^\"\\]|\\.)*)\"|({_WORD}))")
_TOKEN68 = re.compile(r"[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))")
#: No header is longer that means well.
_LONGEST = 8192


class Challenge(NamedTuple):
    """One way to be let in; names of schemes and parameters in small letters."""

    scheme: str
    parameters: Mapping[str, str]


def challenges(headers: Iterable[str]) -> list[Challenge]:
    """All challenges, in order; of a header that is not understood those before that place."""
    found: list[Challenge] = []
    for header in headers:
        found += _of(header[:_LONGEST])
    return found


def _of(text: str) -> list[Challenge]:
    found: list[tuple[str, dict[str, str]]] = []
    at = 0
    while (at := _end(_SPACES.match(text, at), at)) < len(text):
        if found and (parameter := _PARAMETER.match(text, at)):
            quoted, word = parameter[2], parameter[3]
            value = word if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            found[-1][1].setdefault(parameter[1].lower(), value)
            at = parameter.end()
        elif scheme := _SCHEME.match(text, at):
            found.append((scheme[1].lower(), {}))
            at = scheme.end()
            if not _PARAMETER.match(text, at) and (token := _TOKEN68.match(text, at)):
                at = token.end()
        else:
            break
    return [Challenge(scheme, parameters) for scheme, parameters in found]


def _end(match: re.Match[str] | None, at: int) -> int:
    return match.end() if match else at
