"""The advisory of a case: a document of the shared data, or a statement written in its publisher's own form.

``file`` points into the shared data (``id`` picks one record of JSON Lines). What is not there is stated in short:
``osv`` is a record whose affected packages are ``[ECOSYSTEM, NAME, FIX or null]`` with more keys behind; ``dsa`` is an
advisory of Debian's list; ``text`` is the feed as it is. Beside such a statement may stand the publisher's own
``feed``, which is taken where the form that it ``needs`` is read.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Sequence
from functools import cache
from typing import Any

from tests.data import shared

from oakum.advisories.index import Index, Recorded, SourceFacts, build
from oakum.advisories.parsers import parse

DAY = "2026-01-01T00:00:00Z"


def index_of(given: Sequence[dict[str, Any]]) -> Index:
    """What the real parsers read out of them, in a real index; each advisory is a source of its own."""
    connection = sqlite3.connect(":memory:")
    sources = []
    for number, one in enumerate(given):
        name, data = _feed(one)
        parsed = parse(data, name=name)
        assert not parsed.problems, parsed.problems
        facts = [Recorded(fact, DAY) for fact in parsed.facts]
        sources.append(SourceFacts(name=f"{number} {name}", format=parsed.format, recorded=DAY, facts=facts))
    build(connection, sources)
    return Index(connection)


def _feed(one: dict[str, Any]) -> tuple[str, bytes]:
    if "file" in one:
        return (f"{one['file']} {one.get('id', '')}".strip(), _shared(one["file"], one.get("id", "")))
    if "osv" in one:
        return one["osv"]["id"], json.dumps(_osv(**one["osv"])).encode()
    if "dsa" in one:
        return "list", _dsa(**one["dsa"]).encode()
    return "feed", one["text"].encode()


@cache
def _shared(file: str, id_: str) -> bytes:
    data = shared(file).read_bytes()
    data = gzip.decompress(data) if file.endswith(".gz") else data
    if not id_:
        return data
    found = [line for line in data.splitlines() if f'"{id_}"'.encode() in line]
    records = [json.loads(line) for line in found]
    records = [one.get("record", one) for one in records]
    chosen = [json.dumps(one) for one in records if one["id"] == id_]
    assert chosen, f"{file} has no {id_}"
    return "\n".join(chosen).encode()


def _osv(id: str, affected: list[list[Any]], **rest: Any) -> dict[str, Any]:
    return {"id": id, "modified": DAY, "affected": [_affected(*one) for one in affected], **rest}


def _affected(ecosystem: str, name: str, fixed: str | None, more: dict[str, Any] | None = None) -> dict[str, Any]:
    more = dict(more or {})
    purl = more.pop("purl", "")
    events = [{"introduced": more.pop("introduced", "0")}, *([{"fixed": fixed}] if fixed else [])]
    package = {"ecosystem": ecosystem, "name": name, **({"purl": purl} if purl else {})}
    return {"package": package, "ranges": [{"type": "ECOSYSTEM", "events": events}], **more}


def _dsa(id: str, day: str, package: str, cves: str, fixes: dict[str, str]) -> str:
    lines = [f"[{day}] {id} {package} - security update", f"\t{{{cves}}}"]
    lines += [f"\t[{codename}] - {package} {fixed}" for codename, fixed in fixes.items()]
    return "\n".join(lines) + "\n"
