"""What a question changes: policies that are left out, and pods that are put in quarantine, by the names given."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches

import msgspec

from oakum.errors import UsageError
from oakum.risk.flows.peers import Peer

_NAMESPACED = "NetworkPolicy"


def left_out(names: Collection[str], without: Iterable[str]) -> frozenset[str]:
    """Which of the policies (``NetworkPolicy ns/name``, ``Kind name``) are meant by the names given.

    Raises UsageError for a name that is no policy's, with the nearest that are.
    """
    written = {name.replace(" ", "/", 1): name for name in names}
    written |= {name.removeprefix(f"{_NAMESPACED} "): name for name in names if name.startswith(f"{_NAMESPACED} ")}
    short = {name for name in written if not name.startswith(f"{_NAMESPACED}/")}
    chosen = set[str]()
    for asked in without:
        if asked not in written:
            raise UsageError(f"there is no policy {asked[:200]!r}", remedy=_nearest(asked, short))
        chosen.add(written[asked])
    return frozenset(chosen)


def quarantined_peers(
    peers: tuple[Peer, ...], quarantine: Iterable[str], apart: Iterable[str]
) -> tuple[tuple[Peer, ...], frozenset[int]]:
    """The peers, those named as one pod under their own name, and the places of those in quarantine.

    A pod keeps the name of its workload where the whole workload is named. Raises UsageError for a name that is
    neither a pod's nor a workload's, and for one on its node's network, which no policy isolates.
    """
    renamed = list(peers)
    isolated = set[int]()
    for asked in quarantine:
        for place in _named(asked, peers, renamed):
            if peers[place].host_network:
                raise UsageError(
                    f"{asked[:200]} cannot be isolated by network policies: it is on the network of its node",
                    remedy="isolate the node, or remove the pod",
                )
            isolated.add(place)
    for asked in apart:
        _named(asked, peers, renamed)
    return tuple(renamed), frozenset(isolated)


def _named(asked: str, peers: tuple[Peer, ...], renamed: list[Peer]) -> list[int]:
    for place, peer in enumerate(peers):
        if peer.pod is not None and asked == f"{peer.namespace}/{peer.pod.metadata.name}":
            renamed[place] = msgspec.structs.replace(peer, name=peer.pod.metadata.name, kind="Pod")
            return [place]
    names = ((f"{peer.namespace}/{peer.name}", f"{peer.kind}/{peer.namespace}/{peer.name}") for peer in peers)
    places = [place for place, both in enumerate(names) if asked in both]
    if len({peers[place].kind for place in places}) > 1:
        kinds = ", ".join(sorted({f"{peers[place].kind}/{asked}" for place in places}))
        raise UsageError(f"{asked[:200]!r} is the name of several workloads", remedy=f"name one of {kinds}")
    if not places:
        pods = {f"{peer.namespace}/{peer.pod.metadata.name}" for peer in peers if peer.pod is not None}
        known = pods | {f"{peer.namespace}/{peer.name}" for peer in peers}
        raise UsageError(f"there is no pod or workload {asked[:200]!r}", remedy=_nearest(asked, known))
    return places


def _nearest(asked: str, names: Iterable[str]) -> str:
    near = get_close_matches(asked, sorted(names), n=3, cutoff=0.5)
    return f"the nearest are {', '.join(near)}" if near else "see the names in the dump"
