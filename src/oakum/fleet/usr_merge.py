"""The two names of one file since /usr was merged: ``/lib/x`` and ``/usr/lib/x``. Lists of files may hold either."""

from __future__ import annotations


def spellings(path: str) -> tuple[bytes, bytes]:
    """A path as it is, and under its other name, in the bytes that lists of files have."""
    other = path.removeprefix("/usr") if path.startswith("/usr/") else f"/usr{path}"
    return path.encode("utf-8", "surrogateescape"), other.encode("utf-8", "surrogateescape")
