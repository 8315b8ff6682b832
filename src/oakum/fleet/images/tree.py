"""An image's layers as one ``Tree``."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set

from oakum.errors import InputError, LimitError, Place
from oakum.fleet.images.overlay import Content, Folder, Overlay
from oakum.fleet.images.sources import Part, Source
from oakum.ports import Kind


class ImageTree:
    """The ``Tree`` of an image: the entries are indexed, contents are read from the layers when they are asked for."""

    def __init__(self, overlay: Overlay, layers: Sequence[Source]) -> None:
        """``layers`` are the archives, unpacked, in the order in which the overlay has seen them."""
        self._overlay = overlay
        self._layers = layers

    @property
    def live(self) -> bool:
        """An image does not run."""
        return False

    def read(self, path: str, limit: int) -> bytes:
        """The whole content of a regular file; see ``oakum.ports.Tree``. InputError where it is no regular file."""
        content = self._content(path)
        if content.size > limit:
            remedy = "check whether this file is genuine"
            raise LimitError(f"larger than {limit} bytes", place=Place(path), remedy=remedy)
        try:
            data = self._layers[content.layer].read_at(content.offset, content.size)
        except InputError as error:
            raise error.within(path) from None
        if len(data) < content.size:
            raise InputError("its layer is shorter than it was before", place=Place(path), remedy="scan again")
        return data

    def _content(self, path: str) -> Content:
        node = self._overlay.find(path, follow=True)
        if node is None:
            raise FileNotFoundError(path)
        content = self._overlay.content(node)
        if content is None:
            raise InputError("this is no regular file", place=Place(path))
        if content.sparse:
            remedy = "build the image without sparse files"
            raise InputError("this is a sparse file, which is not read here", place=Place(path), remedy=remedy)
        return content

    def files(self, wanted: Callable[[str], object]) -> list[str]:
        """The paths of the regular files for which ``wanted`` holds, in the order in which the layers have them."""
        found: list[tuple[int, int, str]] = []
        for path, node in self._overlay.walk():
            if wanted(path) and (content := self._overlay.content(node)) is not None:
                found.append((content.layer, content.offset, path))
        return [path for _, _, path in sorted(found)]

    def programs(self) -> list[str]:
        """The paths of the ELF files, in that order."""
        return self._stored(self._overlay.programs)

    def telling(self) -> list[str]:
        """The same without those that say nothing of what they are made of."""
        return self._stored(self._overlay.programs - self._overlay.silent)

    def _stored(self, numbers: Set[int]) -> list[str]:
        found: list[tuple[int, int, str]] = []
        for path, node in self._overlay.walk():
            if node in numbers and (content := self._overlay.content(node)) is not None:
                found.append((content.layer, content.offset, path))
        return [path for _, _, path in sorted(found)]

    def source(self, path: str) -> Part:
        """The content of a regular file, to be read at any place; see ``read`` for its errors."""
        content = self._content(path)
        return Part(self._layers[content.layer], content.offset, content.size)

    def names(self, path: str) -> tuple[str, ...]:
        """The sorted names in a directory; empty where there is none."""
        node = self._overlay.find(path, follow=True)
        return tuple(sorted(node.entries)) if isinstance(node, Folder) else ()

    def kind(self, path: str) -> Kind | None:
        """What stands at the path, without following a final link; None where nothing does."""
        node = self._overlay.find(path, follow=False)
        return None if node is None else self._overlay.kind(node)

    def readlink(self, path: str) -> str | None:
        """The target of a symbolic link as it is written; None where the path is no link."""
        node = self._overlay.find(path, follow=False)
        return None if node is None else self._overlay.target(node)
