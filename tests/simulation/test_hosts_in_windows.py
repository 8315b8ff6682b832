"""Servers that serve until they are restarted: what a night's window means for them when nobody was there for hours."""

from __future__ import annotations

import pytest

from oakum.simulation.faults import Schedule, Strike
from oakum.simulation.scenarios import parse
from oakum.simulation.trials import attempt

SCENARIO = """\
name: hosts-window
title: Servers that serve are restarted in their window
traps: ["15"]
about: |
  Three servers without Kubernetes get a kernel at night. Whoever restarts one takes its service down, so that a restart
  that does not fit the night any more waits for the next.
start: 2026-03-02T20:00:00Z
lasts: 8d
world:
  hosts:
    - name: db
      count: 3
      zones: [rack-a, rack-b, rack-c]
      kernel: 6.1.90
      packages: {curl: [7.88.1-10, 7.88.1-12]}
      offers: {kernel: [6.1.100]}
      facts: {environment: prod, region: eu, tier: "1"}
intents:
  - {name: security, kind: packages, wants: {security: yes}}
  - {name: kernel, kind: kernel, wants: {to: 6.1.100}}
policy:
  windows: [{name: night, time_zone: Europe/Berlin, dtstart: 2026-01-05T23:00, duration: 2h, rrule: FREQ=DAILY}]
  budgets: [{name: one by one, max_unavailable: 1}]
expect:
  ends: [done]
  facts: ["patched 3"]
"""


@pytest.mark.parametrize("state", ["admitted", "applying", "rebooting", "verifying", "restoring"])
@pytest.mark.parametrize("delay", [0.0, 20.0, 70.0])
def test_a_server_is_not_restarted_by_day_because_nobody_was_there_at_night(state: str, delay: float) -> None:
    outage = Strike(kind="outage", state=state, delay=delay)
    trial = attempt(parse(SCENARIO, "hosts-window.yaml"), Schedule(strikes=(outage,)), recheck=50)
    assert trial.broken == ()
    assert trial.stuck == ()
    assert trial.result is not None and trial.result.result == "done"
