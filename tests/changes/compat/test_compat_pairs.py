"""Which versions run beside which Kubernetes: by hand from the sources, for one question and for states of a plan."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.changes.compat import Compatibility, Installed, Knowledge, Pair, joined, pairs_of, read
from oakum.local.compat import shipped

SHIPPED = Compatibility(shipped())
YES, NO, UNKNOWN = "compatible", "incompatible", "unknown"

#: component, version, Kubernetes, answer; by hand from the tables of the projects.
TABLE = [
    # github.com/containerd/containerd, RELEASES.md, "Kubernetes Support"
    ("containerd", "1.6.36", "1.32", YES),
    ("containerd", "1.6.35", "1.32", UNKNOWN),
    ("containerd", "1.7.24", "v1.32.11", YES),
    ("containerd", "1.7.23", "1.32", UNKNOWN),
    ("containerd", "2.0.1", "1.32", YES),
    ("containerd", "2.0.0", "1.32", UNKNOWN),
    ("containerd", "2.1.0", "1.32", YES),
    ("containerd", "2.0.4", "1.33", YES),
    ("containerd", "2.0.3", "1.33", UNKNOWN),
    ("containerd", "1.7.28", "1.34", YES),
    ("containerd", "2.1.2", "1.34", UNKNOWN),
    ("containerd", "2.2.0", "1.35", YES),
    ("containerd", "1.6.40", "1.35", UNKNOWN),
    ("containerd", "2.3.1", "1.36", YES),
    ("containerd", "1.7.30", "1.36", UNKNOWN),
    ("containerd", "2.4.2", "1.37", YES),
    ("containerd", "1.6.15", "1.26", YES),
    ("containerd", "1.7.11", "1.29", YES),
    ("containerd", "1.7.10", "1.29", UNKNOWN),
    ("containerd", "1.7.0", "1.24", YES),
    ("containerd", "1.7.0-rc.1", "1.24", UNKNOWN),
    # Kubernetes 1.26 speaks CRI v1 only, containerd 2.0 as well
    ("containerd", "1.5.18", "1.26.0", NO),
    ("containerd", "1.5.18", "1.25.9", UNKNOWN),
    ("containerd", "2.0.0", "1.22.9", NO),
    ("containerd", "2.0.0", "1.23.0", UNKNOWN),
    # as nodes and images write versions
    ("containerd", "containerd://1.7.24", "v1.32.3-eks-ae9a62a", YES),
    ("containerd", "containerd://1.7.24~ds1", "v1.32.3+k3s1", YES),
    ("etcd", "3.5.24-0", "v1.33.1", YES),
    ("coredns", "v1.11.3-eksbuild.1", "1.31.9", YES),
    # the minor versions of CRI-O follow those of Kubernetes
    ("CRI-O", "1.30.4", "1.30.9", YES),
    ("cri-o", "cri-o://1.30.4", "1.30.9", YES),
    ("cri-o", "1.30.4", "1.31.0", UNKNOWN),
    # kubeadm, cmd/kubeadm/app/constants
    ("etcd", "3.5.6", "1.25", YES),
    ("etcd", "3.4.13", "1.28", YES),
    ("etcd", "3.4.12", "1.28", NO),
    ("etcd", "3.3.27", "1.37.1", NO),
    ("etcd", "3.5.24", "1.34", YES),
    ("etcd", "3.6.5", "1.34", YES),
    ("etcd", "3.6.5", "1.33", UNKNOWN),
    ("etcd", "3.5.23", "1.34", UNKNOWN),
    ("etcd", "3.7.0", "1.36", UNKNOWN),
    ("etcd", "3.7.0", "1.37", YES),
    ("etcd", "3.6.0-rc.1", "1.33", UNKNOWN),
    # github.com/coredns/deployment, CoreDNS-k8s_version.md, and kubeadm
    ("CoreDNS", "1.6.2", "1.16", YES),
    ("CoreDNS", "1.7.0", "1.20", YES),
    ("CoreDNS", "1.8.6", "1.24", YES),
    ("CoreDNS", "1.12.1", "1.34", YES),
    ("CoreDNS", "1.12.0", "1.34", UNKNOWN),
    ("CoreDNS", "1.14.6", "1.37", YES),
    # requirements of Calico, Cilium, Flannel
    ("Calico", "v3.29.1", "1.31", YES),
    ("Calico", "v3.29.1", "1.28", UNKNOWN),
    ("Calico", "v3.29.1", "1.20.15", NO),
    ("Calico", "v3.30.2", "1.33", YES),
    ("Calico", "v3.33.0", "1.37", YES),
    ("Cilium", "1.17.4", "1.29", YES),
    ("Cilium", "1.17.4", "1.33", UNKNOWN),
    ("Cilium", "1.20.1", "1.36", YES),
    ("Flannel", "v0.28.1", "1.16.9", UNKNOWN),
    ("Flannel", "v0.28.1", "1.37", YES),
    ("Flannel", "v0.28.1", "1.38", UNKNOWN),
    # drivers
    ("Azure Disk CSI driver", "v1.29.5", "1.28", YES),
    ("Azure Disk CSI driver", "v1.29.5", "1.20", NO),
    ("GCE PD CSI driver", "v1.12.3", "1.29", YES),
    ("GCE PD CSI driver", "v1.12.3", "1.30", UNKNOWN),
    ("vSphere CSI driver", "v3.8.0", "1.36", YES),
    ("vSphere CSI driver", "v2.0.0", "1.15", NO),
    ("AWS EBS CSI driver", "v1.16.0", "1.16", NO),
    ("AWS EBS CSI driver", "v1.55.0", "1.35", UNKNOWN),
    # whatever nobody speaks of
    ("containerd", "1.7.24", "1.99", UNKNOWN),
    ("containerd", "99.0.0", "1.32", UNKNOWN),
    ("Weave Net", "2.8.1", "1.32", UNKNOWN),
    ("containerd", "", "1.32", UNKNOWN),
    ("containerd", "1.7.24", "", UNKNOWN),
    ("containerd", "latest", "1.32", UNKNOWN),
    ("containerd", "1.7.24", "2.0", UNKNOWN),
]


@pytest.mark.parametrize(("component", "version", "kubernetes", "answer"), TABLE)
def test_a_row_of_the_tables(component: str, version: str, kubernetes: str, answer: str) -> None:
    verdict = SHIPPED.compatible(component, version, kubernetes)
    assert verdict.answer == answer, verdict.why
    assert verdict.why
    assert (verdict.source is None) == (answer == UNKNOWN)


@pytest.mark.parametrize(
    ("component", "version", "kubernetes", "why"),
    [
        ("containerd", "latest", "1.32", "'latest' is no version of containerd"),
        ("containerd", "", "1.32", "the version of containerd is missing"),
        ("containerd", "1.7.24", "new", "'new' is no version of Kubernetes"),
        ("containerd", "1.7.24", "", "the version of Kubernetes is missing"),
        # Another version would not help.
        ("Weave Net", "2.8.1", "1.32", "no source tells which Kubernetes Weave Net runs beside"),
        ("Weave Net", "latest", "", "no source tells which Kubernetes Weave Net runs beside"),
    ],
)
def test_unknown_says_what_is_not_known(component: str, version: str, kubernetes: str, why: str) -> None:
    assert SHIPPED.compatible(component, version, kubernetes).why == why


def test_a_line_is_judged_only_where_all_of_it_is_alike() -> None:
    assert SHIPPED.compatible("containerd", "1.5", "1.30").answer == NO
    assert SHIPPED.compatible("CRI-O", "1.30", "1.30").answer == YES
    vague = SHIPPED.compatible("containerd", "1.7", "1.32")
    assert vague.answer == UNKNOWN
    assert "not precise enough" in vague.why


SITE = b"""
version: 1
compatible:
  - component: Calico
    versions: ["3.29.1"]
    kubernetes: "1.33"
    answer: compatible
    why: we run it
    source: https://wiki.example.org/calico
    read: 2026-11-01
  - component: containerd
    versions: ["1.7.27"]
    kubernetes: "1.32"
    answer: incompatible
    why: it breaks our GPUs
    source: https://wiki.example.org/gpu
    read: 2026-11-01
"""


def test_a_site_comes_before_what_ships_and_only_where_it_speaks() -> None:
    mine = Compatibility(joined(read(SITE, "site.yaml"), shipped()))
    assert mine.compatible("calico", "v3.29.1", "1.33.2").why == "we run it"
    assert mine.compatible("containerd", "1.7.27", "1.32.1").answer == NO
    assert mine.compatible("containerd", "1.7.26", "1.32.1").answer == YES
    # The site speaks of one release of the line only, so the line as a whole is unknown.
    assert mine.compatible("containerd", "1.7.27", "1.32").answer == NO
    assert mine.compatible("calico", "3.29", "1.33").answer == UNKNOWN


def test_only_entries_about_both_versions_count() -> None:
    entry = """
  - {component: x, versions: ["%s"], kubernetes: "%s", answer: compatible, why: w, source: "https://example.org/x",
     read: 2026-11-24}"""
    one, other = entry % (">=1.7.5", "1.30"), entry % ("1.7", "1.31")
    mine = Compatibility(read(f"version: 1\ncompatible:{one}{other}\n".encode(), "site.yaml"))
    assert mine.compatible("x", "1.7", "1.31").answer == YES
    assert mine.compatible("x", "1.7", "1.30").answer == UNKNOWN
    part = Compatibility(read(f"version: 1\ncompatible:{entry % ('1.7', '>=1.30.5 <1.31')}\n".encode(), "site.yaml"))
    assert part.compatible("x", "1.7.1", "1.30").answer == UNKNOWN
    assert part.compatible("x", "1.7.1", "1.30.4").answer == UNKNOWN
    assert part.compatible("x", "1.7.1", "1.30.5").answer == YES


def test_what_stands_beside_what() -> None:
    state = [
        Installed("kube-apiserver", "v1.31.2", "cp1"),
        Installed("kube-apiserver", "v1.32.0", "cp2"),
        Installed("kube-scheduler", "v1.31.2", "cp1"),
        Installed("kubelet", "v1.30.4", "n1"),
        Installed("kubelet", "v1.31.2", "n2"),
        Installed("containerd", "1.7.13", "n1"),
        Installed("containerd", "1.7.13", "n2"),
        Installed("containerd", "1.7.13", "n3"),
        Installed("CoreDNS", "1.11.3"),
    ]
    assert pairs_of(state) == Counter(
        {
            Pair("containerd", "1.7.13", "v1.30.4"): 1,
            Pair("containerd", "1.7.13", "v1.31.2"): 1,
            # Nobody knows the kubelet of n3.
            Pair("containerd", "1.7.13", ""): 1,
            # While the control plane is rolled, both of its versions count.
            Pair("CoreDNS", "1.11.3", "v1.31.2"): 1,
            Pair("CoreDNS", "1.11.3", "v1.32.0"): 1,
        }
    )


def test_a_state_is_judged_by_its_pairs() -> None:
    state = [
        Installed("kube-apiserver", "v1.26.2", "cp1"),
        Installed("kubelet", "v1.26.4", "n1"),
        Installed("containerd", "1.5.18", "n1"),
        Installed("kubelet", "v1.26.4", "n2"),
        Installed("containerd", "1.6.20", "n2"),
        Installed("etcd", "3.5.12", "cp1"),
        Installed("Longhorn", "1.5.1"),
    ]
    judged = SHIPPED.judge(pairs_of(state))
    assert [each.pair for each in judged.violations] == [Pair("containerd", "1.5.18", "v1.26.4")]
    assert judged.violations[0].verdict.source is not None
    assert [each.pair.component for each in judged.unknown] == ["Longhorn"]


def test_a_state_without_api_servers_is_unknown_throughout() -> None:
    judged = SHIPPED.judge(pairs_of([Installed("etcd", "3.5.12"), Installed("CoreDNS", "1.11.3")]))
    assert judged.violations == ()
    assert len(judged.unknown) == 2


NUMBERS = st.integers(0, 40)
VERSIONS = st.one_of(
    st.tuples(st.integers(0, 4), NUMBERS, NUMBERS).map(lambda n: ".".join(map(str, n))),
    st.tuples(st.integers(0, 4), NUMBERS).map(lambda n: ".".join(map(str, n))),
    st.sampled_from([version for _, version, _, _ in TABLE]),
    st.text(max_size=8),
)
NAMES = st.sampled_from(sorted({component for component, *_ in TABLE})) | st.text(max_size=8)


@given(NAMES, VERSIONS, VERSIONS)
def test_compatible_is_never_said_without_a_source_that_covers_both(name: str, version: str, kubernetes: str) -> None:
    verdict = SHIPPED.compatible(name, version, kubernetes)
    assert (verdict.answer == UNKNOWN) == (verdict.source is None)
    if verdict.source is not None:
        assert any(
            each.component.casefold() == name.casefold() and each.source == verdict.source and each.why == verdict.why
            for each in shipped().pairings
        )
    assert Compatibility(Knowledge()).compatible(name, version, kubernetes).answer == UNKNOWN


@given(st.lists(st.builds(Installed, NAMES, VERSIONS, st.sampled_from(["", "n1", "n2"])), max_size=12))
def test_every_pair_of_a_state_is_compatible_or_told(state: list[Installed]) -> None:
    pairs = pairs_of(state)
    judged = SHIPPED.judge(pairs)
    told = {each.pair for each in (*judged.violations, *judged.unknown)}
    assert told <= pairs.keys()
    assert all(SHIPPED.compatible(*pair).answer == YES for pair in pairs.keys() - told)


def test_a_question_takes_less_than_ten_microseconds() -> None:
    questions = [(component, version, kubernetes) for component, version, kubernetes, _ in TABLE] * 100
    best = float("inf")
    for _ in range(5):
        begin = time.perf_counter()
        for question in questions:
            SHIPPED.compatible(*question)
        best = min(best, (time.perf_counter() - begin) / len(questions))
    assert best < 10e-6


def test_a_new_question_takes_less_than_a_fifth_of_a_millisecond() -> None:
    questions = [("containerd", f"2.{minor}.{patch}", f"1.{minor + 20}") for minor in range(17) for patch in range(50)]
    fresh = Compatibility(shipped())
    begin = time.perf_counter()
    for question in questions:
        fresh.compatible(*question)
    assert (time.perf_counter() - begin) / len(questions) < 200e-6
