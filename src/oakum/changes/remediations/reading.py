"""Reads files of remediations, and refuses what a host could misunderstand, with file, line and remedy.

A file is one way of doing something (its programs) and a list of remediations that are done so; what differs between
them are their values. Aliases and tags are refused, texts keep the form in which they were written.
"""

from __future__ import annotations

import re
from typing import get_args

from oakum.changes.remediations.model import LONGEST, PROGRAMS, SECONDS, Program, Remediation
from oakum.errors import LimitError, Place
from oakum.fleet.yaml_events import decoded, texts
from oakum.policy.fields import Fields

FORMAT = "oakum-remediations/1"
MAX_BYTES = 256 * 1024
MAX_REMEDIATIONS = 100
_DEEPEST = 6
_LONGEST_LINE = 400
_LONGEST_SECONDS = 1800
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
_FLAW = re.compile(r"CVE-[0-9]{4}-[0-9]{4,7}\Z")
_SOURCE = re.compile(r"https://[a-z0-9.-]+/[!-~]*\Z")
_PATH = re.compile(r"(/[A-Za-z0-9_@%+=:,.-]+)+\Z")
_VALUE_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,30}\Z")
#: Variables that mean something to a shell or to the loader of programs.
_NOT_OURS = re.compile(r"PATH|HOME|SHELL|IFS|ENV|PS[0-9]|PWD|OLDPWD|OPTIND|OPTARG|PPID|LINENO|L(ANG|C|D)(_.*)?|CDPATH")
_UNSAFE = re.compile(r"[^\n\t\x20-\x7e]")


def read_remediations(data: bytes, name: str) -> tuple[Remediation, ...]:
    """The remediations of one file; ``name`` is what errors call it. Raises InputError, LimitError."""
    fields = Fields(texts(decoded(data, name, MAX_BYTES), name, deepest=_DEEPEST), Place(name))
    if fields.text("format") != FORMAT:
        given = fields.text("format")
        fields.fail("format", f"format {given[:40]!r} is not known", f"write format: {FORMAT}, or update Oakum")
    seconds = _seconds(fields)
    common, programs = _programs(fields)
    entries = fields.children("remediations")
    fields.done()
    if not 1 <= len(entries) <= MAX_REMEDIATIONS:
        fields.fail("remediations", f"{len(entries)} remediations", f"write 1 to {MAX_REMEDIATIONS} of them")
    found: dict[str, Remediation] = {}
    for entry in entries:
        one = _remediation(entry, common, programs, seconds)
        if one.name in found:
            entry.fail("name", f"the name {one.name!r} stands twice", "give each its own name")
        if len(one.document) > LONGEST:
            raise LimitError(f"its text is longer than {LONGEST:,} bytes", place=entry.place, remedy="shorten it")
        found[one.name] = one
    return tuple(found.values())


def _remediation(fields: Fields, common: str, programs: dict[Program, str], seconds: dict[Program, int]) -> Remediation:
    name = fields.text("name")
    if len(name) > 60 or not _NAME.match(name):
        fields.fail("name", f"{name[:60]!r} is no name of a remediation", "small letters, digits, single hyphens")
    found = Remediation(
        name=name, version=_number(fields, "version"), title=_line(fields, "title"),
        against=_each(fields, "against", _FLAW, "as CVE-2024-6387"),
        sources=_each(fields, "sources", _SOURCE, "a page of a vendor, as https://..."),
        effect=_line(fields, "effect"), applies=_line(fields, "applies"), programs=programs, common=common,
        values=_values(fields), touches=_paths(fields), seconds=seconds,
        reboot=fields.flag("reboot"), drain=fields.flag("drain"),
    )  # fmt: skip
    fields.done()
    return found


def _number(fields: Fields, key: str) -> int:
    fields.text(key)  # it has to be there
    return fields.number(key, 0, low=1, high=9999)


def _line(fields: Fields, key: str) -> str:
    """A sentence; how it was folded means nothing."""
    text = " ".join(fields.text(key).split())
    if not 1 <= len(text) <= _LONGEST_LINE or _UNSAFE.search(text):
        fields.fail(key, f"{key} is longer than {_LONGEST_LINE} characters, or has odd ones", "write a line of ASCII")
    return text


def _each(fields: Fields, key: str, pattern: re.Pattern[str], remedy: str) -> tuple[str, ...]:
    found = fields.texts(key)
    if not found:
        fields.fail(key, f"{key} is missing", remedy)
    for each in found:
        if len(each) > _LONGEST_LINE or not pattern.match(each):
            fields.fail(key, f"{each[:60]!r} cannot stand in {key}", remedy)
    return found


def _paths(fields: Fields) -> tuple[str, ...]:
    found = fields.texts("touches")
    for each in found:
        if len(each) > 200 or not _PATH.match(each):
            fields.fail("touches", f"{each[:60]!r} is no absolute path of plain letters", "as /etc/modprobe.d/x.conf")
        if "/../" in f"{each}/" or "/./" in f"{each}/":
            fields.fail("touches", f"{each[:60]!r} has a part . or ..", "write the path itself")
    return found


def _values(fields: Fields) -> dict[str, str]:
    given = fields.mapping("values")
    inner = Fields(dict(given), fields.place_of("values")) if given else fields
    found: dict[str, str] = {}
    for name in given:
        value = inner.text(name, "")
        if not _VALUE_NAME.match(name) or _NOT_OURS.fullmatch(name):
            inner.fail(name, f"{name[:40]!r} cannot be the name of a value", "capital letters, digits, _; as MODULE")
        if not value or len(value) > _LONGEST_LINE or _UNSAFE.search(value) or set(value) & {"\n", "\t"}:
            inner.fail(name, f"the value of {name} is empty, too long or has odd characters", "write a line of ASCII")
        found[name] = value
    return found


def _seconds(fields: Fields) -> dict[Program, int]:
    given = fields.mapping("seconds")
    inner = Fields(dict(given), fields.place_of("seconds")) if given else Fields({}, fields.place)
    found = {
        each: inner.number(each, SECONDS[each], low=1, high=_LONGEST_SECONDS) for each in PROGRAMS
    }  # fmt: skip
    inner.done()
    return found


def _programs(fields: Fields) -> tuple[str, dict[Program, str]]:
    given = fields.mapping("programs")
    inner = Fields(dict(given), fields.place_of("programs")) if given else Fields({}, fields.place)
    common = _program(inner, "common") if inner.has("common") else ""
    found: dict[Program, str] = {}
    for each in get_args(Program):
        if each != "undo" or inner.has(each):
            found[each] = _program(inner, each)
    inner.done()
    return common, found


def _program(fields: Fields, key: str) -> str:
    text = fields.text(key)
    if _UNSAFE.search(text):
        fields.fail(key, "the program holds characters other than printable ASCII", "write them as printf does")
    return "".join(f"{line.rstrip()}\n" for line in text.rstrip().split("\n"))
