"""``oakum run`` killed with signal 9 at random moments on three real machines; every run is resumed and ends right.

``make kills`` kills 300 times (``KILLS``), in runs of some kills each, until they are done or ``OAKUM_KILLS_SECONDS``
are over, and prints what was killed where. Otherwise it is a handful.
"""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path

import pytest
from tests.lab.hosts import Host as Machine
from tests.lab.hosts import HostsLab
from tests.local.desk import Desk
from tests.local.kills import Field

pytestmark = pytest.mark.e2e

MACHINES = ("kill-1", "kill-2", "kill-3")
#: Most kills of one run; every third way up takes the machines through a reboot.
_A_RUN, _BOOTS = 15, 3


def test_every_run_that_is_killed_ends_right_and_nothing_is_done_twice(
    tmp_path: Path, keys: Path, machines: list[Machine], hosts_lab: HostsLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAKUM_DATA", str(tmp_path / "data"))
    kills, seconds = int(os.environ.get("OAKUM_KILLS", "8")), float(os.environ.get("OAKUM_KILLS_SECONDS", "86400"))
    seed = int(os.environ.get("OAKUM_KILLS_SEED", "") or secrets.randbelow(10**6))
    end = time.monotonic() + seconds
    field = Field(Desk(tmp_path, keys, machines), machines, hosts_lab, seed)
    number = 0
    wrong: list[str] = []
    while field.counts["kills"] < kills and time.monotonic() < end and not wrong:
        boots = number % (2 * _BOOTS) == 2
        wrong = field.play(kills=min(_A_RUN, kills - field.counts["kills"]), boots=boots)
        number += 1
        print(f"\nseed {seed}: {dict(field.counts)}, in hand when killed: {dict(field.moments)}", flush=True)
    assert wrong == []
    assert field.counts["kills"] >= min(kills, 1)
    if kills >= _A_RUN:
        assert field.counts["refused"] > 0
