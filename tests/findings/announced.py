"""What the announcements of Kubernetes' vulnerabilities say, written down by hand from their text.

Each row: the CVE, the components that its text (or, where that names none, its record) is about, and the versions that
it calls affected, each as "FIRST-FIXED": from FIRST up to and without FIXED, "0" being the first of all. Nothing here
is computed from a feed or from the program: it is the other side of the comparison.
"""

from __future__ import annotations

from typing import NamedTuple

API, KCM, PROXY, SCHEDULER, KUBELET = (
    "k8s.io/apiserver", "k8s.io/controller-manager", "k8s.io/kube-proxy", "k8s.io/kube-scheduler", "k8s.io/kubelet",
)  # fmt: skip
CORE = (API, KCM, PROXY, SCHEDULER, KUBELET)
KUBECTL, CLIENT = "k8s.io/kubectl", "k8s.io/client-go"
SECRETS_STORE = "sigs.k8s.io/secrets-store-csi-driver"
AZURE_FILE = "sigs.k8s.io/azurefile-csi-driver"
CSI_PROXY = "github.com/kubernetes-csi/csi-proxy"
INGRESS_NGINX = "k8s.io/ingress-nginx"


class Announced(NamedTuple):
    """One announcement; ``windows``: it says that only Windows nodes are concerned."""

    components: tuple[str, ...]
    affected: str
    windows: bool = False


ANNOUNCED: dict[str, Announced] = {
    # "1.3.x to 1.6.x and prior to 1.7.14, 1.8.9 and 1.9.4"; the record names both components
    "CVE-2017-1002101": Announced((API, KUBELET), "1.3.0-1.7.14 1.8.0-1.8.9 1.9.0-1.9.4"),
    "CVE-2017-1002102": Announced((KUBELET,), "1.3.0-1.7.14 1.8.0-1.8.9 1.9.0-1.9.4"),
    "CVE-2018-1002100": Announced((KUBECTL,), "1.5.0-1.9.6"),
    # "1.9.0-1.9.9, 1.10.0-1.10.5, 1.11.0-1.11.1 ... volume mounts on Windows nodes"
    "CVE-2018-1002101": Announced((KUBELET,), "1.9.0-1.9.10 1.10.0-1.10.6 1.11.0-1.11.2", windows=True),
    "CVE-2018-1002102": Announced((API,), "0-1.12.2"),
    "CVE-2018-1002105": Announced((API,), "1.0.0-1.10.11 1.11.0-1.11.5 1.12.0-1.12.3"),
    "CVE-2019-1002100": Announced((API,), "1.0.0-1.11.8 1.12.0-1.12.6 1.13.0-1.13.4"),
    # "1.12.0-1.12.4 and 1.13.0"
    "CVE-2019-11243": Announced((CLIENT,), "1.12.0-1.12.5 1.13.0-1.13.1"),
    # issue 76676: "kubectl v1.8.0+"; mended on the branches of 1.12, 1.13 and 1.14
    "CVE-2019-11244": Announced((KUBECTL,), "1.8.0-1.12.9 1.13.0-1.13.7 1.14.0-1.14.3"),
    # "kubelet v1.13.6 and v1.14.2"
    "CVE-2019-11245": Announced((KUBELET,), "1.13.6-1.13.7 1.14.2-1.14.3"),
    # "prior to 1.13.9, 1.14.5, 1.15.2, and 1.7 to 1.12"
    "CVE-2019-11247": Announced((API,), "1.7.0-1.13.9 1.14.0-1.14.5 1.15.0-1.15.2"),
    "CVE-2019-11248": Announced((KUBELET,), "0-1.12.10 1.13.0-1.13.8 1.14.0-1.14.4"),
    "CVE-2019-11249": Announced((KUBECTL,), "1.0.0-1.13.9 1.14.0-1.14.5 1.15.0-1.15.2"),
    # "Kubernetes components (such as kube-apiserver) prior to v1.16.0"
    "CVE-2019-11250": Announced(CORE, "0-1.16.0"),
    # the announcement (issue 87773): "kubectl versions v1.13.10, v1.14.6, and v1.15.3"
    "CVE-2019-11251": Announced((KUBECTL,), "1.13.10-1.13.11 1.14.6-1.14.7 1.15.3-1.15.4"),
    "CVE-2019-11253": Announced((API,), "1.0.0-1.13.12 1.14.0-1.14.8 1.15.0-1.15.5 1.16.0-1.16.2"),
    "CVE-2019-11254": Announced((API,), "0-1.15.10 1.16.0-1.16.7 1.17.0-1.17.3"),
    # the text names no versions; the record: 1.16.11, 1.17.17 and 1.18.4 have the mended plugins
    "CVE-2020-10749": Announced((KUBELET,), "0-1.16.11 1.17.0-1.17.17 1.18.0-1.18.4"),
    # "1.15.0-1.15.9, 1.16.0-1.16.6, and 1.17.0-1.17.2"
    "CVE-2020-8551": Announced((KUBELET,), "1.15.0-1.15.10 1.16.0-1.16.7 1.17.0-1.17.3"),
    # "prior to 1.15.10, 1.16.0-1.16.6, and 1.17.0-1.17.2"
    "CVE-2020-8552": Announced((API,), "0-1.15.10 1.16.0-1.16.7 1.17.0-1.17.3"),
    # "1.0-1.14, prior to 1.15.12, 1.16.9, 1.17.5, and 1.18.0"
    "CVE-2020-8555": Announced((KCM,), "0-1.15.12 1.16.0-1.16.9 1.17.0-1.17.5 1.18.0-1.18.1"),
    # "0-1.16.12, 1.17.0-1.17.8 and 1.18.0-1.18.5"
    "CVE-2020-8557": Announced((KUBELET,), "0-1.16.13 1.17.0-1.17.9 1.18.0-1.18.6"),
    # "1.1.0-1.16.10, 1.17.0-1.17.6, and 1.18.0-1.18.3"
    "CVE-2020-8558": Announced((KUBELET, PROXY), "1.1.0-1.16.11 1.17.0-1.17.7 1.18.0-1.18.4"),
    "CVE-2020-8559": Announced((API,), "0-1.16.13 1.17.0-1.17.9 1.18.0-1.18.6"),
    # the announcement (issue 95621): "kube-controller-manager v1.19.0 - v1.19.2"
    "CVE-2020-8563": Announced((KCM,), "1.19.0-1.19.3"),
    # "< v1.19.3, < v1.18.10, < v1.17.13"; neither text nor record names a component
    "CVE-2020-8564": Announced(CORE, "0-1.17.13 1.18.0-1.18.10 1.19.0-1.19.3"),
    # "API server logs and client tool output"; "<= v1.19.3, <= v1.18.10, <= v1.17.13": fixed in .6, .14 and .16
    "CVE-2020-8565": Announced((API, KUBECTL), "0-1.17.16 1.18.0-1.18.14 1.19.0-1.19.6"),
    # "kube-controller-manager's logs ... < v1.19.3, < v1.18.10, < v1.17.13"
    "CVE-2020-8566": Announced((KCM,), "0-1.17.13 1.18.0-1.18.10 1.19.0-1.19.3"),
    "CVE-2021-25735": Announced((API,), "0-1.18.18 1.19.0-1.19.10 1.20.0-1.20.6"),
    # issue 102106: 1.16.0-1.18.18, 1.19.0-1.19.10, 1.20.0-1.20.6, 1.21.0
    "CVE-2021-25737": Announced((API,), "1.16.0-1.18.19 1.19.0-1.19.11 1.20.0-1.20.7 1.21.0-1.21.1"),
    # issue 104980: <= 1.19.14, 1.20.0-1.20.10, 1.21.0-1.21.4, 1.22.0-1.22.1
    "CVE-2021-25741": Announced((KUBELET,), "0-1.19.15 1.20.0-1.20.11 1.21.0-1.21.5 1.22.0-1.22.2"),
    "CVE-2021-25749": Announced((KUBELET,), "1.20.0-1.22.14 1.23.0-1.23.11 1.24.0-1.24.5", windows=True),
    "CVE-2022-3162": Announced((API,), "0-1.22.16 1.23.0-1.23.14 1.24.0-1.24.8 1.25.0-1.25.4"),
    # issue 112513: <= 1.21.14, 1.22.0-1.22.13, 1.23.0-1.23.10, 1.24.0-1.24.4, 1.25.0
    "CVE-2022-3172": Announced((API,), "0-1.22.14 1.23.0-1.23.11 1.24.0-1.24.5 1.25.0-1.25.1"),
    "CVE-2022-3294": Announced((API,), "1.22.0-1.22.16 1.23.0-1.23.14 1.24.0-1.24.8 1.25.0-1.25.4"),
    "CVE-2023-2431": Announced((KUBELET,), "0-1.24.14 1.25.0-1.25.10 1.26.0-1.26.5 1.27.0-1.27.2"),
    "CVE-2023-2727": Announced((API,), "0-1.24.15 1.25.0-1.25.11 1.26.0-1.26.6 1.27.0-1.27.3"),
    "CVE-2023-2728": Announced((API,), "0-1.24.15 1.25.0-1.25.11 1.26.0-1.26.6 1.27.0-1.27.3"),
    "CVE-2023-2878": Announced((SECRETS_STORE,), "0-1.3.3"),
    # issue 119339: <= 1.24.16, 1.25.0-1.25.12, 1.26.0-1.26.7, 1.27.0-1.27.4, 1.28.0
    "CVE-2023-3676": Announced(
        (KUBELET,), "0-1.24.17 1.25.0-1.25.13 1.26.0-1.26.8 1.27.0-1.27.5 1.28.0-1.28.1", windows=True
    ),
    # "Windows nodes running kubernetes-csi-proxy"
    "CVE-2023-3893": Announced((CSI_PROXY,), "0-1.1.3 2.0.0-alpha.0-2.0.0-alpha.1", windows=True),
    # issue 119595: as issue 119339
    "CVE-2023-3955": Announced(
        (KUBELET,), "0-1.24.17 1.25.0-1.25.13 1.26.0-1.26.8 1.27.0-1.27.5 1.28.0-1.28.1", windows=True
    ),
    "CVE-2023-5528": Announced((KUBELET,), "1.8.0-1.25.16 1.26.0-1.26.11 1.27.0-1.27.8 1.28.0-1.28.4", windows=True),
    "CVE-2024-3177": Announced((API,), "0-1.27.13 1.28.0-1.28.9 1.29.0-1.29.4"),
    "CVE-2024-3744": Announced((AZURE_FILE,), "0-1.29.4 1.30.0-1.30.1"),
    # issue 126161: <= 1.27.15, 1.28.0-1.28.11, 1.29.0-1.29.6, 1.30.0-1.30.2
    "CVE-2024-5321": Announced((KUBELET,), "0-1.27.16 1.28.0-1.28.12 1.29.0-1.29.7 1.30.0-1.30.3", windows=True),
    "CVE-2024-7646": Announced((INGRESS_NGINX,), "0-1.11.2"),
}
