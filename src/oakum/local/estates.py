"""From a cluster, live or dumped, to what a scan needs: its assets, their business context, what an action disturbs.

Nothing is decided here: the snapshot goes through the core's functions in a row, and what they say is kept by asset.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from oakum.errors import InputError, OakumError, Place, UsageError
from oakum.fleet.assets import Asset, Context, Gap
from oakum.fleet.cluster.graph import Estate, estate
from oakum.fleet.cluster.images import images_of
from oakum.fleet.cluster.objects import Pod
from oakum.fleet.cluster.pulls import Wanted, wanted
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.local.business import ContextOf, Contexts, stated_of
from oakum.local.clusters import read, read_given
from oakum.local.components import component_rules
from oakum.local.reached import reached
from oakum.local.surveys import Survey
from oakum.reports.answer import BlastEntry
from oakum.risk.blast import blast
from oakum.risk.disruption import estimates
from oakum.risk.exposure.measure import measure

if TYPE_CHECKING:
    from oakum.local.pull_secrets import PullSecrets
    from oakum.local.pulling import Puller

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Surveyor:
    """Surveys the clusters of one scan: each with the same rules for components and the same SBOMs."""

    def __init__(
        self,
        rules: Path | None,
        sboms: Sequence[str],
        context_of: ContextOf,
        *,
        progress: Callable[[str], None],
        puller: Puller | None = None,
    ) -> None:
        """``sboms`` are ``DIGEST=FILE``; ``puller`` reads the images for which there is none.

        Raises OakumError for a file that cannot be read.
        """
        self._puller = puller
        self._components = component_rules(rules)
        self._sboms = dict(map(_sbom, sboms))
        self._context_of = context_of
        self._progress = progress
        self._used: set[str] = set()

    def live(self, target: str, *, save: Path | None, with_secrets: bool = False) -> Survey:
        """A live cluster, ``cluster`` or ``cluster:CONTEXT``; its dump is kept in ``save``.

        ``with_secrets`` reads the pull secrets of its pods where their registries want credentials.
        """
        self._progress(f"reading {target}")
        snapshot = read(target, save_dump=save, progress=self._progress)
        if not with_secrets:
            return self.survey(snapshot)
        from oakum.local.pull_secrets import PullSecrets

        with PullSecrets(target) as secrets:
            return self.survey(snapshot, secrets)

    def dump(self, file: str) -> Survey:
        """A cluster's dump; ``-`` is one on standard input."""
        self._progress(f"reading {file}")
        return self.survey(read_given(file))

    def survey(self, snapshot: Snapshot, secrets: PullSecrets | None = None) -> Survey:
        """What is in a snapshot; ``secrets`` are those of its cluster."""
        running = {image.digest for pod in snapshot.of(Pod, "Pod") for image in images_of(pod)}
        sboms = {digest: asset for digest, asset in self._sboms.items() if digest in running}
        self._used.update(sboms)
        found = estate(snapshot, self._components, sboms=sboms)
        stated = stated_of(snapshot, found)
        measured = measure(snapshot, source=snapshot.source, time=snapshot.read_at)
        exposed = reached(measured, found, lambda facts: Contexts(found, stated, self._context_of, facts))
        systems = _systems(found)
        pulled = self._pulled(snapshot, exposed.contexts, sboms, secrets)
        assets = tuple(
            msgspec.structs.replace(
                asset,
                gaps=(
                    *asset.gaps,
                    *(stated[asset.key].gaps if asset.key in stated else ()),
                    *(measured.gaps if asset.kind == "cluster" else ()),
                ),
                platform=systems.get(asset.key, ""),
            )
            for asset in (_known(each, pulled.get(each.key)) for each in found.assets)
        )
        names = {asset.key: asset.name for asset in assets}
        pools = {key: facts.pool for key, facts in found.nodes.items()}
        keys = {asset.name: asset.key for asset in assets if asset.kind == "node"}
        return Survey(
            assets=assets,
            estimates=estimates(snapshot, found.relations, names, pools),
            relations=found.relations,
            reached=exposed,
            blast=tuple(
                BlastEntry(keys[one.node], one.node, one.value, tuple(map(str, one.parts))) for one in blast(snapshot)
            ),
        )

    def _pulled(
        self,
        snapshot: Snapshot,
        contexts: Mapping[str, Context],
        sboms: Mapping[str, Asset],
        secrets: PullSecrets | None,
    ) -> dict[str, Asset | Gap]:
        """What the images hold for which no SBOM was given: the exposed ones first, then those of the most pods."""
        if self._puller is None:
            return {}
        images = [image for image in wanted(snapshot) if image.digest not in sboms]
        return self._puller.read(sorted(images, key=lambda image: _urgency(image, contexts[image.key])), secrets)

    def finish(self) -> None:
        """Raises UsageError where an SBOM is for an image that none of the clusters runs."""
        for digest in self._sboms:
            if digest not in self._used:
                raise UsageError(
                    f"--sbom {digest}: no cluster here runs this image", remedy="give the digest that its pods report"
                )


def _urgency(image: Wanted, context: Context) -> tuple[bool, int, int, str]:
    """The least is read first."""
    exposure = ("open", "controlled", "small").index(context.system_exposure.value)
    return context.public_exposure.value != "yes", exposure, -image.pods, image.key


def _known(asset: Asset, pulled: Asset | Gap | None) -> Asset:
    """An asset, with what was pulled of it."""
    match pulled:
        case None:
            return asset
        case Gap():
            return msgspec.structs.replace(asset, gaps=(pulled,))
    return msgspec.structs.replace(pulled, name=asset.name)


def _systems(found: Estate) -> dict[str, str]:
    """The operating system of nodes, and of what runs only on nodes of one."""
    systems = {key: facts.os for key, facts in found.nodes.items()}
    below: defaultdict[str, set[str]] = defaultdict(set)
    for relation in found.relations:
        if relation.kind == "runs-on":
            below[relation.subject].add(systems.get(relation.object, ""))
    return systems | {key: next(iter(names)) for key, names in below.items() if len(names) == 1}


def _sbom(text: str) -> tuple[str, Asset]:
    from oakum.fleet.sbom import read as read_sbom

    digest, _, file = text.partition("=")
    if not _DIGEST.fullmatch(digest) or not file:
        raise UsageError(f"--sbom {text!r} is no DIGEST=FILE", remedy="as sha256:8f4e...=web.cdx.json, with 64 digits")
    try:
        return digest, read_sbom(_bytes(Path(file)), name=file)
    except OakumError as error:
        raise error.within(file) from None


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(
            error.strerror or str(error), place=Place(str(file)), remedy="check the path and its permissions"
        ) from None
