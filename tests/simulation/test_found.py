"""Schedules that once showed something wrong, as small as they could be made: none of them may again."""

from __future__ import annotations

import pytest

from oakum.simulation.faults import Schedule, Strike
from oakum.simulation.scenarios import read
from oakum.simulation.trials import attempt

FOUND: list[tuple[str, str, tuple[Strike, ...]]] = [
    ("needs-snapshot", "a run that is brought back while a copy is made leaves the copy behind",
     (Strike(kind="rollback", state="done", nth=2, delay=25.0),)),
    ("edge-three-nodes", "a run that nobody carried out for hours gives a node up that it has hardly drained",
     (Strike(kind="outage", state="record", nth=39),)),
    ("eviction-denied", "the ladder of a drain runs on while nobody is there",
     (Strike(kind="outage", state="record", nth=13),)),
    ("silence-outlives", "an admission is taken up minutes later without a look at who is out by then",
     (Strike(kind="killed", state="record", nth=33), Strike(kind="crash-elsewhere", state="admitted", nth=2))),
    ("etcd-one-by-one", "the way back of a member of etcd is taken while another one is down",
     (Strike(kind="half-installed", state="admitted"), Strike(kind="crash", subject="prod/cp-2", delay=18.6))),
    ("summer-time", "what was meant before an outage is done hours after the window has closed",
     (Strike(kind="outage", state="record", nth=87),)),
    ("freeze-in-between", "what was meant before an outage is done in the freeze",
     (Strike(kind="outage", state="record", nth=14),)),
    ("bare-hosts-script", "a stale read hides the record that a visit has to take away",
     (Strike(kind="stale-read", state="admitted", nth=3), Strike(kind="rollback", delay=52.0))),
    ("edge-three-nodes", "the restarts of a reboot loop count as ours",
     (Strike(kind="human-restarts", state="rebooting", nth=2), Strike(kind="reboot-loop", state="applying", nth=2))),
    ("late-return", "a lost machine that was deleted keeps its place for ever",
     (Strike(kind="old-kernel", state="applying", nth=3), Strike(kind="scaled-in", state="failed", nth=1, delay=65.1))),
    ("local-data", "a change is begun again on a machine that has not been looked at since it was begun",
     (Strike(kind="zombie", state="record", nth=42), Strike(kind="unreachable", delay=281.4, subject="shop/w-4"))),
    ("etcd-one-by-one", "a change is begun again on a machine that was cut off and crashed since it was begun",
     (Strike(kind="partition", state="applying", nth=1),
      Strike(kind="crash-elsewhere", delay=216.9, subject="prod/cp-1"))),
    ("autoscaler", "a node that somebody deletes between the last look and the record counts as a false success",
     (Strike(kind="scaled-in", state="restoring", nth=1, delay=0.25),)),
    ("needs-snapshot", "a copy is thrown away, and the step done, while the machine is out of service",
     (Strike(kind="crash", state="verifying", nth=2),
      Strike(kind="bad-patch", state="applying", nth=2, what="sick 180"))),
    ("freeze-in-between", "an installation that failed is tried again hours after the window has closed",
     (Strike(kind="half-installed", state="admitted", what="1"),
      Strike(kind="outage", delay=86.8, subject="shop/w-4"))),
    ("bare-hosts", "of two old kernels only the first is told of",
     (Strike(kind="old-kernel", state="applying", nth=10), Strike(kind="old-kernel", delay=1008.8, subject="db-3"))),
    ("long-grace", "a bad patch is told of on the machine that was struck, and not where it shows",
     (Strike(kind="bad-patch", delay=295.3, subject="shop/w-2", what="sick 180"),)),
    ("control-plane-minor", "kubelets that wait for an API server that was given up count as stuck",
     (Strike(kind="human-cordons", delay=152.2, subject="prod/cp-2"),)),
]  # fmt: skip


@pytest.mark.parametrize(("scenario", "about", "strikes"), FOUND, ids=[each[1] for each in FOUND])
def test_what_was_found_is_mended(scenario: str, about: str, strikes: tuple[Strike, ...]) -> None:
    trial = attempt(read(scenario), Schedule(strikes=strikes), recheck=50)
    assert trial.broken == ()
    assert trial.stuck == ()
