"""What channels offer: a version as they write it, nothing newer, or nobody has looked; never one for another."""

from __future__ import annotations

import pytest
from tests.changes.state.makings import NOW

from oakum.changes.intents.catalogue import wanted
from oakum.changes.intents.kinds import UNKNOWN_OFFERS, UNKNOWN_PACKAGES, aim
from oakum.changes.intents.model import Intent
from oakum.changes.plans import LeftOut
from oakum.changes.state import Machine, Software, State

DEB = Software(installed="3.0.15-1", offers=("3.0.15-1", "3.0.16-1"))


def of(**given: object) -> Machine:
    return Machine(name="w-1", uid="u", cluster="edge", software={"it": Software(**given)})  # type: ignore[arg-type]


def aimed(machine: Machine, to: str) -> str | LeftOut | None:
    return aim(machine, "it", machine.software["it"], to)


@pytest.mark.parametrize(
    ("machine", "to", "version"),
    [
        (of(installed="1.0-1", offers=("1.0-1", "1.1-1")), "newest", "1.1-1"),
        (of(installed="1.1-1", offers=("1.0-1", "1.1-1")), "newest", None),
        (of(installed="1.2-1", offers=("1.0-1", "1.1-1")), "newest", None),
        (of(installed="1.1-1", offers=()), "newest", None),
        (of(installed="1.1-1", running="1.0-1", offers=()), "newest", "1.1-1"),
        (of(installed="1.1-1", running="1.0-1"), "1.1-1", "1.1-1"),  # it is there, whatever the channels have
        (of(installed="1.1-1"), "1.1-1", None),
        (of(installed="v1.30.2", ecosystem="kubernetes", offers=("v1.31.4",)), "1.31.4", "v1.31.4"),
        (of(installed="v1.31.4", ecosystem="kubernetes", offers=()), "1.31.4", None),
    ],
)
def test_the_version_to_go_to(machine: Machine, to: str, version: str | None) -> None:
    assert aimed(machine, to) == version


@pytest.mark.parametrize("to", ["newest", "1.1-1"])
def test_offers_that_nobody_knows_are_not_assessable_and_never_no_newer_version(to: str) -> None:
    found = aimed(of(installed="1.0-1"), to)
    assert isinstance(found, LeftOut)
    assert found.rule == UNKNOWN_OFFERS
    assert "not assessable" in found.why
    assert "inventory" in found.remedy
    assert "edge/w-1" in found.remedy


def test_channels_that_are_known_to_have_nothing_say_so() -> None:
    found = aimed(of(installed="1.0-1", offers=()), "1.1-1")
    assert isinstance(found, LeftOut)
    assert (found.rule, found.why) == ("not-offered", "its channels offer no newer version of it, not 1.1-1")


def test_an_older_version_is_a_downgrade_even_where_offers_are_unknown() -> None:
    found = aimed(of(installed="1.1-1"), "1.0-1")
    assert isinstance(found, LeftOut)
    assert found.rule == "downgrade"


@pytest.mark.parametrize(
    ("software", "wants", "rule"),
    [
        ({}, {"security": True}, UNKNOWN_PACKAGES),
        ({}, {"names": ("openssl",)}, UNKNOWN_PACKAGES),
        ({"kubelet": Software(installed="v1.30.2", part="kubelet")}, {"security": True}, UNKNOWN_PACKAGES),
        ({"openssl": Software(installed="1-1")}, {"security": True}, UNKNOWN_OFFERS),
        ({"bash": DEB, "openssl": Software(installed="1-1")}, {"closes": ("CVE-2026-1",)}, UNKNOWN_OFFERS),
        ({"openssl": Software(installed="1-1")}, {"names": ("openssl",)}, UNKNOWN_OFFERS),
        ({"bash": DEB, "openssl": Software(installed="1-1")}, {"names": ("bash",)}, ""),
        ({"bash": DEB}, {"names": ("openssl",)}, ""),
        ({"bash": DEB}, {"security": True}, ""),
    ],
)
def test_packages_that_nobody_listed_are_not_assessable(
    software: dict[str, Software], wants: dict[str, str | bool | tuple[str, ...]], rule: str
) -> None:
    state = State(at=NOW, digest="", machines=(Machine(name="w-1", uid="u", software=software),))
    found = wanted(Intent(name="i", kind="packages", wants=wants), state)
    assert [each.rule for each in found.obstacles] == ([rule] if rule else [])
