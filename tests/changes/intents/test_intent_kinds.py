"""What each kind of change comes to on a machine or an object: a table for each, from what its module says."""

from __future__ import annotations

import re
from typing import Literal

import msgspec
import pytest
from tests.changes.drain.makings import Json, surroundings
from tests.changes.state.makings import NOW

from oakum.changes.intents.catalogue import KINDS, kind_of, wanted
from oakum.changes.intents.model import Intent
from oakum.changes.plans.model import Change
from oakum.changes.state.model import Cluster, Machine, Part, Software, State
from oakum.errors import InputError
from oakum.policy.scopes import Scope

Role = Literal["control-plane", "worker", ""]
Wants = dict[str, str | bool | tuple[str, ...]]


def software(text: str, part: Part, ecosystem: str = "deb", **more: object) -> Software:
    """``1.30.1(1.29.0) of 1.30.1,1.31.4 keeps 1.30.1``: installed, in effect, offered, kept."""
    found = re.fullmatch(r"([^ (]+)(?:\(([^)]+)\))?(?: of ?([^ ]*))?(?: keeps ([^ ]+))?", text)
    assert found is not None
    offers = () if found[3] is None else tuple(each for each in found[3].split(",") if each)
    kept = (found[4],) if found[4] else ()
    return Software(
        installed=found[1], running=found[2] or "", part=part, ecosystem=ecosystem, offers=offers, kept=kept,
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


def machine(
    it: Software | None = None, *, role: Role = "worker", snapshots: bool = False, **several: Software
) -> Machine:
    known = several if it is None else {"it": it, **several}
    return Machine(name="w-1", uid="u-1", cluster="c", role=role, software=known, snapshots=snapshots)


def asked(kind: str, one: Machine | Cluster, wants: Wants) -> str:
    """What an intent comes to, in short: "not there", "in effect", a rule, or its changes."""
    state = State(
        at=NOW, digest="", machines=(one,) if isinstance(one, Machine) else (),
        clusters=(one,) if isinstance(one, Cluster) else (),
    )  # fmt: skip
    found = wanted(Intent(name="i", kind=kind, wants=wants), state)
    assert len(found.changes) + len(found.done) + len(found.obstacles) <= 1
    if found.obstacles:
        assert found.obstacles[0].why
        assert found.obstacles[0].remedy
        return found.obstacles[0].rule
    if found.done:
        return "in effect"
    return "; ".join(told(each) for several in found.changes.values() for each in several) or "not there"


#: A class of reversibility in short, before the version to which the way back leads.
_CLASSES = {"reversible": "back to ", "needs-snapshot": "copy, back to ", "forward-only": "forward-only"}


def told(change: Change) -> str:
    """``linux 6.1.90 > 6.1.100, back to 6.1.90, drain, reboot``."""
    words = [f"{change.component} {change.before} > {change.after}"]
    if change.installed:
        words[0] += f" (has {change.installed})"
    words.append(_CLASSES[change.reversibility] + change.back)
    return ", ".join(words + ["drain"] * change.drain + ["reboot"] * change.reboot)


#: Of a worker's one piece of software of that part: how it is, what is wanted, what comes of it.
MACHINES = """\
kernel | 6.1.90 of 6.1.90,6.1.100 | newest | it 6.1.90 > 6.1.100, back to 6.1.90, drain, reboot
kernel | 6.1.90 of 6.1.95,6.1.100 | 6.1.95 | it 6.1.90 > 6.1.95, back to 6.1.90, drain, reboot
kernel | 6.1.100 of 6.1.100 | newest | in effect
kernel | 6.1.100 of 6.1.100 | 6.1.100 | in effect
kernel | 6.1.100(6.1.90) of 6.1.100 | newest | it 6.1.90 > 6.1.100 (has 6.1.100), back to 6.1.90, drain, reboot
kernel | 6.1.100(6.1.90) of 6.1.110 | 6.1.110 | it 6.1.90 > 6.1.110 (has 6.1.100), back to 6.1.90, drain, reboot
kernel | 6.1.100 of 6.1.90 | newest | in effect
kernel | 6.1.100 of 6.1.90 | 6.1.90 | downgrade
kernel | 6.1.90 of 6.1.100 | 6.1.200 | not-offered
kernel | 6.1.90 of | 6.1.200 | not-offered
container-runtime | 1.7.20 of 1.7.24 | newest | it 1.7.20 > 1.7.24, forward-only, drain
container-runtime | 1.7.20 of 1.7.24 keeps 1.7.20 | newest | it 1.7.20 > 1.7.24, back to 1.7.20, drain
container-runtime | 1.7.20 of 1.7.24 keeps 1.7.19 | newest | it 1.7.20 > 1.7.24, forward-only, drain
container-runtime | 1.7.24 of 1.7.20 | 1.7.20 | downgrade
kubelet | 1.31.4 of 1.31.5 keeps 1.31.4 | 1.31.5 | it 1.31.4 > 1.31.5, back to 1.31.4
kubelet | 1.31.4 of 1.32.1 keeps 1.31.4 | 1.32.1 | it 1.31.4 > 1.32.1, back to 1.31.4, drain
kubelet | 1.31.4 of 1.32.1 | 1.32.1 | it 1.31.4 > 1.32.1, forward-only, drain
kubelet | 1.32.1(1.31.4) of 1.32.1 keeps 1.31.4 | 1.32.1 | it 1.31.4 > 1.32.1 (has 1.32.1), back to 1.31.4, drain
kubelet | 1.32.1(1.31.4) of 1.32.1 keeps 1.32.1 | 1.32.1 | it 1.31.4 > 1.32.1 (has 1.32.1), forward-only, drain
kubelet | 1.31.4-1.1 of 1.31.5-1.1 keeps 1.31.4-1.1 | 1.31.5-1.1 | it 1.31.4-1.1 > 1.31.5-1.1, back to 1.31.4-1.1
kubelet | next-1 of next-2 keeps next-1 | next-2 | it next-1 > next-2, back to next-1, drain
kubelet | 1.31.4 of 1.31.4 | 1.31.4 | in effect
kubelet | 1.31.4 of 1.32.1 | 1.30.0 | downgrade
"""


@pytest.mark.parametrize("row", MACHINES.splitlines())
def test_kinds_of_one_part_of_a_machine(row: str) -> None:
    kind, text, to, expected = (each.strip() for each in row.split("|"))
    part: Part = kind  # type: ignore[assignment]
    found = asked(kind, machine(it=software(text, part)), {} if to == "newest" else {"to": to})
    assert found == expected


@pytest.mark.parametrize("kind", ["kernel", "container-runtime", "kubelet", "control-plane", "etcd"])
def test_a_machine_without_that_part_is_no_target(kind: str) -> None:
    one = machine(role="control-plane", it=software("1.0 of 1.1", "image"))
    assert asked(kind, one, {"to": "1.1"}) == "not there"


@pytest.mark.parametrize("kind", ["kernel", "container-runtime", "kubelet"])
def test_versions_that_nobody_can_order_are_not_assessable(kind: str) -> None:
    part: Part = kind  # type: ignore[assignment]
    one = machine(it=software("1.0 of 1.1", part, ecosystem="of no one"))
    assert asked(kind, one, {"to": "1.1"}) == "version-unknown"


def test_a_host_outside_of_a_cluster_is_not_drained() -> None:
    one = msgspec.structs.replace(machine(role="", linux=software("6.1.90 of 6.1.100", "kernel")), cluster="")
    assert asked("kernel", one, {}) == "linux 6.1.90 > 6.1.100, back to 6.1.90, reboot"


def test_a_copy_of_the_machine_is_a_way_back_where_the_old_version_is_not() -> None:
    one = machine(snapshots=True, it=software("1.7.20 of 1.7.24", "container-runtime"))
    assert asked("container-runtime", one, {}) == "it 1.7.20 > 1.7.24, copy, back to 1.7.20, drain"


#: Kind, role, whether the machine can be copied, its software, the version that is wanted, what comes of it.
CONTROL_PLANES = """\
control-plane | control-plane | no | 1.31.4 of 1.31.5 | 1.31.5 | it 1.31.4 > 1.31.5, back to 1.31.4
control-plane | control-plane | yes | 1.31.4 of 1.31.5 | 1.31.5 | it 1.31.4 > 1.31.5, back to 1.31.4
control-plane | control-plane | no | 1.31.4 of 1.32.1 | 1.32.1 | it 1.31.4 > 1.32.1, forward-only
control-plane | control-plane | yes | 1.31.4 of 1.32.1 | 1.32.1 | it 1.31.4 > 1.32.1, copy, back to 1.31.4
control-plane | control-plane | yes | 1.31.4 of 1.32.1 keeps 1.31.4 | 1.32.1 | it 1.31.4 > 1.32.1, copy, back to 1.31.4
control-plane | control-plane | yes | 1.32.1 of 1.32.1 | 1.32.1 | in effect
control-plane | control-plane | yes | 1.32.1 of 1.31.4 | 1.31.4 | downgrade
control-plane | control-plane | yes | 1.31.4 of 1.31.5 | 1.32.1 | not-offered
control-plane | worker | yes | 1.31.4 of 1.32.1 | 1.32.1 | not there
etcd | control-plane | no | 3.5.15 of 3.5.16 | 3.5.16 | it 3.5.15 > 3.5.16, back to 3.5.15
etcd | control-plane | no | 3.5.16 of 3.6.0 | 3.6.0 | it 3.5.16 > 3.6.0, forward-only
etcd | control-plane | yes | 3.5.16 of 3.6.0 | 3.6.0 | it 3.5.16 > 3.6.0, copy, back to 3.5.16
etcd | control-plane | yes | 3.6.0 of 3.5.16 | 3.5.16 | downgrade
etcd | worker | yes | 3.5.16 of 3.6.0 | 3.6.0 | not there
"""


@pytest.mark.parametrize("row", CONTROL_PLANES.splitlines())
def test_trap_14_a_control_plane_goes_back_within_its_minor_version_only(row: str) -> None:
    kind, role, snapshots, text, to, expected = (each.strip() for each in row.split("|"))
    part: Part = kind  # type: ignore[assignment]
    one = machine(
        role=msgspec.convert(role, Role), snapshots=snapshots == "yes", it=software(text, part, ecosystem="kubernetes")
    )
    assert asked(kind, one, {"to": to}) == expected


def test_all_components_of_a_control_plane_move_together() -> None:
    parts = {name: software("1.31.4 of 1.31.5", "control-plane") for name in ("scheduler", "apiserver")}
    parts["kubelet"] = software("1.31.4 of 1.31.5", "kubelet")
    one = msgspec.structs.replace(machine(role="control-plane"), software=parts)
    assert asked("control-plane", one, {"to": "1.31.5"}) == (
        "apiserver 1.31.4 > 1.31.5, back to 1.31.4; scheduler 1.31.4 > 1.31.5, back to 1.31.4"
    )


CLOSES = {"3.0.16": ("CVE-2026-1", "CVE-2026-2"), "3.0.17": ("CVE-2026-3",)}
PACKAGES: dict[str, Software] = {
    "openssl": software("3.0.15 of 3.0.16,3.0.17 keeps 3.0.15", "package", closes=CLOSES, security=("3.0.16",)),
    "acl": software("2.3 of 2.3", "package"),
    "bash": software("5.2 of 5.3", "package"),
    "systemd": software("252 of 253 keeps 252", "package", effect="reboot", security=("253",)),
    "zlib": software("1.3 of 1.3", "package"),
    "old": software("1.0 of", "package", closes={"1.1": ("CVE-2026-9",)}),
    "linux": software("6.1.90 of 6.1.100", "kernel", security=("6.1.100",)),
}
_OPENSSL = "openssl 3.0.15 > 3.0.17, back to 3.0.15"
_SYSTEMD = "systemd 252 > 253, back to 252, drain, reboot"
WANTED: list[tuple[str, Wants, str]] = [
    ("by name", {"names": ("openssl",)}, _OPENSSL),
    ("of two names one is there", {"names": ("openssl", "nginx")}, _OPENSSL),
    ("not there", {"names": ("nginx",)}, "not there"),
    ("a kernel is no package", {"names": ("linux",)}, "not there"),
    ("nothing newer", {"names": ("zlib",)}, "in effect"),
    ("what is no longer to be had", {"names": ("bash",)}, "bash 5.2 > 5.3, forward-only"),
    ("a reboot brings it into effect", {"names": ("systemd",)}, _SYSTEMD),
    ("by a finding", {"closes": ("CVE-2026-1",)}, _OPENSSL),
    ("by a finding that nothing here has", {"closes": ("CVE-2026-7",)}, "not there"),
    ("no channel has what closes it", {"closes": ("CVE-2026-9",)}, "not-offered"),
    ("one that is not offered stops all", {"closes": ("CVE-2026-1", "CVE-2026-9")}, "not-offered"),
    ("nothing newer, whatever it would close", {"names": ("old",)}, "in effect"),
    ("one of two is in effect", {"names": ("acl", "openssl")}, _OPENSSL),
    ("all security updates", {"security": True}, f"{_OPENSSL}; {_SYSTEMD}"),
]


@pytest.mark.parametrize(("name", "wants", "expected"), WANTED, ids=[row[0] for row in WANTED])
def test_packages(name: str, wants: Wants, expected: str) -> None:
    assert asked("packages", msgspec.structs.replace(machine(), software=PACKAGES), wants) == expected


def test_a_package_tells_which_findings_its_version_closes() -> None:
    state = State(at=NOW, digest="", machines=(machine(openssl=PACKAGES["openssl"]),))
    found = wanted(Intent(name="i", kind="packages", wants={"names": ("openssl",)}), state)
    assert found.changes["c/w-1"][0].closes == ("CVE-2026-3",)


APPLIED, NOT_APPLIED = (Software(installed=each, part="package") for each in ("applied", "absent"))
SCRIPTS: list[tuple[str, Machine, Wants, str]] = [
    ("with its undo", machine(), {"undo": "/u"}, "script/i absent > applied, back to absent"),
    ("without one", machine(), {}, "script/i absent > applied, forward-only"),
    ("on a drained node", machine(), {"undo": "/u", "drain": True},
     "script/i absent > applied, back to absent, drain"),
    ("with a reboot, which drains", machine(), {"undo": "/u", "reboot": True},
     "script/i absent > applied, back to absent, drain, reboot"),
    ("an undo that is empty is none", machine(), {"undo": ""}, "script/i absent > applied, forward-only"),
    ("on a host there is nothing to drain", msgspec.structs.replace(machine(), cluster=""),
     {"undo": "/u", "drain": True, "reboot": True}, "script/i absent > applied, back to absent, reboot"),
    ("known not to be applied", msgspec.structs.replace(machine(), software={"script/i": NOT_APPLIED}), {},
     "script/i absent > applied, forward-only"),
    ("applied", msgspec.structs.replace(machine(), software={"script/i": APPLIED}), {}, "in effect"),
    ("another script applied", msgspec.structs.replace(machine(), software={"script/j": APPLIED}), {},
     "script/i absent > applied, forward-only"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "one", "wants", "expected"), SCRIPTS, ids=[row[0] for row in SCRIPTS])
def test_scripts(name: str, one: Machine, wants: Wants, expected: str) -> None:
    assert asked("script", one, {"run": "/r", "check": "/c", **wants}) == expected


def test_a_script_is_run_by_its_paths() -> None:
    state = State(at=NOW, digest="", machines=(machine(),))
    wants: Wants = {"run": "/r", "check": "/c", "undo": "/u"}
    (change,) = wanted(Intent(name="i", kind="script", wants=wants), state).changes["c/w-1"]
    assert change.parameters == {"run": "/r", "check": "/c", "undo": "/u"}


def workload(kind: str = "Deployment", *images: str, labels: Json | None = None, paused: bool = False) -> Json:
    containers = [{"name": f"c{number}", "image": each} for number, each in enumerate(images)]
    spec: Json = {"replicas": 2, "template": {"metadata": {}, "spec": {"containers": containers}}}
    meta = {"name": "coredns", "namespace": "kube-system", "uid": "w", "labels": labels or {}}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": meta,
        "spec": spec | ({"paused": True} if paused else {}),
    }


HELM = {"app.kubernetes.io/managed-by": "Helm"}
_MOVES = "image/c0 dns:1.11 > dns:1.12, back to dns:1.11"
OBJECTS: list[tuple[str, Json, Wants, str]] = [
    ("another image", workload("Deployment", "dns:1.11"), {}, _MOVES),
    ("of a DaemonSet", workload("DaemonSet", "dns:1.11"), {"object": "DaemonSet/kube-system/coredns"}, _MOVES),
    ("of a StatefulSet", workload("StatefulSet", "dns:1.11"), {"object": "StatefulSet/kube-system/coredns"}, _MOVES),
    ("in effect", workload("Deployment", "dns:1.12"), {}, "in effect"),
    ("not there", workload("DaemonSet", "dns:1.11"), {}, "not there"),
    ("two containers", workload("Deployment", "dns:1.11", "log:1"), {}, "container-unknown"),
    ("one of two by name", workload("Deployment", "dns:1.11", "log:1"), {"container": "c0"}, _MOVES),
    ("no container of that name", workload("Deployment", "dns:1.11"), {"container": "c7"}, "container-unknown"),
    ("a chart owns it", workload("Deployment", "dns:1.11", labels=HELM), {}, "managed"),
    ("a chart owns it, and somebody wants it so", workload("Deployment", "dns:1.11", labels=HELM), {"managed": True},
     _MOVES),
    ("ours", workload("Deployment", "dns:1.11", labels={"app.kubernetes.io/managed-by": "oakum"}), {}, _MOVES),
    ("a chart owns it, and it is in effect", workload("Deployment", "dns:1.12", labels=HELM), {}, "in effect"),
    ("paused", workload("Deployment", "dns:1.11", paused=True), {}, "paused"),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["add-on", "image-bump"])
@pytest.mark.parametrize(("name", "one", "wants", "expected"), OBJECTS, ids=[row[0] for row in OBJECTS])
def test_objects(kind: str, name: str, one: Json, wants: Wants, expected: str) -> None:
    cluster = Cluster(name="c", uid="c", around=surroundings([one]))
    given: Wants = {"object": "Deployment/kube-system/coredns", "image": "dns:1.12", **wants}
    assert asked(kind, cluster, given) == expected


@pytest.mark.parametrize(
    ("one", "container", "why", "remedy"),
    [
        (workload("Deployment", "dns:1", "log:1"), "", "it has 2 containers", "name the container: one of c0, c1"),
        (workload("Deployment", "dns:1"), "c7", "it has 0 containers of the name c7",
         "name the container: one of c0"),
        (workload("Deployment", *["dns:1"] * 12), "", "it has 12 containers",
         f"name the container: one of {', '.join(f'c{number}' for number in range(9))}"),
    ],
)  # fmt: skip
def test_a_container_that_is_not_clear_is_asked_for_by_name(one: Json, container: str, why: str, remedy: str) -> None:
    cluster = Cluster(name="c", uid="c", around=surroundings([one]))
    wants: Wants = {"object": "Deployment/kube-system/coredns", "image": "dns:2"}
    wants |= {"container": container} if container else {}
    found = wanted(Intent(name="i", kind="add-on", wants=wants), State(at=NOW, digest="", clusters=(cluster,)))
    assert [(each.why, each.remedy) for each in found.obstacles] == [(why, remedy)]


def test_only_objects_that_the_scope_selects_are_meant() -> None:
    dns = workload("Deployment", "dns:1.11")
    state = State(
        at=NOW, digest="",
        clusters=tuple(Cluster(name=name, uid=name, around=surroundings([dns])) for name in ("a", "b")),
    )  # fmt: skip
    wants: Wants = {"object": "Deployment/kube-system/coredns", "image": "dns:1.12"}
    found = wanted(Intent(name="i", kind="add-on", wants=wants, scope=Scope({"cluster": ("b",)})), state)
    assert list(found.changes) == ["b/Deployment/kube-system/coredns"]
    assert found.subjects["b/Deployment/kube-system/coredns"].kind == "object"


def node(text: str = "", image: str = "", *, role: Role = "worker", cluster: str = "c") -> Machine:
    made = machine(role=role) if not text else machine(role=role, it=software(text, "image", ecosystem="semver"))
    return msgspec.structs.replace(made, image=image, cluster=cluster)


REPLACED: list[tuple[str, Machine, Wants, str]] = [
    ("the newest", node("1.1 of 1.1,1.2"), {"image": "newest"}, "it 1.1 > 1.2, back to 1.1, drain"),
    ("by its name", node("1.1 of 1.1,1.2"), {"image": "1.2"}, "it 1.1 > 1.2, back to 1.1, drain"),
    ("an image that is no longer to be had", node("1.1 of 1.2"), {"image": "1.2"}, "it 1.1 > 1.2, forward-only, drain"),
    ("an image that is kept", node("1.1 of 1.2 keeps 1.1"), {"image": "1.2"}, "it 1.1 > 1.2, back to 1.1, drain"),
    ("in effect", node("1.2 of 1.2"), {"image": "1.2"}, "in effect"),
    ("an older one", node("1.2 of 1.1,1.2"), {"image": "1.1"}, "downgrade"),
    ("not offered", node("1.1 of 1.2"), {"image": "1.3"}, "not-offered"),
    ("only a name is known", node(image="old"), {"image": "new"}, "image old > new, forward-only, drain"),
    ("a name, and the old one is kept", node(image="old"), {"image": "new", "kept": True},
     "image old > new, back to old, drain"),
    ("that name already", node(image="new"), {"image": "new"}, "in effect"),
    ("a host", node("1.1 of 1.2", cluster=""), {"image": "1.2"}, "not there"),
    ("an image that nobody knows", node(), {"image": "1.2"}, "unknown-image"),
    ("a control plane", node("1.1 of 1.2", role="control-plane"), {"image": "1.2"}, "control-plane-machine"),
    ("a control plane from that image", node("1.2 of 1.2", role="control-plane"), {"image": "1.2"}, "in effect"),
]  # fmt: skip


def test_an_image_that_waits_for_its_effect_needs_no_offer_and_of_two_the_first_by_name_counts() -> None:
    waits = Software(installed="1.2", running="1.1", part="image", ecosystem="semver")
    several = {"b": software("1.1 of 1.3", "image", ecosystem="semver"), "a": waits}
    one = msgspec.structs.replace(machine(), software=several)
    assert asked("node-replacement", one, {"image": "1.2"}) == "a 1.1 > 1.2 (has 1.2), forward-only, drain"


@pytest.mark.parametrize(("name", "one", "wants", "expected"), REPLACED, ids=[row[0] for row in REPLACED])
def test_nodes_are_replaced(name: str, one: Machine, wants: Wants, expected: str) -> None:
    assert asked("node-replacement", one, wants) == expected


#: How each kind shows that it is in effect (traps 5 and 6).
PROOFS: dict[str, tuple[set[str], Machine, Wants]] = {
    "kernel": ({"boot", "running", "ready", "rescan"}, machine(it=software("1 of 2", "kernel")), {}),
    "container-runtime": ({"running", "ready", "rescan"}, machine(it=software("1 of 2", "container-runtime")), {}),
    "kubelet": ({"running", "ready", "rescan"}, machine(it=software("1 of 2", "kubelet")), {"to": "2"}),
    "control-plane": ({"running", "ready", "rescan"},
                      machine(role="control-plane", it=software("1 of 2", "control-plane")), {"to": "2"}),
    "etcd": ({"running", "ready", "rescan"}, machine(role="control-plane", it=software("1 of 2", "etcd")), {"to": "2"}),
    "node-replacement": ({"ready", "running", "rescan"}, machine(it=software("1 of 2", "image")), {"image": "2"}),
    "packages": ({"running", "rescan"}, machine(it=software("1 of 2", "package")), {"names": ("it",)}),
    "script": ({"exit"}, machine(), {"run": "/r", "check": "/c"}),
}  # fmt: skip


@pytest.mark.parametrize("kind", PROOFS)
def test_trap_5_a_change_is_proven_by_what_is_in_effect(kind: str) -> None:
    proof, one, wants = PROOFS[kind]
    found = wanted(Intent(name="i", kind=kind, wants=wants), State(at=NOW, digest="", machines=(one,)))
    assert [set(each.proof) for each in found.changes["c/w-1"]] == [proof]


@pytest.mark.parametrize(
    ("kind", "one", "wants"),
    [("packages", machine(it=software("1 of 2", "package", effect="reboot")), {"names": ("it",)}),
     ("script", machine(), {"run": "/r", "check": "/c", "reboot": True})],
)  # fmt: skip
def test_trap_5_whatever_reboots_is_proven_by_another_boot_as_well(kind: str, one: Machine, wants: Wants) -> None:
    found = wanted(Intent(name="i", kind=kind, wants=wants), State(at=NOW, digest="", machines=(one,)))
    assert "boot" in found.changes["c/w-1"][0].proof


def test_a_rollout_is_proven_by_its_pods() -> None:
    cluster = Cluster(name="c", uid="c", around=surroundings([workload("Deployment", "dns:1.11")]))
    wants: Wants = {"object": "Deployment/kube-system/coredns", "image": "dns:1.12"}
    found = wanted(Intent(name="i", kind="add-on", wants=wants), State(at=NOW, digest="", clusters=(cluster,)))
    (change,) = found.changes["c/Deployment/kube-system/coredns"]
    assert (change.proof, change.parameters) == (("rollout",), {"container": "c0"})


def test_trap_8_kinds_stand_in_the_order_of_a_cluster() -> None:
    """etcd and the control plane before add-ons, those before kubelets, workloads last; visits of one rank are one."""
    rank = {name: kind.rank for name, kind in KINDS.items()}
    order = ["etcd", "control-plane", "add-on", "kubelet", "kernel", "image-bump", "node-replacement"]
    assert [rank[each] for each in order] == sorted({rank[each] for each in order})
    assert rank["kernel"] == rank["container-runtime"] == rank["packages"] == rank["script"]


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_says_what_it_is_and_where_its_rules_come_from(name: str) -> None:
    kind = KINDS[name]
    assert kind.name == name
    assert kind.says
    assert kind.source.startswith("https://")
    assert all(field.says for field in kind.fields.values())
    assert (kind.of_machine is None) != (kind.of_cluster is None)


WRONG: list[tuple[str, Wants, str]] = [
    ("firmware", {}, "'firmware' is no kind of change"),
    ("kernel", {"version": "6.1"}, "version: no field of this kind"),
    ("kernel", {"to": ("6.1",)}, "to: is not a text"),
    ("kubelet", {}, "to: is missing"),
    ("kubelet", {"to": ""}, "to: is missing"),
    ("control-plane", {}, "to: is missing"),
    ("etcd", {}, "to: is missing"),
    ("packages", {}, "0 of names, closes and security"),
    ("packages", {"names": ("a",), "security": True}, "2 of names, closes and security"),
    ("packages", {"names": "a"}, "names: is not a list of texts"),
    ("packages", {"security": "yes"}, "security: is not yes or no"),
    ("packages", {"security": False}, "0 of names, closes and security"),
    ("script", {"run": "/r"}, "check: is missing"),
    ("script", {"run": "rm -rf x", "check": "/c"}, "is no absolute path"),
    ("script", {"run": "/r\nrm", "check": "/c"}, "is no absolute path"),
    ("script", {"run": "/r\0", "check": "/c"}, "is no absolute path"),
    ("script", {"run": "/r", "check": "/c", "undo": "u"}, "undo: 'u' is no absolute path"),
    ("node-replacement", {}, "image: is missing"),
    ("add-on", {"object": "Deployment/a/b"}, "image: is missing"),
    ("image-bump", {"image": "a:1"}, "object: is missing"),
]


@pytest.mark.parametrize(("kind", "wants", "message"), WRONG)
def test_what_is_no_intent(kind: str, wants: Wants, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        kind_of(Intent(name="mine", kind=kind, wants=wants))
    assert "mine" in str(caught.value)
    assert caught.value.remedy


def test_machines_and_objects_of_one_state_are_each_asked_for_what_they_have() -> None:
    cluster = Cluster(name="c", uid="c", around=surroundings([workload("Deployment", "dns:1.11")]))
    state = State(
        at=NOW, digest="", machines=(machine(linux=software("6.1.90 of 6.1.100", "kernel")),), clusters=(cluster,)
    )  # fmt: skip
    wants: Wants = {"object": "Deployment/kube-system/coredns", "image": "dns:1.12"}
    objects = wanted(Intent(name="i", kind="add-on", wants=wants), state)
    assert (list(objects.changes), objects.obstacles) == (["c/Deployment/kube-system/coredns"], ())
    kernels = wanted(Intent(name="i", kind="kernel"), state)
    assert (list(kernels.changes), kernels.obstacles) == (["c/w-1"], ())


def test_a_machine_of_which_the_scope_is_not_known_is_an_obstacle() -> None:
    """No evidence is no good news: neither a target nor silently left out."""
    here = machine(linux=software("6.1.90 of 6.1.100", "kernel"))
    facts = {"a": {"environment": "prod"}, "b": {"environment": "dev"}, "x": {}}
    machines = tuple(msgspec.structs.replace(here, name=name, facts=each) for name, each in facts.items())
    intent = Intent(name="i", kind="kernel", scope=Scope({"environment": ("prod",)}))
    found = wanted(intent, State(at=NOW, digest="", machines=machines))
    assert list(found.changes) == ["c/a"]
    assert [(each.subject, each.rule) for each in found.obstacles] == [("c/x", "unknown-target")]
