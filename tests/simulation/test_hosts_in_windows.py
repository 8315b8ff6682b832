"""Servers that serve until they are restarted: what a night's window means for them when nobody was there for hours."""

from __future__ import annotations

import pytest

from oakum.simulation.faults import Schedule, Strike
from oakum.simulation.scenarios import read
from oakum.simulation.trials import attempt


@pytest.mark.parametrize("state", ["admitted", "applying", "rebooting", "verifying", "restoring"])
@pytest.mark.parametrize("delay", [0.0, 20.0, 70.0])
def test_a_server_is_not_restarted_by_day_because_nobody_was_there_at_night(state: str, delay: float) -> None:
    outage = Strike(kind="outage", state=state, delay=delay)
    trial = attempt(read("hosts-at-night"), Schedule(strikes=(outage,)), recheck=50)
    assert trial.broken == ()
    assert trial.stuck == ()
    assert trial.result is not None and trial.result.result == "done"
