"""The shape of files and functions: length, branches, arguments, nesting, docstrings (STYLE 9, 12, 13)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tidy import limits
from tidy.tree import Finding, Source, Tree

Function = ast.FunctionDef | ast.AsyncFunctionDef
BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)
DECISIONS = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case)
INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def file_length(tree: Tree) -> Iterator[Finding]:
    """A file has at most 400 lines."""
    for source in tree.ours():
        lines = source.text.count("\n")
        if lines > limits.FILE_LINES:
            fault = f"{lines} lines, {limits.FILE_LINES} are allowed"
            yield Finding(source.path, lines, fault, "split the file by what its parts are about")


def body_length(tree: Tree) -> Iterator[Finding]:
    """A function's body, its docstring left out, has at most 60 lines."""
    for source in tree.ours():
        for function in source.functions:
            lines = _body_lines(function)
            if lines > limits.BODY_LINES:
                fault = f"{function.name} has a body of {lines} lines, {limits.BODY_LINES} are allowed"
                yield source.finding(function, fault, "let the parent decide and leaves compute")


def branches(tree: Tree) -> Iterator[Finding]:
    """A function takes at most 8 decisions; a function inside it counts for itself."""
    for source in tree.ours():
        for function in source.functions:
            count = sum(isinstance(node, DECISIONS) for node in _own_nodes(function))
            if count > limits.BRANCHES:
                fault = f"{function.name} has {count} branches, {limits.BRANCHES} are allowed"
                yield source.finding(function, fault, "make the cases a table, or split the function")


def arguments(tree: Tree) -> Iterator[Finding]:
    """A function of the product takes at most 6 arguments; self and cls are not counted."""
    for source in tree.product():
        for function in source.functions:
            names = [argument.arg for argument in _named_arguments(function.args)]
            count = len(names) - (names[:1] in (["self"], ["cls"]))
            if count > limits.ARGUMENTS:
                fault = f"{function.name} takes {count} arguments, {limits.ARGUMENTS} are allowed"
                yield source.finding(function, fault, "give what belongs together a frozen dataclass")


def nesting(tree: Tree) -> Iterator[Finding]:
    """Blocks stand at most 3 deep inside a function."""
    for source in tree.ours():
        for function in source.functions:
            depth = max((_depth(node) for node in function.body), default=0)
            if depth > limits.NESTING:
                fault = f"{function.name} nests {depth} deep, {limits.NESTING} are allowed"
                yield source.finding(function, fault, "return early, or name the inner block as a function")


def open_arguments(tree: Tree) -> Iterator[Finding]:
    """Public functions of operations and queries name each argument: no *args, no **kwargs."""
    for source, function in _doors(tree, "operations", "queries"):
        for argument in (function.args.vararg, function.args.kwarg):
            if argument is not None:
                fault = f"{function.name} takes an open *{argument.arg}"
                yield source.finding(function, fault, "name every argument")


def keyword_only(tree: Tree) -> Iterator[Finding]:
    """In an operation what is acted on may lead; who, when and how are named in every call."""
    for source, function in _doors(tree, "operations"):
        leading = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
        if len(leading) > limits.LEADING_ARGUMENTS or {"by", "at", "now"} & set(leading):
            fault = f"{function.name} takes {', '.join(leading)} by position"
            yield source.finding(function, fault, "write `*,` after what is acted on; name by and at")


def module_docstring(tree: Tree) -> Iterator[Finding]:
    """Every file of the product says in its first line what it is for."""
    for source in tree.product():
        if ast.get_docstring(source.syntax) is None:
            yield Finding(source.path, 1, "no module docstring", "say in one sentence what the file is for")


def _own_nodes(function: Function) -> Iterator[ast.AST]:
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [child for child in ast.iter_child_nodes(node) if not isinstance(child, INNER)]


def _body_lines(function: Function) -> int:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def _named_arguments(arguments: ast.arguments) -> list[ast.arg]:
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def _depth(node: ast.AST) -> int:
    if isinstance(node, INNER):
        return 0
    if isinstance(node, ast.If) and len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        # An elif stands beside its if, not inside it.
        return max(1 + max(_depth(child) for child in node.body), _depth(node.orelse[0]))
    deepest = max((_depth(child) for child in ast.iter_child_nodes(node)), default=0)
    return deepest + isinstance(node, BLOCKS)


def _doors(tree: Tree, *names: str) -> Iterator[tuple[Source, Function]]:
    """Public functions at the top of the named modules of every subject."""
    for source in tree.product():
        parts = source.path.removesuffix(".py").split("/")[3:]
        functions = [node for node in source.syntax.body if isinstance(node, Function)]
        if parts and parts[0] in names:
            yield from ((source, each) for each in functions if not each.name.startswith("_"))
