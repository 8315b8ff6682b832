"""Which repositories apk has: ``/etc/apk/repositories`` and ``repositories.d/*.list``. Source: apk-repositories(5)."""

from __future__ import annotations

import re

from oakum.errors import InputError
from oakum.fleet.assets import Channel, Gap
from oakum.ports import Tree

_FOLDER = "/etc/apk/repositories.d"
_LIMIT = 1 << 20
_ALPINE = re.compile(r".*/(?P<branch>v\d+\.\d+|edge|latest-stable)/(?P<part>main|community|testing)/?")
_WOLFI = re.compile(r"https://(?:packages\.wolfi\.dev/os|apk\.cgr\.dev/[a-z-]+|packages\.cgr\.dev/os)/?")


def read(tree: Tree) -> tuple[list[Channel], list[Gap]]:
    """The repositories in order; one behind a tag (``@edge``) offers only what was asked for by that tag."""
    paths = ["/etc/apk/repositories"]
    paths += [f"{_FOLDER}/{name}" for name in tree.names(_FOLDER) if name.endswith(".list")]
    channels: list[Channel] = []
    gaps: list[Gap] = []
    for path in paths:
        try:
            text = tree.read(path, _LIMIT).decode("utf-8", "replace")
        except FileNotFoundError:
            continue
        except InputError as error:
            gaps.append(Gap("incomplete-inventory", path, error.what, error.remedy))
            continue
        for raw in text.split("\n"):
            words = raw.partition("#")[0].split()
            if not words:
                continue
            tag = words.pop(0) if words[0].startswith("@") else ""
            urls = [f"{words[0].rstrip('/')}/{part}" for part in words[1:]] or words
            channels += [_channel(url, tag, path) for url in urls]
    return channels, gaps


def _channel(url: str, tag: str, path: str) -> Channel:
    found = _ALPINE.fullmatch(url)
    official = found is not None or _WOLFI.fullmatch(url) is not None
    name = f"Alpine {found['branch']}/{found['part']}" if found else url
    return Channel(f"{name} {tag}".strip(), "main" if official else "third-party", url, not tag, path)
