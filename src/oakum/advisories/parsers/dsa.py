"""Debian's lists of advisories (DSA, DLA): what was announced, for which releases, fixed in which version.

Two forms: the list of the security tracker's repository (``data/DSA/list``: a head line with the day, the id and the
package, indented below it the CVEs in braces and one line a release), and the same as JSON Lines. An advisory is a
bundle: it closes its CVEs and is an alias of none.
"""

from __future__ import annotations

import re

import msgspec

from oakum.advisories.model import Advisory, Affected, Parsed
from oakum.advisories.parsers import debian
from oakum.advisories.parsers.content import Content
from oakum.advisories.words import instant, unique

FORMAT = "dsa"
_HEAD = re.compile(r"\[(\d{1,2} \w{3} \d{4})\] (D[LTS]A-\d+(?:-\d+)?|ELA-\d+(?:-\d+)?) ?(.*)")
_LINE = re.compile(r"\s+\[([a-z]{1,40})\] - (\S+)\s+(\S+)\s*(.*)")
_MONTHS = {
    name: f"{number:02}"
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}


class _Fix(msgspec.Struct):
    release: str
    package: str
    fixed: str


class _Row(msgspec.Struct):
    id: str
    date: str = ""
    package: str = ""
    summary: str = ""
    cves: list[str] = []
    fixes: list[_Fix] = []


def matches(content: Content) -> bool:
    """A head line, or JSON rows with ``fixes`` and an id of Debian's."""
    if content.values:
        first = content.first
        return isinstance(first, dict) and "fixes" in first and str(first.get("id")).startswith(("DSA-", "DLA-"))
    return _HEAD.match(content.text.lstrip()) is not None


def parse(content: Content) -> Parsed:
    """One bundle for each advisory."""
    facts = _rows(content) if content.values else _list(content)
    return content.parsed(FORMAT, [*facts], max((one.published for one in facts), default=""))


def _rows(content: Content) -> list[Advisory]:
    found = []
    for number, value in enumerate(content.records(), start=1):
        try:
            row = msgspec.convert(value.value, _Row)
            affected = [_affected(fix.release, fix.package, fix.fixed) for fix in row.fixes]
            found.append(_advisory(row.id, row.date, f"{row.package} - {row.summary}", row.cves, affected))
        except (msgspec.ValidationError, ValueError) as error:
            content.problem(f"record {number}", str(error), value.line)
    return found


def _list(content: Content) -> list[Advisory]:
    found: list[Advisory] = []
    head: re.Match[str] | None = None
    cves: list[str] = []
    affected: list[Affected] = []

    def close() -> None:
        if head is not None:
            found.append(_advisory(head[2], head[1], head[3], cves, affected))

    for number, line in enumerate(content.text.split("\n"), start=1):
        text = line.strip()
        if not text or text.startswith(("NOTE:", "TODO:", "#")):
            continue
        if not line[0].isspace():
            close()
            head, cves, affected = _HEAD.fullmatch(line.rstrip()), [], []
            if head is None:
                content.problem(text[:60], "is no head line of an advisory", number)
        elif text.startswith("{") and text.endswith("}"):
            cves.extend(text[1:-1].split())
        elif (fix := _LINE.fullmatch(line.rstrip())) and head is not None:
            affected.append(_affected(*fix.groups()))
        elif head is not None:
            content.problem(head[2], f"the line {text[:60]!r} is not understood", number)
    close()
    return found


def _affected(codename: str, package: str, fixed: str, reason: str = "") -> Affected:
    if fixed.startswith("<") and fixed.endswith(">"):
        return debian.stated(codename, package, fixed[1:-1], reason.strip("() "))
    return debian.fixed(codename, package, fixed)


def _advisory(id_: str, date: str, summary: str, cves: list[str], affected: list[Affected]) -> Advisory:
    if id_.startswith("ELA-"):  # Freexian's Extended LTS: its archive is for those who pay for it
        affected = [msgspec.structs.replace(one, channel="elts") for one in affected]
    number, month, year = [*date.split(), "", "", ""][:3]
    published = instant(f"{year}-{_MONTHS.get(month, '')}-{number:0>2}") if date else ""
    return Advisory(
        id_,
        bundle=True,
        cves=unique(cves),
        summary=summary.strip(" -"),
        published=published or "",
        affected=tuple(dict.fromkeys(affected)),
        references=(f"https://security-tracker.debian.org/tracker/{id_}",),
    )
