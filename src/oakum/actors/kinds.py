"""All kinds of requests about other actors, by command; and the answer to one of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from oakum.actors.model import Command, Kind
from oakum.actors.requests import read
from oakum.errors import NotAssessableError, Place


def kinds() -> tuple[Kind, ...]:
    """All of them."""
    from oakum.actors import budgets, clusters, kubeadm, nodes, plan_check, preflight, talos, targets

    return (*kubeadm.KINDS, *targets.KINDS, *preflight.KINDS, *plan_check.KINDS, *talos.KINDS,
            *clusters.KINDS, *nodes.KINDS, *budgets.KINDS)  # fmt: skip


@cache
def kinds_of(command: Command) -> dict[str, Kind]:
    """The kinds below a command, by name."""
    return {each.name: each for each in kinds() if each.command == command}


def answer(kind: Kind, request: Mapping[str, object]) -> dict[str, Any]:
    """The answer to a request without ``id`` and ``kind``.

    Raises InputError, or NotAssessableError with what is unknown.
    """
    reply: dict[str, Any] = msgspec.to_builtins(kind.answer(read(request, kind.request)))
    return reply


def kind_of(command: Command, name: object, *, also: tuple[str, ...] = ()) -> Kind:
    """The kind of a name. Raises NotAssessableError where there is none; it names those of ``also`` with the others."""
    known = kinds_of(command)
    if not isinstance(name, str) or name not in known:
        raise NotAssessableError(
            f"not assessable: requests of the kind {str(name)[:40]!r} are unknown",
            place=Place(field="kind"), remedy=f"kinds: {', '.join((*also, *known))}",
        )  # fmt: skip
    return known[name]
