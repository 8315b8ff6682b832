"""What the verifier of a bundle says: what is wrong and where, what could not be shown, and what was shown."""

from __future__ import annotations

import msgspec

#: What a bundle may be unable to show, by kind, and whether somebody may accept that it is not shown.
GAPS: dict[str, tuple[str, bool]] = {
    "no-ledger": ("no signed ledger stands behind the journal", False),
    "unpinned-key": ("the key of the ledger came with the bundle, so that anybody may have made both", True),
    "kept-checkpoint": ("a checkpoint that was kept cannot be joined to that of the bundle", True),
    "not-over": ("the run is not over", True),
    "no-inventory": ("nobody looked at the machines before, or after", True),
    "unread-machine": ("a machine, or a version on it, is not in an inventory", True),
    "no-findings": ("no advisories were at hand when the machines were looked at", True),
    "not-assessed": ("the advisories at hand could not judge something on a machine", True),
    "unclear-finding": ("whether a finding is closed cannot be told", True),
}


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
    """What could not be shown: a ``kind`` of ``GAPS``, what it is about, why, the remedy; whether that is accepted."""

    kind: str
    what: str
    why: str
    remedy: str
    accepted: bool = False

    def __str__(self) -> str:
        taken = "accepted: " if self.accepted else ""
        return f"{taken}{self.what}: {self.why}{f' ({self.remedy})' if self.remedy else ''}"
