"""Names of a file with their imports resolved, so that an alias hides nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tidy.tree import Source


def imported_names(source: Source) -> dict[str, str]:
    """What each imported name stands for: `from datetime import date as d` → `d: datetime.date`."""
    names: dict[str, str] = {}
    for node in source.nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.split(".")[0]
                names[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def resolve(node: ast.AST, names: dict[str, str]) -> str:
    """The dotted name of a Name or Attribute chain; empty when it starts in something else."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        start = resolve(node.value, names)
        return f"{start}.{node.attr}" if start else ""
    return ""


def dotted_uses(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Every name and attribute chain that is used, and every name that is imported, with its dotted form."""
    names = imported_names(source)
    for node in source.nodes:
        if isinstance(node, ast.Attribute) or (isinstance(node, ast.Name) and node.id in names):
            yield node, resolve(node, names)
        elif isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def written_strings(source: Source) -> Iterator[tuple[int, str]]:
    """Every string with its line, f-strings joined with `{}` for their fields; docstrings left out."""
    standing = {id(node.value) for node in source.nodes if isinstance(node, ast.Expr)}
    pieces = {id(part) for node in source.nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in source.nodes:
        if id(node) in standing or id(node) in pieces:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
            yield node.lineno, "".join(str(part) for part in parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
