"""The rules that recognise the parts of a cluster: the shipped ones, with a site's own before them."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from oakum.errors import InputError, Place
from oakum.fleet.cluster.component_rules import read_rules
from oakum.fleet.cluster.components import Components, parse_components


def component_rules(file: Path | None = None) -> Components:
    """The shipped rules, and those of ``file`` before them. Raises InputError with the line."""
    shipped = resources.files("oakum.fleet.cluster").joinpath("components.yaml")
    rules = parse_components(shipped.read_bytes(), "components.yaml")
    if file is None:
        return rules
    try:
        own = file.read_bytes()
    except OSError as error:
        raise InputError(
            error.strerror or str(error), place=Place(str(file)), remedy="check the path and its permissions"
        ) from None
    return rules.extend(read_rules(own, str(file)))
