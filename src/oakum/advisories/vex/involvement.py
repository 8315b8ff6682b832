"""Rules about who took part: involvements (2.0), and entities with their actions (2.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from oakum.advisories.vex.document import Document, Json, listed, when
from oakum.advisories.vex.model import BOTH, NEW, Found, Rule, shown
from oakum.advisories.vex.products import endless_of, repeated

_PLACE = "/document/involvement"
_MUTUAL = frozenset({"confirmation", "coordination", "dispute", "notification"})
_ANSWERS = frozenset({"confirmation", "dispute"})
_SETS = ("dl_vuln_ids", "referenced_action_ids")


def _involvement(document: Document) -> Json:
    involvement: Json = document.document.get("involvement", {})
    return involvement


def _actions(document: Document) -> Iterator[tuple[str, Json]]:
    return listed(_involvement(document), "actions", _PLACE)


class _Entities:
    """The entities of a document, and the groups with their members."""

    def __init__(self, document: Document) -> None:
        self.document = document
        involvement = _involvement(document)
        self.known = frozenset(each.get("entity_id", "") for each in involvement.get("entities", ()))
        self.groups: dict[str, frozenset[str]] = {}
        for group in involvement.get("entity_groups", ()):
            name = group.get("entity_group_id", "")
            self.groups[name] = self.groups.get(name, frozenset()) | frozenset(group.get("entity_ids", ()))

    def of(self, action: Json, key: str) -> frozenset[str]:
        """Who acts or receives, with the members of groups. Raises LimitError where that explodes."""
        found: set[str] = set()
        for name in action.get(key, ()):
            members = self.groups.get(name, frozenset({name}))
            self.document.count(len(members))
            found |= members
        found.discard("")
        return frozenset(found)


def _repeated_involvements(document: Document) -> Iterator[Found]:
    for path, vulnerability in document.each_vulnerability:
        first: dict[tuple[str, object], str] = {}
        for at, each in listed(vulnerability, "involvements", path):
            party = each.get("party", "")
            before = first.setdefault((party, when(each, "date") or each.get("date")), at)
            if party and before != at:
                yield at, f"the party {party} has an involvement of the same date at {before} already"


def _contents(document: Document) -> Iterator[tuple[str, Json, tuple[Any, ...]]]:
    """Each action with what it says, but for its id, its status and its summary."""
    entities = _Entities(document)
    everything = frozenset(each.get("dl_vuln_id", "") for each in document.vulnerabilities)
    for path, action in _actions(document):
        if not action:
            continue
        sets = {key: frozenset(action.get(key, ())) for key in _SETS}
        if sets["dl_vuln_ids"] == everything and "" not in everything:
            sets["dl_vuln_ids"] = frozenset()
        unknown = frozenset(action.get("group_ids", ())).difference(document.groups)
        yield (
            path,
            action,
            (
                action.get("category"),
                when(action, "date") or action.get("date"),
                entities.of(action, "acting_entity_refs"),
                entities.of(action, "receiving_entity_refs"),
                frozenset(document.members(action)),
                unknown,
                *sets.values(),
            ),
        )


def _multiple(document: Document) -> Iterator[Found]:
    yield from _repeated_involvements(document)
    first: dict[tuple[Any, ...], str] = {}
    for path, action, content in _contents(document):
        before = first.setdefault((*content, action.get("status"), action.get("summary")), path)
        if before != path:
            yield path, f"but for its id the action is the same as the one at {before}"


def _contradicting(document: Document) -> Iterator[Found]:
    first: dict[tuple[Any, ...], tuple[str, str]] = {}
    for path, action, content in _contents(document):
        status = action.get("status", "")
        before = first.setdefault(content, (path, status))
        if before[1] != status:
            yield path, f"the action is {status}, but the same action is {before[1]} at {before[0]}"


def _unreceived(document: Document) -> Iterator[Found]:
    for path, action in _actions(document):
        if action.get("category") in _MUTUAL and "receiving_entity_refs" not in action:
            yield f"{path}/receiving_entity_refs", f"nobody receives the {action['category']}"


def _unreceived_attempt(document: Document) -> Iterator[Found]:
    for path, action in _actions(document):
        if action.get("status") == "attempted" and "receiving_entity_refs" not in action:
            yield f"{path}/receiving_entity_refs", "nobody is told of whom the attempt was meant for"


def _to_oneself(document: Document) -> Iterator[Found]:
    entities = _Entities(document)
    for path, action in _actions(document):
        both = entities.of(action, "acting_entity_refs") & entities.of(action, "receiving_entity_refs")
        if both:
            yield path, f"{', '.join(sorted(both)[:5])} both acts and receives"


def _references(document: Document, prefix: str) -> Iterator[Found]:
    for path, action in _actions(document):
        for key in ("acting_entity_refs", "receiving_entity_refs"):
            yield from ((at, name) for at, name in listed(action, key, path) if name.startswith(prefix))
    for path, group in listed(_involvement(document), "entity_groups", _PLACE):
        yield from ((at, name) for at, name in listed(group, "entity_ids", path) if name.startswith(prefix))


def _undefined_entities(document: Document) -> Iterator[Found]:
    known = _Entities(document).known
    for at, name in _references(document, "EID-"):
        if name not in known:
            yield at, f"no entity has the id {shown(name)}"


def _undefined_entity_groups(document: Document) -> Iterator[Found]:
    known = _Entities(document).groups
    for at, name in _references(document, "EGID-"):
        if name not in known:
            yield at, f"no entity group has the id {shown(name)}"


def _ids(document: Document, kind: str, key: str) -> Iterator[Found]:
    for path, each in listed(_involvement(document), kind, _PLACE):
        yield f"{path}/{key}", each.get(key, "")


def _repeated_entities(document: Document) -> Iterator[Found]:
    return repeated(_ids(document, "entities", "entity_id"), "the entity")


def _repeated_entity_groups(document: Document) -> Iterator[Found]:
    return repeated(_ids(document, "entity_groups", "entity_group_id"), "the entity group")


def _repeated_actions(document: Document) -> Iterator[Found]:
    return repeated(_ids(document, "actions", "action_id"), "the action")


def _undefined_actions(document: Document) -> Iterator[Found]:
    known = {name for _, name in _ids(document, "actions", "action_id")}
    for path, action in _actions(document):
        for at, name in listed(action, "referenced_action_ids", path):
            if name and name not in known:
                yield at, f"no action has the id {shown(name)}"


def _circles(document: Document) -> Iterator[Found]:
    edges: dict[str, set[str]] = {}
    for _, action in _actions(document):
        edges.setdefault(action.get("action_id", ""), set()).update(action.get("referenced_action_ids", ()))
    endless = endless_of(edges)
    for path, action in _actions(document):
        if action.get("action_id") in endless:
            yield (
                f"{path}/referenced_action_ids",
                f"the action {shown(action['action_id'])} refers to itself in the end",
            )


def _uninvited(document: Document) -> Iterator[Found]:
    entities = _Entities(document)
    received: dict[str, frozenset[str]] = {}
    for _, action in _actions(document):
        received.setdefault(action.get("action_id", ""), entities.of(action, "receiving_entity_refs"))
    for path, action in _actions(document):
        if action.get("category") != "confirmation":
            continue
        acting = entities.of(action, "acting_entity_refs")
        for at, name in listed(action, "referenced_action_ids", path):
            document.count(len(acting))
            missing = sorted(acting - received.get(name, acting))
            if missing:
                yield at, f"{', '.join(missing[:5])} confirms {shown(name)}, but did not receive it"


def _unrelated(document: Document) -> Iterator[Found]:
    for path, action in _actions(document):
        if action.get("category") in _ANSWERS and "referenced_action_ids" not in action:
            yield f"{path}/referenced_action_ids", f"the {action['category']} refers to no action"


def _new(number: int, look: Any, says: str, remedy: str) -> Rule:
    return Rule(id=f"6.1.64.{number}", versions=NEW, look=look, says=says, remedy=remedy)


_DEFINE = "define it, or refer to one that is there"
RULES = (
    Rule(
        id="6.1.24", versions=BOTH, look=_multiple,
        says="no party has two involvements of one date in a vulnerability (2.1: no two actions say the same)",
        remedy="join the two",
    ),
    _new(1, _unreceived, "confirmations, coordinations, disputes and notifications have somebody who receives them",
         "add receiving_entity_refs"),
    _new(2, _contradicting, "no two actions say the same but for their status", "leave the status that is true"),
    _new(3, _unreceived_attempt, "what was attempted has somebody for whom it was meant", "add receiving_entity_refs"),
    _new(4, _to_oneself, "nobody is both actor and recipient of an action", "name each entity on one side"),
    _new(5, _undefined_entities, "every entity id that is referred to is defined", _DEFINE),
    _new(6, _repeated_entities, "no entity id is defined twice", "give every entity its own id"),
    _new(7, _undefined_entity_groups, "every entity group id that is referred to is defined", _DEFINE),
    _new(8, _repeated_entity_groups, "no entity group id is defined twice", "give every group its own id"),
    _new(9, _undefined_actions, "every action id that is referred to is defined", _DEFINE),
    _new(10, _repeated_actions, "no action id is defined twice", "give every action its own id"),
    _new(11, _circles, "no action refers to itself in the end", "refer to actions that came before"),
    _new(12, _uninvited, "who confirms an action has received it", "name the entity as a recipient of that action"),
    _new(13, _unrelated, "confirmations and disputes refer to an action", "add referenced_action_ids"),
)  # fmt: skip
