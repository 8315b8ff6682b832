"""Trap 3: upstream's range is blind to backports; the distribution's word wins, if it has spoken."""

from __future__ import annotations

import msgspec
from tests.traps.answers import ALMA, findings, ids, index_of, library, matched, record, rpm, upto

UPSTREAM = record("GHSA-a", upto("pypi", "urllib3", "1.24.3"), aliases=("CVE-2019-1",))
PLACE = "/usr/lib/python3.6/site-packages/urllib3-1.24.2.dist-info/METADATA"
FILES = library("pypi", "urllib3", "1.24.2", PLACE)
OWNER = rpm("python3-urllib3", "1.24.2-5.el8")
FIXED = record("ALSA-1", upto("almalinux:8", "python3-urllib3", "1.24.2-4.el8"), bundle=True, cves=("CVE-2019-1",))
OTHER = record("ALSA-2", upto("almalinux:8", "python3-urllib3", "1.24.2-4.el8"), bundle=True, cves=("CVE-2019-2",))


def test_trap_03_backport_blindness_the_distribution_has_fixed_it() -> None:
    answer = matched(index_of(UPSTREAM, FIXED), ALMA, OWNER, FILES)
    assert answer.hits == ()
    assert [one.record.advisory.id for one in answer.cleared] == ["GHSA-a"]


def test_trap_03_backport_blindness_a_silent_distribution_leaves_it_undetermined() -> None:
    answer = matched(index_of(UPSTREAM, OTHER), ALMA, OWNER, FILES)
    assert answer.hits == ()
    assert [gap.kind for gap in answer.gaps] == ["undetermined"]


def test_trap_03_backport_blindness_files_that_no_package_owns_are_upstreams() -> None:
    mine = library("pypi", "urllib3", "1.24.2", "/srv/app/lib/python3.6/site-packages/urllib3/METADATA")
    assert ids(findings(index_of(UPSTREAM, FIXED), ALMA, OWNER, mine)) == ["CVE-2019-1"]


def test_trap_03_backport_blindness_the_systems_own_lists_tell_the_owner_of_any_file() -> None:
    stated = msgspec.structs.replace(
        library("pypi", "other-name", "9.0", "/opt/odd/place/METADATA"), owner="python3-urllib3"
    )
    index = index_of(record("GHSA-b", upto("pypi", "other-name", "9.1"), aliases=("CVE-2019-1",)), FIXED)
    answer = matched(index, ALMA, OWNER, stated)
    assert answer.hits == ()
    assert [one.record.advisory.id for one in answer.cleared] == ["GHSA-b"]
