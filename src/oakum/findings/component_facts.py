"""What the announcements of Kubernetes' CVEs say in words and their records do not say in fields.

A record gives a package and a range of versions. Its text, and the announcement behind it, also say which components
are meant by "Kubernetes", that only Windows nodes are concerned, that a flaw is one of design and stays, under which
configuration it matters, and sometimes other versions than the range. Each fact names where it stands: an issue of
kubernetes/kubernetes, or the record's own text.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

#: Components that are built from the Kubernetes repository itself and share its versions.
CORE = (
    "k8s.io/apiserver",
    "k8s.io/controller-manager",
    "k8s.io/kube-proxy",
    "k8s.io/kube-scheduler",
    "k8s.io/kubelet",
)
#: Under this name a record speaks of Kubernetes as a whole.
WHOLE = "k8s.io/kubernetes"

_APISERVER = ("k8s.io/apiserver",)
_KUBELET = ("k8s.io/kubelet",)


class ComponentFact(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about one CVE beside its record.

    ``components`` are those it is about, where the text says other ones than the record's packages; ``windows`` that
    only Windows nodes are concerned; ``by_design`` the mitigation of a flaw that no version will fix; ``condition``
    the configuration in which alone it matters; ``announced`` intervals ``(from, fixed)`` of versions that the text
    calls affected, "" for the first and for no fix.
    """

    source: str
    components: tuple[str, ...] = ()
    windows: bool = False
    by_design: str = ""
    condition: str = ""
    announced: tuple[tuple[str, str], ...] = ()


FACTS: dict[str, ComponentFact] = {
    "CVE-2018-1002101": ComponentFact(
        source="text: volume mounts on Windows nodes, which the kubelet sets up", components=_KUBELET, windows=True
    ),
    "CVE-2019-11248": ComponentFact(source="text", condition="the healthz port is bound to more than localhost"),
    "CVE-2019-11250": ComponentFact(
        source="text: Kubernetes components such as kube-apiserver",
        components=CORE,
        condition="basic or bearer tokens are used and the log level is 7 or higher",
    ),
    "CVE-2019-11251": ComponentFact(
        source="issue 87773: 1.13.10, 1.14.6 and 1.15.3 alone, although the text says before 1.13.11",
        condition="kubectl cp copies from a container that is not trusted",
    ),
    "CVE-2020-10749": ComponentFact(
        source="text", condition="an affected CNI plugin is installed, which packages of the kubelet brought along"
    ),
    "CVE-2020-8554": ComponentFact(
        source="issue 97076: all versions, a design flaw",
        components=_APISERVER,
        by_design="restrict who may set externalIPs of services (admission policy) and patch the status of services",
        condition="tenants may create or edit services",
    ),
    "CVE-2020-8561": ComponentFact(
        source="issue 104720: there is no fix",
        components=_APISERVER,
        by_design="keep the API server's log level below 10, set --profiling=false, restrict its outgoing traffic",
        condition="someone untrusted controls the answers of an admission webhook and can read the API server's logs",
    ),
    "CVE-2020-8562": ComponentFact(
        source="issue 101493: there is no fix",
        components=_APISERVER,
        by_design="let the API server resolve names through a caching resolver with a minimum time to live (dnsmasq)",
        condition="someone untrusted may modify nodes and proxy to them",
    ),
    "CVE-2020-8563": ComponentFact(
        source="issue 95621: 1.19.0 to 1.19.2, although the text says before 1.19.3",
        condition="vSphere is the cloud provider and the log level is 4 or higher",
    ),
    "CVE-2020-8564": ComponentFact(
        source="text: before 1.17.13, without a first version",
        condition="the log level is 4 or higher and a docker configuration file is malformed",
        announced=(("", "1.17.13"),),
    ),
    "CVE-2020-8565": ComponentFact(
        source="text: up to 1.17.13, without a first version, and before 1.20.0-alpha.2",
        condition="the log level is 9 or higher",
        announced=(("", "1.17.16"), ("1.20.0-alpha.0", "1.20.0-alpha.2")),
    ),
    "CVE-2020-8566": ComponentFact(
        source="text: before 1.17.13, without a first version",
        condition="Ceph RBD provisions storage and the log level is 4 or higher",
        announced=(("", "1.17.13"),),
    ),
    "CVE-2021-25735": ComponentFact(
        source="text", condition="a validating admission webhook for nodes decides by their old state"
    ),
    "CVE-2021-25740": ComponentFact(
        source="issue 103675: all versions, a design flaw",
        components=_APISERVER,
        by_design="take write access to Endpoints and EndpointSlices out of the role system:aggregate-to-edit",
        condition="someone untrusted may write Endpoints or EndpointSlices",
    ),
    "CVE-2021-25741": ComponentFact(
        source="issue 104980: fixed in 1.19.15, 1.20.11, 1.21.5 and 1.22.2",
        announced=(("", "1.19.15"), ("1.20.0", "1.20.11"), ("1.21.0", "1.21.5"), ("1.22.0", "1.22.2")),
    ),
    "CVE-2021-25749": ComponentFact(source="text and issue 112192", windows=True),
    "CVE-2022-3162": ComponentFact(
        source="text",
        condition="two custom resources share an API group and a user may list only one of them cluster-wide",
    ),
    "CVE-2022-3172": ComponentFact(
        source="issue 112513: up to 1.21.14, which has no fix of its own",
        condition="aggregated API servers are in use",
        announced=(("", "1.22.14"),),
    ),
    "CVE-2022-3294": ComponentFact(
        source="text", condition="someone untrusted may modify nodes and send proxy requests to them"
    ),
    "CVE-2023-2431": ComponentFact(
        source="text", condition="pods use a seccomp profile of type Localhost with an empty name"
    ),
    "CVE-2023-2727": ComponentFact(
        source="text", condition="the ImagePolicyWebhook admission plugin is used together with ephemeral containers"
    ),
    "CVE-2023-2728": ComponentFact(
        source="text",
        condition="service accounts enforce mountable secrets (kubernetes.io/enforce-mountable-secrets) "
        "and ephemeral containers are used",
    ),
    "CVE-2023-3676": ComponentFact(
        source="text and issue 119339: up to 1.24.16", windows=True, announced=(("", "1.24.17"),)
    ),
    "CVE-2023-3893": ComponentFact(source="text: Windows nodes that run kubernetes-csi-proxy", windows=True),
    "CVE-2023-3955": ComponentFact(
        source="text and issue 119595: up to 1.24.16", windows=True, announced=(("", "1.24.17"),)
    ),
    "CVE-2023-5528": ComponentFact(
        source="text", windows=True, condition="an in-tree storage plugin is used on Windows nodes"
    ),
    "CVE-2024-3177": ComponentFact(
        source="text",
        condition="service accounts enforce mountable secrets (kubernetes.io/enforce-mountable-secrets) "
        "and containers use envFrom",
    ),
    "CVE-2024-3744": ComponentFact(
        source="text", condition="TokenRequests is configured in the CSIDriver object and the log level is 2 or higher"
    ),
    "CVE-2024-5321": ComponentFact(
        source="text and issue 126161: up to 1.27.15", windows=True, announced=(("", "1.27.16"),)
    ),
    "CVE-2025-1767": ComponentFact(
        source="issue 130786: all versions, the feature gets no security updates",
        components=_KUBELET,
        by_design="clone in an init container instead, and deny gitRepo volumes by an admission policy",
        condition="someone untrusted may create pods with gitRepo volumes",
    ),
}
_NOTHING = ComponentFact(source="")


def fact_of(names: Iterable[str]) -> ComponentFact:
    """What is known about a vulnerability with these names (its id and aliases)."""
    return next((FACTS[name] for name in names if name in FACTS), _NOTHING)


def concerned(component: str, named: str, fact: ComponentFact) -> bool:
    """Whether a record under the package name ``named``, one of ``names_to_ask``, is about a component.

    A record about Kubernetes as a whole is about every core component unless its text says otherwise, and Kubernetes as
    a whole has the flaws of all of them; one about kubectl or client-go is about none.
    """
    if fact.components and component != WHOLE:
        return component in fact.components
    return WHOLE in (component, named) or component == named


def names_to_ask(component: str) -> tuple[str, ...]:
    """Under which package names records may be about a component, its own first."""
    return tuple(dict.fromkeys((component, WHOLE, *CORE))) if component in (WHOLE, *CORE) else (component,)
