"""The remediations that ship with Oakum, held to the digests that the program itself pins, and their part on hosts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

from oakum.changes.remediations.model import Remediation
from oakum.changes.remediations.pinned import PINNED
from oakum.changes.remediations.reading import read_remediations
from oakum.errors import InputError, Place

_END = "END OF DOCUMENT"


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, Remediation]:
    """All of them by name. Raises InputError where one is not what this program was made with."""
    folder = resources.files("oakum.changes.remediations").joinpath("data")
    found: dict[str, Remediation] = {}
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".yaml"):
            found |= {each.name: each for each in read_remediations(file.read_bytes(), file.name)}
    for name in found.keys() | PINNED.keys():
        if name not in found or found[name].digest != PINNED.get(name):
            raise InputError(
                f"the remediation {name} is not the one that this version of Oakum was made with",
                place=Place(str(folder)), remedy="install Oakum anew",
            )  # fmt: skip
    return found


def part() -> str:
    """The part of the host's program that holds their documents, readable as they are."""
    lines = ["# --- remediations that come with this program ----------------------------", "",
             f"SHIPPED='{' '.join(sorted(shipped()))}'", "shipped() { # NAME: its document", "    case $1 in"]  # fmt: skip
    for name, each in sorted(shipped().items()):
        lines += [f"    {name}) cat <<'{_END}'", f"{each.document}{_END}", "        ;;"]
    return "\n".join([*lines, "    *) return 1 ;;", "    esac", "}", ""])
