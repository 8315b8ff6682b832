"""The business context of assets: one file that the user names, or defaults that are marked as such."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from oakum.errors import InputError, OakumError, Place
from oakum.fleet.assets import Context


def context_of(file: Path | None) -> Callable[[str, str], Context]:
    """A function from an asset's name and kind to its context. Raises InputError for a file that cannot be read."""
    from oakum.fleet.context import ContextRules, parse

    if file is None:
        return ContextRules(()).of
    try:
        return parse(file.read_bytes(), str(file)).of
    except OSError as error:
        raise InputError(
            error.strerror or str(error), place=Place(str(file)), remedy="name a readable YAML or CSV file"
        ) from None
    except OakumError as error:
        raise error.within(str(file)) from None
