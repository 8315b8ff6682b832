"""What is learned of durations: quantiles with a prior, few samples taken carefully, and how parts add up to a step."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.changes.durations import KEPT, PARTS, PRIOR, Durations, Sample
from oakum.changes.intents.catalogue import KINDS
from oakum.changes.plans.model import Change, Evictions, Times

PRIORS = {"kernel": Times(p50=60, p95=300), "kubelet": Times(p50=60, p95=300), "packages": Times(p50=60, p95=600)}


def learned(*seconds: float, part: str = "kernel", speed: str = "vm") -> Durations:
    return Durations(PRIORS, [Sample(speed, part, each) for each in seconds])


def change(kind: str, *, reboot: bool = False) -> Change:
    return Change(
        intent="i", kind=kind, component=kind, before="1", after="2", reversibility="reversible", reboot=reboot
    )


def pseudo(prior: Times) -> list[float]:
    """Ten equal shares of the log-normal distribution with the prior's quantiles, each by its centre."""
    spread = (math.log(prior.p95) - math.log(prior.p50)) / NormalDist().inv_cdf(0.95)
    return [prior.p50 * math.exp(spread * NormalDist().inv_cdf((at + 0.5) / PRIOR)) for at in range(PRIOR)]


def slowly(values: list[float], share: float) -> float:
    """The smallest value that such a share of all values does not exceed."""
    return min(one for one in values if sum(each <= one for each in values) >= share * len(values))


@pytest.mark.parametrize("part", ["kernel", "packages", *PARTS])
def test_before_anything_was_measured_the_prior_holds(part: str) -> None:
    prior = {**PARTS, **PRIORS}[part]
    found = Durations(PRIORS).of("vm", part)
    assert found.p95 == prior.p95
    # The middle of ten values is a little below the middle of the distribution.
    assert 0.8 * prior.p50 <= found.p50 <= prior.p50


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_change_has_a_prior_that_is_none_of_a_part(kind: str) -> None:
    prior = KINDS[kind].prior
    assert 0 < prior.p50 < prior.p95
    assert kind not in PARTS


#: Measured seconds (value times count), p50 and p95; the prior of 60 s and 300 s has ten values: 12, 21.8, 31, 41.2,
#: 53.1, 67.9, 87.5, 116.1, 165.4 and 300.
LEARNED: list[tuple[str, dict[float, int], int, int]] = [
    ("one slow one is at least what one has to reckon with", {5000: 1}, 68, 5000),
    ("19 samples cannot show what one of 20 does", {10: 18, 5000: 1}, 10, 5000),
    ("with 20 the quantile counts: the 29th of 30", {10: 19, 5000: 1}, 10, 300),
    ("two of 20 are more than one of 20", {10: 18, 5000: 2}, 10, 5000),
    ("fast machines: the prior's slow end still counts, the 28th of 29", {10: 19}, 10, 166),
    ("a hundred outweigh the prior", {100: 100}, 100, 100),
    ("and learn that machines are fast", {10: 190}, 10, 10),
    ("slow machines: the middle moves at once", {1000: 10}, 300, 1000),
    ("seconds are rounded up", {100.2: 100}, 101, 101),
    ("a clock that went back is no time at all: the 38th of 40", {-5: 30}, 0, 117),
]


@pytest.mark.parametrize(("name", "measured", "p50", "p95"), LEARNED, ids=[row[0] for row in LEARNED])
def test_what_was_measured(name: str, measured: dict[float, int], p50: int, p95: int) -> None:
    found = learned(*(seconds for seconds, times in measured.items() for _ in range(times)))
    assert found.of("vm", "kernel") == Times(p50=p50, p95=p95)


@given(st.lists(st.floats(0, 5000), max_size=60))
def test_quantiles_are_those_of_a_slow_count(seconds: list[float]) -> None:
    found = learned(*seconds).of("vm", "kernel")
    values = [*seconds, *pseudo(PRIORS["kernel"])]
    p95 = slowly(values, 0.95)
    if seconds and len(seconds) < 20:
        p95 = max(p95, *seconds)
    # The constants of the module have eleven digits.
    assert abs(found.p50 - slowly(values, 0.5)) <= 1 + 1e-6
    assert abs(found.p95 - p95) <= 1 + 1e-6
    assert found.p50 <= found.p95


def test_only_the_newest_count() -> None:
    durations = learned(*[10.0] * KEPT)
    assert durations.of("vm", "kernel").p50 == 10
    for _ in range(KEPT - 1):
        durations.learn(Sample("vm", "kernel", 500))
    # Two hundred are kept: 199 of 500 s and one of 10 s, which is the smallest of all.
    assert durations.of("vm", "kernel") == Times(p50=500, p95=500)
    for _ in range(KEPT // 2):
        durations.learn(Sample("vm", "kernel", 10))
    assert durations.of("vm", "kernel").p50 == 54, (
        "100 of 10 s, then the prior's ten, of which the fifth, then the rest"
    )


def test_two_hundred_are_kept() -> None:
    """100 of 10 s and 100 of 500 s besides the prior's ten: the middle is the fifth of those, whatever was before."""
    assert learned(*[500.0] * 150, *[10.0] * 100).of("vm", "kernel").p50 == 54


def test_a_prior_of_no_time_at_all_is_one_second() -> None:
    for seconds in (0, 1):
        assert Durations({"x": Times(p50=seconds, p95=seconds)}).of("vm", "x") == Times(p50=1, p95=1)


def test_what_is_learned_is_known_at_once() -> None:
    durations = learned(*[10.0] * 30)
    assert durations.of("vm", "kernel").p95 == 117, "the prior's eighth value is the 38th of 40"
    for _ in range(3):
        durations.learn(Sample("vm", "kernel", 4000))
    assert durations.of("vm", "kernel").p95 == 4000


def test_classes_of_machines_and_parts_are_apart() -> None:
    durations = learned(*[2000.0] * 100, speed="metal", part="reboot")
    assert durations.of("metal", "reboot").p95 == 2000
    assert durations.of("vm", "reboot").p95 == PARTS["reboot"].p95
    assert durations.of("metal", "snapshot") == durations.of("vm", "snapshot")


def exact(**parts: int) -> Durations:
    """Durations of which each part was measured so often that it is known to the second."""
    names = {key.replace("_", "-"): seconds for key, seconds in parts.items()}
    return Durations(PRIORS, [Sample("vm", part, seconds) for part, seconds in names.items() for _ in range(200)])


KNOWN = {"drain_round": 50, "reboot": 200, "snapshot": 70, "verify": 30, "kernel": 61, "kubelet": 20, "packages": 90}
NO_PODS, PODS = Evictions(), Evictions(pods=9, rounds=3, grace=30)

#: Changes, evictions, snapshot; seconds of the work and of the way back (each part takes as long every time).
SUMS: list[tuple[str, list[Change], Evictions | None, bool, int, int, int]] = [
    ("a package on a host", [change("packages")], None, False, 120, 120, 120),
    ("two of one kind are one installation", [change("packages"), change("packages")], None, False, 120, 120, 120),
    ("two kinds are two", [change("packages"), change("kubelet")], None, False, 140, 140, 140),
    ("a kernel: change, reboot, proof", [change("kernel", reboot=True)], None, False, 291, 291, 291),
    ("two that reboot reboot once", [change("kernel", reboot=True), change("packages", reboot=True)], None, False,
     381, 381, 381),
    ("one of two reboots", [change("kernel", reboot=True), change("packages")], None, False, 381, 381, 381),
    ("a copy is made ahead, not on the way back", [change("packages")], None, True, 190, 190, 120),
    ("three rounds of evictions, each a grace and a start", [change("kubelet")], PODS, False, 200, 290, 50),
    ("a drain without pods is one round", [change("kubelet")], NO_PODS, False, 100, 100, 50),
    ("a long grace is waited for in every round", [change("kubelet")], Evictions(pods=2, rounds=2, grace=600), False,
     150, 1350, 50),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "changes", "evictions", "snapshot", "p50", "p95", "back"), SUMS, ids=[row[0] for row in SUMS]
)
def test_a_step_is_the_sum_of_its_parts(
    name: str, changes: list[Change], evictions: Evictions | None, snapshot: bool, p50: int, p95: int, back: int
) -> None:
    found = exact(**KNOWN).takes("vm", changes, evictions, snapshot=snapshot)
    assert found.work == Times(p50=p50, p95=p95)
    assert found.back == Times(p50=back, p95=back)


def test_the_95th_of_a_step_is_that_of_parts_that_are_slow_together() -> None:
    found = Durations(PRIORS).takes("vm", [change("kernel", reboot=True)])
    parts = [Durations(PRIORS).of("vm", part) for part in ("kernel", "reboot", "verify")]
    assert found.work == Times(p50=sum(each.p50 for each in parts), p95=sum(each.p95 for each in parts))
