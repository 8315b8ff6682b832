"""Inventories: hosts, and what no dump tells of its nodes; laid over a dump, contradictions told with their place."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.changes.state.makings import Item, dump, inventory, machine_of, namespace, node, source, state_of, static

from oakum.changes.state import EtcdMember, Software
from oakum.changes.state.inventory import ClusterEntry, MachineEntry, MemberEntry, SoftwareEntry
from oakum.changes.state.inventory_reading import MAX_BYTES, read_inventory
from oakum.errors import InputError, LimitError, OakumError

HEAD = "format: oakum-inventory/1\n"
HOST = """\
format: oakum-inventory/1
at: 2026-11-28T05:30:00Z
hosts:
  db-1:
    uid: 4f2a
    environment: prod
    region: ""
    tier: 1
    speed: dell-r640
    healthy: yes
    snapshots: no
    labels: {rack: r1}
    software:
      openssl:
        installed: 3.0.15-1
        offers: [3.0.17-1, 3.0.9-1, 3.0.16-1]
        security: [3.0.16-1]
        kept: [3.0.15-1]
        closes: {3.0.16-1: [CVE-2026-1]}
        effect: restart
      linux-image-amd64:
        part: kernel
        installed: 6.1.0-30
        running: 6.1.0-18
        offers: []
      bash: {installed: 5.2.15-2}
"""
NODE = dump(namespace(), node(), read_at="")


def on_node(text: str, **meta: Any) -> str:
    return f"{HEAD}nodes:\n  prod/w-1: {text}\n"


def test_a_host_is_what_its_inventory_says() -> None:
    found = state_of(HOST)
    (host,) = found.machines
    assert (found.at.hour, found.at.minute) == (5, 30)
    assert (host.id, host.uid, host.cluster, host.role, host.speed, host.healthy) == (
        "db-1", "4f2a", "", "", "dell-r640", True,
    )  # fmt: skip
    assert host.facts == {"environment": "prod", "region": "", "tier": "1"}
    assert host.labels == {"rack": "r1"}


def test_software_of_a_host_has_its_offers_in_order_whatever_the_order_of_the_file() -> None:
    openssl = machine_of(HOST, id="db-1").software["openssl"]
    assert openssl == Software(
        installed="3.0.15-1", effect="restart", offers=("3.0.9-1", "3.0.16-1", "3.0.17-1"), kept=("3.0.15-1",),
        closes={"3.0.16-1": ("CVE-2026-1",)}, security=("3.0.16-1",),
    )  # fmt: skip


def test_an_installed_kernel_waits_for_its_reboot() -> None:
    kernel = machine_of(HOST, id="db-1").software["linux-image-amd64"]
    assert (kernel.current, kernel.installed, kernel.effect) == ("6.1.0-18", "6.1.0-30", "reboot")


def test_a_host_of_which_nothing_is_said_is_not_cordoned_cannot_be_copied_and_is_not_ours() -> None:
    host = machine_of(f"{HEAD}hosts: {{h: {{uid: u}}}}", id="h")
    assert (host.healthy, host.cordoned, host.snapshots, host.ours, host.boot_id) == (None, False, False, False, "")


def test_words_of_a_host_are_kept_as_they_stand() -> None:
    said = "{uid: u, boot_id: b, pool: db, image: golden-7, ours: yes, cordoned: yes, healthy: no}"
    host = machine_of(f"{HEAD}hosts: {{h: {said}}}", id="h")
    assert (host.boot_id, host.pool, host.image, host.ours, host.cordoned, host.healthy) == (
        "b", "db", "golden-7", True, True, False,
    )  # fmt: skip


def test_versions_of_a_host_compare_as_it_says_or_as_its_part_does() -> None:
    software = machine_of(
        f"{HEAD}hosts: {{h: {{uid: u, software: {{a: {{installed: 1-1, ecosystem: rpm}}, b: {{installed: 1-1}}, "
        "k: {installed: v1.30.2, part: kubelet}, m: {installed: off, part: remediation, offers: [on, half]}}}}",
        id="h",
    ).software
    assert [software[name].ecosystem for name in "abkm"] == ["rpm", "deb", "kubernetes", ""]
    # Nobody can order the states of a remediation: they stay in the order that was given.
    assert software["m"].offers == ("on", "half")


def test_no_offers_and_unknown_offers_are_two_things() -> None:
    software = machine_of(HOST, id="db-1").software
    assert software["linux-image-amd64"].offers == ()
    assert software["bash"].offers is None


def test_an_empty_fact_is_known_to_be_nothing_and_a_missing_one_is_not_known() -> None:
    target = machine_of(HOST, id="db-1").target("packages", "reversible")
    assert (target.region, target.tier) == ("", "1")
    assert machine_of(f"{HEAD}hosts: {{h: {{uid: u}}}}", id="h").target("packages", "reversible").region is None


def test_an_inventory_adds_to_a_node_what_the_dump_cannot_tell() -> None:
    found = machine_of(NODE, on_node("{snapshots: yes, software: {kubelet: {offers: [v1.31.4], kept: [v1.30.2]}}}"))
    assert found.snapshots
    assert found.software["kubelet"].installed == "v1.30.2"
    assert found.software["kubelet"].part == "kubelet"
    assert found.software["kubelet"].offers == ("v1.31.4",)
    assert found.software["containerd"].offers is None


def test_an_inventory_says_whom_people_keep_away() -> None:
    assert machine_of(NODE, on_node("{kept_away: [kured, cluster-api]}")).kept_away == ("cluster-api", "kured")
    marked = dump(namespace(), node(annotations={"oakum.dev/kept-away": "kured"}), read_at="")
    assert machine_of(marked, on_node("{kept_away: [cluster-api]}")).kept_away == ("cluster-api", "kured")
    with pytest.raises(InputError, match="'kurd' is none of the actors that people keep away"):
        machine_of(NODE, on_node("{kept_away: [kurd]}"))


def test_the_running_kernel_of_a_node_may_be_older_than_the_installed_one() -> None:
    found = machine_of(NODE, on_node("{software: {kernel: {installed: 6.1.0-30-amd64, offers: []}}}")).software[
        "kernel"
    ]
    assert (found.current, found.installed) == ("6.1.0-18-amd64", "6.1.0-30-amd64")


def test_packages_of_a_node_come_from_its_inventory() -> None:
    found = machine_of(NODE, on_node("{software: {openssl: {installed: 3.0.15-1}}}"))
    assert found.software["openssl"] == Software(installed="3.0.15-1")


def test_what_an_inventory_repeats_of_a_dump_changes_nothing() -> None:
    said = (
        "{uid: uid-w-1, boot_id: boot-w-1, healthy: yes, cordoned: no, software: {"
        "kubelet: {part: kubelet, installed: v1.30.2, running: v1.30.2, ecosystem: kubernetes, effect: restart}, "
        "kernel: {running: 6.1.0-18-amd64}, containerd: {installed: 1.7.20}}}"
    )
    assert machine_of(NODE, on_node(said)) == machine_of(NODE)


def test_an_inventory_leaves_alone_what_it_does_not_speak_of() -> None:
    cordoned = node(ready="False")
    cordoned["spec"] = {"unschedulable": True}
    found = machine_of(dump(namespace(), cordoned), on_node("{snapshots: yes}"))
    assert (found.snapshots, found.healthy, found.cordoned, found.boot_id) == (True, False, True, "boot-w-1")


def test_an_inventory_knows_better_how_the_kernel_of_a_node_compares_and_takes_effect() -> None:
    kernel = machine_of(NODE, on_node("{software: {kernel: {ecosystem: apk, effect: restart}}}")).software["kernel"]
    assert (kernel.ecosystem, kernel.effect, kernel.installed) == ("apk", "restart", "6.1.0-18-amd64")


OFFERS = f"""\
{HEAD}
offers:
  - for: {{cluster: prod, pool: general}}
    software:
      kubelet: {{offers: [v1.31.4]}}
  - when: node_role == "worker"
    software:
      kubelet: {{offers: [v1.30.5], kept: [v1.30.2]}}
      nginx: {{offers: ["1.27"]}}
"""


def test_offers_for_many_machines_alike() -> None:
    """The first that is for a machine counts, and only for software that it has."""
    general = dump(namespace(), node(labels={"oakum.dev/pool": "general"}))
    assert machine_of(general, OFFERS).software["kubelet"].offers == ("v1.31.4",)
    assert machine_of(NODE, OFFERS).software["kubelet"].offers == ("v1.30.5",)
    assert machine_of(NODE, OFFERS).software["kubelet"].kept == ("v1.30.2",)
    assert "nginx" not in machine_of(NODE, OFFERS).software


def test_what_a_machine_says_of_itself_counts_before_what_is_said_of_many() -> None:
    own = on_node("{software: {kubelet: {offers: [v1.30.9]}}}")
    assert machine_of(NODE, OFFERS, own).software["kubelet"].offers == ("v1.30.9",)
    assert machine_of(NODE, OFFERS, on_node("{software: {kubelet: {offers: []}}}")).software["kubelet"].offers == ()


def test_what_is_said_of_many_about_an_offer_goes_with_the_offer() -> None:
    """A machine with offers of its own keeps its own word of what they close, bring and are good for as well."""
    many = (
        "offers: [6.1.0-20], kept: [6.1.0-19], security: [6.1.0-20], closes: {6.1.0-20: [CVE-1]}, "
        "packages: {6.1.0-20: [a=1]}"
    )
    offers = f"{HEAD}offers: [{{for: {{cluster: prod}}, software: {{kernel: {{{many}}}}}}}]\n"
    of_many = machine_of(NODE, offers).software["kernel"]
    assert (of_many.offers, of_many.kept, of_many.security) == (("6.1.0-20",), ("6.1.0-19",), ("6.1.0-20",))
    assert (of_many.closes, of_many.packages) == ({"6.1.0-20": ("CVE-1",)}, {"6.1.0-20": ("a=1",)})
    own = on_node(
        "{software: {kernel: {offers: [6.1.0-21], security: [], closes: {6.1.0-21: []}, packages: {6.1.0-21: [b=2]}}}}"
    )
    kept = machine_of(NODE, offers, own).software["kernel"]
    assert (kept.offers, kept.kept, kept.security) == (("6.1.0-21",), ("6.1.0-19",), ())
    assert (kept.closes, kept.packages) == ({"6.1.0-21": ()}, {"6.1.0-21": ("b=2",)})
    unmoved = machine_of(NODE, offers, on_node("{software: {kernel: {kept: [6.1.0-17]}}}")).software["kernel"]
    assert (unmoved.offers, unmoved.kept) == (("6.1.0-20",), ("6.1.0-17",))


def test_offers_whose_scope_asks_for_a_fact_that_is_not_known_are_for_nobody() -> None:
    asked = OFFERS.replace("cluster: prod, pool: general", "environment: prod").partition("  - when")[0]
    assert machine_of(NODE, asked).software["kubelet"].offers is None


CLUSTER = f"""\
{HEAD}
clusters:
  prod:
    uid: ns-kube-system
    environment: prod
    region: eu
    tier: 2
    etcd:
      m-1: {{machine: w-1, healthy: yes}}
      m-2: {{learner: yes}}
"""


def test_an_inventory_states_the_facts_and_the_etcd_of_a_cluster() -> None:
    state = state_of(NODE, CLUSTER)
    (cluster,) = state.clusters
    assert cluster.facts == {"environment": "prod", "region": "eu", "tier": "2"}
    assert cluster.etcd == (
        EtcdMember(name="m-1", machine="prod/w-1", healthy=True), EtcdMember(name="m-2", learner=True),
    )  # fmt: skip
    assert state.machines[0].facts == cluster.facts


@pytest.mark.parametrize(("said", "managed"), [("{managed: yes}", True), ("{managed: no}", False), ("{tier: 1}", True)])
def test_an_inventory_may_say_who_runs_the_control_plane(said: str, managed: bool) -> None:
    assert state_of(NODE, f"{HEAD}clusters: {{prod: {said}}}\n").clusters[0].managed is managed


def test_facts_for_conditions_are_read_in_the_form_that_each_has() -> None:
    facts = (
        "{control_plane: kubeadm, selinux: yes, etcd_auth: no, pod_security_policies: 3, etcd_members: , "
        "kernels: [], runtimes: [containerd, cri-o], cgroup_versions: v2, colour: blue}"
    )
    assert state_of(NODE, f"{HEAD}clusters: {{prod: {{facts: {facts}}}}}\n").clusters[0].facts == {
        "control_plane": "kubeadm", "selinux": "true", "etcd_auth": "false", "pod_security_policies": "3",
        "etcd_members": "0", "kernels": "", "runtimes": "containerd, cri-o", "cgroup_versions": "v2", "colour": "blue",
    }  # fmt: skip


def test_facts_of_a_cluster_are_those_of_its_own_machines_only() -> None:
    stage = source(dump(namespace(uid="ns-stage"), node("s-1"), read_at=""), "stage")
    state = state_of(source(NODE), stage, CLUSTER, f"{HEAD}hosts: {{h: {{uid: u}}}}\n")
    assert state.by_id["prod/w-1"].facts["environment"] == "prod"
    assert state.by_id["stage/s-1"].facts == state.by_id["h"].facts == {}
    assert {name: [each.name for each in several] for name, several in state.by_cluster.items()} == {
        "": ["h"], "prod": ["w-1"], "stage": ["s-1"],
    }  # fmt: skip


def test_a_node_keeps_the_facts_that_it_states_itself() -> None:
    own = dump(namespace(), node(annotations={"oakum.dev/region": "lab"}))
    assert state_of(own, CLUSTER).machines[0].facts == {"environment": "prod", "region": "lab", "tier": "2"}


def test_a_region_in_words_of_the_site_counts_before_the_label_of_a_provider() -> None:
    labelled = dump(namespace(), node(labels={"topology.kubernetes.io/region": "eu-west-1"}))
    assert machine_of(labelled).facts["region"] == "eu-west-1"
    assert machine_of(labelled, CLUSTER).facts["region"] == "eu"


def test_etcd_that_an_inventory_states_is_no_gap() -> None:
    own = dump(namespace(), node(control=True))
    assert any("etcd" in gap.what for gap in state_of(own).gaps)
    assert not any("etcd" in gap.what for gap in state_of(own, CLUSTER).gaps)


def test_a_node_that_the_dump_does_not_have_is_a_gap() -> None:
    state = state_of(NODE, f"{HEAD}nodes: {{prod/w-9: {{snapshots: yes}}}}\n")
    (gap,) = [each for each in state.gaps if "w-9" in each.what]
    assert (gap.kind, gap.asset) == ("incomplete-inventory", "prod")


# Contradictions


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("{uid: other}", "nodes.prod/w-1.uid: the machine has the uid uid-w-1"),
        ("{boot_id: other}", "nodes.prod/w-1.boot_id: the node reports the boot id boot-w-1"),
        ("{software: {kubelet: {installed: v1.29.1}}}", "kubelet.installed: the dump shows v1.30.2"),
        ("{software: {kernel: {running: 6.1.0-30-amd64}}}", "kernel.running: 6.1.0-18-amd64 is in effect by the dump"),
        ("{software: {kubelet: {part: package}}}", "kubelet.part: the dump shows it as kubelet"),
        ("{software: {openssl: {offers: [1-1]}}}", "openssl.installed: nobody has told which version is installed"),
    ],
)
def test_what_contradicts_the_dump_is_an_error_at_its_field(entry: str, says: str) -> None:
    with pytest.raises(InputError) as raised:
        state_of(NODE, on_node(entry))
    assert says in str(raised.value)
    assert "inventory-1.yaml" in str(raised.value)
    assert raised.value.remedy


def test_a_node_that_is_not_ready_or_is_cordoned_is_not_talked_into_health() -> None:
    sick = dump(namespace(), node(ready="False"))
    cordoned = node()
    cordoned["spec"] = {"unschedulable": True}
    for given_, entry in ((sick, "{healthy: yes}"), (dump(namespace(), cordoned), "{cordoned: no}")):
        with pytest.raises(InputError, match="the dump tells it"):
            state_of(given_, on_node(entry))
    # The other way round somebody knows more than the API.
    assert machine_of(NODE, on_node("{healthy: no}")).healthy is False


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("clusters: {stage: {tier: 1}}", "no dump brings a cluster stage"),
        ("clusters: {prod: {uid: other}}", "the cluster prod has the uid ns-kube-system"),
        ("clusters: {prod: {etcd: {m: {machine: w-9}}}}", "there is no node w-9"),
        ("nodes: {stage/w-1: {snapshots: yes}}", "no dump brings the cluster stage"),
        ("clusters: {prod: {uid: ns-kube-system}, other: {uid: ns-kube-system}}", "its uid is that of other as well"),
    ],
)
def test_an_inventory_of_something_that_nobody_brings_is_an_error(text: str, says: str) -> None:
    with pytest.raises(InputError) as raised:
        state_of(NODE, f"{HEAD}{text}\n")
    assert says in str(raised.value)
    assert raised.value.remedy


@pytest.mark.parametrize("text", ["clusters: {stage: {tier: 1}}", "nodes: {stage/w-1: {tier: 1}}"])
def test_who_names_a_cluster_that_nobody_brings_is_told_those_that_there_are(text: str) -> None:
    other = source(dump(namespace(uid="ns-eu"), node("e-1")), "eu")
    for given_, known in (((source(NODE), other), "eu, prod"), ((), "none")):
        with pytest.raises(InputError, match="no dump brings") as raised:
            state_of(*given_, f"{HEAD}{text}\n")
        assert raised.value.remedy.endswith(f"--from stage=FILE; the clusters are {known}")


def test_a_cluster_is_not_in_two_environments() -> None:
    said = dump(namespace(annotations={"oakum.dev/environment": "staging"}), node())
    with pytest.raises(InputError, match="environment is 'staging' in the cluster's own words and 'prod' here"):
        state_of(said, CLUSTER)


@pytest.mark.parametrize(
    "key", ["hosts: {h: {uid: u, tier: %d}}", "nodes: {prod/w-1: {tier: %d}}", "clusters: {prod: {tier: %d}}"]
)
def test_two_inventories_agree_or_are_an_error(key: str) -> None:
    one, other = (f"{HEAD}{key % tier}\n" for tier in (1, 2))
    assert state_of(NODE, one, one).digest == state_of(NODE, one).digest
    with pytest.raises(InputError, match=r"stands in inventory-1\.yaml too"):
        state_of(NODE, one, other)


# The form of the file


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "this is no mapping"),
        ("just words", "this is no mapping"),
        ("hosts: {}", "format is missing"),
        (
            "format: oakum-inventory/2\nhosts: {h: {uid: u}}",
            "x.yaml:1: format: format 'oakum-inventory/2'",
        ),
        (HEAD, "the inventory says nothing"),
        (f"{HEAD}host: {{h: {{uid: u}}}}", "x.yaml:2: host: unknown section 'host'"),
        (f"{HEAD}hosts: [a, b]", "hosts is no mapping"),
        (f"{HEAD}hosts:\n  h: {{}}", "hosts.h.uid: uid is missing"),
        (f"{HEAD}hosts:\n  h:\n    uid: u\n    helthy: yes", "x.yaml:5: hosts.h.helthy"),
        (
            f"{HEAD}hosts:\n  h:\n    uid: u\n    healthy: perhaps",
            "x.yaml:5: hosts.h.healthy: healthy cannot",
        ),
        (f"{HEAD}hosts:\n  h:\n    uid: u\n    tier: 5", "tier cannot be '5'"),
        (f"{HEAD}hosts:\n  h:\n    uid: u\n    software: {{a: {{}}}}", "hosts.h.software.a.installed"),
        (f"{HEAD}hosts: {{h: {{uid: u, software: {{a: {{installed: 1, part: disk}}}}}}}}", "part cannot be 'disk'"),
        (f"{HEAD}hosts: {{h: {{uid: u, software: {{a: {{installed: 1, ecosystem: dos}}}}}}}}", "no order of versions"),
        (
            f"{HEAD}hosts: {{h: {{uid: u, software: {{a: {{installed: 1, offers: {{}}}}}}}}}}",
            "offers is no list",
        ),
        (f"{HEAD}hosts: {{h: {{uid: u}}, h: {{uid: v}}}}", "the key 'h' stands twice"),
        (f"{HEAD}nodes: {{w-1: {{tier: 1}}}}", "'w-1' is no node"),
        (f"{HEAD}hosts: {{prod/w-1: {{uid: u}}}}", "'prod/w-1' is no name"),
        (f"{HEAD}clusters: {{a/b: {{tier: 1}}}}", "'a/b' is no name"),
        (f"{HEAD}nodes: {{/w-1: {{tier: 1}}}}", "'/w-1' is no node"),
        (f"{HEAD}nodes: {{prod/: {{tier: 1}}}}", "'prod/' is no node"),
        (f"{HEAD}nodes: {{prod/a/b: {{tier: 1}}}}", "'prod/a/b' is no node"),
        (f"{HEAD}hosts: {{'': {{uid: u}}}}", "'' is no name"),
        (f'{HEAD}hosts: {{"a\\tb": {{uid: u}}}}', "'a\\tb' is no name"),
        (f"{HEAD}hosts: {{{'n' * 254}: {{uid: u}}}}", "is no name"),
        (f"{HEAD}hosts: {{h: words}}", "x.yaml:2: hosts.h: this is no mapping"),
        (f"{HEAD}clusters: {{c: {{tears: 1}}}}", "clusters.c.tears: unknown field 'tears'"),
        (f"{HEAD}clusters: {{c: {{etcd: {{m: {{lerner: yes}}}}}}}}", "c.etcd.m.lerner: unknown field 'lerner'"),
        (
            f"{HEAD}hosts: {{h: {{uid: u, software: {{a: {{installed: 1, ofers: []}}}}}}}}",
            "h.software.a.ofers: unknown field 'ofers'",
        ),
        (f"{HEAD}offers: [{{software: {{a: {{offers: []}}}}, wen: x}}]", "offers[1].wen: unknown field 'wen'"),
        (f"{HEAD}clusters: {{c: {{facts: {{tier: 2}}}}}}", "c.facts.tier: tier is a field of its own"),
        (f"{HEAD}clusters: {{c: {{facts: {{selinux: maybe}}}}}}", "c.facts.selinux: selinux cannot be 'maybe'"),
        (f"{HEAD}clusters: {{c: {{facts: {{control_plane: [a, b]}}}}}}", "control_plane is no plain text"),
        (f"{HEAD}clusters: {{c: {{facts: {{etcd_members: few}}}}}}", "c.facts.etcd_members: etcd_members cannot be"),
        (f"{HEAD}hosts: {{h: {{uid: u, labels: {{rack: [a]}}}}}}", "hosts.h.labels.rack: rack is no plain text"),
        (
            f"{HEAD}hosts: {{h: {{uid: u, software: {{a: {{installed: 1, closes: {{2: {{}}}}}}}}}}}}",
            "h.software.a.closes.2: 2 is no list",
        ),
        (f"{HEAD}clusters: {{c: {{listed: [Pods]}}}}", "'Pods' is no kind that a plan asks for"),
        (f"{HEAD}at: yesterday\nhosts: {{h: {{uid: u}}}}", "'yesterday' is no time with a zone"),
        (f"{HEAD}at: 2026-11-28T05:30:00\nhosts: {{h: {{uid: u}}}}", "is no time with a zone"),
        (
            f"{HEAD}offers: [{{for: {{change: kernel}}, software: {{a: {{offers: []}}}}}}]",
            "change is no fact of a",
        ),
        (f"{HEAD}offers: [{{for: {{pool: a}}}}]", "software is missing"),
        (f"{HEAD}hosts: &a {{h: {{uid: u}}}}\nnodes: *a", "an alias"),
        (f"{HEAD}hosts: {{h: !!python/object:os.system {{}}}}", "a tag"),
        (f"{HEAD}hosts: {{h: {{uid: u}}", "not valid YAML"),
        (f"{HEAD}---\n{HEAD}", "several documents"),
    ],
)
def test_bad_inventories_are_refused_with_their_place(text: str, says: str) -> None:
    with pytest.raises(InputError) as raised:
        inventory(text, "x.yaml")
    assert says in str(raised.value)
    assert "x.yaml" in str(raised.value)
    assert raised.value.remedy


def test_a_word_that_is_none_of_a_few_is_answered_with_them() -> None:
    with pytest.raises(InputError) as raised:
        inventory(f"{HEAD}hosts: {{h: {{uid: u, tier: 5}}}}")
    assert raised.value.remedy == "one of 1, 2, 3, 4"


def test_a_name_has_as_many_characters_as_kubernetes_allows_and_may_have_nothing_said_of_it() -> None:
    longest = "n" * 253
    assert inventory(f"{HEAD}nodes:\n  prod/w-1:\nhosts: {{{longest}: {{uid: u}}}}").hosts.keys() == {longest}
    assert inventory(f"{HEAD}nodes:\n  prod/w-1:\n").nodes == {"prod/w-1": MachineEntry()}


@pytest.mark.parametrize(("levels", "deep"), [(8, False), (9, True)])
def test_an_inventory_nests_no_deeper_than_it_has_to(levels: int, deep: bool) -> None:
    nested = "x"
    for _ in range(levels - 1):
        nested = f"{{a: {nested}}}"
    with pytest.raises(OakumError) as raised:
        inventory(f"{HEAD}hosts: {nested}")
    assert isinstance(raised.value, LimitError) is deep


def test_an_inventory_that_is_too_large_is_refused_before_it_is_read() -> None:
    assert MAX_BYTES == 67_108_864
    with pytest.raises(LimitError, match="larger than 64 MiB"):
        read_inventory(b"#" * (MAX_BYTES + 1), "x.yaml")


def test_an_inventory_may_be_json() -> None:
    found = inventory(json.dumps({"format": "oakum-inventory/1", "hosts": {"h": {"uid": "u", "healthy": True}}}))
    assert found.hosts["h"] == MachineEntry(uid="u", healthy=True)


WORDS = st.text("abc019.-", min_size=1, max_size=6).filter(lambda text: text.strip() == text)
LISTS = st.none() | st.lists(WORDS, max_size=3, unique=True).map(tuple)
SOFTWARE = st.builds(
    SoftwareEntry, installed=WORDS, running=WORDS, offers=LISTS, kept=LISTS, security=LISTS,
    part=st.sampled_from([None, "package", "kernel", "kubelet"]), effect=st.sampled_from([None, "reboot", "at-once"]),
    ecosystem=st.sampled_from(["", "deb", "rpm"]),
    closes=st.none() | st.dictionaries(WORDS, WORDS.map(lambda each: (each,)), max_size=2),
)  # fmt: skip
FLAG, WORD = st.none() | st.booleans(), st.none() | WORDS | st.just("")
MACHINES = st.builds(
    MachineEntry, uid=WORDS, environment=WORD, region=WORD, tier=st.sampled_from([None, "", "1", "4"]), pool=WORD,
    speed=WORD, labels=st.dictionaries(WORDS, WORDS, max_size=2), healthy=FLAG, cordoned=FLAG, boot_id=WORDS,
    snapshots=FLAG, image=WORD, ours=FLAG, software=st.dictionaries(WORDS, SOFTWARE, max_size=3),
)  # fmt: skip
CLUSTERS = st.builds(
    ClusterEntry, uid=WORDS, environment=WORD, region=WORD, tier=st.sampled_from([None, "", "2"]), managed=FLAG,
    etcd=st.none() | st.dictionaries(WORDS, st.builds(MemberEntry, machine=WORDS, learner=st.booleans(), healthy=FLAG)),
    listed=st.sampled_from([(), ("all",), ("Pod", "Node")]),
)  # fmt: skip


@given(
    clusters=st.dictionaries(WORDS, CLUSTERS, max_size=2),
    hosts=st.dictionaries(WORDS, MACHINES, min_size=1, max_size=3),
)
def test_the_reader_knows_every_field_of_the_format(
    clusters: dict[str, ClusterEntry], hosts: dict[str, MachineEntry]
) -> None:
    """What the types write the reader reads back, so the schema made of them is the one that is read."""
    written: Item = {
        "format": "oakum-inventory/1",
        "clusters": msgspec.to_builtins(clusters),
        "hosts": msgspec.to_builtins(hosts),
    }
    read = inventory(json.dumps(written))
    assert (read.clusters, read.hosts) == (clusters, hosts)


def test_a_static_pods_version_is_no_matter_of_an_inventory() -> None:
    shown = dump(namespace(), node(control=True), static("kube-apiserver", "v1.30.2", "w-1"))
    found = machine_of(shown, on_node("{software: {kube-apiserver: {offers: [v1.31.4]}}}")).software["kube-apiserver"]
    assert (found.part, found.offers) == ("control-plane", ("v1.31.4",))
