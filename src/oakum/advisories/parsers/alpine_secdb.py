"""Alpine's secdb, as YAML and as JSON (also Wolfi's and Chainguard's): source package -> fixed version -> ids.

Source: secdb.alpinelinux.org. The key "0" says that the package never had the flaw. An entry names one vulnerability,
in practice with notes, with the ids of other trackers behind it ("CVE-2019-10 XSA-297") or with several CVEs at once;
each CVE is then a record of its own. An XSA or a TALOS report may cover many CVEs, so it is kept as a reference and
never as an alias.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from oakum.advisories.model import Advisory, Affected, Naming, Parsed, Range
from oakum.advisories.parsers.content import Content
from oakum.advisories.parsers.merging import merged
from oakum.advisories.parsers.yaml_text import load
from oakum.advisories.words import unique
from oakum.errors import InputError, Place
from oakum.fleet.ecosystems import naming, scope_of_osv

FORMAT = "alpine-secdb"
_YAML = re.compile(r"^(?:distroversion|apkurl|urlprefix|reponame|packages):", re.MULTILINE)
#: As maintainers write them: "CVE_2019-2426", "CVE 2018-16859", "CVE-2017-8073.patch".
_CVE = re.compile(r"CVE[-_ ](\d{4})-(\d{4,19})", re.IGNORECASE)
_GHSA = re.compile(r"GHSA(?:-[23456789cfghjmpqrvwx]{4}){3}", re.IGNORECASE)
_OTHER = re.compile(r"(?<![\w?-])(?!CVE)[A-Za-z]{2,20}(?:-[A-Za-z]{2,20})*-\d[\w.:-]{0,40}")
_NOTE = re.compile(r"\(([^()]*)\)")
#: By the host of their packages: secdbs that do not name their distribution otherwise.
_ROLLING = {"wolfi": "Wolfi", "chainguard": "Chainguard", "cgr.dev": "Chainguard"}


class _Package(msgspec.Struct):
    name: str
    secfixes: dict[str, object] | str | None = None


class _Entry(msgspec.Struct):
    pkg: _Package


class _Secdb(msgspec.Struct):
    packages: list[object] | str | None = None
    distroversion: str = ""
    urlprefix: str = ""
    apkurl: str = ""
    reponame: str = ""


def matches(content: Content) -> bool:
    """``packages`` beside where they come from; in YAML the keys at the first column."""
    if content.values:
        first = content.first
        return isinstance(first, dict) and "packages" in first and bool(first.keys() & {"apkurl", "urlprefix"})
    return len(_YAML.findall(content.text)) >= 2


def parse(content: Content) -> Parsed:
    """One advisory for each id; a release that has no fix yet is a valid and empty answer."""
    document = content.first if content.values else load(content.text, content.name)
    try:
        secdb = msgspec.convert(document, _Secdb)
    except msgspec.ValidationError as error:
        raise InputError(f"is no secdb: {error}", place=Place(content.name), remedy="fetch the file again") from None
    scope = _scope(secdb)
    if scope is None:
        raise InputError(
            f"is a secdb of an unknown release ({secdb.distroversion or secdb.urlprefix or 'none is named'!r})",
            place=Place(content.name, field="distroversion"),
            remedy="import the secdb of an Alpine release, of Wolfi or of Chainguard",
        )
    found: list[Advisory] = []
    entries = secdb.packages if isinstance(secdb.packages, list) else []
    for number, given in enumerate(entries, start=1):
        try:
            package = msgspec.convert(given, _Entry).pkg
            found.extend(_advisories(package, scope, naming(scope.partition(":")[0]), content))
        except (msgspec.ValidationError, ValueError) as error:
            content.problem(f"package {number}", str(error))
    return content.parsed(FORMAT, [*merged(found)], may_be_empty=not entries)


def _scope(secdb: _Secdb) -> str | None:
    if secdb.distroversion:
        known = scope_of_osv(f"Alpine:{secdb.distroversion}")
        return known.scope if known is not None and ":" in known.scope else None
    for host, ecosystem in _ROLLING.items():
        known = scope_of_osv(ecosystem) if host in f"{secdb.urlprefix} {secdb.apkurl}".lower() else None
        if known is not None:
            return known.scope
    return None


def _advisories(package: _Package, scope: str, named: Naming, content: Content) -> Iterator[Advisory]:
    for version, listed in package.secfixes.items() if isinstance(package.secfixes, dict) else ():
        if not isinstance(listed, list):
            if listed:
                content.problem(f"{package.name} {version}", "its ids are no list")
            continue
        for entry in listed:
            ids, aliases, others = _ids(entry) if isinstance(entry, str) else ((), (), ())
            if not ids:
                content.problem(f"{package.name} {version}", f"names no vulnerability: {str(entry)[:60]!r}")
            note = " ".join(_NOTE.findall(entry))[:200] if isinstance(entry, str) else ""
            for id_ in ids:
                yield Advisory(
                    id_,
                    aliases=aliases,
                    affected=(_affected(scope, package.name, named, version, note),),
                    references=others,
                )


def _affected(scope: str, package: str, named: Naming, version: str, note: str) -> Affected:
    if version == "0":
        why = "fixed version 0: never affected"
        return Affected(
            scope, package, named, state="0", state_class="not-affected", reason=f"{why} ({note})" if note else why
        )
    upto = Range("ECOSYSTEM", (("introduced", "0"), ("fixed", version)))
    return Affected(scope, package, named, ranges=(upto,), state_class="fixed", reason=note)


def _ids(entry: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The ids of an entry, what is an alias of its only id, and the ids of reports that may cover more."""
    text = _NOTE.sub(" ", entry[:1000])
    cves = unique(f"CVE-{year}-{number}" for year, number in _CVE.findall(text))
    # GitHub's ids are lower case behind the prefix.
    ghsas = unique(f"GHSA{found[4:].lower()}" for found in _GHSA.findall(text))
    others = unique(_OTHER.findall(_GHSA.sub(" ", _CVE.sub(" ", text))))
    if len(cves) == 1:
        return cves, ghsas, others
    if cves:
        return cves, (), (*ghsas, *others)
    if ghsas:
        return ghsas, (), others
    return others, (), ()
