"""Through which releases an API server goes from one version to another: one of every minor between, then the target.

kube-apiserver must not skip a minor version (kubernetes.io/releases/version-skew-policy, "supported component upgrade
order"), and the policy advises the latest patch release of each. Pre-releases are no stop on the way of a
cluster; who asks about versions alone has chosen them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from oakum.changes.skew.release import Release, line


class Missing(msgspec.Struct, frozen=True):
    """There is no route: ``minors`` on the way have no available release; none where the way would lead back."""

    minors: tuple[int, ...]
    why: str


def find_route(
    current: Release, target: Release, available: Sequence[Release] | None = None, *, candidates: bool = False
) -> tuple[Release, ...] | Missing:
    """The releases after ``current`` up to ``target``, which is taken to be available itself.

    Without ``available`` a stop names its release line only (``1.29``). Empty where ``current`` is the target, or
    a later patch of its minor. With ``candidates`` a pre-release is a stop where its minor has nothing else.
    """
    if target.minor < current.minor:
        return Missing((), f"the target {target.text} is older than {current.text}, and no way leads back")
    between = range(current.minor + 1, target.minor)
    last = (target,) if current.is_before(target) else ()
    if available is None:
        return (*(Release(line(minor), minor) for minor in between), *last)
    latest = _latest(each for each in available if candidates or not each.is_prerelease)
    absent = tuple(minor for minor in between if minor not in latest)
    if absent:
        return Missing(absent, f"no release of {', '.join(map(line, absent))} is available, and none may be skipped")
    return (*(latest[minor] for minor in between), *last)


def _latest(available: Iterable[Release]) -> dict[int, Release]:
    """The newest release of each minor, or else its newest pre-release; of builds that nobody can order, the first."""
    latest: dict[int, Release] = {}
    for one in sorted(available, key=lambda each: not each.is_prerelease):
        known = latest.get(one.minor)
        if known is None or known.is_before(one) or (known.is_prerelease and not one.is_prerelease):
            latest[one.minor] = one
    return latest
