"""What a module of rules offers: the kinds of requests that it answers, and its rules with their sources."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

#: The commands whose machine form asks other actors' rules.
Command = Literal["skew check", "rollout next"]


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The fields of a request, without its ``id`` and ``kind``. What is unknown is an error, never ignored."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One published rule: ``id`` as answers name it, what it ``says``, and the ``source``, an address."""

    id: str
    says: str
    source: str


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of request below a command: the types of its fields and of its answer, who answers, by which rules.

    ``example`` is a request (without ``id`` and ``kind``) that shows what the kind is for; its answer is computed where
    it is shown.
    """

    command: Command
    name: str
    actor: str
    says: str
    request: type[Request]
    reply: type[msgspec.Struct]
    answer: Callable[[Any], msgspec.Struct]
    rules: tuple[Rule, ...]
    example: dict[str, object]
