"""Looks at simulated hosts: what their world says of them, in the very documents that a look at real ones gives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from oakum.changes.plans import Plan
from oakum.changes.proof.evidence import FindingsDocument, ToldFinding, ToldGap, ToldMachine
from oakum.changes.state.inventory import InventoryDocument, MachineEntry, SoftwareEntry
from oakum.ledger.entries import digest
from oakum.local.evidence import Look
from oakum.simulation.world import World

FEEDS = digest(b"the feeds of a test")
#: id -> the version of openssl that mends it
FLAWS = {"CVE-2024-0001": "3.0.16", "CVE-2024-0002": "3.0.16", "CVE-2024-0003": "3.1.0"}


class Looks:
    """Whoever looks at the machines of a world. ``blind`` are machines that cannot be read, ``feeds`` what is asked."""

    def __init__(self, world: World, feeds: str = FEEDS, blind: Sequence[str] = ()) -> None:
        self.world, self.feeds, self.blind = world, feeds, blind
        self.gaps: tuple[ToldGap, ...] = ()
        self.flaws = dict(FLAWS)
        self.pretends: dict[str, str] = {}
        self.taken: list[Look] = []

    def __call__(self, plan: Plan, *, hosts: Sequence[str], data: str | None, feeds: str) -> Look | None:
        now = datetime.now(UTC).replace(microsecond=0)
        machines: dict[str, MachineEntry] = {}
        told: dict[str, ToldMachine] = {}
        for machine in self.world.machines.values():
            if machine.id in self.blind:
                continue
            version = self.pretends.get(machine.id, machine.software["openssl"].running)
            entry = SoftwareEntry(installed=version, part="package", ecosystem="deb")
            machines[machine.id] = MachineEntry(uid=machine.uid, boot_id=machine.boot_id, software={"openssl": entry})
            found = tuple(
                ToldFinding(id=id_, package="openssl", version=version, fixed=fixed, state="available",
                            severity="high", decision="within 14 days", exploited=id_.endswith("1"))
                for id_, fixed in self.flaws.items()
                if version < fixed
            )  # fmt: skip
            told[machine.id] = ToldMachine(
                packages=1, assessed=1 if self.feeds else 0, findings=found if self.feeds else (), gaps=self.gaps
            )  # fmt: skip
        document = InventoryDocument(format="oakum-inventory/1", at=f"{now:%Y-%m-%dT%H:%M:%SZ}", hosts=machines)
        plain = {key: each for key, each in msgspec.to_builtins(document).items() if each or key == "hosts"}
        inventory = msgspec.json.format(msgspec.json.encode(plain), indent=1) + b"\n"
        findings = FindingsDocument(at=now, feeds=self.feeds, inventory=digest(inventory), machines=told)
        look = Look(inventory, msgspec.json.format(msgspec.json.encode(findings, order="sorted"), indent=1) + b"\n")
        self.taken.append(look)
        return look
