"""Rivals in the scenarios: the same settings, faults and judgement as ours, and what comes of their policies."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from oakum.simulation.faults import Schedule, Strike
from oakum.simulation.rivals import NOT_THE_PROGRAM, RIVALS, Result, attempt
from oakum.simulation.scenarios.reading import read

ROOT = Path(__file__).resolve().parents[3]
KURED, CONTROLLER, SCRIPT = RIVALS


def tried(name: str, rival: str, *strikes: Strike, seed: int = 0) -> Result:
    return attempt(RIVALS[rival], read(name), Schedule(seed=seed, strikes=strikes))


#: Scenario, rival, how it ends, how many of how many it finishes, the unsafe states that it makes.
OUTCOMES = f"""\
kubelet-drift {CONTROLLER} done 3/3 -
scratch-data {KURED} done 3/3 -
edge-three-nodes {KURED} done 3/3 -
foreign-cordon {KURED} done 5/5 not-ours
foreign-cordon {CONTROLLER} done 5/5 foreign-cordon-lifted,not-ours
foreign-cordon {SCRIPT} done 5/5 foreign-cordon-lifted,not-ours
never-returns {KURED} held 2/5 -
never-returns {CONTROLLER} stopped 1/5 -
never-returns {SCRIPT} stopped 4/5 node-budget,success-without-effect
old-kernel {KURED} held 2/3 success-without-effect
two-budgets {CONTROLLER} stopped 0/4 left-behind
two-budgets {SCRIPT} done 4/4 disruption-budget
blocked-forever {SCRIPT} done 4/4 disruption-budget
kubelets-too-old {CONTROLLER} done 3/3 version-skew
etcd-two-members {KURED} done 5/5 quorum
local-data {CONTROLLER} done 4/4 local-data
webhook-last-backend {CONTROLLER} stopped 2/4 last-webhook-backend,left-behind
add-on-rollout {SCRIPT} out-of-scope 0/0 -
bare-hosts {CONTROLLER} out-of-scope 0/12 -
bare-hosts {KURED} out-of-scope 0/12 -
control-plane-minor {KURED} out-of-scope 0/6 -
"""


@pytest.mark.parametrize("row", OUTCOMES.splitlines())
def test_what_comes_of_a_policy(row: str) -> None:
    name, rival, result, share, unsafe = row.split()
    found = tried(name, rival)
    assert (found.result, f"{found.finished}/{found.targets}") == (result, share)
    assert sorted({each.name for each in found.broken}) == ([] if unsafe == "-" else unsafe.split(","))


@pytest.mark.parametrize("rival", RIVALS)
def test_the_same_seed_gives_the_same_again(rival: str) -> None:
    strikes = (Strike(kind="slow-boot", state="draining", nth=2), Strike(kind="crash", state="rebooting", delay=20.0))
    one, other = (tried("partial-rollback", rival, *strikes, seed=7) for _ in range(2))
    assert msgspec.json.encode(one) == msgspec.json.encode(other)
    assert one.struck


@pytest.mark.parametrize("rival", RIVALS)
def test_limits_are_those_of_the_policy(rival: str) -> None:
    """Two at once where the policy says two; daemons that look once an hour seldom meet."""
    found = attempt(RIVALS[rival], read("foreign-cordon"), Schedule(), trace=True)
    inside, most = set[str](), 0
    for line in found.trace:
        _, machine, state, *_ = [*line.split(), ""]
        if state == "admitted":
            inside.add(machine)
        elif state in ("done", "failed"):
            inside.discard(machine)
        most = max(most, len(inside))
    assert most == (1 if rival == KURED else 2)


@pytest.mark.parametrize("rival", RIVALS)
def test_a_strike_finds_the_machine_that_enters_its_state(rival: str) -> None:
    found = tried("never-returns", rival, Strike(kind="crash", state="draining", nth=1))
    assert [(each.kind, each.state) for each in found.struck] == [("crash", "draining")]


def test_a_loop_that_is_killed_leaves_its_cordon_and_never_comes_back_to_that_node() -> None:
    found = tried("partial-rollback", SCRIPT, Strike(kind="killed", state="applying", nth=2))
    assert found.stranded == 1
    assert found.result == "stopped"


def test_a_daemon_that_is_killed_goes_on_from_its_lock() -> None:
    found = tried("scratch-data", KURED, Strike(kind="killed", state="draining", nth=1))
    assert (found.result, found.stranded, found.finished) == ("done", 0, 3)


def test_what_the_controller_leaves_when_it_stops_is_counted() -> None:
    found = tried("blocked-forever", CONTROLLER)
    assert found.stranded == 1
    assert "left-behind" in {each.name for each in found.broken}
    assert found.patched == -1.0


def test_an_emergency_is_an_emergency_for_all() -> None:
    for rival in RIVALS:
        assert tried("emergency-in-a-freeze", rival).broken == ()


@pytest.mark.parametrize("rival", [KURED, CONTROLLER])
def test_every_report_says_that_it_is_not_the_program(rival: str) -> None:
    assert NOT_THE_PROGRAM in RIVALS[rival].says
    assert all(each.source.startswith("https://") for each in RIVALS[rival].behaviours.values())
    assert RIVALS[rival].assumes


def test_the_page_tells_every_behaviour_with_its_source() -> None:
    page = (ROOT / "docs/explanation/rivals.md").read_text(encoding="utf-8")
    for rival in RIVALS.values():
        assert f"`{rival.name}`" in page
        for each in rival.behaviours.values():
            assert f"| {each.says} | [{each.source.removeprefix('https://')}]({each.source}) |" in page
        for assumption in rival.assumes:
            assert assumption in page
