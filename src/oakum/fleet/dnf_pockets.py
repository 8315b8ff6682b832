"""Which pocket a dnf, yum or zypp repository is, by its id.

Vendors give their repositories fixed ids, and mirrors change the address only, so the id is the better witness. An
id that is none of a vendor's is a third party's (EPEL too: no vendor's advisories speak about it). Within a vendor's
ids a word decides: extended support first (its fixes are only for the entitled), then security, updates, backports,
else main: Red Hat's family ships fixes in the same repository as the release.

Sources of the ids: the release packages of the distributions (almalinux-repos, rocky-repos, centos-stream-repos,
oraclelinux-release, system-release, fedora-repos, openSUSE-repos, azurelinux-repos, photon-repos, openEuler-repos),
Red Hat's "Package manifest" and SUSE's "Modules and extensions".
"""

from __future__ import annotations

import re

_KINDS = r"(?:[_-](?:source|sources|debug|debuginfo|debugsource|debug-rpms|source-rpms|rpms|kickstart))?"
_VENDOR = re.compile(
    r"(?:"
    # AlmaLinux, Rocky, CentOS and its Stream
    r"(?:baseos|appstream|crb|powertools|extras|extras-common|plus|ha|highavailability|nfv|rt|realtime|sap|saphana"
    r"|resilient-?storage|devel|base|updates|os|centosplus|fasttrack|cr|security)"
    # Red Hat, subscribed, in a cloud or as universal base image
    r"|rhel-[a-z0-9._-]+|rhui-[a-z0-9._-]+|ubi-[0-9][a-z0-9._-]*|codeready-builder-for-rhel-[a-z0-9._-]+"
    # Oracle, Amazon
    r"|ol[0-9]+_[a-z0-9._-]+|amzn2-core|amzn2extra-[a-z0-9._-]+|amzn-(?:main|updates)|amazonlinux|kernel-livepatch"
    # Fedora; openSUSE; SUSE Linux Enterprise
    r"|fedora(?:-modular|-cisco-openh264)?|updates(?:-testing)?(?:-modular)?|repo-[a-z0-9._-]+|(?:sle|suse-)[a-z0-9._-]+"
    # Photon, Azure Linux, openEuler
    r"|photon(?:-[a-z0-9._-]+)?|(?:cbl-)?mariner-official-[a-z0-9._-]+|azurelinux-official-[a-z0-9._-]+"
    r"|everything|epol|update"
    r")" + _KINDS
)
_WORD = re.compile(r"[a-z0-9]+")

_FOREIGN = frozenset({"epel", "developer"})
_EXTENDED = frozenset({"eus", "e4s", "aus", "tus", "els", "ltss", "elevated", "esm"})


def pocket(repository: str) -> str:
    """The pocket of a repository id, in the words of ``oakum.fleet.assets.Channel``."""
    # SUSE puts the service in front: "SLES:SLE-Module-Basesystem15-SP5-Updates".
    name = repository.rpartition(":")[2].lower()
    words = frozenset(_WORD.findall(name))
    if not _VENDOR.fullmatch(name) or words & _FOREIGN:
        return "third-party"
    if words & _EXTENDED:
        return "extended"
    if "security" in words:
        return "security"
    if words & {"update", "updates"}:
        return "updates"
    return "backports" if "backports" in words else "main"
