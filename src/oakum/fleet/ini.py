"""The ini dialect of dnf, yum and zypp, read in one pass over the lines.

``[section]``, ``key=value``, lines that start with white space go on with the value before, ``#`` and ``;``
start a comment line. The last one of equal keys wins, and equal sections are handed over one by one. Nothing
is interpolated: ``$releasever`` stays as it is. configparser is not used since its patterns need quadratic
time on long lines, and it understands ``:`` as ``=``, which dnf does not. Source: dnf.conf(5); libdnf5's
common/utils/iniparser.cpp.
"""

from __future__ import annotations

import msgspec

from oakum.errors import InputError, Place

_REMEDY = "correct that line, or remove the file"


class Section(msgspec.Struct, frozen=True):
    """One section: its ``name``, the ``line`` where it starts, counted from 1, and its ``values``."""

    name: str
    line: int
    values: dict[str, str]


def sections(data: bytes, file: str) -> list[Section]:
    """Read one file; raises InputError with the line where it is not of this form.

    The lines of a value that goes on are joined by line feeds.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError("the text is not UTF-8", place=Place(file, line), remedy=_REMEDY) from error
    found: list[tuple[str, int, dict[str, list[str]]]] = []
    key = ""
    for line, raw in enumerate(text.split("\n"), 1):
        content = raw.strip()
        if not content or content[0] in "#;":
            continue
        if raw[0] in " \t" and key:
            found[-1][2][key].append(content)
        elif content[0] == "[":
            name = content[1:].partition("]")[0].strip()
            if "]" not in content or not name:
                raise InputError("a section has no name, or no ']'", place=Place(file, line), remedy=_REMEDY)
            found.append((name, line, {}))
            key = ""
        else:
            key, equals, value = (part.strip() for part in content.partition("="))
            if not equals or not key:
                raise InputError("the line is no 'key=value'", place=Place(file, line), remedy=_REMEDY)
            if not found:
                raise InputError("the line stands before the first section", place=Place(file, line), remedy=_REMEDY)
            found[-1][2][key] = [value]
    return [
        Section(name, line, {key: "\n".join(parts) for key, parts in values.items()}) for name, line, values in found
    ]
