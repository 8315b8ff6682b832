"""Which statement holds for a finding where it stands, and whether it takes the finding away.

The latest statement about a product and a vulnerability holds. Of those of one time the more specific holds, then the
more cautious. A statement from the future or older than the site allows does not count, and is told. "Not affected"
takes a finding away; "fixed" does where it names the very version that is installed. A finding that stands for several
vulnerabilities (a vendor's notice) goes only where each of them goes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from oakum.advisories.statements.model import Product, Statement, distinct
from oakum.advisories.vex.instants import Instant, instant
from oakum.findings.model import Finding
from oakum.findings.statements.model import Ruled, Unused
from oakum.findings.statements.scope import Place
from oakum.fleet.assets import Asset

_DAY = 86_400
#: The more cautious word is the greater one.
_CAUTION = {"not_affected": 0, "fixed": 1, "under_investigation": 2, "affected": 3}


class _Holding(msgspec.Struct, frozen=True, gc=False):
    """What a statement says of one product; of several, that of the greatest rank holds (time, narrowness, caution)."""

    rank: tuple[Instant, tuple[int, int, int], int]
    number: int
    product: Product
    suppresses: bool


class Statements:
    """The statements that were handed in, as of a time."""

    def __init__(self, statements: Iterable[Statement], now: str, max_age_days: float | None = None) -> None:
        """``now`` is an RFC 3339 time. Raises ValueError where it is none."""
        until = instant(now)
        if until is None:
            raise ValueError(f"{now!r} is no time")
        self.all: tuple[Statement, ...] = tuple(statements)
        self._times: dict[int, Instant] = {}
        self._unused: dict[int, str] = {}
        self._by_name: defaultdict[str, list[int]] = defaultdict(list)
        for number, one in enumerate(self.all):
            time = instant(one.time)
            if time is None:
                self._unused[number] = "its time cannot be read"
            elif time > until:
                self._unused[number] = f"its time ({one.time}) is in the future of {now}"
            elif max_age_days is not None and until[0] - time[0] > max_age_days * _DAY:
                self._unused[number] = f"it is older than {max_age_days:g} days"
            else:
                self._times[number] = time
                for name in {name.upper() for name in (one.vulnerability, *one.aliases)}:
                    self._by_name[name].append(number)
        self._found: set[int] = set()
        self._met: set[int] = set()

    def rule(self, findings: Iterable[Finding], assets: Mapping[str, Asset]) -> Iterator[Ruled]:
        """Each finding, divided where different things are stated about it on different assets."""
        places: dict[str, Place] = {}
        for finding in findings:
            questions = [self._about(names) for names in _questions(finding)]
            if not any(questions):
                yield Ruled(finding)
                continue
            divided: defaultdict[tuple[int | None, bool], dict[str, Product | None]] = defaultdict(dict)
            for key in finding.assets:
                place = places.get(key)
                if place is None:
                    place = places[key] = Place(assets[key])
                holding, suppressed = _decision([self._holding(numbers, finding, place) for numbers in questions])
                divided[holding.number if holding else None, suppressed][key] = holding.product if holding else None
            for (number, suppressed), products in divided.items():
                part = finding if len(divided) == 1 else replace(finding, assets=tuple(products))
                said = self.all[number] if number is not None else None
                yield Ruled(part, said, distinct(filter(None, products.values())), suppressed)

    def unused(self) -> list[Unused]:
        """The statements that no finding met or that do not count, in their order; for after ``rule``."""
        found = []
        for number, one in enumerate(self.all):
            if number not in self._found:
                known = number in self._met
                why = "none of its products has this finding" if known else "no finding of this vulnerability"
                found.append(Unused(one, self._unused.get(number, why)))
        return found

    def _about(self, names: frozenset[str]) -> list[int]:
        numbers = sorted({number for name in names for number in self._by_name.get(name, ())})
        self._met.update(numbers)
        return numbers

    def _holding(self, numbers: Sequence[int], finding: Finding, place: Place) -> _Holding | None:
        holding: list[_Holding] = []
        for number in numbers:
            one = self.all[number]
            for product in one.products:
                if place.concerns(product, finding.package):
                    self._found.add(number)
                    suppresses = one.status == "not_affected" or (one.status == "fixed" and product.names_version)
                    rank = (self._times[number], _specific(product), _CAUTION[one.status])
                    holding.append(_Holding(rank, number, product, suppresses))
        return max(holding, key=lambda each: each.rank, default=None)


def _decision(holding: Sequence[_Holding | None]) -> tuple[_Holding | None, bool]:
    """What holds of all vulnerabilities that a finding stands for, and whether the finding goes.

    It goes with the last of them: the weakest of what takes them away is shown, else the strongest of what does not.
    """
    known = [each for each in holding if each is not None]
    open_ = [each for each in known if not each.suppresses]
    if known and not open_ and len(known) == len(holding):
        return min(known, key=lambda each: each.rank), True
    return max(open_, key=lambda each: each.rank, default=None), False


def _questions(finding: Finding) -> list[frozenset[str]]:
    """The names of each vulnerability that a finding stands for.

    A finding with a CVE as its id is that one under all its names; another one with CVEs is a notice or a record that
    bundles them, whose own names speak for each of them.
    """
    own = {finding.id.upper(), *(alias.upper() for alias in finding.aliases)}
    cves = [cve.upper() for cve in finding.cves]
    if not cves or finding.id in finding.cves:
        return [frozenset(own)]
    return [frozenset({cve, *own.difference(cves)}) for cve in cves]


def _specific(product: Product) -> tuple[int, int, int]:
    """How narrow a product is: the versions (or ranges of them) that it names, what it is inside of, its qualifiers."""
    path = product.path
    named = sum(2 if each.names_version else bool(each.versions) for each in path)
    return named, len(path), sum(len(each.purl.qualifiers) for each in path if each.purl is not None)
