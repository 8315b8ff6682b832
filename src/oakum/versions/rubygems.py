"""Ruby gem versions as ``Gem::Version`` orders them.

Segments are runs of digits or letters; a hyphen reads as ``.pre.``. Zeros that close the leading numbers, or close
everything after the first word, do not count. Missing segments are zeros, and a word sorts before any number, so a
word anywhere makes a pre-release.

A missing segment being zero, the end of a version stands for zeros without end. The key keeps that order by giving a
zero one of two bytes: below the end where the next segment that is not zero is a word, above it where it is a number.
"""

from __future__ import annotations

import re

from oakum.versions.encoding import number
from oakum.versions.encoding import text as text_part
from oakum.versions.unparsable import Unparsable

_SHAPE = re.compile(r"(?:[0-9][0-9A-Za-z]*(?:\.[0-9a-zA-Z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)?\Z")
_SPACE = " \t\r\n\f\v"
_SEGMENTS = re.compile(r"[0-9]+|[a-zA-Z]+")

_WORD, _ZERO_BEFORE_WORD, _END, _ZERO_BEFORE_NUMBER = b"\x02", b"\x03", b"\x04", b"\x05"


def key(text: str) -> bytes | Unparsable:
    """The sort key of one gem version; a blank text is version 0, as for RubyGems."""
    version = text.strip(_SPACE)
    if not _SHAPE.match(version):
        return Unparsable(text, "RubyGems calls it a malformed version number")
    segments = _SEGMENTS.findall(version.replace("-", ".pre."))
    first_word = next((at for at, segment in enumerate(segments) if segment[0] > "9"), len(segments))
    segments = _without_closing_zeros(segments[:first_word]) + _without_closing_zeros(segments[first_word:])
    parts = [_END]
    zero = _ZERO_BEFORE_NUMBER
    for segment in reversed(segments):
        if segment[0] > "9":
            zero = _ZERO_BEFORE_WORD
            parts.append(_WORD + text_part(segment))
        elif segment.strip("0"):
            zero = _ZERO_BEFORE_NUMBER
            parts.append(number(segment))
        else:
            parts.append(zero)
    return b"".join(reversed(parts))


def _without_closing_zeros(segments: list[str]) -> list[str]:
    count = len(segments)
    while count and not segments[count - 1].strip("0"):
        count -= 1
    return segments[:count]
