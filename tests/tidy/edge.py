"""What only the edge may do: read the clock, take a chance, make identity, see the environment, catch all."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tidy.dotted import dotted_uses, imported_names, resolve, written_strings
from tidy.tree import Finding, Source, Tree

CLOCK = re.compile(
    r"datetime\.datetime\.(now|utcnow|today)|datetime\.date\.today|time\.(time|time_ns|localtime|gmtime)"
    r"|django\.utils\.timezone\.(now|localdate|localtime)|django\.db\.models\.functions(\.datetime)?\.Now"
)
CHANCE = re.compile(r"numpy\.random\b.*|random(\.\w+)?")
IDENTITY = re.compile(r"uuid\.uuid[14]")
ENVIRONMENT = re.compile(r"os\.(environ|getenv|environb)\b.*")
SQL_CLOCK = re.compile(
    r"\b(now\s*\(\s*\)|current_(timestamp|date|time)\b|localtimestamp\b|(clock|statement|transaction)_timestamp\s*\()",
    re.IGNORECASE,
)
SQL_WORD = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|WHERE|VALUES|DEFAULT)\b", re.IGNORECASE)
WIDE = ("Exception", "BaseException", "builtins.Exception", "builtins.BaseException")

TAKE_NOW = "take `now` or `today` as an argument; only main reads the clock"


def clock(tree: Tree) -> Iterator[Finding]:
    """Only main reads the clock, in Python and in the models' fields."""
    for source in tree.product():
        if source.layer == "main":
            continue
        yield from _uses(source, CLOCK, "reads the clock", TAKE_NOW)
        for node in source.nodes:
            if isinstance(node, ast.keyword) and node.arg in ("auto_now", "auto_now_add"):
                yield source.finding(node.value, f"{node.arg} reads the clock", TAKE_NOW)


def clock_in_sql(tree: Tree) -> Iterator[Finding]:
    """SQL gets the time as a parameter, so that the town and the tests can run at any hour."""
    for source in tree.product():
        strings = written_strings(source) if source.layer != "main" else ()
        for line, text in strings:
            if SQL_WORD.search(text):
                yield from _sql_clock(source.path, line, text)
    for path, text in tree.texts.items():
        if path.endswith(".sql") and path.startswith("src/"):
            yield from _sql_clock(path, 1, text)


def chance(tree: Tree) -> Iterator[Finding]:
    """Only main and the town make chance."""
    mend = "take a generator or the drawn values as an argument"
    for source in tree.product():
        if source.layer not in ("main", "town"):
            yield from _uses(source, CHANCE, "takes a chance", mend)


def identity(tree: Tree) -> Iterator[Finding]:
    """Only main and base/identity.py make new identities."""
    mend = "take the identity as an argument, or call base.identity"
    for source in tree.product():
        if source.layer != "main" and source.path != "src/mingdu/base/identity.py":
            yield from _uses(source, IDENTITY, "makes an identity", mend)


def environment(tree: Tree) -> Iterator[Finding]:
    """Only main reads the environment."""
    mend = "read it in main/settings and hand the value down"
    for source in tree.product():
        if source.layer != "main":
            yield from _uses(source, ENVIRONMENT, "reads the environment", mend)


def model_lookup(tree: Tree) -> Iterator[Finding]:
    """Nobody but main fetches a model by its name; migrations fetch their historical ones."""
    mend = "call the subject's operations or queries"
    for source in tree.product():
        if source.layer == "main":
            continue
        for node in source.nodes:
            if isinstance(node, ast.Attribute) and node.attr in ("get_model", "get_models"):
                yield source.finding(node, f"{node.attr} reaches into another subject", mend)


def wide_except(tree: Tree) -> Iterator[Finding]:
    """Only the edge catches everything, and says why in an `# edge:` comment on the line."""
    mend = "catch the named failure; at the edge (main, the head end's listener) write `# edge:` and why"
    for source in tree.product():
        names = imported_names(source)
        for node in source.nodes:
            if _catches_all(node, names) and not _is_excused(source, node):
                yield source.finding(node, "catches everything", mend)


def _uses(source: Source, banned: re.Pattern[str], fault: str, mend: str) -> Iterator[Finding]:
    lines: set[int] = set()
    for node, name in dotted_uses(source):
        line = getattr(node, "lineno", 1)
        if banned.fullmatch(name) and line not in lines:
            lines.add(line)
            yield source.finding(node, f"{name} {fault}", mend)


def _sql_clock(path: str, line: int, text: str) -> Iterator[Finding]:
    for match in SQL_CLOCK.finditer(text):
        at = line + text[: match.start()].count("\n")
        yield Finding(path, at, f"{match[0]} in SQL reads the clock", TAKE_NOW)


def _catches_all(node: ast.AST, names: dict[str, str]) -> bool:
    caught: list[ast.expr]
    if isinstance(node, ast.ExceptHandler):
        if node.type is None:
            return True
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    elif isinstance(node, ast.Call) and resolve(node.func, names) == "contextlib.suppress":
        caught = node.args
    else:
        return False
    return any(resolve(each, names) in WIDE for each in caught)


def _is_excused(source: Source, node: ast.AST) -> bool:
    at_edge = source.layer == "main" or source.path.startswith("src/mingdu/headend/listener")
    line = source.text.splitlines()[getattr(node, "lineno", 1) - 1]
    return at_edge and "# edge:" in line
