"""Which repositories an rpm machine is configured with, and which packages it may not upgrade.

Repositories stand in the ini files of dnf, yum and zypp; variables (``$releasever``, ``$basearch``) stay as they are
written, since their values are the machine's. Holds are ``exclude`` of the main section, the versionlock lists and
zypp's locks. A file that cannot be read or understood is a gap that names it and its line; the other files go on.
Sources: dnf.conf(5), yum.conf(5), dnf5-configuration "repos.override.d", zypper(8) "Package Lock Management"; of the
entries of versionlock see ``version_locks``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from oakum.errors import InputError, OakumError, Place
from oakum.fleet.assets import Channel, Gap
from oakum.fleet.dnf_pockets import pocket
from oakum.fleet.ini import Section, sections
from oakum.fleet.packages import Package
from oakum.fleet.version_locks import locked
from oakum.ports import Tree

_LIMIT = 4 << 20  # bytes; a subscribed machine's redhat.repo has 0.2 MB
_DNF_CONF, _YUM_CONF = "/etc/dnf/dnf.conf", "/etc/yum.conf"
_FOLDERS = ("/etc/yum.repos.d", "/etc/distro.repos.d", "/usr/share/dnf5/repos.d")
_ZYPP_FOLDER = "/etc/zypp/repos.d"
_OVERRIDES = "/etc/dnf/repos.override.d"
_VERSION_LOCKS = ("/etc/dnf/plugins/versionlock.list", "/etc/yum/pluginconf.d/versionlock.list")
_VERSION_LOCKS_TOML = "/etc/dnf/versionlock.toml"
_ZYPP_LOCKS = "/etc/zypp/locks"

_TRUE = frozenset({"1", "yes", "true", "on", "enabled", "always"})
_FALSE = frozenset({"0", "no", "false", "off", "disabled", "never"})
_SEPARATORS = re.compile(r"[\s,]+")


def channels(tree: Tree) -> tuple[list[Channel], list[Gap]]:
    """The configured repositories, enabled or not, and the files (of repositories or holds) that say nothing."""
    reader = _Reader(tree)
    reader.read()
    return list(reader.channels.values()), reader.gaps


def held(tree: Tree, installed: Sequence[Package]) -> set[str]:
    """Names, or shell patterns of names, of packages that are not upgraded; ask ``is_held`` whether one is meant.

    What a version lock means depends on the ``installed`` packages.
    """
    reader = _Reader(tree)
    reader.read()
    return reader.held | locked(reader.version_locks, installed)


def is_held(name: str, patterns: Iterable[str]) -> bool:
    """Whether the package ``name`` is one of those that ``held`` gave."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


class _Reader:
    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.channels: dict[str, Channel] = {}
        self.held: set[str] = set()
        self.version_locks: list[str] = []
        self.gaps: list[Gap] = []

    def read(self) -> None:
        folders: tuple[str, ...] = _FOLDERS
        path, main = _DNF_CONF, self._sections(_DNF_CONF)
        if not main:  # with dnf, yum.conf is a link to its file or what yum has left behind
            path, main = _YUM_CONF, self._sections(_YUM_CONF)
        for section in main:
            if section.name != "main":
                self._repository(section, path)
                continue
            self.held.update(_words(section.values.get("exclude", "")))
            self.held.update(_words(section.values.get("excludepkgs", "")))
            folders = tuple(_words(section.values.get("reposdir", ""))) or folders
        for folder in (*folders, _ZYPP_FOLDER):
            for path in self._files(folder):
                for section in self._sections(path):
                    if section.name != "main":
                        self._repository(section, path)
        self._overrides()
        self._version_locks()
        self._zypp_locks()

    def _repository(self, section: Section, path: str) -> None:
        if section.name in self.channels:
            return  # dnf, too, ignores the second one
        address = next(
            (section.values[key] for key in ("baseurl", "metalink", "mirrorlist") if key in section.values), ""
        )
        self.channels[section.name] = Channel(
            name=section.name,
            pocket=pocket(section.name),
            url=_without_password(next(iter(_words(address)), "")),
            enabled=self._enabled(section, path),
            file=path,
        )

    def _overrides(self) -> None:
        for path in self._files(_OVERRIDES):
            for section in self._sections(path):
                if "enabled" not in section.values:
                    continue
                enabled = self._enabled(section, path)
                for name, channel in self.channels.items():
                    if fnmatchcase(name, section.name):
                        self.channels[name] = Channel(
                            channel.name, channel.pocket, channel.url, enabled=enabled, file=channel.file
                        )

    def _enabled(self, section: Section, path: str) -> bool:
        written = section.values.get("enabled", "1").lower()
        if written not in _TRUE | _FALSE:
            self._gap(InputError(f"enabled is neither yes nor no: {written[:80]!r}", place=Place(path, section.line)))
        return written in _TRUE

    def _version_locks(self) -> None:
        for path in _VERSION_LOCKS:
            for raw in self._text(path).splitlines():
                entry = raw.partition("#")[0].strip()
                if entry and not entry.startswith("!"):  # "!" excludes one version and holds none
                    self.version_locks.append(entry)
        document = self._text(_VERSION_LOCKS_TOML)
        try:
            rows = tomllib.loads(document).get("packages", [])
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            self._gap(InputError(f"not TOML: {error}", place=Place(_VERSION_LOCKS_TOML)))
            return
        names = [row.get("name") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else [None]
        self.held.update(name for name in names if isinstance(name, str))
        if not all(isinstance(name, str) for name in names):
            self._gap(InputError("a lock has no name", place=Place(_VERSION_LOCKS_TOML, field="packages")))

    def _zypp_locks(self) -> None:
        for block in self._text(_ZYPP_LOCKS).replace("\r", "").split("\n\n"):
            rows = [row.partition(":") for row in block.splitlines() if not row.startswith("#")]
            lock = {key.strip(): value.strip() for key, _, value in rows}
            if "solvable_name" not in lock or lock.get("type", "package") != "package":
                continue
            match = lock.get("match_type", "glob")
            if match not in ("glob", "exact"):
                what = f"the lock of {lock['solvable_name'][:80]!r} by {match} is not understood"
                self._gap(InputError(what, place=Place(_ZYPP_LOCKS), remedy="lock by name or glob"))
            else:
                self.held.add(lock["solvable_name"])

    def _files(self, folder: str) -> list[str]:
        try:
            return [f"{folder}/{name}" for name in self.tree.names(folder) if name.endswith(".repo")]
        except (PermissionError, OakumError) as error:
            self._gap(error, folder)
            return []

    def _sections(self, path: str) -> list[Section]:
        try:
            return sections(self.tree.read(path, _LIMIT), path)
        except FileNotFoundError:
            return []
        except (PermissionError, OakumError) as error:
            self._gap(error, path)
            return []

    def _text(self, path: str) -> str:
        try:
            return self.tree.read(path, _LIMIT).decode()
        except FileNotFoundError:
            return ""
        except UnicodeDecodeError:
            self._gap(InputError("the text is not UTF-8", place=Place(path)))
        except (PermissionError, OakumError) as error:
            self._gap(error, path)
        return ""

    def _gap(self, error: OakumError | PermissionError, path: str = "") -> None:
        if isinstance(error, OakumError):
            error.within(path)
            what, why, remedy = str(error.place), error.what, error.remedy or "correct the file"
        else:
            what, why, remedy = path, "this may not be read", "run oakum as a user who may read it"
        self.gaps.append(Gap("incomplete-inventory", what, why, remedy))


def _words(text: str) -> list[str]:
    return [word for word in _SEPARATORS.split(text) if word]


def _without_password(url: str) -> str:
    """The address without ``user:password@``, which has no business in a report."""
    scheme, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"
