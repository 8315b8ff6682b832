"""The images that a cluster runs, read from their registries: each once, within a budget, and told why where not.

A registry that fails in the same way three times in a row is left alone for the rest of the scan. What is known of a
digest already is not fetched again.
"""

from __future__ import annotations

import platform
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import msgspec

from oakum.adapters.files.kept_images import KeptImages
from oakum.adapters.registry.addresses import insecure_hosts
from oakum.adapters.registry.credentials import Credentials, Entry
from oakum.adapters.registry.images import Repository
from oakum.adapters.registry.pull_secrets import matching
from oakum.adapters.registry.statuses import RefusedError
from oakum.errors import OakumError, Place
from oakum.fleet.assets import Asset, Gap
from oakum.fleet.cluster.images import Reference
from oakum.fleet.cluster.reading_list import SecretName, Wanted
from oakum.fleet.images.choice import Choice, machine_platform
from oakum.fleet.images.manifests import Platform
from oakum.fleet.images.sources import UNPACKED_LIMIT, UnreachedError
from oakum.fleet.packages import package_set
from oakum.local.targets import read_pulled

#: Images that are read at once. Who fetches waits, who unpacks needs a core.
AT_ONCE = 3
#: So often a registry may fail in one way before it is left alone.
_FAILURES = 3

#: The entries of a pull secret; raises OakumError where it may not be read, or is none.
PullSecrets = Callable[[SecretName], dict[str, Entry]]


class Budget(msgspec.Struct, frozen=True):
    """What reading may cost: seconds until no further image is begun, and bytes from registries."""

    seconds: float
    bytes: int


class WorkloadImages:
    """Reads images; one for all clusters of a scan, which share the budget and what was read."""

    def __init__(
        self,
        budget: Budget,
        folder: Path,
        *,
        insecure: Sequence[str] = (),
        tell: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``folder`` is where what was found is kept. ``tell`` is told how far it has come."""
        self._budget = budget
        self._kept = KeptImages(folder)
        self._insecure = insecure_hosts(insecure)
        self._tell = tell
        self._clock = clock
        self._begun: float | None = None
        self._received = 0
        self._failed: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def read(self, wanted: Sequence[Wanted], secrets: PullSecrets | None = None) -> dict[str, Asset | Gap]:
        """What is in each image by its key, or why that is not known; in the order of ``wanted`` as long as it goes.

        ``secrets`` reads the pull secrets of the pods; without it none is used.
        """
        self._begun = self._clock() if self._begun is None else self._begun
        found: dict[str, Asset | Gap] = {}
        with ThreadPoolExecutor(AT_ONCE, "images") as threads:
            results = threads.map(lambda one: self._one(one, secrets), wanted)
            for number, (one, result) in enumerate(zip(wanted, results, strict=True), start=1):
                found[one.key] = result
                self._tell(f"image {number} of {len(wanted)}: {one.reference}: {_word(result)}")
        return found

    def _one(self, wanted: Wanted, secrets: PullSecrets | None) -> Asset | Gap:
        name, registry = str(wanted.reference), wanted.reference.registry
        try:
            assets = [self._on(wanted, each, secrets) for each in wanted.platforms or (None,)]
        except OakumError as error:
            if isinstance(error, UnreachedError):
                with self._lock:
                    self._failed[registry, error.what] += 1
            return Gap("unread-image", name, error.what, error.remedy or _remedy(wanted))
        with self._lock:
            for key in [key for key in self._failed if key[0] == registry]:
                del self._failed[key]
        return _together(assets, wanted)

    def _on(self, wanted: Wanted, machine: Platform | None, secrets: PullSecrets | None) -> Asset:
        here = machine or machine_platform(platform.system(), platform.machine())
        if wanted.exact and (known := self._kept.get(wanted.reference.digest, str(here))) is not None:
            return known
        self._affordable(wanted.reference.registry)
        asset = self._fetched(wanted, here, secrets)
        if wanted.exact and not asset.gaps:
            self._kept.put(wanted.reference.digest, str(here), asset)
        return asset

    def _affordable(self, registry: str) -> None:
        """Raises OakumError where no more is to be fetched, or not from there."""
        with self._lock:
            bad = [what for (host, what), count in self._failed.items() if host == registry and count >= _FAILURES]
            spent, received = self._clock() - (self._begun or 0.0), self._received
        if bad:
            what = f"{registry} was left alone after it had failed {_FAILURES} times: {bad[0]}"
            raise OakumError(what, remedy="mend that, and scan again: what was read is kept")
        if spent >= self._budget.seconds:
            what = f"the {self._budget.seconds:.0f} s for reading images were over"
            raise OakumError(what, remedy="scan again, what was read is kept; or give more with --images-time")
        if received >= self._budget.bytes:
            what = f"the {self._budget.bytes >> 20} MiB for reading images were spent"
            raise OakumError(what, remedy="scan again, what was read is kept; or give more with --images-size")

    def _fetched(self, wanted: Wanted, here: Platform, secrets: PullSecrets | None) -> Asset:
        """The image as somebody who may read it sees it: with the pods' own secrets first, as their nodes do."""
        unread: list[OakumError] = []
        refused: RefusedError | None = None
        for known in (*self._credentials(wanted, secrets, unread), None):
            try:
                return self._pulled(wanted.reference, here, None if known is None else partial(_given, known))
            except RefusedError as error:
                refused = error
        assert refused is not None
        if unread:
            what = f"{refused.what}; {unread[0].what}"
            raise RefusedError(what, remedy=unread[0].remedy)
        raise refused

    def _credentials(
        self, wanted: Wanted, secrets: PullSecrets | None, unread: list[OakumError]
    ) -> Sequence[Credentials]:
        found: list[Credentials] = []
        for name in wanted.secrets if secrets is not None else ():
            assert secrets is not None
            place = Place("/".join(name))
            try:
                found += [one for one in matching(secrets(name), wanted.reference, place) if one not in found]
            except OakumError as error:
                unread.append(error)
        return found

    def _pulled(self, reference: Reference, here: Platform, known: Callable[[], Credentials | None] | None) -> Asset:
        with self._lock:
            left = min(self._budget.bytes - self._received, UNPACKED_LIMIT)
        with Repository(reference, insecure=self._insecure, known=known, limit=max(left, 0)) as repository:
            try:
                return read_pulled(repository, reference, Choice("", None, here), str(reference)).asset
            finally:
                with self._lock:
                    self._received += repository.received


def _word(result: Asset | Gap) -> str:
    return f"not read: {result.why}" if isinstance(result, Gap) else f"{len(result.packages.packages)} packages"


def _given(known: Credentials) -> Credentials | None:
    return known


def _together(assets: Sequence[Asset], wanted: Wanted) -> Asset:
    """One image for nodes of several kinds: the packages of all, since each runs somewhere."""
    first = assets[0]
    if len({one.packages.release for one in assets}) > 1:
        why = "its variants for the platforms that run it are made of different systems"
        return msgspec.structs.replace(
            first,
            packages=package_set(None, ()),
            gaps=(Gap("unread-image", str(wanted.reference), why, "scan each: image:REF --platform OS/ARCH"),),
        )
    if len({one.packages.digest for one in assets}) > 1:
        packages = [package for one in assets for package in one.packages.packages]
        gaps = tuple(dict.fromkeys(gap for one in assets for gap in one.gaps))
        source = "; ".join(one.source for one in assets)
        first = msgspec.structs.replace(
            first, packages=package_set(first.packages.release, packages), gaps=gaps, source=source
        )
    if wanted.exact or not wanted.pods:
        return first
    why = "what its tag stands for now was read, and no container reports what runs"
    gap = Gap("unread-image", str(wanted.reference), why, "scan the cluster while it runs, or name images by digest")
    return msgspec.structs.replace(first, gaps=(*first.gaps, gap))


def _remedy(wanted: Wanted) -> str:
    digest = wanted.reference.digest
    return f"give an SBOM: --sbom {digest}=FILE" if digest else "name the image by its digest"
