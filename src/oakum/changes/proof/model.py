"""What the verifier of a bundle says: what is wrong and where, what could not be shown, and what was shown."""

from __future__ import annotations

import msgspec

from oakum.fleet.assets import GAPS as OF_SCANS

#: What a bundle may be unable to show, by kind, and whether somebody may accept that it is not shown.
GAPS: dict[str, tuple[str, bool]] = {
    "no-ledger": ("no signed ledger stands behind the journal", False),
    "unpinned-key": ("the key of the ledger came with the bundle, so that anybody may have made both", True),
    "kept-checkpoint": ("a checkpoint that was kept cannot be joined to that of the bundle", True),
    "not-over": ("the run is not over", True),
    "no-inventory": ("nobody looked at the machines before, or after", True),
    "unread-machine": ("a machine, or a version on it, is not in an inventory", True),
    "no-findings": ("no advisories were at hand when the machines were looked at", True),
    "not-assessed": ("something on a machine could not be judged; a scan's own kind where it has one", True),
    "unclear-finding": ("whether a finding is closed cannot be told", True),
}


def may_accept(kind: str) -> bool:
    """Whether somebody may take it as it is that something of a kind is not shown; the kinds of scans among them."""
    return GAPS[kind][1] if kind in GAPS else kind in OF_SCANS


class Fault(msgspec.Struct, frozen=True):
    """What is wrong: in which ``member`` of the bundle, in which ``part`` of it (``record 7``; empty: all), and why."""

    member: str
    part: str
    why: str
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.member}, {self.part}" if self.part else self.member
        return f"{place}: {self.why}{f' ({self.remedy})' if self.remedy else ''}"


class Gap(msgspec.Struct, frozen=True):
    """What could not be shown.

    ``kind`` is one of ``GAPS`` or of a scan; ``what`` it is about, why, the remedy; ``accepted`` by the caller or not.
    """

    kind: str
    what: str
    why: str
    remedy: str
    accepted: bool = False

    def __str__(self) -> str:
        taken = "accepted: " if self.accepted else ""
        return f"{taken}{self.what}: {self.why}{f' ({self.remedy})' if self.remedy else ''}"
