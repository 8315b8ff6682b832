"""Which installed packages the entries of versionlock lists keep from being upgraded.

An entry of dnf's is ``name-[epoch:]version-release.arch`` or a shorter form of that, each part a shell pattern. Names
have dashes, so that an entry alone does not say where its name ends: dnf tries one form after the other until some
package is of that form, and locks every name that it has tried to the versions that it has found. ``kernel-core-*`` so
locks ``kernel``, of which no version ``core`` is found, and leaves ``kernel-core`` free, of which all are. An entry of
yum's has the epoch first and is always whole. Sources: dnf-versionlock(8) and its plugin in dnf-plugins-core; libdnf's
forms (nevra.cpp, "Specifying Packages" in dnf(8)); yum-versionlock(1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from oakum.fleet.packages import Package

_NAME, _EPOCH, _PART = r"(?P<name>[^:(/=<> ]+)", r"(?:(?P<epoch>[0-9]+):)?", r"[^-:(/=<> ]+"
_VERSION, _RELEASE, _ARCH = rf"(?P<version>{_PART})", rf"(?P<release>{_PART})", r"(?P<arch>[^-:.(/=<> ]+)"
_YUM = re.compile(rf"(?P<epoch>[0-9]+):{_NAME}-{_VERSION}-{_RELEASE}\.{_ARCH}")
#: In the order in which dnf tries them.
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"{_NAME}-{_EPOCH}{_VERSION}-{_RELEASE}\.{_ARCH}",
        rf"{_NAME}-{_EPOCH}{_VERSION}-{_RELEASE}",
        rf"{_NAME}-{_EPOCH}{_VERSION}",
        rf"{_NAME}\.{_ARCH}",
        _NAME,
    )
)
_PATTERN = re.compile(r"[*?\[]")
_LONGEST = 1024  # letters of an entry; the longest real name has about 100
_Parts = Mapping[str, str | None]


def locked(entries: Iterable[str], installed: Sequence[Package]) -> set[str]:
    """The names of those ``installed`` packages that the entries lock."""
    names: set[str] = set()
    free: list[_Parts] = []
    for entry in entries:
        for parts in _readings(entry):
            names.add(parts["name"] or "")
            if any(_has(package, parts) for package in installed):
                if not _restricts(parts):
                    free.append(parts)
                break
    return {
        package.name
        for package in installed
        if any(_is(package.name, name) for name in names) and not any(_has(package, parts) for parts in free)
    }


def _readings(entry: str) -> list[_Parts]:
    """What an entry may mean, by the names of the parts."""
    if len(entry) > _LONGEST:
        return []
    yum = _YUM.fullmatch(entry)
    if yum is not None:
        return [yum.groupdict()]
    return [found.groupdict() for form in _FORMS if (found := form.fullmatch(entry)) is not None]


def _restricts(parts: _Parts) -> bool:
    """Whether some versions are of that form and others are not."""
    return any((parts.get(key) or "*").strip("*") for key in ("version", "release"))


def _has(package: Package, parts: _Parts) -> bool:
    """Whether a package is of that form."""
    version, _, release = package.version.rpartition("-")
    found = {"name": package.name, "version": version, "release": release, "arch": package.arch}
    epoch = parts.get("epoch")
    return (epoch is None or int(epoch) == (package.epoch or 0)) and all(
        wanted is None or key == "epoch" or _is(found[key], wanted) for key, wanted in parts.items()
    )


def _is(text: str, wanted: str) -> bool:
    return text == wanted or (_PATTERN.search(wanted) is not None and fnmatchcase(text, wanted))
