"""Waves and versions in their order: what is over before what, how long is watched, and which versions can meet."""

from __future__ import annotations

from itertools import combinations, pairwise, product

import msgspec
import pytest
from tests.changes.verify.worlds import World, kernels

from oakum.changes.plans import Wave
from oakum.changes.verify.chains import Chain, Link, meet, unlike
from oakum.changes.verify.given import Given, Placed
from oakum.changes.verify.order import Order, bits
from oakum.policy.openings import Calendar

#: For each wave the places of those that it needs. The waves of a plan may stand in any order.
ORDERS: dict[str, tuple[tuple[int, ...], ...]] = {
    "a row": ((), (0,), (1,), (2,)),
    "a row backwards": ((1,), (2,), (3,), ()),
    "a diamond": ((), (0,), (0,), (1, 2)),
    "two rows": ((), (0,), (), (2,)),
    "side by side": ((), (), (), ()),
    "a fork": ((), (0,), (1,), (0,)),
}


def order(needs: tuple[tuple[int, ...], ...], *soaks: int) -> Order:
    names = "abcdefgh"
    return Order(
        [
            Wave(
                id=names[number], name="", needs=tuple(names[need] for need in several), steps=(),
                soak=soaks[number] if soaks else 0,
            )
            for number, several in enumerate(needs)
        ]
    )  # fmt: skip


def ancestors(needs: tuple[tuple[int, ...], ...], one: int) -> set[int]:
    return {found for need in needs[one] for found in (need, *ancestors(needs, need))}


@pytest.fixture(scope="module")
def visit() -> Placed:
    """Some step; its wave is all that counts here."""
    world = World()
    plan = kernels(world).plan()
    return Given(plan, world.state, world.policy, Calendar(world.policy, {}), world.knowledge).placed[0]


@pytest.mark.parametrize("name", ORDERS)
def test_waves_are_before_each_other_or_together_as_their_needs_say(name: str) -> None:
    needs = ORDERS[name]
    found = order(needs)
    places = range(len(needs))
    for one, other in product(places, places):
        before, after = one in ancestors(needs, other), other in ancestors(needs, one)
        assert found.before(one, other) is before
        assert found.together(one, other) is not (before or after)
    for one in places:
        for several in (set(some) for count in places for some in combinations(places, count)):
            held = sum(1 << each for each in several)
            assert found.all_before(held, one) is (several <= ancestors(needs, one))
            assert set(found.missing(held, one)) == several - ancestors(needs, one)


def test_the_bits_of_a_number_are_told_from_the_lowest() -> None:
    assert [list(bits(several)) for several in (0, 1, 0b1101, 1 << 70)] == [[], [0], [0, 2, 3], [70]]


def test_a_wave_is_watched_along_the_longest_way_to_the_next() -> None:
    # b and c come after a, d after both; e stands alone; f comes after d and after a itself.
    found = order(((), (0,), (0,), (2, 1), (), (3, 0)), 60, 300, 500, 7, 9, 0)
    assert found.watched(0) == [None, 60, 60, 560, None, 567]
    assert found.watched(1) == [None, None, None, 300, None, 307]
    assert found.watched(4) == [None] * 6
    # A wave that is not watched at all begins at once, which is not the same as never.
    assert order(((), (0,)), 0, 0).watched(0) == [None, 0]


def rows(needs: tuple[tuple[int, ...], ...]) -> list[tuple[int, ...]]:
    """The waves in which one thing may move, one after the other."""
    places = range(len(needs))
    return [
        row
        for count in (0, 1, 2, 3)
        for row in product(places, repeat=count)
        if all(one in ancestors(needs, other) for one, other in pairwise(row))
    ]


def reachable(
    needs: tuple[tuple[int, ...], ...], one: tuple[int, ...], other: tuple[int, ...], shared: bool
) -> set[tuple[int, int]]:
    """The numbers of steps of two rows that can be done at one moment, the start left out, by trying all sets."""
    steps = [("one", wave) for wave in one] + [("other", wave) for wave in other]
    found: set[tuple[int, int]] = set()
    for count in range(len(steps) + 1):
        for done in map(set, combinations(steps, count)):
            waited = all(before in done for _, wave in done for before in steps if before[1] in ancestors(needs, wave))
            visited = not shared or all(
                (("one", wave) in done) == (("other", wave) in done) for wave in set(one) & set(other)
            )
            if waited and visited:
                found.add((sum(each[0] == "one" for each in done), sum(each[0] == "other" for each in done)))
    return found - {(0, 0)}


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("name", ORDERS)
def test_two_versions_meet_exactly_where_some_set_of_steps_leads_there(name: str, shared: bool, visit: Placed) -> None:
    needs = ORDERS[name]
    found = order(needs)
    of_one_machine = {wave: msgspec.structs.replace(visit, wave=wave) for wave in range(len(needs))}

    def chain(row: tuple[int, ...]) -> Chain:
        mine = of_one_machine if shared else {wave: msgspec.structs.replace(visit, wave=wave) for wave in row}
        links = (Link("0"), *(Link(str(number), mine[wave]) for number, wave in enumerate(row, 1)))
        return Chain("", "", "", links)

    for one, other in product(rows(needs), repeat=2):
        met = [(int(here.version), int(there.version)) for here, there in meet(found, chain(one), chain(other))]
        assert len(met) == len(set(met))
        assert set(met) == reachable(needs, one, other, shared), (one, other)


def test_a_thing_moves_where_it_has_more_than_one_version(visit: Placed) -> None:
    assert not Chain("kubelet", "", "", (Link("1"),)).moves
    assert Chain("kubelet", "", "", (Link("1"), Link("2", visit))).moves


def test_of_chains_that_go_the_same_way_in_the_same_waves_the_first_stands_for_all(visit: Placed) -> None:
    later = msgspec.structs.replace(visit, wave=1)
    chains = [
        Chain(component, name, name, (Link("1"), Link("2", step)))
        for name, component, step in (
            ("a", "kubelet", visit), ("b", "kubelet", visit), ("c", "kubelet", later), ("d", "kube-proxy", visit),
        )
    ]  # fmt: skip
    assert sorted(each.name for each in unlike(chains)) == ["a", "c", "d"]
