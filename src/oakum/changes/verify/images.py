"""Images as versions of components."""

from __future__ import annotations

from oakum.changes.verify.given import Given


def tag_of(image: str) -> str:
    """The tag of an image, empty where it has none."""
    last = image.partition("@")[0].rpartition("/")[2]
    return last.partition(":")[2]


def component_of(given: Given, image: str) -> str:
    """The component that an image is: one that the data speaks of and that its repository names, or its last part."""
    *path, last = image.partition("@")[0].casefold().split("/")
    parts = (last.partition(":")[0], *reversed(path))
    return next((name for part in parts for name in given.components if _dashed(name) == part), parts[0])


def _dashed(name: str) -> str:
    return name.casefold().replace(" ", "-")
