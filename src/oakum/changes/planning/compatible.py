"""What the files of compatibility say of a change: known-bad edges, versions beside each other, APIs that go.

An edge of which it is not known whether the cluster is exposed keeps a change out as well, until somebody states the
fact; of a pair that no source speaks of nothing is said. A release that drops an API version which an object still
speaks would lose that object; a release beyond what the files know is not assessable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from oakum.changes.compat import Compatibility, EdgeVerdict, Knowledge, Pair, edges, preflight
from oakum.changes.compat.facts import OF_CLUSTER
from oakum.changes.compat.preflight import LAST_APPLIED, Hit
from oakum.changes.planning.drafts import Draft, offers_of
from oakum.changes.planning.reasons import because, intent_edit, object_edit
from oakum.changes.plans.model import Change
from oakum.changes.plans.why_not import Edit, Reason
from oakum.changes.skew import Release, parse_release
from oakum.changes.skew.model import API_SERVER, KUBELET
from oakum.changes.state.model import Cluster, Machine, State
from oakum.errors import NotAssessableError, OakumError
from oakum.fleet.cluster.images import parse
from oakum.fleet.cluster.objects import Object, Workload

_DEPRECATIONS = "https://kubernetes.io/docs/reference/using-api/deprecation-guide/"
#: The component that an image is, by the end of its repository.
_IMAGES = {
    "coredns": "CoreDNS", "calico/node": "Calico", "cilium/cilium": "Cilium", "flannel/flannel": "Flannel",
    "flannel-io/flannel": "Flannel", "aws-ebs-csi-driver": "AWS EBS CSI driver",
    "azuredisk-csi": "Azure Disk CSI driver", "gcp-compute-persistent-disk-csi-driver": "GCE PD CSI driver",
}  # fmt: skip
_NAMES = {"containerd.io": "containerd", "crio": "CRI-O", "cri-o": "CRI-O"}


class Compatible:
    """The answers for one state, each question asked once."""

    def __init__(self, state: State, knowledge: Knowledge) -> None:
        self._state, self._knowledge = state, knowledge
        self._pairs = Compatibility(knowledge)
        self._facts: dict[str, Mapping[str, object]] = {}
        self._edges: dict[tuple[str, str, str, str], tuple[EdgeVerdict, ...]] = {}
        self._removed: dict[tuple[str, int], tuple[Reason, ...]] = {}
        self._kubelets: dict[str, dict[str, str]] = {}
        self._servers: dict[str, dict[str, str]] = {}

    def check(self, cluster: Cluster | None, drafts: Sequence[Draft]) -> None:
        """Blocks the drafts of a cluster that go along a bad edge, or to versions that do not run together.

        It is asked phase by phase, and remembers what each has moved.
        """
        kubelets, servers = self._running(cluster)
        for draft in drafts:
            for change in draft.changes:
                for reason in self._bad_edges(cluster, draft, change):
                    draft.block(reason)
            if cluster is not None:
                for reason in self._pairs_of(cluster, draft, kubelets, servers):
                    draft.block(reason)
                for reason in self._lost_apis(cluster, draft):
                    draft.block(reason)
            if not draft.reasons:
                after = {each.component: each.after for each in draft.changes}
                kubelets[draft.subject.name] = after.get(KUBELET, kubelets.get(draft.subject.name, ""))
                if API_SERVER in after:
                    servers[draft.subject.name] = after[API_SERVER]

    def _running(self, cluster: Cluster | None) -> tuple[dict[str, str], dict[str, str]]:
        """The kubelets and the API servers of a cluster as they are by now, by machine."""
        name = _name(cluster)
        if name not in self._kubelets:
            machines = self._state.by_cluster.get(name, ())
            servers = {each.name: _current(each, API_SERVER) for each in machines if API_SERVER in each.software}
            if cluster is not None and not servers:
                servers = {"": cluster.around.snapshot.version.removeprefix("v")}
            self._kubelets[name] = {each.name: _current(each, KUBELET) for each in machines}
            self._servers[name] = servers
        return self._kubelets[name], self._servers[name]

    def _bad_edges(self, cluster: Cluster | None, draft: Draft, change: Change) -> Iterable[Reason]:
        component = _named(change)
        before, after = change.before, change.after
        if change.component.startswith("image/"):
            (component, before), (_, after) = _of_image(change.before), _of_image(change.after)
        if component.casefold() not in self._knowledge.edges_of:
            return
        key = (_name(cluster), component, before, after)
        if key not in self._edges:
            self._edges[key] = edges(component, before, after, self._known(cluster), self._knowledge)
        for each in self._edges[key]:
            if each.exposure != "not exposed":
                yield self._edge(each, cluster, draft, change)

    def _edge(self, verdict: EdgeVerdict, cluster: Cluster | None, draft: Draft, change: Change) -> Reason:
        edge = verdict.edge
        said = f"{change.component} {change.before} to {change.after}: {verdict.why}"
        if verdict.missing and cluster is not None:
            edits = [
                Edit(of="state", object=cluster.name, field=f"facts|{name}", value="", cluster=cluster.name)
                for name in verdict.missing
            ]
            says = f"state {', '.join(verdict.missing)} in an inventory (clusters, {cluster.name}, facts)"
            return because(f"known-bad/{edge.name}", cluster.name, said, edge.source.url, says, edits)
        return because(
            f"known-bad/{edge.name}", f"{_name(cluster) or 'hosts'}: {change.component} {change.after}", said,
            edge.source.url, edge.remedy, self._other_aim(cluster, draft, change),
        )  # fmt: skip

    def _other_aim(self, cluster: Cluster | None, draft: Draft, change: Change) -> list[Edit]:
        """Another version that is offered and that no bad edge leads to."""
        facts = self._known(cluster)
        for version in reversed(offers_of(draft.machine, change.component)):
            found = edges(_named(change), change.before, version, facts, self._knowledge)
            if version != change.before and not found:
                return [intent_edit(change.intent, "wants.to", version)]
        return []

    def _pairs_of(
        self, cluster: Cluster, draft: Draft, kubelets: Mapping[str, str], servers: Mapping[str, str]
    ) -> Iterable[Reason]:
        after = {each.component: each.after for each in draft.changes}
        machine = draft.machine
        pairs: list[Pair] = []
        if machine is not None:
            kubelet = after.get(KUBELET, kubelets.get(machine.name, ""))
            runtimes = {name: each.current for name, each in machine.of("container-runtime").items()}
            if KUBELET in after or runtimes.keys() & after.keys():
                pairs += [Pair(_NAMES.get(name, name), after.get(name, now), kubelet) for name, now in runtimes.items()]
            beside = {after[API_SERVER]} if API_SERVER in after else set(servers.values())
            for name, member in machine.of("etcd").items():
                if name in after or API_SERVER in after:
                    pairs += [Pair(name, after.get(name, member.current), one) for one in sorted(beside)]
            if API_SERVER in after:
                pairs += [Pair(name, version, after[API_SERVER]) for name, version in sorted(self._add_ons(cluster))]
        else:
            named = [_of_image(each.after) for each in draft.changes]
            pairs += [Pair(name, tag, one) for name, tag in named for one in sorted(set(servers.values()))]
        for each in self._pairs.judge(pairs).violations:
            pair, verdict = each.pair, each.verdict
            change = next((one for one in draft.changes if _named(one) == pair.component), draft.changes[0])
            yield because(
                "incompatible", f"{cluster.name}: {pair.component} {pair.version}",
                f"{pair.component} {pair.version} does not run beside Kubernetes {pair.kubernetes}: {verdict.why}",
                verdict.source.url if verdict.source is not None else "", f"bring {pair.component} to a version that "
                f"runs beside Kubernetes {pair.kubernetes} first", self._other_pair(draft, change, pair),
            )  # fmt: skip

    def _other_pair(self, draft: Draft, change: Change, pair: Pair) -> list[Edit]:
        for version in reversed(offers_of(draft.machine, change.component)):
            if _named(change) == pair.component:
                asked = Pair(pair.component, version, pair.kubernetes)
            else:
                asked = Pair(pair.component, pair.version, version)
            bad = self._pairs.judge([asked]).violations
            if not bad and version not in (change.before, change.after):
                return [intent_edit(change.intent, "wants.to", version)]
        return []

    def _add_ons(self, cluster: Cluster) -> set[tuple[str, str]]:
        found: set[tuple[str, str]] = set()
        for one in cluster.around.snapshot.all("Deployment", "DaemonSet", "StatefulSet"):
            if isinstance(one, Workload):
                found |= {_of_image(each.image) for each in one.spec.template.spec.containers}
        return found

    def _lost_apis(self, cluster: Cluster, draft: Draft) -> Iterable[Reason]:
        change = next((each for each in draft.changes if each.component == API_SERVER), None)
        if change is None:
            return ()
        before, after = _release(change.before), _release(change.after)
        if before is None or after is None or before.minor == after.minor:
            return ()
        key = cluster.name, after.minor
        if key not in self._removed:
            hits = preflight(self._manifests(cluster), after, self._knowledge)
            for hit in hits:
                if hit.found_in == "target":
                    raise NotAssessableError(
                        f"not assessable: {hit.why}", remedy="update Oakum, or give a file with the newer removals"
                    )
            lost = [_lost(cluster, hit) for hit in hits if hit.fate == "removed"]
            self._removed[key] = tuple(lost)
        return self._removed[key]

    def _manifests(self, cluster: Cluster) -> Iterable[object]:
        """The objects that may speak an API version which goes, as manifests."""
        apis = self._knowledge.by_api
        for several in cluster.around.snapshot.items.values():
            for one in several:
                if (one.api_version, one.kind) in apis or LAST_APPLIED in one.metadata.annotations:
                    yield _manifest(one)

    def _known(self, cluster: Cluster | None) -> Mapping[str, object]:
        """The facts of a cluster that conditions may ask for: those that somebody stated, and those that it shows."""
        name = _name(cluster)
        if name not in self._facts:
            machines = self._state.by_cluster.get(name, ())
            found: dict[str, object] = {}
            kernels = sorted({each.current for one in machines for each in one.of("kernel").values()})
            runtimes = sorted({_NAMES.get(n, n).casefold() for one in machines for n in one.of("container-runtime")})
            found |= {"kernels": kernels} if kernels else {}
            found |= {"runtimes": runtimes} if runtimes else {}
            if cluster is not None:
                found |= {"etcd_members": len(cluster.etcd)} if cluster.etcd else {}
                found |= {key: _typed(key, value) for key, value in cluster.facts.items() if key in OF_CLUSTER}
                found["site"] = dict(cluster.facts)
            self._facts[name] = found
        return self._facts[name]


def _named(change: Change) -> str:
    """A component as the files call it."""
    return _NAMES.get(change.component, change.component)


def _typed(name: str, text: str) -> object:
    """A fact in its own type, None where the text is no such thing; the empty text says that there is none of it."""
    match OF_CLUSTER[name].type:
        case "bool":
            return {"true": True, "yes": True, "false": False, "no": False, "": False}.get(text.casefold())
        case "int":
            return int(text) if text.isdecimal() else None if text else 0
        case "list of string":
            return [each.strip() for each in text.split(",") if each.strip()]
        case _:
            return text


def _lost(cluster: Cluster, hit: Hit) -> Reason:
    name = "/".join(part for part in (hit.kind, hit.namespace, hit.name) if part)
    edit = object_edit(cluster.name, name, f"metadata.annotations|{LAST_APPLIED}", None)
    if hit.found_in == "object":
        edit = object_edit(cluster.name, name, "api_version", hit.api.replacement if hit.api is not None else "v1")
    source = hit.api.source.url if hit.api is not None else _DEPRECATIONS
    return because(
        "api-removed", f"{cluster.name}/{name}", hit.why, source,
        f"write it in {hit.api.replacement}" if hit.api is not None and hit.api.replacement else "delete it", [edit],
    )  # fmt: skip


def _manifest(one: Object) -> dict[str, object]:
    meta = one.metadata
    return {
        "apiVersion": one.api_version, "kind": one.kind,
        "metadata": {"name": meta.name, "namespace": meta.namespace, "annotations": meta.annotations},
    }  # fmt: skip


def _of_image(text: str) -> tuple[str, str]:
    """The component and the version of an image; empty for one that is none of those that the files know."""
    reference = parse(text)
    if reference is None:
        return "", ""
    for end, component in _IMAGES.items():
        if reference.repository == end or reference.repository.endswith(f"/{end}"):
            return component, reference.tag
    return "", ""


def _current(machine: Machine, component: str) -> str:
    software = machine.software.get(component)
    return "" if software is None else software.current


def _name(cluster: Cluster | None) -> str:
    return "" if cluster is None else cluster.name


def _release(text: str) -> Release | None:
    try:
        return parse_release(text)
    except OakumError:
        return None
