"""Mutants of a module: the same program with one small mistake in it.

Mistakes are those that people make where rules are written: another comparison or operator, a condition dropped or
turned round, branches swapped, a number off by one, ``any`` for ``all``, a statement left out. Texts, annotations,
documentation, assertions and what is raised are left alone. A mutant is named by its function and the text that
changes, not by a line number, so that a list of mutants stays true when lines move.

A mutant that another one implies is left out: whoever notices that a condition was dropped, or that a branch is always
or never taken, notices as well that it was turned round, and that ``and`` became ``or``.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_CALLS = {"any": "all", "all": "any", "min": "max", "max": "min"}


class Mutant(NamedTuple):
    """One mistake: the function it is in, the kind, what it makes of what, and the lines of its statement as of now.

    Of a statement that holds others (``if``, ``for``) those are the lines of its head.
    ``make`` makes the whole module with the mistake in it, which is large where there are thousands of mutants.
    """

    where: str
    kind: str
    before: str
    after: str
    line: int
    last: int
    make: Callable[[], ast.Module]

    @property
    def tree(self) -> ast.Module:
        """The module with the mistake in it."""
        return self.make()

    @property
    def name(self) -> str:
        """What tells it from the other mutants of its module."""
        return f"{self.where}: {self.kind}: {self.before} -> {self.after}"


#: The way to a node: fields, and places in their lists.
Path = tuple[tuple[str, int | None], ...]
Change = Callable[[ast.AST], ast.AST]


def mutants_of(source: str) -> list[Mutant]:
    """Every mutant of a module's source, in the order of the text, names made distinct by a number."""
    found: list[Mutant] = []
    seen: Counter[str] = Counter()
    tree = ast.parse(source)
    for path, where, (line, last), node, implied in _nodes(tree, (), "module", (0, 0)):
        for kind, change in _changes(node, implied):
            after = _text(change(copy.deepcopy(node)))
            mutant = Mutant(where, kind, _text(node), after, line, last, partial(_changed, tree, path, change))
            seen[mutant.name] += 1
            if seen[mutant.name] > 1:
                mutant = mutant._replace(kind=f"{kind} ({seen[mutant.name]})")
            found.append(mutant)
    return found


def _nodes(
    node: ast.AST, path: Path, where: str, lines: tuple[int, int], implied: bool = False
) -> Iterator[tuple[Path, str, tuple[int, int], ast.AST, bool]]:
    """Every node that may change: the way to it, the function and the lines of the statement it stands in, the node.

    At last, whether its opposite is implied by a mutant of what it stands in.
    """
    if isinstance(node, ast.stmt):
        lines = _lines(node)
    yield path, where, lines, node, implied
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        where = node.name if where == "module" else f"{where}.{node.name}"
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "type_params", "bases", "keywords") and not (
            field == "keywords" and isinstance(node, ast.Call)
        ):
            continue
        if isinstance(node, ast.JoinedStr | ast.Raise | ast.Assert):
            continue
        several = value if isinstance(value, list) else [value]
        for number, child in enumerate(several):
            if isinstance(child, ast.AST) and not _is_text(child):
                way = (*path, (field, number if isinstance(value, list) else None))
                tested = isinstance(node, ast.BoolOp) or (field == "test" and isinstance(node, ast.If | ast.IfExp))
                yield from _nodes(child, way, where, lines, tested)


def _lines(statement: ast.stmt) -> tuple[int, int]:
    """The first and the last line of a statement, without the statements in it."""
    last = statement.end_lineno or statement.lineno
    inner = getattr(statement, "body", None) or getattr(statement, "cases", None)
    if not inner:
        return statement.lineno, last
    first = inner[0].pattern.lineno if isinstance(inner[0], ast.match_case) else inner[0].lineno
    return statement.lineno, max(statement.lineno, first - 1)


def _is_text(node: ast.AST) -> bool:
    """A docstring, or the guard of imports that only type checkers see."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return True
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _changes(node: ast.AST, implied: bool) -> Iterator[tuple[str, Change]]:
    """The mistakes that a node may have; its opposite is none of them where that is ``implied``."""
    match node:
        case ast.Compare():
            for number, op in enumerate(node.ops):
                # The last is the opposite.
                others = _COMPARISONS[type(op)]
                for other in others[:-1] if implied and len(node.ops) == 1 else others:
                    yield "comparison", _set(("ops", number), other())
        case ast.BoolOp():
            for number in range(len(node.values)):
                yield "dropped condition", _without(number)
        case ast.UnaryOp(op=ast.Not()) if not implied:
            yield "negation", _operand
        case ast.BinOp() if type(node.op) in _OPERATORS:
            yield "operator", _set(("op", None), _OPERATORS[type(node.op)]())
        case ast.If():
            yield "condition", _set(("test", None), ast.Constant(value=True))
            yield "condition", _set(("test", None), ast.Constant(value=False))
        case ast.IfExp():
            yield "swapped branches", _swapped
        case ast.comprehension():
            for number in range(len(node.ifs)):
                yield "dropped filter", _dropped("ifs", number)
        case ast.Constant(value=bool()):
            yield "constant", _set(("value", None), not node.value)
        case ast.Constant(value=int()):
            yield "constant", _set(("value", None), int(str(node.value)) + 1)
        case ast.Call(func=ast.Name(id=name)) if name in _CALLS:
            yield "call", _set(("func", None), ast.Name(id=_CALLS[name], ctx=ast.Load()))
        case ast.Expr(value=ast.Call()):
            yield "dropped statement", lambda one: ast.Pass()
        case ast.AugAssign():
            yield "dropped statement", lambda one: ast.Pass()
        case ast.Continue():
            yield "jump", lambda one: ast.Break()
        case ast.Break():
            yield "jump", lambda one: ast.Continue()


def _set(where: tuple[str, int | None], value: object) -> Change:
    def change(node: ast.AST) -> ast.AST:
        field, number = where
        if number is None:
            setattr(node, field, value)
        else:
            getattr(node, field)[number] = value
        return node

    return change


def _without(number: int) -> Change:
    def change(node: ast.AST) -> ast.AST:
        assert isinstance(node, ast.BoolOp)
        left = [value for place, value in enumerate(node.values) if place != number]
        return left[0] if len(left) == 1 else ast.BoolOp(op=node.op, values=left)

    return change


def _dropped(field: str, number: int) -> Change:
    def change(node: ast.AST) -> ast.AST:
        del getattr(node, field)[number]
        return node

    return change


def _operand(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.UnaryOp)
    return node.operand


def _swapped(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.IfExp)
    node.body, node.orelse = node.orelse, node.body
    return node


def _changed(tree: ast.Module, path: Path, change: Change) -> ast.Module:
    """A copy of the tree with one node changed."""
    whole = copy.deepcopy(tree)
    if not path:
        return whole
    above = _at(whole, path[:-1])
    field, number = path[-1]
    if number is None:
        setattr(above, field, change(getattr(above, field)))
    else:
        children = getattr(above, field)
        children[number] = change(children[number])
    return ast.fix_missing_locations(whole)


def _at(tree: ast.AST, path: Path) -> ast.AST:
    for field, number in path:
        child = getattr(tree, field)
        tree = child if number is None else child[number]
    return tree


def _text(node: ast.AST) -> str:
    """A node as a short text of one line."""
    if isinstance(node, ast.If):
        return f"if {ast.unparse(node.test)}"
    if isinstance(node, ast.comprehension):
        return " ".join(["for", ast.unparse(node.target), *(f"if {ast.unparse(each)}" for each in node.ifs)])
    return " ".join(ast.unparse(node).split())
