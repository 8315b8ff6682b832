"""What channels offer: a version as they write it, nothing newer, or nobody has looked; never one for another."""

from __future__ import annotations

import pytest
from tests.changes.state.makings import NOW

from oakum.changes.intents.catalogue import wanted
from oakum.changes.intents.kinds import UNKNOWN_OFFERS, UNKNOWN_PACKAGES, aim
from oakum.changes.intents.model import Intent
from oakum.changes.plans import Edit, LeftOut
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
        (of(installed="1.0-1", running="1.1-1", offers=()), "newest", None),  # an older one waits for its effect
        (of(installed="1.2-1", running="1.0-1", offers=("1.1-1",)), "newest", "1.2-1"),  # and never to an older one
        (of(installed="mine", ecosystem="of no one", offers=()), "mine", None),  # one text is one version
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


def test_channels_that_have_others_name_the_newest_three_and_what_would_bring_it_in() -> None:
    offers = tuple(f"1.{number}-1" for number in range(1, 6))
    found = aimed(of(installed="1.0-1", offers=offers), "1.9-1")
    assert isinstance(found, LeftOut)
    assert found.why == "its channels offer 1.3-1, 1.4-1, 1.5-1 of it, not 1.9-1"
    assert found.remedy == "bring it 1.9-1 into a channel of the machine"
    assert found.edits == (
        Edit(of="state", object="edge/w-1", field="software|it|offers", value=[*offers, "1.9-1"]),
    )  # fmt: skip


def test_what_nobody_has_looked_for_is_brought_in_by_saying_it() -> None:
    found = aimed(of(installed="1.0-1"), "1.1-1")
    assert isinstance(found, LeftOut)
    assert found.edits == (Edit(of="state", object="edge/w-1", field="software|it|offers", value=["1.1-1"]),)


def test_packages_of_which_nobody_knows_the_offers_are_told_by_the_first_and_how_many() -> None:
    blind = Software(installed="1-1")
    for software, says in (
        ({"zlib": blind, "bash": blind, "openssl": DEB}, "bash and 1 more"),
        ({"zlib": blind, "openssl": DEB}, "zlib"),
    ):
        state = State(at=NOW, digest="", machines=(Machine(name="w-1", uid="u", software=software),))
        (found,) = wanted(Intent(name="i", kind="packages", wants={"security": True}), state).obstacles
        assert found.why == f"not assessable: nobody has told what its channels offer of {says}"


def test_a_fix_that_no_channel_has_is_brought_in_beside_what_they_offer() -> None:
    """By the version that closes the finding which is asked for, not one that closes another."""
    closes: dict[str, tuple[str, ...]] = {"1.4": ("CVE-2026-8",), "1.5": ("CVE-2026-9",)}
    for offers in ((), ("1.3",)):
        software = {"old": Software(installed="1.3", offers=offers, closes=closes)}
        state = State(at=NOW, digest="", machines=(Machine(name="w-1", uid="u", software=software),))
        intent = Intent(name="i", kind="packages", wants={"closes": ("CVE-2026-9",)})
        (found,) = wanted(intent, state).obstacles
        assert found.why == "no channel of it offers a version of old above 1.3"
        assert found.edits == (
            Edit(of="state", object="w-1", field="software|old|offers", value=[*offers, "1.5"]),
        )  # fmt: skip


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
