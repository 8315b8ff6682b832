"""A file tree in memory, for readers under test."""

from __future__ import annotations

from oakum.errors import LimitError
from oakum.ports import Kind


class MemoryTree:
    """Files by absolute path; folders follow from them. A value of None may not be read."""

    def __init__(self, files: dict[str, bytes | None], *, live: bool = False) -> None:
        self.files = files
        self.live = live

    def read(self, path: str, limit: int) -> bytes:
        if path not in self.files:
            raise FileNotFoundError(path)
        content = self.files[path]
        if content is None:
            raise PermissionError(13, "Permission denied", path)
        if len(content) > limit:
            raise LimitError(f"larger than {limit} bytes")
        return content

    def names(self, path: str) -> tuple[str, ...]:
        folder = path.rstrip("/") + "/"
        return tuple(sorted({name[len(folder) :].split("/")[0] for name in self.files if name.startswith(folder)}))

    def kind(self, path: str) -> Kind | None:
        if path in self.files:
            return "file"
        return "directory" if self.names(path) else None

    def readlink(self, path: str) -> str | None:
        return None
