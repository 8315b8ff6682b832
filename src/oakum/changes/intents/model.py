"""An intent: a kind of change, for which targets, what exactly is wanted, and what has to be done before.

Intents are data that a person writes (``oakum plan --intent FILE``); the modules beside this one give each kind its
meaning.
"""

from __future__ import annotations

import msgspec

from oakum.policy.scopes import Scope


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """One wanted change.

    ``kind`` is a name of the catalogue of kinds and the fact ``change`` of policies; ``wants`` are the fields of that
    kind, checked by its module. ``scope`` selects targets; ``after`` names intents that have to be done on all of their
    targets before this one begins. ``whole`` asks for all targets or none.
    """

    name: str
    kind: str
    scope: Scope = Scope()
    wants: dict[str, str | bool | tuple[str, ...]] = msgspec.field(default_factory=dict)
    after: tuple[str, ...] = ()
    whole: bool = False
