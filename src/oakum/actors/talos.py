"""Talos Linux: which Kubernetes a Talos may run, and from which Talos a host may go to another.

Source: pkg/machinery/compatibility of github.com/siderolabs/talos (``SupportedWith`` in kubernetes_version.go,
``UpgradeableFrom`` in talos_version.go, and one row of limits for each minor of Talos, talos12 and on). The rows come
with the request; the rules are those of the two functions. Of the Talos to go to only the minor counts, and it chooses
the row. Of what runs the three numbers count and no pre-release: v1.11.0-alpha.0 already is 1.11.0. Lower limits are
part of what is allowed, upper ones are not, hence 1.33.99 as the greatest Kubernetes for "any 1.33". Only a denied
version is compared whole, pre-release and all. The way back is the same question: a host too new is a downgrade
from too far.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from oakum.actors.model import Kind, Request, Rule
from oakum.errors import InputError, NotAssessableError, Place

TOO_OLD: Literal["too-old"] = "too-old"
TOO_NEW: Literal["too-new"] = "too-new"
DENIED: Literal["denied"] = "denied"

_FOLDER = "https://github.com/siderolabs/talos/blob/main/pkg/machinery/compatibility"
_KUBERNETES = f"{_FOLDER}/kubernetes_version.go"
_UPGRADE = f"{_FOLDER}/talos_version.go"
_ROW = f"{_FOLDER}/talos112/talos112.go"
_PARSED = "https://github.com/blang/semver/blob/master/v4/semver.go"

#: Talos reads versions as blang/semver does when it is tolerant: a v, spaces around, zeros in front, two numbers only.
#: What follows the patch makes the patch dispensable there.
_VERSION = re.compile(
    r"v?0*([0-9]{1,20})(?:\.0*([0-9]{1,20})"
    r"(?:\.(?:0*([0-9]{1,20})|(?=[-+]))(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?)?)?"
)
_MINOR = re.compile(r"v?0*([0-9]{1,20})\.0*([0-9]{1,20})(?:\.[0x])?")
_NUMBER = re.compile(r"[0-9]+")
#: Numbers of versions are 64 bits wide.
_GREATEST = 2**64 - 1
_LONGEST = len(str(_GREATEST))
#: A minor as upper limit stands for all its patches: Talos itself writes its rows with this patch.
_LAST_PATCH = 99
#: Of a text that comes from outside so much is shown.
_SHOWN = 40

_Core = tuple[int, int, int]


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The limits of one minor of Talos, as versions; a question needs only its own two.

    ``kubernetes_min`` is the oldest Kubernetes and ``kubernetes_max`` the first that is too new (a minor such as 1.33
    means 1.33.99). ``upgrade_from_min`` is the oldest Talos that may go to this minor, ``downgrade_from_below`` the
    first that is too new to come back to it; ``upgrade_denied`` are single versions that may not (default: none).
    """

    kubernetes_min: str | None = None
    kubernetes_max: str | None = None
    upgrade_from_min: str | None = None
    downgrade_from_below: str | None = None
    upgrade_denied: tuple[str, ...] | None = None


class KubernetesRequest(Request, frozen=True, kw_only=True):
    """May Talos ``target`` run ``kubernetes``? ``matrix`` has the limits for each minor of Talos ("1.9" or "v1.9")."""

    target: str
    kubernetes: str
    matrix: dict[str, Row]


class UpgradeRequest(Request, frozen=True, kw_only=True):
    """May a machine that runs Talos ``host`` go to Talos ``target``, up or down? ``matrix`` as for Kubernetes."""

    host: str
    target: str
    matrix: dict[str, Row]


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """``allowed``, or ``why`` not: what runs is too-old, too-new or denied; null where it is allowed."""

    allowed: bool
    why: Literal["too-old", "too-new", "denied"] | None = None


def runs(request: KubernetesRequest) -> Reply:
    """Whether this Talos may run this Kubernetes.

    Raises InputError naming the field of a version that is none or of a limit that is missing, and NotAssessableError
    where the matrix has no row for this minor of Talos.
    """
    target, kubernetes = _read(request.target, "target"), _read(request.kubernetes, "kubernetes")
    key, row = _row(request.matrix, target, "its versions of Kubernetes are unknown")
    lowest = _limit(row.kubernetes_min, f"matrix.{key}.kubernetes_min")
    above = _limit(row.kubernetes_max, f"matrix.{key}.kubernetes_max", last_patch=_LAST_PATCH)
    return _judged(_within(kubernetes.core, lowest, above))


def upgradeable(request: UpgradeRequest) -> Reply:
    """Whether a host with this Talos may go to that one; errors as ``runs``."""
    host, target = _read(request.host, "host"), _read(request.target, "target")
    key, row = _row(request.matrix, target, "from which versions one may go there is unknown")
    lowest = _limit(row.upgrade_from_min, f"matrix.{key}.upgrade_from_min")
    above = _limit(row.downgrade_from_below, f"matrix.{key}.downgrade_from_below")
    denied = [_read(each, f"matrix.{key}.upgrade_denied[{at}]") for at, each in enumerate(row.upgrade_denied or ())]
    why = _within(host.core, lowest, above)
    return _judged(why or (DENIED if any(each.same(host) for each in denied) else None))


class _Version(NamedTuple):
    """Three numbers and the pre-release; what stands after a + never counts. ``given``: how many numbers there were."""

    core: _Core
    prerelease: str
    given: int

    def same(self, other: _Version) -> bool:
        return (self.core, self.prerelease) == (other.core, other.prerelease)


def _within(core: _Core, lowest: _Core, above: _Core) -> Literal["too-old", "too-new"] | None:
    return TOO_OLD if core < lowest else TOO_NEW if core >= above else None


def _judged(why: Literal["too-old", "too-new", "denied"] | None) -> Reply:
    return Reply(allowed=why is None, why=why)


def _limit(text: str | None, field: str, *, last_patch: int = 0) -> _Core:
    """``last_patch`` stands for the patch of a limit that names a minor only."""
    if text is None:
        raise InputError("the field is missing", place=Place(field=field), remedy="this question needs the limit")
    version = _read(text, field)
    if last_patch and version.given < 2:
        remedy = "write it as 1.33 or 1.33.99"
        raise InputError(f"{text[:_SHOWN]!r} names no minor version", place=Place(field=field), remedy=remedy)
    major, minor, patch = version.core
    return (major, minor, last_patch if version.given == 2 else patch)


def _row(matrix: Mapping[str, Row], target: _Version, unknown: str) -> tuple[str, Row]:
    """The row of the target's minor, and its key as it was written."""
    rows: dict[tuple[int, int], str] = {}
    for key in matrix:
        found = _MINOR.fullmatch(key.strip())
        if found is None:
            place = Place(field=f"matrix.{key[:_SHOWN]}")
            raise InputError("not a minor version of Talos", place=place, remedy='write it as "1.9"')
        minor = (int(found[1]), int(found[2]))
        if minor in rows:
            what = f"names the same minor as {rows[minor][:_SHOWN]!r}"
            raise InputError(what, place=Place(field=f"matrix.{key[:_SHOWN]}"), remedy="give each minor once")
        rows[minor] = key
    major, minor_number, _ = target.core
    written = rows.get((major, minor_number))
    if written is None:
        known = ", ".join(f"{one}.{two}" for one, two in sorted(rows)[-10:]) or "none"
        raise NotAssessableError(
            f"not assessable: Talos {major}.{minor_number} is not in the matrix, {unknown}",
            place=Place(field="target"), remedy=f"add its row; rows: {known}",
        )  # fmt: skip
    return written[:_SHOWN], matrix[written]


def _read(text: str, field: str) -> _Version:
    found = _VERSION.fullmatch(text.strip())
    numbers = [] if found is None else [int(each) for each in found.groups()[:3] if each is not None]
    if found is None or max(numbers) > _GREATEST or not _well_formed(found[4], found[5]):
        what = f"{text[:_SHOWN]!r} is no version"
        raise InputError(what, place=Place(field=field), remedy="write it as v1.9.3 or v1.9.0-beta.1")
    given = 3 if found[3] or found[4] or found[5] else len(numbers)
    major, minor, patch = (*numbers, 0, 0)[:3]
    return _Version((major, minor, patch), found[4] or "", given)


def _well_formed(prerelease: str | None, build: str | None) -> bool:
    """Whether no part between the dots is empty, and no number of a pre-release has zeros in front or is too great."""
    for part in prerelease.split(".") if prerelease else ():
        if not part:
            return False
        if _NUMBER.fullmatch(part) and (len(part) > _LONGEST or str(int(part)) != part or int(part) > _GREATEST):
            return False
    return build is None or all(build.split("."))


_MATRIX: dict[str, object] = {
    "1.12": {
        "kubernetes_min": "1.30.0",
        "kubernetes_max": "1.35.99",
        "upgrade_from_min": "1.10.0",
        "downgrade_from_below": "1.14.0",
        "upgrade_denied": [],
    }
}

_OF_MATRIX = (
    Rule(
        id="row",
        says="The minor of the Talos to go to chooses the row; a minor without a row is not assessable, whatever runs.",
        source=_UPGRADE,
    ),
    Rule(
        id="core",
        says="Limits are compared by major, minor and patch: an alpha, beta or rc counts as its release.",
        source=_UPGRADE,
    ),
    Rule(
        id="tolerant",
        says="A version may have a v in front, zeros before its numbers and no patch (0); build metadata never counts.",
        source=_PARSED,
    ),
)

KINDS: tuple[Kind, ...] = (
    Kind(
        command="skew check",
        name="talos-kubernetes",
        actor="Talos Linux",
        says="Whether a Talos may run a Kubernetes, by the limits given for its minor.",
        request=KubernetesRequest,
        reply=Reply,
        answer=runs,
        rules=(
            *_OF_MATRIX,
            Rule(id="kubernetes-too-old", says="Kubernetes must not be below kubernetes_min.", source=_KUBERNETES),
            Rule(
                id="kubernetes-too-new",
                says="Kubernetes must be below kubernetes_max: 1.35.99 as limit allows 1.35.98, and no 1.36 alpha.",
                source=_KUBERNETES,
            ),
            Rule(
                id="kubernetes-max-minor",
                says="A kubernetes_max that names a minor only means its patch 99, as Talos' own rows have it.",
                source=_ROW,
            ),
        ),
        example={"target": "v1.12.1", "kubernetes": "v1.36.0-alpha.1", "matrix": _MATRIX},
    ),
    Kind(
        command="skew check",
        name="talos-upgrade",
        actor="Talos Linux",
        says="Whether a machine may go from one Talos to another, up or down, by the limits of the minor to go to.",
        request=UpgradeRequest,
        reply=Reply,
        answer=upgradeable,
        rules=(
            *_OF_MATRIX,
            Rule(id="host-too-old", says="The host must not be below upgrade_from_min.", source=_UPGRADE),
            Rule(
                id="host-too-new",
                says="The host must be below downgrade_from_below: that version and its alphas are too new.",
                source=_UPGRADE,
            ),
            Rule(
                id="host-denied",
                says="A host that is one of upgrade_denied is denied; the whole version counts, its pre-release too.",
                source=_UPGRADE,
            ),
        ),
        example={"host": "v1.14.0-alpha.0", "target": "v1.12.3", "matrix": _MATRIX},
    ),
)
