"""Trap 5: a fix that needs an entitlement neither counts as missing for the entitled nor hides the flaw for others."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.traps.answers import UBUNTU, asset, deb, findings, ids, index_of, matched, record, running, upto

from oakum.findings.model import Finding
from oakum.fleet.apt_lists import Offer, Offers
from oakum.fleet.packages import package_set
from oakum.risk.actions import actions
from oakum.risk.bundles import Ranked

FIX = "1.0-2ubuntu0.1~esm1"
FLAW = record("CVE-2024-1", upto("ubuntu:22.04", "tool"), upto("ubuntu:22.04", "tool", FIX, channel="esm-apps"))
PLAIN = deb("tool", "1.0-2")
MACHINE = running("6.8.0-31-generic")


def offers(*offer: Offer) -> Offers:
    return Offers({"tool": offer}, {"main": datetime(2024, 6, 1, tzinfo=UTC)}, ())


def kind_of(found: Finding) -> str:
    machine = asset("a", package_set(UBUNTU, [PLAIN]), host=MACHINE)
    (action,) = actions([Ranked(found, "60 days", 1, 60, 10.0)], {"a": machine})
    return action.kind


def test_trap_05_esm_pockets_the_plain_row_does_not_override_the_fix_of_the_entitled() -> None:
    answer = matched(index_of(FLAW), UBUNTU, deb("tool", FIX))
    assert answer.hits == ()
    assert [one.why for one in answer.cleared] == [f"{FIX} of channel esm-apps or newer is installed"]


def test_trap_05_esm_pockets_the_flaw_stays_for_those_who_are_not_entitled() -> None:
    (found,) = findings(index_of(FLAW), UBUNTU, PLAIN)
    assert (found.fix.version, found.fix.channel, found.fix.state) == (FIX, "esm-apps", "published")


def test_trap_05_esm_pockets_a_higher_plain_version_is_not_fixed_by_a_lower_version_of_the_pocket() -> None:
    assert ids(findings(index_of(FLAW), UBUNTU, deb("tool", "1.0-3"))) == ["CVE-2024-1"]


@pytest.mark.parametrize("given", [None, offers(Offer("1.0-2", "1.0-2", "main"))], ids=["not known", "not offered"])
def test_trap_05_esm_pockets_the_action_is_to_subscribe(given: Offers | None) -> None:
    (found,) = findings(index_of(FLAW), UBUNTU, PLAIN, kind="host", host=MACHINE, offers=given)
    assert kind_of(found) == "subscribe"


def test_trap_05_esm_pockets_the_entitled_upgrade() -> None:
    offered = offers(Offer(FIX, FIX, "esm-apps"))
    (found,) = findings(index_of(FLAW), UBUNTU, PLAIN, kind="host", host=MACHINE, offers=offered)
    assert found.fix.state == "available"
    assert kind_of(found) == "upgrade"
