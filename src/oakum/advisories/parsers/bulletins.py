"""Bulletins that a vendor publishes in prose, written down in a form that can be compared: ``"bulletins": 1``.

GKE, EKS, AKS, Container-Optimized OS, Talos and Red Hat CoreOS announce fixes in words and tables of a page. No
machine reads those without guessing, so somebody writes down what a bulletin says, and keeps the page's address beside
it: every answer cites it. The form is this program's own and is described in docs/reference/bulletins.md, with a JSON
Schema. One entry says of one product what one bulletin says of one set of vulnerabilities: the versions that fix it,
one for each line, that there is no fix, or why it is not affected. What a list of fixes means for the versions between
is told by ``oakum.advisories.lines``.
"""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

from oakum.advisories.lines import upto
from oakum.advisories.model import Advisory, Affected, Parsed, Range, Severity
from oakum.advisories.parsers.content import Content
from oakum.advisories.parsers.merging import merged
from oakum.advisories.words import cve_of, instant, unique
from oakum.errors import InputError, Place
from oakum.versions import Unparsable, scheme

FORMAT = "bulletins"
#: Products whose versions are those of Kubernetes' own parts, and the package of each part.
MANAGED = ("aks", "eks", "gke")
PARTS = {
    "kubernetes": "k8s.io/kubernetes",
    "kubelet": "k8s.io/kubelet",
    "kube-proxy": "k8s.io/kube-proxy",
    "kube-apiserver": "k8s.io/apiserver",
    "kube-controller-manager": "k8s.io/controller-manager",
    "kube-scheduler": "k8s.io/kube-scheduler",
}
Product = Literal["aks", "bottlerocket", "cos", "eks", "flatcar", "gke", "openshift", "rhcos", "talos"]
Part = Literal[
    "kubernetes", "kubelet", "kube-proxy", "kube-apiserver", "kube-controller-manager", "kube-scheduler"
]  # fmt: skip
_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
_Version = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class Entry(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What one bulletin says of one product.

    ``id`` is the bulletin's own name, ``url`` its page, ``cves`` what it is about (none where the vendor names none:
    then the bulletin itself is the vulnerability). Exactly one of ``fixed`` (versions, at most one a line),
    ``unfixed`` and ``not_affected`` (the vendor's reason) is given; ``introduced`` is the first affected version.
    ``part`` says which part of Kubernetes a bulletin of GKE, EKS or AKS is about; what is in the node's own system
    counts to the kubelet, which every node has once.
    """

    id: _Text
    url: _Text
    product: Product
    cves: list[_Text] = []
    summary: Annotated[str, msgspec.Meta(max_length=300)] = ""
    severity: Annotated[str, msgspec.Meta(max_length=40)] = ""
    published: str = ""
    modified: str = ""
    withdrawn: str = ""
    part: Part = "kubernetes"
    fixed: list[_Version] = []
    introduced: _Version = "0"
    unfixed: bool = False
    not_affected: Annotated[str, msgspec.Meta(max_length=300)] = ""


class Bulletins(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A file of bulletins: whose they are, on which day they were written down, and the entries."""

    bulletins: Literal[1]
    publisher: _Text
    updated: str = ""
    entries: list[Entry]


class _Head(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """As ``Bulletins``, with the entries as they are given: a wrong one must not take the others with it."""

    bulletins: Literal[1]
    publisher: _Text
    updated: str = ""
    entries: list[object]


def matches(content: Content) -> bool:
    """An object with the key ``bulletins``."""
    return isinstance(content.first, dict) and "bulletins" in content.first


def parse(content: Content) -> Parsed:
    """One advisory for each CVE; entries about one CVE are united. A wrong entry is a problem, the others go on."""
    try:
        head = msgspec.convert(content.first, _Head)
    except msgspec.ValidationError as error:
        raise InputError(
            f"is no file of bulletins: {error}", place=Place(content.name), remedy="see docs/reference/bulletins.md"
        ) from None
    day = instant(head.updated)
    if day is None:
        raise InputError(
            f"updated is no time: {head.updated[:60]!r}",
            place=Place(content.name, field="updated"),
            remedy="write a day as 2026-11-30",
        )
    found: list[Advisory] = []
    for number, given in enumerate(head.entries, start=1):
        named = given.get("id") if isinstance(given, dict) else None
        try:
            found.extend(_advisories(msgspec.convert(given, Entry), head.publisher))
        except (msgspec.ValidationError, ValueError) as error:
            content.problem(f"entry {number}{f' ({str(named)[:80]})' if named else ''}", str(error))
    return content.parsed(FORMAT, [*merged(found)], day)


def _advisories(entry: Entry, publisher: str) -> list[Advisory]:
    if not entry.id.strip():
        raise ValueError("its id is empty")
    if urlsplit(entry.url).scheme not in ("https", "http"):
        raise ValueError(f"url is no address of a page: {entry.url[:60]!r}")
    if (bool(entry.fixed), entry.unfixed, bool(entry.not_affected)).count(True) != 1:
        raise ValueError("give exactly one of fixed, unfixed and not_affected")
    if entry.part != "kubernetes" and entry.product not in MANAGED:
        raise ValueError(f"part is for {', '.join(MANAGED)} only")
    published, modified, withdrawn = map(_time, (entry.published, entry.modified, entry.withdrawn))
    cves = []
    for name in entry.cves:
        if (cve := cve_of(name)) is None:
            raise ValueError(f"{name[:60]!r} is no CVE")
        cves.append(cve)
    return [
        Advisory(
            id_,
            summary=entry.summary,
            published=published,
            modified=modified,
            withdrawn=withdrawn,
            severities=(Severity(publisher, entry.severity, publisher),) if entry.severity else (),
            affected=(_affected(entry),),
            references=(entry.url,),
        )
        for id_ in unique(cves) or (entry.id,)
    ]


def _time(given: str) -> str:
    time = instant(given)
    if time is None:
        raise ValueError(f"{given[:60]!r} is no time; write a day as 2026-11-30")
    return time


def _affected(entry: Entry) -> Affected:
    package = PARTS[entry.part] if entry.product in MANAGED else entry.product
    cited = f"{entry.id}: {entry.url}"
    if entry.not_affected:
        return Affected(
            entry.product, package, state="not affected", state_class="not-affected",
            reason=f"{entry.not_affected} ({cited})",
        )  # fmt: skip
    if entry.unfixed:
        order = scheme(entry.product)
        first = entry.introduced
        if order is None or (first != "0" and isinstance(order.key(first), Unparsable)):
            raise ValueError(f"the first affected version {entry.introduced[:60]!r} is none of {entry.product}")
        open_ = Range("ECOSYSTEM", (("introduced", entry.introduced),))
        return Affected(entry.product, package, ranges=(open_,), state="no fix", reason=cited)
    ranges = (upto(entry.product, entry.fixed, entry.introduced),)
    return Affected(entry.product, package, ranges=ranges, state_class="fixed", reason=cited)
