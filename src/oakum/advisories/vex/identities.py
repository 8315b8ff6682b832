"""Rules about what identifies things: CVE, CWE, hashes, purls, serial numbers, and ids that hold in a document only."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.advisories.vex import purls
from oakum.advisories.vex.document import Document, listed
from oakum.advisories.vex.model import BOTH, NEW, Found, Rule, shown
from oakum.advisories.vex.products import repeated

#: Hexadecimal digits of what an algorithm gives; those of variable length are left out.
_LENGTHS: dict[int, tuple[str, ...]] = {
    32: ("md4", "md5", "mdc2", "ssl3-md5"),
    40: ("ripemd", "ripemd160", "rmd160", "sha1", "ssl3-sha1"),
    56: ("sha224", "sha3-224", "sha512-224"),
    64: ("blake2s256", "sha256", "sha3-256", "sha512-256", "sm3"),
    72: ("md5-sha1",),
    96: ("sha384", "sha3-384"),
    128: ("blake2b512", "sha512", "sha3-512", "whirlpool"),
}
_LENGTH = {name: length for length, names in _LENGTHS.items() for name in names}


def _repeated_cves(document: Document) -> Iterator[Found]:
    cves = ((f"{path}/cve", each.get("cve", "")) for path, each in document.each_vulnerability)
    return repeated(cves, "the vulnerability")


def _repeated_algorithms(document: Document) -> Iterator[Found]:
    for path, helper in document.helpers:
        for at, file in listed(helper, "hashes", path):
            hashes = listed(file, "file_hashes", at)
            names = ((f"{each}/algorithm", one.get("algorithm", "").lower()) for each, one in hashes)
            yield from repeated(names, "a hash by")


def _wrong_length(document: Document) -> Iterator[Found]:
    for path, helper in document.helpers:
        for at, file in listed(helper, "hashes", path):
            for each, one in listed(file, "file_hashes", at):
                value, name = one.get("value", ""), one.get("algorithm", "").lower()
                if value and len(value) != _LENGTH.get(name, len(value)):
                    yield f"{each}/value", f"a value of {name} has {_LENGTH[name]} digits, not {len(value)}"


def _purls(document: Document) -> Iterator[Found]:
    for path, helper in document.helpers:
        if "purl" in helper:
            yield from _purl(document, f"{path}/purl", helper["purl"])
        for at, text in listed(helper, "purls", path):
            yield from _purl(document, at, text)


def _purl(document: Document, path: str, text: str) -> Iterator[Found]:
    if text:
        why = purls.fault(text, strict=document.version != "2.0")
        if why:
            yield path, f"{shown(text)} is no purl: {why}"
    else:
        yield path, "the purl is empty"


def _other_purls(document: Document) -> Iterator[Found]:
    for path, helper in document.helpers:
        first = ""
        for at, text in listed(helper, "purls", path):
            plain = purls.without_qualifiers(text) if text else ""
            first = first or plain
            if plain and plain != first:
                yield at, f"{shown(text)} differs from the first purl in more than its qualifiers"


def _stars(key: str, document: Document) -> Iterator[Found]:
    for path, helper in document.helpers:
        for at, text in listed(helper, key, path):
            # What a backslash stands before is meant as it is.
            if text.replace("\\\\", "").replace("\\*", "").count("*") > 1:
                yield at, f"{shown(text)} has more than one star that stands for any characters"


def _stars_in_model_numbers(document: Document) -> Iterator[Found]:
    return _stars("model_numbers", document)


def _stars_in_serial_numbers(document: Document) -> Iterator[Found]:
    return _stars("serial_numbers", document)


def _stars_in_skus(document: Document) -> Iterator[Found]:
    return _stars("skus", document)


def _local_ids(document: Document) -> frozenset[str]:
    return frozenset(each.get("dl_vuln_id", "") for each in document.vulnerabilities)


def _undefined_local_ids(document: Document) -> Iterator[Found]:
    known = _local_ids(document)
    for path, action in listed(document.document.get("involvement", {}), "actions", "/document/involvement"):
        for at, name in listed(action, "dl_vuln_ids", path):
            if name and name not in known:
                yield at, f"no vulnerability of this document has the id {shown(name)}"


def _repeated_local_ids(document: Document) -> Iterator[Found]:
    ids = ((f"{path}/dl_vuln_id", each.get("dl_vuln_id", "")) for path, each in document.each_vulnerability)
    return repeated(ids, "the id")


_ONE_STAR = "split it in several, or put a backslash before a star that is meant as it is"
RULES = (
    Rule(
        id="6.1.13", versions=BOTH, look=_purls, says="every purl is one by the purl specification",
        remedy="write pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS#SUBPATH",
    ),
    Rule(
        id="6.1.23", versions=BOTH, look=_repeated_cves, says="no CVE is that of two vulnerabilities",
        remedy="join the vulnerabilities with the same CVE",
    ),
    Rule(
        id="6.1.25", versions=BOTH, look=_repeated_algorithms,
        says="no file has two hashes by the same algorithm",
        remedy="leave one hash of each algorithm",
    ),
    Rule(
        id="6.1.42", versions=NEW, look=_other_purls, says="the purls of a product differ in qualifiers only",
        remedy="define a product for each of them",
    ),
    Rule(
        id="6.1.43", versions=NEW, look=_stars_in_model_numbers, says="no model number has two unescaped stars",
        remedy=_ONE_STAR,
    ),
    Rule(
        id="6.1.44", versions=NEW, look=_stars_in_serial_numbers, says="no serial number has two unescaped stars",
        remedy=_ONE_STAR,
    ),
    Rule(
        id="6.1.61", versions=NEW, look=_stars_in_skus, says="no stock keeping unit has two unescaped stars",
        remedy=_ONE_STAR,
    ),
    Rule(
        id="6.1.63", versions=NEW, look=_wrong_length, says="hash values have the length of their algorithm",
        remedy="correct the value or the algorithm",
    ),
    Rule(
        id="6.1.65.1", versions=NEW, look=_undefined_local_ids,
        says="every document-local vulnerability id that is referred to is defined",
        remedy="give the vulnerability that dl_vuln_id, or refer to one that is there",
    ),
    Rule(
        id="6.1.65.2", versions=NEW, look=_repeated_local_ids,
        says="no document-local vulnerability id is defined twice",
        remedy="give every vulnerability its own dl_vuln_id",
    ),
)  # fmt: skip
