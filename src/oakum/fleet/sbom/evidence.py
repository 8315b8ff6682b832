"""Which operating system release an SBOM proves, and whether it tells source packages.

The operating system component and every package's purl each say something, in their own words. They must
agree: a release that is absent, not understood or contradicted is unknown, and then the packages cannot be
assessed, however many of them are listed. Guessing from the majority would turn a mistake of the tool into a
clean bill of health.
"""

from __future__ import annotations

from collections.abc import Iterable

from oakum.fleet.assets import Gap
from oakum.fleet.ecosystems import release_from_name
from oakum.fleet.packages import Package
from oakum.fleet.releases import Release

#: Packages that nearly every system has, none of which is its own source in any release. Source: Debian's and Alpine's
#: package indexes, field Source and ``o:``.
_NEVER_THEIR_OWN_SOURCE = {
    "deb": frozenset(
        {"libc6", "libc-bin", "perl-base", "mount", "bsdutils", "passwd", "login", "zlib1g", "libpam0g", "libssl3"}
        | {"libssl1.1", "libssl3t64", "libgcc-s1", "libsystemd0"}
    ),
    "apk": frozenset({"libcrypto1.1", "libssl1.1", "libcrypto3", "libssl3", "musl-utils", "ssl_client", "scanelf"}),
}
_REMEDY = "name the release when making the SBOM (an operating-system component, or distro= in the package URLs)"


def decide(
    systems: list[tuple[str, Release | None]], distros: Iterable[tuple[str, str]], os_packages: int
) -> tuple[Release | None, list[Gap]]:
    """The release that all evidence agrees on, or None with the gap that says why.

    ``systems`` are the named operating systems, ``distros`` the (namespace, distro qualifier) of the
    packages.
    """
    named = [release for _, release in systems if release is not None and release.known]
    tagged = [
        release
        for namespace, distro in distros
        if (release := release_of_purl(namespace, distro)) is not None and release.known
    ]
    claims: dict[tuple[str, str], Release] = {}
    for release in named + tagged:
        claims.setdefault(_family(release), release)
    parents = {release.parent for release in claims.values()}
    agreed = [release for release in claims.values() if release.scope not in parents]
    if len(agreed) == 1:
        if os_packages:
            return agreed[0], []
        return agreed[0], [
            Gap(
                "incomplete-inventory",
                f"no packages of {agreed[0].scope}",
                "the operating system is named, but none of its packages is listed",
                "make the SBOM of the whole image or machine, not of one folder",
            )
        ]
    if not systems and not os_packages:
        return None, []
    subject = f"{os_packages} operating system package{'' if os_packages == 1 else 's'}"
    if agreed:
        why = f"the SBOM names several releases: {', '.join(sorted(release.scope for release in agreed))}"
    else:
        words = [given for given, _ in systems] or [" ".join(filter(None, pair)) for pair in distros]
        given = ", ".join(sorted({word for word in words if word})[:5])
        why = f"the release is not understood: {given}" if given else "the SBOM names no operating system release"
    return None, [Gap("unknown-release", subject, why, _REMEDY)]


def untold_sources(packages: Iterable[Package]) -> list[Gap]:
    """A gap where the SBOM does not tell from which source packages a system's packages are built.

    Debian's and Alpine's advisories go by source packages. Of a package without one the rules say that it is its own
    source; where a tool leaves out all of them that is false, and glibc's flaws would be looked for under ``libc6``.
    """
    gaps = []
    own: dict[str, list[str]] = {}
    for package in packages:
        if package.type in _NEVER_THEIR_OWN_SOURCE and package.source == package.name:
            own.setdefault(package.type, []).append(package.name)
    for type_, names in sorted(own.items()):
        if wrong := sorted(_NEVER_THEIR_OWN_SOURCE[type_].intersection(names)):
            gaps.append(
                Gap(
                    "incomplete-inventory",
                    f"source packages of {len(names)} packages of type {type_}",
                    f"the SBOM does not tell them ({wrong[0]} is its own source in it), and advisories go by them",
                    "use a tool that writes upstream= into package URLs, or scan the image, the root or the host",
                )
            )
    return gaps


def release_of_purl(namespace: str, distro: str) -> Release | None:
    """The release that a package URL's namespace and ``distro`` qualifier name: ``alpine`` with ``3.18.12``,
    any namespace with ``debian-12`` or ``bookworm``; a namespace alone only where its product has no
    releases."""
    distro = distro.replace("+", " ")
    if not distro or distro[0].isdigit():
        return release_from_name(namespace, distro)
    return release_from_name(distro) or release_from_name(namespace, distro)


def _family(release: Release) -> tuple[str, str]:
    """CentOS by name alone may be Stream or not; the operating system component, which comes first, tells."""
    return release.product.removesuffix("-stream"), release.version
