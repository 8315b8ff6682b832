"""The business context of assets: one file that the user names, or defaults that are marked as such."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from oakum.errors import InputError, OakumError, Place
from oakum.fleet.assets import Asset, Context

if TYPE_CHECKING:
    from oakum.fleet.context import ContextRules


def context_of(file: Path | None) -> Callable[[Asset], Context]:
    """From an asset to its context, by name and kind. Raises InputError for a file that cannot be read."""
    from oakum.fleet.context import ContextRules, parse

    if file is None:
        return _by_name(ContextRules(()))
    try:
        return _by_name(parse(file.read_bytes(), str(file)))
    except OSError as error:
        raise InputError(
            error.strerror or str(error), place=Place(str(file)), remedy="name a readable YAML or CSV file"
        ) from None
    except OakumError as error:
        raise error.within(str(file)) from None


def _by_name(rules: ContextRules) -> Callable[[Asset], Context]:
    return lambda asset: rules.of(asset.name, asset.kind)
