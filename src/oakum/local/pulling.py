"""The images of a cluster, read from their registries: each once, what matters most first, within a budget.

What one image or one registry does wrong is a gap of its own images, and the others go on. Credentials are tried in
this order, and only when a registry wants some: those of the person who scans (Docker's configuration), the pull
secrets of the pods that have the image from that very repository, and none at last. ``localhost`` in a pod's image is
each node's own: this machine is asked in its place only where a person has named it as an insecure registry.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

import msgspec

from oakum.adapters.http.waiting import Clockwork
from oakum.adapters.registry.addresses import Addresses
from oakum.adapters.registry.credentials import Credentials, credentials
from oakum.adapters.registry.images import MissingError, Repository
from oakum.adapters.registry.wire import Patience
from oakum.errors import InputError, OakumError, UsageError
from oakum.fleet.assets import Asset, Gap
from oakum.fleet.cluster.images import Reference
from oakum.fleet.cluster.pulls import Place, Wanted
from oakum.fleet.images import manifests
from oakum.fleet.images.choice import Choice
from oakum.fleet.images.manifests import Descriptor, Manifest, Platform
from oakum.fleet.images.purls import purl_of
from oakum.fleet.images.reading import Image, read_described
from oakum.fleet.images.sources import DeniedError, Source, UnreachedError
from oakum.fleet.images.united import united
from oakum.local.image_cache import ImageCache, Reading
from oakum.local.pull_limits import FAILURES, Budget, Circuits, SpentError, told_size
from oakum.local.targets import assessed, means

if TYPE_CHECKING:
    from oakum.local.pull_secrets import PullSecrets

#: Images that are read at the same time.
PARALLEL = 4
#: Different credentials that one repository is given at most: somebody's account may be locked by wrong ones.
MOST_KEYS = 8
_AGAIN = "scan again, with more of it: what was read is kept, and not pulled twice"
_SBOM = "give an SBOM: --sbom DIGEST=FILE"
_FORM = "registry image"
#: A platform of which nobody has made an image.
_NOWHERE = Platform("", "")


class Told(msgspec.Struct, frozen=True):
    """How it goes: ``done`` of ``total`` images, the bytes that came, and what was the last one's lot.

    ``note`` is for something that is told once, beside the images.
    """

    done: int
    total: int
    size: int
    text: str
    note: bool = False


class Puller:
    """Reads the images of all clusters of one scan, with one budget for all of them."""

    def __init__(
        self,
        budget: Budget,
        cache: ImageCache,
        *,
        insecure: frozenset[str] = frozenset(),
        tell: Callable[[Told], None] = lambda _: None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """``insecure`` are registries that may be asked over plain http. ``tell`` is called from one thread."""
        self._budget = budget
        self._cache = cache
        self._insecure = insecure
        self._tell = tell
        self._circuits = Circuits()
        self._own = _Own(environment)

    def read(self, images: Sequence[Wanted], secrets: PullSecrets | None = None) -> dict[str, Asset | Gap]:
        """By key, what an image holds, or why that is not known. They are begun in the order in which they are given.

        ``secrets`` are the pull secrets of their cluster.
        """
        found: dict[str, Asset | Gap] = {}
        notes: list[str] = []
        with ThreadPoolExecutor(PARALLEL, thread_name_prefix="pull") as threads:
            work: dict[Future[tuple[Asset | Gap, str]], Wanted] = {}
            try:
                for image in images:
                    one = _Image(image, self._budget, self._cache, self._circuits, notes.append)
                    work[threads.submit(one.read, self._insecure, self._own, secrets)] = image
                for done in as_completed(work):
                    key = work[done].key
                    found[key], lot = done.result()
                    self._told(len(found), len(work), f"{work[done].name}: {lot}", notes)
            except BaseException:  # whatever ends it, those at work end too; it is raised again
                self._budget.stop()
                threads.shutdown(wait=False, cancel_futures=True)
                raise
        self._cache.tidy()
        return found

    def _told(self, done: int, total: int, text: str, notes: list[str]) -> None:
        self._tell(Told(done, total, self._budget.spent, text))
        while notes:
            self._tell(Told(done, total, self._budget.spent, notes.pop(0), note=True))


class _Own:
    """The credentials of whoever scans; a helper is asked once for each registry, and by one thread at a time."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._known: dict[str, Credentials | OakumError | None] = {}
        self._lock = Lock()

    def of(self, registry: str) -> Credentials | None:
        """Raises OakumError, each time the same."""
        with self._lock:
            if registry not in self._known:
                try:
                    self._known[registry] = credentials(registry, self._environment)
                except OakumError as error:
                    self._known[registry] = error
            found = self._known[registry]
        if isinstance(found, OakumError):
            raise found
        return found


class _Image:
    """Reads one image, by one thread."""

    def __init__(
        self, image: Wanted, budget: Budget, cache: ImageCache, circuits: Circuits, note: Callable[[str], None]
    ) -> None:
        self._image = image
        self._budget = budget
        self._cache = cache
        self._circuits = circuits
        self._note = note
        self._came = 0

    def read(self, insecure: frozenset[str], own: _Own, secrets: PullSecrets | None) -> tuple[Asset | Gap, str]:
        """What it holds or why that is not known, and a word about it."""
        image, name = self._image, self._image.name
        kept = [reading for each in self._platforms if (reading := self._cache.get(image.digest, each)) is not None]
        if image.places and len(kept) == len(self._platforms) and image.digest:
            return self._whole(kept, image.places[0].reference, ()), "known from an earlier scan"
        problems: list[OakumError] = []
        try:
            for place in image.places:
                try:
                    return self._from(place, insecure, own, secrets), f"read, {told_size(self._came)}"
                except OakumError as error:
                    problems.append(error)
                except (OSError, ValueError, RecursionError) as error:
                    # As one target that cannot be read, and no end to the others.
                    problems.append(InputError(str(error) or type(error).__name__, remedy=_SBOM))
        except SpentError as spent:
            return Gap("unread-image", name, f"it was left out: {spent}", _AGAIN), f"left out: {spent}"
        if not problems:
            problems = [InputError("its name is no reference of an image, so no registry is known", remedy=_SBOM)]
        why = "; ".join(dict.fromkeys(map(_why, problems)))
        remedy = "; ".join(dict.fromkeys(each.remedy for each in problems if each.remedy))
        return Gap("unread-image", name, why, remedy or _SBOM), f"not read: {why}"

    @property
    def _platforms(self) -> tuple[Platform | None, ...]:
        return self._image.platforms or (None,)

    def _from(self, place: Place, insecure: frozenset[str], own: _Own, secrets: PullSecrets | None) -> Asset:
        """The image as one repository has it. Raises OakumError and SpentError."""
        reference = place.reference
        addresses = Addresses(reference.registry, insecure)
        if addresses.local and not addresses.named_insecure:
            what = f"{reference.registry} is each node's own, and not this machine"
            remedy = f"{_SBOM}; where this machine serves the same: --insecure-registry {reference.registry}"
            raise InputError(what, remedy=remedy)
        for asked in (reference.registry, _asker(place)):
            if cause := self._circuits.left_alone(asked):
                what = f"{asked} was not asked any more after it had failed {FAILURES} times: {cause}"
                raise UnreachedError(what, remedy="see to that, and scan again")
        keys = _Keys(place, own, secrets)
        first: OakumError | None = None
        while True:
            try:
                found = self._pulled(reference, insecure, keys)
            except (DeniedError, MissingError) as error:
                # Many registries say of what somebody may not see that it is not there.
                first = first or error
                if keys.another():
                    continue
                if isinstance(first, DeniedError) and first.whole:
                    self._failed(_asker(place), first)
                raise keys.told(first) from None
            except UnreachedError as error:
                # An image that is missing, was changed or is not for us tells nothing of others of its registry.
                self._failed(reference.registry, error)
                raise
            self._circuits.succeeded(reference.registry)
            self._circuits.succeeded(_asker(place))
            return found

    def _failed(self, asked: str, error: OakumError) -> None:
        cause = error.what.partition(", and asks to come back")[0]
        if self._circuits.failed(asked, cause):
            self._note(f"{asked} is not asked any more: it has failed {FAILURES} times: {cause}")

    def _pulled(self, reference: Reference, insecure: frozenset[str], keys: _Keys) -> Asset:
        self._budget.check()
        with Repository(
            reference,
            insecure=insecure,
            known=keys.known,
            clock=Clockwork(sleep=self._budget.sleep),
            patience=Patience(seconds=min(Patience().seconds, max(self._budget.seconds, 1.0))),
            watch=self._budget.check,
        ) as repository:
            metered = _Metered(repository, self._budget)
            try:
                return self._read(repository.described(), metered, reference)
            finally:
                self._came += repository.received
                metered.settle()

    def _read(self, top: Descriptor, blobs: _Metered, reference: Reference) -> Asset:
        readings: list[Reading] = []
        gaps: list[Gap] = []
        for platform in self._platforms:
            reading = self._cache.get(top.digest, platform)
            if reading is None:
                choice = Choice("", None, platform or _NOWHERE)
                try:
                    found = read_described(top, blobs, choice, means(), str(reference), form=_FORM)
                except UsageError as error:
                    gaps.append(self._absent(platform, error))
                    continue
                reading = found.assessed(partial(_reading, reference=str(reference)))
                # A layer that cannot be read here may be read where there is a tool for it.
                if not any(gap.kind == "unread-image" for gap in reading.asset.gaps):
                    self._cache.put(top.digest, platform, reading)
            readings.append(reading)
        if not readings:
            raise InputError("; ".join(gap.why for gap in gaps), remedy=gaps[0].remedy)
        if not self._image.digest:
            why = (
                f"only its reference is known: it was read as {top.digest}, which that leads to now, "
                "and what runs may be another"
            )
            remedy = "scan the cluster while it runs, or name the image by its digest"
            gaps.append(Gap("unread-image", self._image.name, why, remedy))
        return self._whole(readings, reference, gaps)

    def _absent(self, platform: Platform | None, error: UsageError) -> Gap:
        why = error.what if platform else "it is made for several platforms, and the nodes that run it are not known"
        return Gap("unread-image", self._image.name, why, _SBOM if platform else f"read its nodes too, or {_SBOM}")

    def _whole(self, readings: Sequence[Reading], reference: Reference, gaps: Sequence[Gap]) -> Asset:
        """The image of the cluster, of all its platforms."""
        named = []
        for each in readings:
            purl = purl_of(str(reference), each.asset.key, each.built_for)
            named.append(msgspec.structs.replace(each.asset, name=str(reference), subject=(purl,) if purl else ()))
        asset = united(named)
        return msgspec.structs.replace(asset, key=self._image.key, gaps=(*asset.gaps, *gaps))


def _reading(image: Image, reference: str) -> Reading:
    found = assessed(msgspec.structs.replace(image, reference=reference), reference)
    return Reading(found.asset, image.platform)


def _asker(place: Place) -> str:
    """For whom a registry's refusals count: whoever asks it with the same pull secrets."""
    return f"{place.reference.registry} with {', '.join(map(str, place.secrets)) or 'no pull secret'}"


class _Keys:
    """The credentials that are tried for one repository, one after another; each is looked for when it is wanted."""

    def __init__(self, place: Place, own: _Own, secrets: PullSecrets | None) -> None:
        self._place = place
        self._secrets = secrets
        self._left = self._all(own)
        self._asked = False
        self._current: Credentials | None = None
        self._problems: list[OakumError] = []
        self._tried: list[str] = []

    def known(self) -> Credentials | None:
        """What a registry is given that wants credentials."""
        if not self._asked:
            self._asked = True
            self._current = next(self._left, None)
        return self._current

    def another(self) -> bool:
        """Whether there is something else to try: never where the registry did not even ask."""
        if not self._asked:
            return False
        for found in self._left:
            self._current = found
            return True
        return False

    def told(self, error: OakumError) -> OakumError:
        """Why the registry was not satisfied, with what was wrong with what it could have been given."""
        remedies = [error.remedy, *(each.remedy for each in self._problems)]
        if self._place.secrets and self._secrets is None:
            names = ", ".join(map(str, self._place.secrets[:3]))
            remedies.append(f"the pods name pull secrets ({names}), which --pull-secrets reads from a live cluster")
        tried = f" (tried {', '.join(dict.fromkeys(self._tried))})" if self._tried else ""
        what = "; ".join((error.what + tried, *map(_why, self._problems)))
        remedy = "; ".join(dict.fromkeys(filter(None, remedies)))
        kind = MissingError if isinstance(error, MissingError) else DeniedError
        return kind(what, place=error.place, remedy=remedy)

    def _all(self, own: _Own) -> Iterator[Credentials | None]:
        reference, given, secrets = self._place.reference, list[Credentials](), self._secrets
        try:
            if (found := own.of(reference.registry)) is not None:
                given.append(found)
                yield found
        except OakumError as error:
            self._problems.append(error)
        for secret in self._place.secrets if secrets is not None else ():
            try:
                entries = secrets.entries(secret).of(reference) if secrets is not None else []
            except OakumError as error:
                self._problems.append(error)
                continue
            for entry in entries:
                # The same secret stands in many a namespace.
                if entry not in given and len(given) < MOST_KEYS:
                    given.append(entry)
                    self._tried.append(str(secret))
                    yield entry
        if given:
            yield None


class _Metered:
    """The blobs of a repository; what an image will take is set aside before its first layer comes."""

    def __init__(self, repository: Repository, budget: Budget) -> None:
        self._repository = repository
        self._budget = budget
        self._taken = 0
        self._seen: set[str] = set()

    def blob(self, descriptor: Descriptor, place: str) -> Source | None:
        """See ``oakum.fleet.images.reading.Blobs``."""
        source = self._repository.blob(descriptor, place)
        if source is not None and descriptor.media_type in manifests.MANIFESTS and descriptor.digest not in self._seen:
            # What it says of sizes is its own word only when it is the one that was asked for.
            manifests.verify(source, descriptor.digest, descriptor.size, place)
            self._seen.add(descriptor.digest)
            self._take(manifests.decode(Manifest, manifests.document(source, place), place))
        return source

    def settle(self) -> None:
        """What came has been spent, whatever was set aside."""
        self._budget.give_back(self._taken - self._repository.received)

    def _take(self, manifest: Manifest) -> None:
        fresh = {each.digest: each.size for each in (manifest.config, *(manifest.layers or ()))}
        size = sum(max(size, 0) for digest, size in fresh.items() if digest not in self._seen)
        self._budget.take(size)
        self._taken += size
        self._seen.update(fresh)


def _why(error: OakumError) -> str:
    return f"{error.place}: {error.what}" if error.place is not None and str(error.place) else error.what
