"""The findings of a fleet that stand, and what of them can differ when advisories or packages change.

Most packages are judged by themselves: whoever else is installed has no say in what an advisory says of them. So a
package set falls into parts, a package each where it stands alone, and the parts that many sets share are matched once.
A part keeps what its match asked of the index (see ``oakum.advisories.index.noted``); after an update only those parts
are matched again that asked something whose answer differs. What is kept is said in words, never as numbers of records:
those are others in the next index.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import msgspec

from oakum.advisories.index.noted import NotedIndex, Question, asked_by
from oakum.advisories.model import Advisory
from oakum.findings.judge import judge, merge
from oakum.findings.kernels import kernel_named
from oakum.findings.match import match, match_part, outline
from oakum.findings.model import COMPONENTS, Coverage, Finding, Ground, Matched
from oakum.findings.vendor_builds import VENDORS
from oakum.fleet.assets import Asset, Gap, Host, Kernel, Kind
from oakum.fleet.ecosystems import OS_TYPES
from oakum.fleet.packages import Package, PackageSet


class Subject(msgspec.Struct, frozen=True):
    """What a match looks at of an asset: its package set, by digest, and the facts that decide about kernels and
    components. Assets with equal subjects have equal findings."""

    digest: str
    image: bool
    platform: str
    kernels: tuple[Kernel, ...] | None


class ClearedWords(msgspec.Struct, frozen=True):
    """A record that names a package and does not apply to it; see ``oakum.findings.model.Cleared``."""

    record: str
    source: str
    package: Package
    why: str
    ground: Ground


class Said(msgspec.Struct, frozen=True):
    """What the index says of a subject, or of a part of one; findings name no assets."""

    findings: tuple[Finding, ...]
    cleared: tuple[ClearedWords, ...]
    gaps: tuple[Gap, ...]
    coverage: tuple[Coverage, ...] = ()


class Change(msgspec.Struct, frozen=True):
    """What an update did: how many parts were matched again, and which findings of which subjects differ.

    ``cves`` are those about which KEV, EPSS or Vulnrichment say something else: findings that name one of them are the
    same, and may be judged otherwise. None means that everything may be.
    """

    matched: int
    opened: Mapping[Subject, tuple[Finding, ...]]
    closed: Mapping[Subject, tuple[Finding, ...]]
    altered: Mapping[Subject, tuple[Finding, ...]]
    cves: frozenset[str] | None


#: What a part is made of: whether it is a whole set, packages standing alone, kernels, or the outline of a set.
_How = Literal["whole", "part", "outline"]


class _Part(msgspec.Struct, frozen=True):
    how: _How
    packages: PackageSet
    kind: Kind
    host: Host | None
    platform: str

    def ask(self, index: NotedIndex) -> Said:
        """Match and judge it."""
        if self.how == "whole":
            found = match(self.packages, index, kind=self.kind, host=self.host, platform=self.platform)
        elif self.how == "outline":
            found = outline(self.packages, index, host=self.host)
        else:
            found = match_part(self.packages, index, kind=self.kind, host=self.host)
        return _said(found, self.packages, self.host)


def _said(found: Matched, packages: PackageSet, host: Host | None) -> Said:
    return Said(
        tuple(judge(found, packages, (), host=host)) if found.hits else (),
        tuple(
            ClearedWords(one.record.advisory.id, one.record.source.name, one.package, one.why, one.ground)
            for one in found.cleared
        ),
        found.gaps,
        found.coverage,
    )


def subject_of(asset: Asset) -> Subject:
    """The subject of an asset."""
    kernels = None if asset.host is None else asset.host.kernels
    return Subject(asset.packages.digest, asset.kind == "image", asset.platform, kernels)


class Standing:
    """The findings of all distinct subjects of a fleet, kept up to date."""

    def __init__(self, index: NotedIndex) -> None:
        self._index = index
        self._subjects: dict[Subject, tuple[int, ...]] = {}
        self._parts: dict[int, _Part] = {}
        self._numbers: dict[tuple[object, ...], int] = {}
        self._keys: dict[int, tuple[object, ...]] = {}
        self._said: dict[int, Said] = {}
        self._asked: dict[int, frozenset[Question]] = {}
        self._asking: defaultdict[Question, set[int]] = defaultdict(set)
        self._holders: defaultdict[int, set[Subject]] = defaultdict(set)
        self._next = 0

    @property
    def subjects(self) -> Iterable[Subject]:
        """All subjects, in the order in which they came."""
        return self._subjects.keys()

    def add(self, asset: Asset) -> Subject:
        """Takes the subject of an asset in; parts that are known already cost nothing."""
        subject = subject_of(asset)
        if subject not in self._subjects:
            numbers = tuple(self._number(key, part) for key, part in _parts(asset, subject))
            self._subjects[subject] = numbers
            for number in numbers:
                self._holders[number].add(subject)
        return subject

    def remove(self, subject: Subject) -> None:
        """Forgets a subject, and the parts that only it had."""
        for number in self._subjects.pop(subject):
            holders = self._holders[number]
            holders.discard(subject)
            if not holders:
                self._forget(number)

    def said(self, subject: Subject) -> Said:
        """What the index says of a subject."""
        parts = [self._said[number] for number in self._subjects[subject]]
        return Said(
            tuple(merge(finding for part in parts for finding in part.findings)),
            tuple(one for part in parts for one in part.cleared),
            tuple(gap for part in parts for gap in part.gaps),
            tuple(one for part in parts for one in part.coverage),
        )

    def placed(self, assets: Mapping[Subject, tuple[str, ...]]) -> list[Finding]:
        """The findings of the whole fleet, each once, with the assets that it stands on."""
        found: list[Finding] = []
        for number, said in self._said.items():
            if said.findings:
                keys = tuple(key for subject in self._holders[number] for key in assets.get(subject, ()))
                found.extend(msgspec.structs.replace(one, assets=keys) for one in said.findings)
        return [msgspec.structs.replace(one, assets=tuple(sorted(set(one.assets)))) for one in merge(found)]

    def touching(self, advisory: Advisory) -> frozenset[Subject]:
        """The subjects that an advisory speaks about: those that hold a package of its names, whatever its version."""
        parts = {number for question in asked_by(advisory) for number in self._asking.get(question, ())}
        return frozenset(subject for number in parts for subject in self._holders[number])

    def update(self, index: NotedIndex) -> Change:
        """Goes over to another state of the advisories, and matches again what can differ."""
        touched = index.touched(self._index.time, self._index.digest)
        self._index = index
        if touched is None:
            numbers = set(self._parts)
        else:
            numbers = {number for question in touched.questions for number in self._asking.get(question, ())}
        opened: defaultdict[Subject, list[Finding]] = defaultdict(list)
        closed: defaultdict[Subject, list[Finding]] = defaultdict(list)
        altered: defaultdict[Subject, list[Finding]] = defaultdict(list)
        for number in sorted(numbers):
            before = {one.key: one for one in self._said[number].findings}
            self._ask(number)
            for finding in self._said[number].findings:
                former = before.pop(finding.key, None)
                if former != finding:
                    kept = opened if former is None else altered
                    for subject in self._holders[number]:
                        kept[subject].append(finding)
            for finding in before.values():
                for subject in self._holders[number]:
                    closed[subject].append(finding)
        came, went, differs = (
            {subject: tuple(each) for subject, each in found.items()} for found in (opened, closed, altered)
        )
        return Change(len(numbers), came, went, differs, None if touched is None else touched.cves)

    def _number(self, key: tuple[object, ...], part: _Part) -> int:
        number = self._numbers.get(key)
        if number is None:
            number = self._next
            self._next += 1
            self._numbers[key], self._keys[number], self._parts[number] = number, key, part
            self._asked[number] = frozenset()
            self._ask(number)
        return number

    def _ask(self, number: int) -> None:
        self._index.noted()
        self._said[number] = self._parts[number].ask(self._index)
        asked, before = self._index.noted(), self._asked[number]
        for question in before - asked:
            self._quiet(question, number)
        for question in asked - before:
            self._asking[question].add(number)
        self._asked[number] = asked

    def _forget(self, number: int) -> None:
        for question in self._asked.pop(number):
            self._quiet(question, number)
        del self._numbers[self._keys.pop(number)], self._parts[number], self._said[number], self._holders[number]

    def _quiet(self, question: Question, number: int) -> None:
        asking = self._asking[question]
        asking.discard(number)
        if not asking:
            del self._asking[question]


def _parts(asset: Asset, subject: Subject) -> Iterator[tuple[tuple[object, ...], _Part]]:
    """The parts of an asset's set, each with what it is known by."""
    packages, release = asset.packages, asset.packages.release
    if any(_entangled(package) for package in packages.packages):
        yield (subject,), _Part("whole", packages, asset.kind, asset.host, asset.platform)
        return
    yield ("outline", subject), _Part("outline", packages, asset.kind, asset.host, asset.platform)
    running = frozenset(kernel.package for kernel in asset.host.kernels) if asset.host is not None else frozenset()
    kernels = []
    for package in packages.packages:
        if kernel_named(package) or package.name in running:
            kernels.append(package)
        else:
            yield (release, package), _Part("part", PackageSet("", release, (package,)), "sbom", None, "")
    if kernels:
        together = PackageSet("", release, tuple(kernels))
        yield (release, *kernels, subject.image, subject.kernels), _Part("part", together, asset.kind, asset.host, "")


def _entangled(package: Package) -> bool:
    """Whether others of its set have a say in what an advisory says of a package: whoever owns its files, a vendor that
    built more than this one, or the other components of a cluster."""
    if package.type == COMPONENTS or package.vendor in VENDORS:
        return True
    return bool(package.path or package.owner) and package.type not in OS_TYPES
