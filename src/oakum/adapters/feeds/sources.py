"""The table of sources: what each publisher offers, where, in which form, under which licence, how large and how fresh.

Addresses and layouts are those that the publishers document: osv.dev (one folder an ecosystem: ``all.zip``,
``modified_id.csv``, ``ID.json``), security-tracker.debian.org, secdb.alpinelinux.org, packages.wolfi.dev,
cdn.amazonlinux.com (a ``mirror.list`` a repository), linux.oracle.com/security/oval, yum.oracle.com,
packages.broadcom.com/photon, security.archlinux.org, security.access.redhat.com and ftp.suse.com (folders of CSAF),
cisa.gov, first.org/epss, kubernetes.io, endoflife.date. A source is one address and one name in the store; a group is a
word for several. Settings may change the address of a source, add one, or put a mirror before all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal
from urllib.parse import quote, urlsplit

import msgspec

from oakum.advisories.parsers import FORMATS
from oakum.errors import UsageError

_MIB = 1 << 20
_OSV = "https://osv-vulnerabilities.storage.googleapis.com"
_DEBIAN = "https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data"
_ALPINE = "https://secdb.alpinelinux.org"
_RED_HAT = "https://security.access.redhat.com/data/csaf/v2"
_SUSE = "https://ftp.suse.com/pub/projects/security"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,99}")
_AMAZON = "https://cdn.amazonlinux.com"
_ORACLE = "https://yum.oracle.com/repo/OracleLinux"
_AZURE = "https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main"
_PHOTON = "https://packages.broadcom.com/photon/photon_cve_metadata"
_SMALL = "small documents"
_PART = "excerpts of the publisher's own files"
#: Formats that are imported from files alone: Fedora gives its updates in pages, and bulletins are written down by
#: whoever needs them.
IMPORTED = frozenset({"fedora", "bulletins"})
#: A file; an OSV ecosystem with its list of changes; the notices of an rpm repository; a folder of CSAF documents.
Layout = Literal["file", "osv", "rpm-md", "csaf"]


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One source: ``hours`` is how old what is published usually is, ``largest`` and ``unpacked`` are limits in bytes.

    ``layout`` "osv" has a list of changes beside the archive; "rpm-md" is the address of a repository's ``repomd.xml``,
    or of the ``mirror.list`` that leads there; "csaf" is a folder of documents with ``changes.csv``, an ``archive`` of
    them (relative to the folder; a ``.txt`` names it) and a list ``deleted`` of what was withdrawn (without one, what
    is no more in ``changes.csv``). ``mirror`` is what stands before all addresses of its publisher. ``entries`` is what
    the names of an archive's wanted files end with. ``dated``: each edition carries its own date, so that an older
    edition is known as such.
    ``usual`` sources are fetched where none is named. ``proven`` says on which real data its parser was tried.
    """

    name: str
    url: str
    format: str
    group: str = ""
    about: str = ""
    licence: str = ""
    hours: int = 24
    layout: Layout = "file"
    archive: str = ""
    deleted: str = ""
    entries: str = ""
    largest: int = 256 * _MIB
    unpacked: int = 4096 * _MIB
    seconds: int = 1800
    dated: bool = False
    usual: bool = True
    proven: str = ""
    mirror: str = ""

    @property
    def packed(self) -> bool:
        """Whether the publisher's file is an archive already, so that no coding of its transfer is wanted."""
        return urlsplit(self.url).path.endswith((".zip", ".gz", ".bz2", ".xz", ".zst"))


def _osv(ecosystem: str, licence: str, *, usual: bool = False, proven: str = "small documents") -> Source:
    word = ecosystem.lower().replace(" ", "-").replace(".", "-")
    return Source(
        name=f"osv-{word}", group="osv", url=f"{_OSV}/{quote(ecosystem)}/all.zip", format="osv", layout="osv",
        about=f"OSV records of {ecosystem}", licence=licence, entries=".json", usual=usual, proven=proven,
        largest=2048 * _MIB, unpacked=16384 * _MIB,
    )  # fmt: skip


def _alpine(release: str, repository: str) -> Source:
    return Source(
        name=f"alpine-{release}-{repository}", group="alpine", url=f"{_ALPINE}/{release}/{repository}.json",
        format="alpine-secdb", about=f"Alpine {release}, {repository}", licence="not stated", largest=64 * _MIB,
        proven="secdb of 3.3 to 3.11, whole, as YAML; small documents as JSON",
    )  # fmt: skip


def _amazon(name: str, path: str, about: str) -> Source:
    return Source(
        name=f"amazon-{name}", group="amazon", url=f"{_AMAZON}/{path}/latest/x86_64/mirror.list", format="updateinfo",
        layout="rpm-md", about=f"Amazon Linux {about}", licence="not stated", largest=64 * _MIB, unpacked=1024 * _MIB,
        usual=False, proven=_SMALL,
    )  # fmt: skip


def _oracle(release: str, repository: str, path: str) -> Source:
    return Source(
        name=f"oracle-{release}-{repository}", group="oracle-notices", format="updateinfo", layout="rpm-md",
        url=f"{_ORACLE}/{release.upper()}/{path}/x86_64/repodata/repomd.xml",
        about=f"update notices of Oracle Linux {release[2:]}, {repository}", licence="not stated", largest=128 * _MIB,
        unpacked=2048 * _MIB, usual=False, proven=_SMALL,
    )  # fmt: skip


def _csaf(name: str, url: str, about: str, archive: str, deleted: str, proven: str) -> Source:
    return Source(
        name=name, group=f"{name.partition('-csaf')[0]}-csaf", url=url, format="csaf", layout="csaf", about=about,
        licence="CC-BY-4.0", archive=archive, deleted=deleted, largest=4096 * _MIB, unpacked=65536 * _MIB,
        seconds=7200, usual=False, proven=proven,
    )  # fmt: skip


TABLE: tuple[Source, ...] = (
    _osv("AlmaLinux", "MIT", usual=True, proven="5,680 records, whole"),
    _osv("Rocky Linux", "BSD-3-Clause", usual=True, proven=_PART),
    _osv("Go", "CC-BY-4.0", usual=True, proven="4,291 records, whole"),
    _osv("Bitnami", "Apache-2.0", proven="2,000 records"),
    _osv("Ubuntu", "CC-BY-SA-4.0", proven=_PART),
    _osv("Red Hat", "CC-BY-4.0"),
    _osv("SUSE", "CC-BY-4.0"),
    _osv("openSUSE", "CC-BY-4.0"),
    _osv("Debian", "of the Debian security tracker"),
    _osv("PyPI", "CC-BY-4.0", proven="132 records of PSF"),
    _osv("npm", "CC-BY-4.0"),
    _osv("Maven", "CC-BY-4.0"),
    _osv("NuGet", "CC-BY-4.0"),
    _osv("RubyGems", "CC-BY-4.0"),
    _osv("Packagist", "CC-BY-4.0"),
    _osv("crates.io", "CC0-1.0"),
    Source(
        name="debian-tracker", group="debian", url="https://security-tracker.debian.org/tracker/data/json",
        format="debian-tracker", about="states of all CVEs in all releases of Debian", licence="not stated", hours=2,
        proven=_PART,
    ),
    Source(
        name="debian-dsa", group="debian", url=f"{_DEBIAN}/DSA/list", format="dsa",
        about="Debian's security advisories", licence="not stated", largest=32 * _MIB,
        proven="excerpts of the list; 8,668 DSA and DLA as JSON",
    ),
    Source(
        name="debian-dla", group="debian", url=f"{_DEBIAN}/DLA/list", format="dsa",
        about="Debian's advisories of long-term support", licence="not stated", largest=32 * _MIB,
        proven="excerpts of the list; 8,668 DSA and DLA as JSON",
    ),
    *(
        _alpine(release, repository)
        for release in ("v3.18", "v3.19", "v3.20", "v3.21", "v3.22", "v3.23", "edge")
        for repository in ("main", "community")
    ),
    _amazon("2-core", "2/core", "2"),
    *(
        _amazon(f"2-{topic}", f"2/extras/{topic}", f"2, topic {topic} of the extras")
        for topic in ("kernel-5.4", "kernel-5.10", "kernel-5.15", "livepatch", "docker", "ecs")
    ),
    _amazon("2023-core", "al2023/core/mirrors", "2023"),
    _amazon("2023-livepatch", "al2023/kernel-livepatch/mirrors", "2023, live patches of the kernel"),
    *(
        Source(
            name=f"oracle-oval-{release}", group="oracle", format="oval", licence="not stated", usual=False,
            url=f"https://linux.oracle.com/security/oval/com.oracle.elsa-{release}.xml.bz2", largest=128 * _MIB,
            about=f"security notices of Oracle Linux {release[2:]}", proven=_PART,
        )
        for release in ("ol7", "ol8", "ol9", "ol10")
    ),
    *(
        _oracle(release, repository, path)
        for release, repository, path in (
            ("ol8", "baseos", "baseos/latest"), ("ol8", "appstream", "appstream"), ("ol8", "uekr6", "UEKR6"),
            ("ol8", "uekr7", "UEKR7"), ("ol9", "baseos", "baseos/latest"), ("ol9", "appstream", "appstream"),
            ("ol9", "uekr7", "UEKR7"),
        )
    ),
    Source(
        name="azurelinux-3", group="azure", url=f"{_AZURE}/azurelinux-3.0-oval.xml", format="oval",
        about="states of vulnerabilities in Azure Linux 3", licence="MIT", usual=False, proven=_PART,
    ),
    Source(
        name="mariner-2", group="azure", url=f"{_AZURE}/cbl-mariner-2.0-oval.xml", format="oval",
        about="states of vulnerabilities in CBL-Mariner 2", licence="MIT", usual=False, proven=_PART,
    ),
    *(
        Source(
            name=f"photon-{release}", group="photon", url=f"{_PHOTON}/cve_data_photon{release}.0.json",
            format="photon", about=f"states of vulnerabilities in Photon OS {release}", licence="not stated",
            largest=128 * _MIB, usual=False, proven=_PART,
        )
        for release in ("3", "4", "5")
    ),
    Source(
        name="arch", url="https://security.archlinux.org/issues/all.json", format="arch",
        about="Arch Linux' groups of vulnerabilities", licence="not stated", largest=64 * _MIB, usual=False,
        proven=_PART,
    ),
    Source(
        name="wolfi", url="https://packages.wolfi.dev/os/security.json", format="alpine-secdb", about="Wolfi's secdb",
        licence="not stated", largest=64 * _MIB, usual=False, proven="small documents",
    ),
    Source(
        name="chainguard", url="https://packages.cgr.dev/chainguard/security.json", format="alpine-secdb",
        about="Chainguard's secdb", licence="not stated", largest=64 * _MIB, usual=False, proven="small documents",
    ),
    _csaf(
        "redhat-csaf-vex", f"{_RED_HAT}/vex/", "Red Hat's VEX files, one a vulnerability", "archive_latest.txt",
        "deletions.csv", "25 VEX files and advisories, whole",
    ),
    _csaf(
        "redhat-csaf-advisories", f"{_RED_HAT}/advisories/", "Red Hat's security advisories", "archive_latest.txt",
        "deletions.csv", "25 VEX files and advisories, whole",
    ),
    _csaf(
        "suse-csaf-vex", f"{_SUSE}/csaf-vex/", "SUSE's VEX files, one a vulnerability", "../csaf-vex.tar.bz2", "",
        "small documents",
    ),
    _csaf(
        "suse-csaf-advisories", f"{_SUSE}/csaf/", "SUSE's and openSUSE's update notices", "../csaf.tar.bz2", "",
        "small documents",
    ),
    Source(
        name="kubernetes", url="https://github.com/kubernetes-sigs/cve-feed-osv/archive/refs/heads/main.zip",
        format="kubernetes", about="Kubernetes' CVEs by component, as OSV", licence="Apache-2.0", entries=".json",
        largest=64 * _MIB, unpacked=512 * _MIB, proven="47 records, whole, repacked",
    ),
    Source(
        name="kubernetes-official",
        url="https://kubernetes.io/docs/reference/issues-security/official-cve-feed/index.json", format="kubernetes",
        about="Kubernetes' official CVE feed (without versions)", licence="CC-BY-4.0", largest=16 * _MIB, usual=False,
        proven="small documents",
    ),
    Source(
        name="flatcar", url="https://www.flatcar.org/releases-json/releases.json", format="flatcar",
        about="Flatcar's releases, with the vulnerabilities that each fixes", licence="not stated", largest=64 * _MIB,
        usual=False, proven="small documents, after the feed's own spellings",
    ),
    Source(
        name="bottlerocket", url="https://advisories.bottlerocket.aws/updateinfo.xml.gz", format="bottlerocket",
        about="Bottlerocket's notices by package", licence="not stated", largest=64 * _MIB, unpacked=512 * _MIB,
        usual=False, proven="the publisher's documented example; no whole file",
    ),
    Source(
        name="kev", group="intel",
        url="https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json", format="kev",
        about="known exploited vulnerabilities", licence="CC0-1.0", hours=72, largest=64 * _MIB, dated=True,
        proven="1,404 entries, whole",
    ),
    Source(
        name="epss", group="intel", url="https://epss.empiricalsecurity.com/epss_scores-current.csv.gz", format="epss",
        about="probability of exploitation", licence="free with attribution", largest=64 * _MIB, unpacked=512 * _MIB,
        dated=True, proven=_PART,
    ),
    Source(
        name="vulnrichment", group="intel",
        url="https://github.com/cisagov/vulnrichment/archive/refs/heads/develop.zip", format="vulnrichment",
        about="CISA's SSVC points and vectors", licence="CC0-1.0", entries=".json", largest=2048 * _MIB,
        unpacked=16384 * _MIB, proven="16 records as published; 44,130 as a table",
    ),
    Source(
        name="endoflife", url="https://endoflife.date/api/v1/products/full", format="endoflife",
        about="until when each release is maintained", licence="MIT", largest=64 * _MIB, proven=_PART,
    ),
)  # fmt: skip


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What settings say of a source: another address of a known one, or all of a new one."""

    url: str
    format: str = ""
    layout: Layout = "file"
    archive: str = ""
    deleted: str = ""
    entries: str = ""
    licence: str = "not stated"


def changed(table: Sequence[Source], changes: dict[str, Change]) -> tuple[Source, ...]:
    """The table with another address for known sources, and with new ones. Raises UsageError for half a source."""
    found = {one.name: one for one in table}
    for name, change in changes.items():
        known = found.get(name)
        if known is not None:
            found[name] = msgspec.structs.replace(known, url=change.url)
            continue
        if not _NAME.fullmatch(name):
            raise UsageError(f"{name!r} is no name of a source", remedy="use letters, digits, dots and hyphens")
        if not change.format:
            raise UsageError(f"the new source {name!r} has no format", remedy='add format = "osv" or another')
        if change.layout == "csaf" and not (change.format == "csaf" and change.archive and change.url.endswith("/")):
            raise UsageError(
                f"the new source {name!r} is no folder of CSAF documents",
                remedy='give format = "csaf", the folder\'s url with a slash at its end, and its archive',
            )
        if change.format not in FORMATS:
            raise UsageError(f"{change.format!r} is no format", remedy=f"one of {', '.join(FORMATS)}")
        found[name] = Source(name=name, about="by the settings", **msgspec.structs.asdict(change))
    return tuple(found.values())


def mirrored(table: Iterable[Source], mirror: str) -> tuple[Source, ...]:
    """The table behind a mirror: its address, then host and path of the publisher's."""
    base = mirror.rstrip("/")
    return tuple(
        msgspec.structs.replace(one, url=f"{base}/{parts.netloc}{parts.path}", mirror=base)
        for one in table
        for parts in [urlsplit(one.url)]
    )


def chosen(table: Sequence[Source], words: Sequence[str]) -> tuple[Source, ...]:
    """The sources that are meant by names and groups, each once; the usual ones for no word. Raises UsageError."""
    if not words:
        return tuple(one for one in table if one.usual)
    known = {one.name for one in table} | {one.group for one in table if one.group}
    for word in words:
        if word not in known:
            raise UsageError(
                f"no source or group is called {word!r}",
                remedy=f"known: {', '.join(sorted(known))}; others by a settings file, or oakum feeds import",
            )
    return tuple(one for one in table if {one.name, one.group} & set(words))
