"""Which channels apt has: the configured sources with their pockets, and what Ubuntu Pro entitles to.

A pocket says for whom a fix exists: one in ESM helps nobody whose machine has no subscription. Whose archive a source
is follows from the ``Origin`` of its downloaded index, and where there is none from its address. Sources:
sources.list(5); Debian's and Ubuntu's archive layouts; Freexian's page on Extended LTS; ubuntu-advantage-tools' status.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

from oakum.errors import InputError
from oakum.fleet import apt_index, apt_sources
from oakum.fleet.apt_sources import Source
from oakum.fleet.assets import Channel, Gap
from oakum.ports import Tree

_PRO_STATUS = "/var/lib/ubuntu-advantage/status.json"
_OFFICIAL_ORIGINS = frozenset({"Debian", "Debian Backports", "Ubuntu", "Raspbian"})
_OFFICIAL_HOST = re.compile(r"(?:[a-z0-9-]+\.)*(?:debian\.org|ubuntu\.com)")
_OFFICIAL_PATH = re.compile(r"/(?:[a-z0-9.-]+/)?(?:debian|debian-security|ubuntu|ubuntu-ports)/?")
_OFFICIAL_COMPONENTS = frozenset(
    {"main", "contrib", "non-free", "non-free-firmware", "restricted", "universe", "multiverse", "updates"}
)
#: The end of a suite's name, and its pocket; a suite without such an end is the release itself.
_POCKETS = (
    ("-security", "security"),
    ("-security-debug", "security"),
    ("/updates", "security"),
    ("-proposed-updates", "backports"),
    ("-updates", "updates"),
    ("-lts", "security"),
    ("-backports", "backports"),
    ("-backports-sloppy", "backports"),
    ("-proposed", "backports"),
)


class _Service(msgspec.Struct):
    name: str = ""
    status: str = ""


class _ProStatus(msgspec.Struct):
    attached: bool = False
    services: list[_Service] = []


def read(tree: Tree) -> tuple[list[Channel], list[Gap]]:
    """The channels that apt is configured for, disabled ones too, and what of them could not be understood."""
    sources, errors = apt_sources.read(tree)
    gaps = [_gap(str(error.place), error.what, error.remedy) for error in errors]
    services = _pro_services(tree, gaps)
    suites = {(source.uri, source.suite): source for source in sources if source.enabled}
    origins = {suite: apt_index.release(tree, source).origin for suite, source in suites.items()}
    return [channel(source, origins.get((source.uri, source.suite), ""), services) for source in sources], gaps


def channel(source: Source, origin: str = "", services: dict[str, bool] | None = None) -> Channel:
    """One source as a channel; ``origin`` as its index states it, ``services`` of Ubuntu Pro and whether each is on.

    Without a status (None) the configured source is taken as the proof of the entitlement.
    """
    pocket = _pocket(source, origin)
    entitled = services is None or not pocket.startswith("esm-") or services.get(pocket, False)
    return Channel(
        name=f"{origin or host(source.uri)} {source.suite}{'/' if source.component else ''}{source.component}",
        pocket=pocket,
        url=_without_password(source.uri),
        enabled=source.enabled and entitled,
        file=source.file,
    )


def host(uri: str) -> str:
    """The name of the machine in an address; the scheme where it has none."""
    try:
        parts = urlsplit(uri)
        return parts.hostname or parts.scheme or uri
    except ValueError:
        return uri


def _without_password(uri: str) -> str:
    """The address without ``user:password@``, which has no business in a report."""
    scheme, mark, rest = uri.partition("://")
    name, slash, path = rest.partition("/")
    return f"{scheme}{mark}{name.rpartition('@')[2]}{slash}{path}"


def _pocket(source: Source, origin: str) -> str:
    name = host(source.uri)
    try:
        path = urlsplit(source.uri).path
    except ValueError:
        return "third-party"
    if name == "esm.ubuntu.com" or origin in {"UbuntuESM", "UbuntuESMApps"}:
        if path.startswith("/apps") or origin == "UbuntuESMApps":
            return "esm-apps"
        return "esm-infra" if path.startswith(("/infra", "/ubuntu")) or origin == "UbuntuESM" else "extended"
    if name == "deb.freexian.com" and path.startswith("/extended-lts"):
        return "extended"  # Debian's Extended LTS: its advisories (ELA) speak about these builds
    if not _official(source, origin, name, path):
        return "third-party"
    return next((pocket for end, pocket in _POCKETS if source.suite.endswith(end)), "main")


def _official(source: Source, origin: str, name: str, path: str) -> bool:
    if origin:
        return origin in _OFFICIAL_ORIGINS
    if source.uri.startswith("cdrom:"):
        return True
    if source.component.partition("/")[2]:  # old Debian security sources have "updates/main" as their component
        return bool(_OFFICIAL_HOST.fullmatch(name))
    if source.component not in _OFFICIAL_COMPONENTS or source.suite.endswith("-pgdg"):
        return False
    return bool(_OFFICIAL_HOST.fullmatch(name) or _OFFICIAL_PATH.fullmatch(path))


def _pro_services(tree: Tree, gaps: list[Gap]) -> dict[str, bool] | None:
    """Ubuntu Pro's services and whether each is enabled; None where the machine keeps no such status."""
    try:
        status = msgspec.json.decode(tree.read(_PRO_STATUS, 1 << 20), type=_ProStatus)
    except FileNotFoundError:
        return None
    except PermissionError:
        gaps.append(_gap(_PRO_STATUS, "it may not be read", "run oakum as root"))
        return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InputError) as error:
        gaps.append(_gap(_PRO_STATUS, f"it is no status of Ubuntu Pro: {error}", "run 'pro status'"))
        return None
    return {service.name: status.attached and service.status == "enabled" for service in status.services}


def _gap(what: str, why: str, remedy: str) -> Gap:
    return Gap("incomplete-inventory", what, why, remedy)
