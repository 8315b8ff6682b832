"""Versions beside each other while a plan runs: skew, pairs that do not fit, edges that harm and APIs that go."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from tests.changes.drain.makings import Json, budget
from tests.changes.verify import edits
from tests.changes.verify.asking import deployment, found, laid, told
from tests.changes.verify.edits import replace
from tests.changes.verify.test_legal_plans import two_minors
from tests.changes.verify.worlds import Draft, World, control, kernels, kubelet, machine, runtime, upgrade

from oakum.changes.compat import Knowledge, read
from oakum.changes.compat.preflight import LAST_APPLIED
from oakum.changes.intents.model import Intent
from oakum.changes.plans import Plan, Wave
from oakum.changes.state import Software
from oakum.changes.verify.harm import _facts
from oakum.changes.verify.images import component_of, tag_of
from oakum.changes.verify.versions import beside
from oakum.policy.scopes import Scope

EDGE = Scope(facts={"cluster": ("edge",)})
READ = 'source: "https://example.org/a", read: 2026-11-24'
CPS, WS = ("edge/cp-1", "edge/cp-2", "edge/cp-3"), ("edge/w-1", "edge/w-2", "edge/w-3", "edge/w-4")


def ask(world: World, plan: Plan) -> list[tuple[str, str, str]]:
    return told(found(beside, world, plan))


def whys(world: World, plan: Plan) -> list[str]:
    return [each.why for each in found(beside, world, plan)]


def knowing(world: World, text: str) -> World:
    world.knowledge = read(f"version: 1\n{text}\n".encode(), "site.yaml")
    return world


def at(world: World, name: str, version: str, *offers: str, only: tuple[str, ...] = ()) -> None:
    """A machine whose parts of Kubernetes (or ``only`` some) have a version."""
    parts = {"kubelet": kubelet(version, offers)}
    if name.startswith("cp"):
        parts |= {key: each for key, each in control(version, offers).items() if key != "etcd"}
    world.change(f"edge/{name}", software={key: each for key, each in parts.items() if not only or key in only})


# skew


def test_a_plan_answers_for_no_version_that_was_there_before_it() -> None:
    world = World()
    at(world, "w-4", "1.26.4")
    assert ask(world, kubelets(world, WS[:1])) == []


def kubelets(world: World, ids: Sequence[str], version: str = "1.30.5") -> Plan:
    """Kubelets go to a version that their channels have."""
    for id_ in ids:
        software = world.machines[id_].software["kubelet"]
        world.change(id_, software={"kubelet": replace(software, offers=(version,))})
    intent = Intent(name="kl", kind="kubelet", scope=EDGE, wants={"to": version})
    draft = Draft(world, intent).usual()
    return draft.wave("all", *(draft.visit(id_, "kl", "control" if "/cp-" in id_ else "workers") for id_ in ids)).plan()


def planes(world: World, ids: Sequence[str], version: str = "1.31.4") -> Plan:
    """Control planes go to a version, one wave for each."""
    for id_ in ids:
        several = world.machines[id_].software
        moved = {key: replace(each, offers=(version,)) for key, each in several.items() if each.part == "control-plane"}
        world.change(id_, software=moved)
    draft = Draft(world, Intent(name="cp", kind="control-plane", scope=EDGE, wants={"to": version})).usual()
    for id_ in ids:
        draft.wave(id_, draft.visit(id_, "cp", "control", id=f"{id_}/cp"))
    return draft.plan()


def test_where_nothing_of_kubernetes_changes_its_versions_are_not_asked_for() -> None:
    world = World()
    at(world, "w-4", "new")
    assert ask(world, kernels(world).plan()) == []
    (told_,) = found(beside, world, kubelets(world, WS[:1]))
    assert (told_.rule, told_.object) == ("not-assessable", "edge")
    assert told_.why.startswith("kubelet on w-4: ")


def test_a_kubelet_may_be_three_minors_older_than_the_newest_api_server_and_never_newer_than_the_oldest() -> None:
    world = World()
    at(world, "w-4", "1.28.4")
    assert ask(world, planes(world, CPS)) == []
    at(world, "w-4", "1.27.4")
    plan = planes(world, CPS)
    assert sorted(ask(world, plan)) == [("skew", f"{id_}/cp", "kubelet on w-4") for id_ in CPS]
    assert "kubelet on w-4 1.27.4 beside kube-apiserver on cp-1 1.31.4" in whys(world, plan)
    world = World()
    assert ask(world, kubelets(world, WS[:1], "1.30.9")) == []
    assert ask(world, kubelets(world, WS[:1], "1.31.0")) == [("skew", "edge/w-1/kl", "kubelet on w-1")]


@pytest.mark.parametrize(
    ("others", "wrong"), [("1.30.4", []), ("1.31.4", ["kubelet on w-4 1.31.4 beside kube-apiserver on cp-1 1.30.4"])]
)
def test_a_way_back_answers_for_no_kubelet_that_was_too_new_all_along(others: str, wrong: list[str]) -> None:
    world = World()
    for name, version in (("cp-1", "1.31.4"), ("cp-2", others), ("cp-3", others)):
        at(world, name, version)
        at(world, name, "1.30.4", only=("kubelet",))
    at(world, "w-4", "1.31.4")
    plan = planes(world, CPS[:1], "1.31.5")
    changes = plan.step("edge/cp-1/cp").changes
    back = edits.step(plan, "edge/cp-1/cp", changes=tuple(replace(each, after="1.30.4") for each in changes))
    assert whys(world, replace(back, undoes="sha256:other")) == wrong


def test_api_servers_are_within_one_minor_of_each_other() -> None:
    world = World()
    assert ask(world, planes(world, CPS[:2])) == []
    at(world, "cp-3", "1.29.4")
    for name in ("cp-1", "cp-2", "w-1", "w-2", "w-3", "w-4"):
        at(world, name, "1.29.4", only=("kubelet",))
    plan = planes(world, CPS[:1])
    assert ask(world, plan) == [("skew", "edge/cp-1/cp", "kube-apiserver on cp-1")]
    assert whys(world, plan) == ["kube-apiserver on cp-3 1.29.4 beside kube-apiserver on cp-1 1.31.4"]


def test_an_api_server_goes_up_by_one_minor_at_a_time_and_never_down_unless_it_is_undone() -> None:
    world = World()
    assert ask(world, planes(world, CPS, "1.30.5")) == []
    plan = planes(world, CPS, "1.32.1")
    assert "kube-apiserver on cp-1 skips a minor version: 1.30.4 to 1.32.1" in whys(world, plan)
    world = World()
    for name in ("cp-1", "cp-2", "cp-3"):
        at(world, name, "1.30.4")
        at(world, name, "1.29.4", only=("kubelet",))
    for name in ("w-1", "w-2", "w-3", "w-4"):
        at(world, name, "1.29.4")
    plan = planes(world, CPS, "1.31.4")
    for id_ in CPS:
        changes = plan.step(f"{id_}/cp").changes
        plan = edits.step(plan, f"{id_}/cp", changes=tuple(replace(each, after="1.29.4") for each in changes))
    assert set(ask(world, plan)) == {("skew", f"{id_}/cp", f"kube-apiserver on {id_[5:]}") for id_ in CPS}
    assert "kube-apiserver on cp-1 would be lowered: 1.30.4 to 1.29.4" in whys(world, plan)
    assert ask(world, replace(plan, undoes="sha256:other")) == []


def test_a_controller_is_measured_against_the_api_server_of_its_machine_and_elsewhere_against_all() -> None:
    world = World()
    # Each of them goes with its own API server, while the others are older.
    assert ask(world, planes(world, CPS)) == []
    world.change("edge/w-1", software={"kube-scheduler": control("1.30.4")["kube-scheduler"]})
    assert ask(world, planes(world, CPS)) == []
    world.change("edge/w-1", software={"kube-scheduler": control("1.29.4")["kube-scheduler"]})
    assert sorted(whys(world, planes(world, CPS))) == [
        f"kube-scheduler on w-1 1.29.4 beside kube-apiserver on cp-{number} 1.31.4" for number in (1, 2, 3)
    ]


def test_a_controller_of_its_own_machine_may_be_one_minor_older() -> None:
    world = World()
    for version, expected in (("1.30.4", []), ("1.29.4", ["kube-scheduler on cp-1"])):
        world.change("edge/cp-1", software={"kube-scheduler": control(version)["kube-scheduler"]})
        plan = planes(world, CPS)
        step = plan.step("edge/cp-1/cp")
        servers = tuple(each for each in step.changes if each.component == "kube-apiserver")
        plan = edits.step(plan, "edge/cp-1/cp", changes=servers)
        late = [each[2] for each in ask(world, plan) if "scheduler" in each[2]]
        assert late == expected


PROXY = Software(installed="1.28.4", part="kube-proxy", effect="restart", ecosystem="kubernetes")


def daemons(image: str = "registry.k8s.io/kube-proxy:v1.30.4", name: str = "kube-proxy") -> Json:
    made = deployment(name, image)
    made["kind"], made["metadata"]["uid"] = "DaemonSet", f"DaemonSet/{name}"
    return made


def bumping(name: str, image: str, **more: str) -> Intent:
    """An object gets another image."""
    return Intent(name="bump", kind="image-bump", wants={"object": name, "image": image, **more})


def bumped(world: World, *others: Intent, before: Sequence[Wave] = (), of: Intent) -> Plan:
    """The object of an intent, after other waves."""
    draft = Draft(world, *others, of).usual()
    draft.group("objects", ())
    draft.waves = list(before)
    (id_,) = draft.found["bump"].changes
    return draft.wave("bump", draft.visit(id_, "bump", "objects")).plan()


def proxied(world: World, image: str, *, moves: str = "kube-proxy", kind: str = "DaemonSet") -> Plan:
    """Control planes to 1.31, then another image of an object."""
    world.objects += [daemons(), deployment("dns", "dns:1.11.1")]
    first = planes(world, CPS)
    return bumped(world, *first.intents, before=first.waves, of=bumping(f"{kind}/shop/{moves}", image))


def test_a_kube_proxy_of_machines_is_measured_where_no_object_of_the_plan_brings_it() -> None:
    for version, rules in (("1.28.4", []), ("1.27.4", ["skew", "skew", "skew"])):
        world = World()
        world.change("edge/w-1", software={"kube-proxy": replace(PROXY, installed=version)})
        plan = proxied(world, "dns:1.11.3", moves="dns", kind="Deployment")
        assert [each[0] for each in ask(world, plan)] == rules
        # Once its DaemonSet is moved that is the proxy of the machine.
        world = World()
        world.change("edge/w-1", software={"kube-proxy": replace(PROXY, installed=version)})
        assert ask(world, proxied(world, "registry.k8s.io/kube-proxy:v1.31.4")) == []


def test_a_kube_proxy_of_an_object_is_measured_against_all_api_servers_and_kubelets() -> None:
    world = World()
    plan = proxied(world, "registry.k8s.io/kube-proxy:v1.32.1")
    assert sorted(ask(world, plan)) == [("skew", f"{id_}/cp", "DaemonSet/shop/kube-proxy") for id_ in CPS]
    assert "DaemonSet/shop/kube-proxy v1.32.1 beside kube-apiserver on cp-1 1.31.4" in whys(world, plan)
    world = World()
    at(world, "w-4", "1.28.4")
    assert ask(world, proxied(world, "registry.k8s.io/kube-proxy:v1.31.4")) == []
    world = World()
    for name in ("cp-1", "cp-2", "cp-3"):
        at(world, name, "1.31.4")
    world.objects.append(daemons())
    # Four minors beside a kubelet that the plan leaves where it was.
    at(world, "w-4", "1.27.4")
    intent = bumping("DaemonSet/shop/kube-proxy", "registry.k8s.io/kube-proxy:v1.31.4")
    assert whys(world, bumped(world, of=intent)) == ["DaemonSet/shop/kube-proxy v1.31.4 beside kubelet on w-4 1.27.4"]


def test_a_kube_proxy_of_a_machine_is_measured_against_the_kubelet_of_that_machine() -> None:
    world = World()
    world.change("edge/w-1", software={"kube-proxy": replace(PROXY, installed="1.27.4")})
    for name in ("cp-1", "cp-2", "cp-3"):
        at(world, name, "1.30.4", only=("kube-apiserver",))
    at(world, "w-1", "1.30.4")
    # Three apart may be; the kubelet of another machine does not matter.
    assert ask(world, kubelets(world, WS[:1], "1.30.9")) == []
    world.machines["edge/w-1"].software.pop("kubelet")
    at(world, "w-2", "1.26.4")
    assert ask(world, kubelets(world, WS[1:2], "1.30.9")) == []


def test_a_proxy_four_minors_from_its_kubelet_is_told() -> None:
    world = World()
    for name in ("cp-1", "cp-2", "cp-3"):
        at(world, name, "1.31.4")
    world.change("edge/w-1", software={"kube-proxy": replace(PROXY, installed="1.27.4")})
    at(world, "w-1", "1.30.4")
    several = whys(world, kubelets(world, WS[:1], "1.31.4"))
    assert several == ["kube-proxy on w-1 1.27.4 beside kubelet on w-1 1.31.4"]


def test_an_image_without_a_tag_is_no_version_of_anything() -> None:
    world = World()
    assert ask(world, proxied(world, "registry.k8s.io/kube-proxy@sha256:0123")) == []
    world = World()
    world.objects.append(daemons("registry.k8s.io/kube-proxy@sha256:0123", "other"))
    assert ask(world, proxied(world, "registry.k8s.io/kube-proxy:v1.31.4")) == []


def test_a_machine_of_unknown_kubelet_is_told_where_the_api_server_moves() -> None:
    world = World()
    world.machines["edge/w-4"].software.pop("kubelet")
    unknown = [("not-assessable", "", "edge/w-4")]
    assert ask(world, planes(world, CPS)) == unknown
    assert ask(world, planes(world, CPS[:1])) == unknown
    assert ask(world, kubelets(world, WS[:1])) == []


def managed(version: str) -> World:
    """A cluster whose control plane is a provider's, of which only the answer of the API server is known."""
    world = World()
    world.version = version
    for id_ in CPS:
        del world.machines[id_]
    world.etcd = ()
    return world


def test_where_no_machine_runs_an_api_server_the_version_that_it_answers_with_counts() -> None:
    world = managed("v1.31.2")
    assert ask(world, kubelets(world, WS[:1], "1.31.9")) == []
    assert whys(world, kubelets(world, WS[:1], "1.32.0")) == [
        "kubelet on w-1 1.32.0 beside the API server of edge v1.31.2"
    ]
    # Where machines run it, they are it.
    world = World()
    world.version = "v1.27.4"
    assert ask(world, upgrade(world).plan()) == []


def test_an_api_server_of_no_known_version_is_told_once_kubernetes_changes() -> None:
    world = managed("")
    assert ask(world, kernels(world).plan()) == []
    plan = kubelets(world, WS[:1])
    assert ask(world, plan) == [("not-assessable", "", "edge")]
    assert whys(world, plan) == ["the version of its API server is not known"]
    # A change that leads to the version that is there changes nothing.
    same = edits.change(plan, "edge/w-1/kl", after="1.30.4")
    assert ask(world, same) == []


def test_hosts_have_no_skew_and_an_unknown_cluster_has_what_its_machines_show() -> None:
    world = World()
    world.change("db-1", software={"kubelet": kubelet("1.30.4", ("1.30.5",))})
    draft = Draft(world, Intent(name="kl", kind="kubelet", wants={"to": "1.30.5"}, scope=Scope())).usual()
    plan = draft.wave("a", draft.visit("db-1", "kl", "hosts")).plan()
    assert ask(world, plan) == []
    world = World()
    plan = planes(world, CPS)
    state = replace(world.state, clusters=())
    assert not {each.rule for each in world.ask(plan, state)} & {"skew", "removed-api"}
    workers = tuple(one for one in state.machines if one.role == "worker")
    several = world.ask(kubelets(world, WS[:1]), replace(state, machines=workers))
    assert "the version of its API server is not known" in {each.why for each in several}


def test_the_order_in_which_waves_are_written_does_not_matter() -> None:
    world = World()
    plan = two_minors(world)
    assert ask(world, replace(plan, waves=plan.waves[::-1])) == []


# pairs


def pairing(component: str, kubernetes: str, version: str = "*", answer: str = "incompatible") -> str:
    return (f'compatible: [{{component: {component}, versions: ["{version}"], kubernetes: "{kubernetes}", '
            f"answer: {answer}, why: it breaks, {READ}}}]")  # fmt: skip


def test_a_runtime_is_measured_against_the_kubelet_of_its_node_once_for_all_nodes_alike() -> None:
    world = knowing(World(), pairing("containerd", ">=1.30.5"))
    plan = kubelets(world, WS)
    assert ask(world, plan) == [("compatibility", "edge/w-1/kl", "containerd on w-1")]
    (told_,) = found(beside, world, plan)
    assert told_.why == "containerd on w-1 1.7.20 beside kubelet on w-1 1.30.5: it breaks"
    assert told_.source == "https://example.org/a"
    # Those of the control plane come another time.
    both = ask(world, kubelets(world, (*CPS, *WS)))
    assert both == [("compatibility", "edge/cp-1/kl", "containerd on cp-1")]
    # Where the runtime moves, its step is told.
    world = knowing(World(), pairing("containerd", "*", "1.7.24"))
    draft = Draft(world, Intent(name="cri", kind="container-runtime", scope=EDGE)).usual()
    plan = draft.wave("a", draft.visit("edge/w-2", "cri", "workers")).plan()
    assert ask(world, plan) == [("compatibility", "edge/w-2/cri", "containerd on w-2")]
    # One without a kubelet is beside nothing.
    world.machines["edge/w-2"].software.pop("kubelet")
    assert ask(world, plan) == []


def test_nodes_unlike_each_other_are_measured_each() -> None:
    world = knowing(World(), pairing("containerd", ">=1.30.5", "1.6"))
    world.change("edge/w-3", software={"containerd": runtime("1.6.9")})
    assert ask(world, kubelets(world, WS)) == [("compatibility", "edge/w-3/kl", "containerd on w-3")]


def test_a_component_is_measured_against_every_api_server() -> None:
    world = knowing(World(), pairing("etcd", "1.31"))
    plan = planes(world, CPS)
    assert sorted(ask(world, plan)) == [("compatibility", f"{id_}/cp", "etcd on cp-1") for id_ in CPS]
    assert ask(world, kubelets(world, WS[:1])) == []


def test_an_add_on_is_measured_by_the_tag_of_its_image() -> None:
    world = knowing(World(), pairing("CoreDNS", "*", "1.11.3"))
    world.objects.append(deployment("dns", "registry.k8s.io/coredns/coredns:1.11.1", {"name": "x", "image": "x:1"}))
    intent = bumping("Deployment/shop/dns", "registry.k8s.io/coredns/coredns:1.11.3", container="c")
    several = found(beside, world, bumped(world, of=intent))
    assert told(several) == [("compatibility", "edge/Deployment/shop/dns/bump", "Deployment/shop/dns")]
    assert several[0].why.startswith("Deployment/shop/dns 1.11.3 beside kube-apiserver on cp-1 1.30.4")


def test_what_fits_or_is_not_known_is_no_violation() -> None:
    for answer in ("compatible", "incompatible"):
        text = pairing("containerd", "<1.30", answer=answer)
        assert ask(knowing(World(), text), kubelets(World(), WS[:1])) == []
    world = knowing(World(), pairing("containerd", "*", answer="compatible"))
    assert ask(world, kubelets(world, WS[:1])) == []


def test_a_package_is_not_taken_for_a_component_of_its_name() -> None:
    world = knowing(World(), pairing("openssl", "*"))
    assert ask(world, planes(world, CPS)) == []


def test_two_versions_of_the_start_are_not_told_of_a_plan_that_leaves_them() -> None:
    world = knowing(World(), pairing("containerd", "1.30"))
    draft = Draft(world, Intent(name="k", kind="kernel", scope=EDGE)).usual()
    assert ask(world, draft.wave("a", draft.visit("edge/w-1", "k", "workers")).plan()) == []


# edges


def edge(when: str = "", component: str = "etcd", before: str = "3.5.15", after: str = "3.5.16") -> str:
    condition = f"when: '{when}', " if when else ""
    return (f'edges: [{{name: loss, components: [{component}], from: "{before}", to: "{after}", {condition}'
            f"why: it loses data, remedy: wait, {READ}}}]")  # fmt: skip


def test_an_edge_that_harms_is_told_once_for_its_two_versions_with_its_source() -> None:
    world = knowing(World(), edge())
    several = found(beside, world, upgrade(world).plan())
    assert told(several) == [("known-bad", "edge/cp-1/etcd", "edge/cp-1")]
    assert (several[0].why, several[0].source) == ("etcd 3.5.15 to 3.5.16: it loses data", "https://example.org/a")


def test_an_edge_of_a_later_change_is_found_behind_others_that_are_alike() -> None:
    world = knowing(World(), edge(component="kubelet", before="1.30.4", after="1.31.4"))
    assert ask(world, upgrade(world).plan()) == [("known-bad", "edge/cp-1/kl", "edge/cp-1")]
    world = knowing(World(), edge(component="kube-scheduler", before="1.30.4", after="1.31.4"))
    assert ask(world, upgrade(world).plan()) == [("known-bad", "edge/cp-1/cp", "edge/cp-1")]


def test_an_edge_is_found_behind_a_change_of_the_same_step_that_was_told_before() -> None:
    world = knowing(World(), edge(component="kube-scheduler", before="1.30.6", after="1.31.4"))
    at(world, "cp-2", "1.30.6", only=("kube-scheduler",))
    assert ask(world, planes(world, CPS)) == [("known-bad", "edge/cp-2/cp", "edge/cp-2")]


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("etcd_members == 3", "it loses data"), ("etcd_members != 3", ""),
        ("etcd_auth", "it may harm, not known: etcd_auth"),
        ('"containerd" in runtimes', "it loses data"), ('"6.1.90" in kernels', "it loses data"),
        ('site["tier"] == "2"', "it loses data"), ('site["tier"] == "1"', ""),
    ],
)  # fmt: skip
def test_an_edge_harms_where_its_condition_holds_or_cannot_be_told(when: str, why: str) -> None:
    world = knowing(World(), edge(when))
    assert whys(world, upgrade(world).plan()) == ([f"etcd 3.5.15 to 3.5.16: {why}"] if why else [])


def test_an_edge_of_an_image_goes_by_its_component_and_tags() -> None:
    world = knowing(World(), edge(component="CoreDNS", before="1.11.1", after="1.11.3"))
    world.objects.append(deployment("dns", "registry.k8s.io/coredns/coredns:1.11.1"))
    intent = bumping("Deployment/shop/dns", "registry.k8s.io/coredns/coredns:1.11.3")
    assert whys(world, bumped(world, of=intent)) == ["CoreDNS 1.11.1 to 1.11.3: it loses data"]


def test_edges_count_outside_of_clusters_as_well() -> None:
    world = knowing(World(), edge(component="linux", before="6.1.90", after="6.1.100"))
    draft = Draft(world, Intent(name="k", kind="kernel")).usual()
    plan = draft.wave("a", draft.visit("db-1", "k", "hosts")).plan()
    assert ask(world, plan) == [("known-bad", "db-1/k", "db-1")]


def facts(**given: str) -> dict[str, object]:
    """The facts of a cluster without machines of which somebody has said some things."""
    cluster = replace(World().state.clusters[0], facts=given, etcd=())
    return {name: value for name, value in _facts((), cluster).items() if name != "site"}


def test_facts_that_nothing_shows_are_not_known() -> None:
    world = World()
    (cluster,) = world.state.clusters
    assert facts() == {}
    assert _facts((), None) == {}
    assert _facts((machine("x"), machine("y")), None) == {"runtimes": ["containerd"], "kernels": ["6.1.90"]}
    assert _facts((), cluster) == {"etcd_members": 3, "site": cluster.facts}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("etcd_auth", "true", True), ("etcd_auth", "Yes", True), ("etcd_auth", "false", False),
        ("etcd_auth", "no", False), ("etcd_auth", "", False), ("etcd_auth", "perhaps", None),
        ("pod_security_policies", "2", 2), ("pod_security_policies", "", 0), ("pod_security_policies", "many", None),
        ("csi_drivers", "a, b ,,c", ["a", "b", "c"]), ("csi_drivers", "", []),
        ("control_plane", "kubeadm", "kubeadm"), ("control_plane", "", ""),
        ("environment", "prod", None),
    ],
)  # fmt: skip
def test_a_fact_is_what_somebody_wrote_and_what_is_not_understood_is_not_known(
    name: str, text: str, value: object
) -> None:
    assert facts(**{name: text}) == ({} if value is None else {name: value})
    assert type(facts(**{name: text}).get(name)) is type(value)


def test_a_site_may_ask_for_all_that_it_has_told() -> None:
    cluster = replace(World().state.clusters[0], facts={"team": "blue", "etcd_auth": "no"}, etcd=())
    assert _facts((), cluster) == {"etcd_auth": False, "site": {"team": "blue", "etcd_auth": "no"}}


# APIs


def api(removed: str = "1.31", version: str = "policy/v1", deprecated: str = "") -> str:
    more = f'deprecated: "{deprecated}", ' if deprecated else ""
    return (f'apis_until: "1.40"\napis: [{{api: {version}, kinds: [PodDisruptionBudget], {more}removed: "{removed}", '
            f"{READ}}}]")  # fmt: skip


GONE = "PodDisruptionBudget/shop/web-pdb"


def test_an_object_in_an_api_version_that_goes_is_told_with_the_first_step_that_brings_the_release() -> None:
    world = knowing(World(), api())
    assert ask(world, planes(world, CPS)) == [("removed-api", "edge/cp-1/cp", GONE)]
    assert ask(world, planes(world, CPS[1:])) == [("removed-api", "edge/cp-2/cp", GONE)]
    assert "policy/v1" in whys(world, planes(world, CPS))[0]


def test_an_api_that_stays_or_is_only_deprecated_or_is_gone_already_is_told_of_nothing() -> None:
    for text in (api("1.32"), api("1.40", deprecated="1.31")):
        world = knowing(World(), text)
        assert ask(world, planes(world, CPS)) == []
    world = knowing(World(), api("1.30"))
    assert ask(world, planes(world, CPS, "1.30.5")) == []
    world = knowing(World(), api())
    assert ask(world, kubelets(world, WS[:1])) == []


def test_the_oldest_api_server_of_the_start_tells_what_is_served() -> None:
    world = knowing(World(), api("1.30"))
    for name in ("cp-2", "cp-3"):
        at(world, name, "1.29.4", only=("kube-apiserver",))
    for name in ("cp-1", "cp-2", "cp-3", "w-1", "w-2", "w-3", "w-4"):
        at(world, name, "1.29.4", only=("kubelet",))
    plan = planes(world, CPS[1:], "1.30.4")
    assert [each for each in ask(world, plan) if each[0] == "removed-api"] == [("removed-api", "edge/cp-2/cp", GONE)]


def test_the_newest_release_of_a_plan_over_two_counts() -> None:
    world = knowing(World(), api("1.32"))
    several = [each for each in ask(world, two_minors(world)) if each[0] == "removed-api"]
    assert several == [("removed-api", "edge/cp-1/cp-1.32.1", GONE)]


def test_an_api_server_of_no_readable_version_does_not_hide_what_goes() -> None:
    world = knowing(World(), api())
    at(world, "cp-1", "new", only=("kube-apiserver",))
    plan = planes(world, CPS[1:])
    rules = [each[0] for each in ask(world, plan)]
    assert rules == ["not-assessable", "removed-api"]
    # Where nobody knows any version of the start, nobody knows what was served.
    for name in ("cp-2", "cp-3"):
        at(world, name, "new", only=("kube-apiserver",))
    assert [each[0] for each in ask(world, plan)] == ["not-assessable"]


def test_a_machine_that_moves_from_no_readable_version_brings_the_release_all_the_same() -> None:
    world = knowing(World(), api())
    plan = planes(world, CPS[:1])
    at(world, "cp-1", "new", only=("kube-apiserver",))
    assert [each for each in ask(world, plan) if each[0] == "removed-api"] == [("removed-api", "edge/cp-1/cp", GONE)]


def test_what_an_object_was_applied_in_counts_as_well() -> None:
    applied = {"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget"}
    world = knowing(World(), api(version="policy/v1beta1"))
    assert ask(world, planes(world, CPS)) == []
    other = budget("old", 1, 1, 0, expected=1, selector={"matchLabels": {"app": "old"}})
    other["metadata"]["annotations"] = {LAST_APPLIED: json.dumps(applied)}
    world.objects.append(other)
    assert ask(world, planes(world, CPS)) == [("removed-api", "edge/cp-1/cp", "PodDisruptionBudget/shop/old")]


# images


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ("dns", ""), ("dns:1.2", "1.2"), ("registry:5000/dns", ""), ("registry:5000/shop/dns:1.2", "1.2"),
        ("registry/dns:1.2@sha256:01", "1.2"), ("registry/dns@sha256:01", ""),
    ],
)  # fmt: skip
def test_the_tag_of_an_image_is_what_stands_behind_its_last_part(image: str, tag: str) -> None:
    assert tag_of(image) == tag


@pytest.mark.parametrize(
    ("image", "component"),
    [
        ("coredns:1.2", "CoreDNS"), ("registry:5000/x/coredns", "CoreDNS"), ("quay.io/cilium/operator:1.2", "cilium"),
        ("quay.io/cilium/coredns:1", "CoreDNS"), ("registry.k8s.io/aws-ebs-csi-driver:1", "AWS EBS CSI driver"),
        ("Registry/Shop/Web:1", "web"), ("cilium/x/web@sha256:01", "cilium"),
    ],
)  # fmt: skip
def test_an_image_is_the_component_that_its_repository_names_from_the_last_part_on(image: str, component: str) -> None:
    world = World()
    known = ["  - " + pairing(name, "*").partition("[")[2].removesuffix("]") for name in ("CoreDNS", "cilium")]
    text = "compatible:\n" + "\n".join(known) + "\n" + edge(component="AWS EBS CSI driver", before="*", after="*")
    given = laid(knowing(world, text), kernels(world).plan())
    assert component_of(given, image) == component


def test_an_image_of_which_nothing_is_known_is_its_last_part() -> None:
    world = World()
    world.knowledge = Knowledge()
    assert component_of(laid(world, kernels(world).plan()), "registry/shop/web:1") == "web"
