"""YAML as plain texts, lists and mappings, by the parser's events.

A feed's scalars are versions: "3.10" must not become 3.1, nor "0" a number, so every scalar stays the text that was
written, and no tag is obeyed. Aliases (which a few lines can blow up to gigabytes), deep nesting, several documents
and a key that stands twice are refused.
"""

from __future__ import annotations

import yaml

from oakum.errors import InputError, LimitError, Place

Node = str | list["Node"] | dict[str, "Node"]
_DEEPEST = 32
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_REMEDY = "fetch the file again"


def load(text: str, name: str) -> Node:
    """The only document of a YAML text; an empty scalar is "".

    Raises ``InputError`` for what is no YAML, or a form that no feed needs; ``LimitError`` for nesting.
    """
    stack: list[tuple[list[Node] | dict[str, Node], str | None]] = []
    root: list[Node] = []
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            line = event.start_mark.line + 1 if event.start_mark else 0
            if isinstance(event, yaml.AliasEvent):
                raise _refused("has an alias, which no feed needs", name, line)
            if isinstance(event, yaml.ScalarEvent):
                _add(stack, root, event.value, name, line)
            elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                node: list[Node] | dict[str, Node] = {} if isinstance(event, yaml.MappingStartEvent) else []
                _add(stack, root, node, name, line)
                stack.append((node, None))
                if len(stack) > _DEEPEST:
                    raise LimitError(f"is nested more than {_DEEPEST} deep", place=Place(name, line), remedy=_REMEDY)
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                stack.pop()
    except (yaml.YAMLError, UnicodeError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        why = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise _refused(f"is not valid YAML: {why}", name, mark.line + 1 if mark else None) from None
    if len(root) != 1:
        raise _refused(f"holds {len(root)} YAML documents instead of one", name, None)
    return root[0]


def _add(
    stack: list[tuple[list[Node] | dict[str, Node], str | None]],
    root: list[Node],
    node: Node,
    name: str,
    line: int,
) -> None:
    if not stack:
        root.append(node)
        return
    parent, key = stack[-1]
    if isinstance(parent, list):
        parent.append(node)
    elif key is not None:
        parent[key] = node
        stack[-1] = (parent, None)
    elif not isinstance(node, str):
        raise _refused("has a list or a mapping as a key", name, line)
    elif node in parent:
        raise _refused(f"has the key {node!r} twice in one mapping", name, line)
    else:
        stack[-1] = (parent, node)


def _refused(what: str, name: str, line: int | None) -> InputError:
    return InputError(what, place=Place(name, line), remedy=_REMEDY)
