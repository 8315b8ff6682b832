"""Trap 9: a process that still maps a replaced library runs code that no package on disk has."""

from __future__ import annotations

from tests.traps.answers import DEBIAN, asset, deb, index_of, record, upto
from tests.traps.scans import scanned

from oakum.findings.stale import stale
from oakum.fleet.assets import GAPS, Host, Stale
from oakum.fleet.packages import package_set

LIBRARY = "/usr/lib/x86_64-linux-gnu/libssl.so.3"
MACHINE = Host(
    live=True,
    stale=(
        Stale(200, "nginx", LIBRARY, "libssl3"),
        Stale(100, "sshd", LIBRARY, "libssl3"),
        Stale(100, "sshd", LIBRARY + "x", "libssl3"),
        Stale(7, "app", "/opt/app/lib.so"),
    ),
    stale_known=True,
)


def test_trap_09_running_versus_installed_processes_to_restart_are_named_once_for_each_package() -> None:
    gaps = {gap.what: gap for gap in stale(MACHINE)}
    assert gaps.keys() == {"libssl3", "/opt/app/lib.so"}
    assert gaps["libssl3"].remedy == "restart nginx (200), sshd (100)"
    assert {gap.kind for gap in gaps.values()} == {"stale-process"}
    assert "stale-process" in GAPS


def test_trap_09_running_versus_installed_an_upgraded_library_in_use_is_no_clean_answer() -> None:
    index = index_of(record("CVE-2024-1", upto("debian:12", "openssl", "3.0.14-1")))
    machine = asset("a", package_set(DEBIAN, [deb("libssl3", "3.0.14-1", "openssl")]), host=MACHINE)
    answer = scanned(index, machine)
    assert answer.findings == ()
    assert [gap.kind for gap in answer.not_assessable] == ["stale-process", "stale-process"]


def test_trap_09_running_versus_installed_many_processes_are_counted() -> None:
    many = Host(live=True, stale=tuple(Stale(pid, "w", LIBRARY, "libssl3") for pid in range(1, 9)))
    (gap,) = stale(many)
    assert gap.remedy.endswith("and 3 more")
