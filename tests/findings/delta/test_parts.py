"""Which packages have to be matched together, and which of two like assets have a part in common: where a mistake
shows, each in a fleet of few packages."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from tests.findings.delta.worlds import DEBIAN, advisory, asset, compare, deb, opened

from oakum.advisories.index import Recorded
from oakum.advisories.index.noted import NotedIndex
from oakum.advisories.model import NO_VERSIONS, Advisory, Affected
from oakum.findings.delta import Standing
from oakum.findings.model import COMPONENTS
from oakum.fleet.assets import Asset, Host, Kernel
from oakum.fleet.packages import Package, package_set
from oakum.fleet.releases import Release

EARLY, LATE, LATER = (f"2024-01-0{day}T00:00:00Z" for day in (1, 2, 3))
OLD = Release("debian", "11")
KERNELS = [deb("linux-image-6.1", "1", "linux"), deb("linux-image-6.5", "1", "linux")]
LINUX = advisory("CVE-2024-1", "linux", "2")
URLLIB = advisory("CVE-2024-2", "urllib3", "2", "pypi", naming="either")


def machine(
    key: str, packages: Sequence[Package], *kernels: Kernel, release: Release = DEBIAN, **more: object
) -> Asset:  # fmt: skip
    """A machine with these kernels."""
    whole = {"kind": "host", "source": "test", "host": Host(live=True, kernels=kernels), **more}
    return Asset(key=key, name=key, packages=package_set(release, packages), **whole)  # type: ignore[arg-type]


def running(name: str, version: str = "") -> Kernel:
    """The kernel that runs."""
    return Kernel(name, name, version, running=True)


def component(name: str, version: str, **more: object) -> Package:
    """A component of a cluster."""
    return Package(type=COMPONENTS, name=name, version=version, **more)  # type: ignore[arg-type]


def unversioned(name: str) -> Advisory:
    """What the project's own feed says: a name, and no versions."""
    affected = Affected(COMPONENTS, "k8s.io/kubernetes", "either", state_class="undetermined", reason=NO_VERSIONS)
    return Advisory(name, affected=(affected,))


#: What looks alike, and what is known: in each case one of the assets differs from what its packages alone say.
FLEETS: dict[str, tuple[list[Asset], list[Advisory]]] = {
    "the kernel that runs decides which of two counts": (
        [machine(name, KERNELS, running(f"linux-image-{name}")) for name in ("6.1", "6.5")],
        [LINUX],
    ),
    "an image has no kernel of its own": (
        [msgspec.structs.replace(asset(kind, KERNELS[:1]), kind=kind) for kind in ("image", "sbom")],
        [LINUX],
    ),
    "one kernel in two releases": ([asset("12", KERNELS[:1]), asset("11", KERNELS[:1], OLD)], [LINUX]),
    "a kernel that runs and is no longer on disk, of a package that is called otherwise": (
        [machine("a", [deb("pve-image-6.1", "3", "pve"), deb("bash", "1")], running("pve-image-6.1", "1"))],
        [advisory("CVE-2024-3", "pve", "2")],
    ),
    "two versions of one kernel, of which one runs": (
        [machine("a", [deb("linux-image-6.1", version, "linux") for version in "13"], running("linux-image-6.1", "1"))],
        [LINUX, msgspec.structs.replace(LINUX, id="CVE-2024-4", withdrawn=EARLY)],
    ),
    "files of a language that a package of the system owns, by their place": (
        [
            asset("owned", [deb("python3-urllib3", "1-1", "python-urllib3"), Package(
                type="pypi", name="urllib3", version="1", path="usr/lib/python3/dist-packages/urllib3",
            )]),
            asset("alone", [Package(type="pypi", name="urllib3", version="1", path="srv/app/urllib3")]),
        ],
        [URLLIB, advisory("CVE-2024-2", "python-urllib3", "1-1")],
    ),
    "the same by the word of the inventory": (
        [asset("a", [deb("renamed", "9"), Package(
            type="pypi", name="urllib3", version="1", path="opt/urllib3", owner="renamed",
        )])],
        [URLLIB, advisory("CVE-2024-2", "renamed", "1-1")],
    ),
    "a kernel beside files that somebody owns": (
        [machine("a", [*KERNELS, Package(type="pypi", name="urllib3", version="1", path="srv/x")], running(
            "linux-image-6.5"
        ))],
        [LINUX, URLLIB],
    ),
    "components on nodes of two systems": (
        [
            msgspec.structs.replace(asset(name, [component("k8s.io/kubelet", "v1.20.0")], None), platform=name)
            for name in ("linux", "windows")
        ],
        [advisory("CVE-2018-1002101", "k8s.io/kubelet", "1.30.0", COMPONENTS, naming="either")],
    ),
    "what is known of components without a version is said once of them together": (
        [asset("a", [component("k8s.io/kubelet", "v1.20.0"), component("k8s.io/kube-proxy", "v1.20.0")], None)],
        [unversioned("CVE-2024-8")],
    ),
    "names that are spelled in more than one way": (
        [asset("a", [Package(type="pypi", name="Zope.Interface", version="1")], None)],
        [advisory("CVE-2024-5", "zope_interface", "2", "pypi", naming="either")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FLEETS)
@pytest.mark.parametrize("backwards", [False, True], ids=["in turn", "backwards"])
def test_assets_that_look_alike_keep_what_a_whole_match_says_of_each(name: str, backwards: bool) -> None:
    fleet, records = FLEETS[name]
    connection = opened({
        "new": [Recorded(one, LATE) for one in records],
        # In both states of the index somebody speaks of everything, so that only what is asked decides.
        "old": [Recorded(advisory("CVE-2020-1", "nothing", "2", scope, naming=naming), EARLY)
                for scope in ("debian:12", "debian:11", "pypi", COMPONENTS) for naming in ("source", "either")],
    })  # fmt: skip
    for first, then in ((EARLY, LATE), (LATE, EARLY)):
        index = NotedIndex(connection, as_of=first)
        standing = Standing(index)
        for one in fleet[:: -1 if backwards else 1]:
            standing.add(one)
        compare(standing, fleet, index)
        index = NotedIndex(connection, as_of=then)
        assert standing.update(index).cves is not None
        compare(standing, fleet, index)


@pytest.mark.parametrize("name", FLEETS)
def test_what_is_known_of_such_a_fleet_makes_a_difference(name: str) -> None:
    fleet, records = FLEETS[name]
    for number in range(len(records)):
        left = [one for at, one in enumerate(records) if at != number]
        said = [_said(fleet, known) for known in (records, left)]
        assert said[0] != said[1], "otherwise nothing could go wrong"


def _said(fleet: Sequence[Asset], records: Sequence[Advisory]) -> list[object]:
    spoken = advisory("CVE-2020-1", "nothing", "2", "debian:12")
    standing = Standing(NotedIndex(opened({"new": [Recorded(one, EARLY) for one in (spoken, *records)]})))
    return [standing.said(standing.add(one)) for one in fleet]
