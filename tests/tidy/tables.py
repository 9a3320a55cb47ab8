"""SQL in a subject's strings names only the subject's own tables."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tidy import limits
from tidy.dotted import written_strings
from tidy.relations import model_classes
from tidy.tree import Finding, Tree, layer_of, layer_ranks

# A table stands after one of these words; lists after a comma are found by the tables that are known.
NAMED = re.compile(
    r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE|COPY|REFERENCES|TRUNCATE|USING|PARTITION\s+OF)\s+"
    r"(?:IF\s+(?:NOT\s+)?EXISTS\s+|ONLY\s+)?\"?(\w+)",
    re.IGNORECASE,
)
CREATED = re.compile(r"\bCREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?\"?(\w+)", re.IGNORECASE)
WORD = re.compile(r"\w+")
STORE = re.compile(r"src/mingdu/headend/store(\w*\.py|/.+)")

MEND = "call the queries or operations of the subject that owns the table"


def own_tables(tree: Tree) -> Iterator[Finding]:
    """No statement reaches into another subject's table; the head end's store writes metering's."""
    known = known_tables(tree)
    for path, line, text in _statements(tree):
        allowed = _owners(path)
        named = {match[1].lower(): match.start(1) for match in NAMED.finditer(text)}
        named |= {match[0]: match.start() for match in WORD.finditer(text) if match[0] in known}
        for table, start in named.items():
            owner = known.get(table) or _owner_by_name(table)
            if owner and owner not in allowed:
                at = line + text[:start].count("\n")
                yield Finding(path, at, f"SQL names {table}, which belongs to {owner}", MEND)


def table_names(tree: Tree) -> Iterator[Finding]:
    """A table carries its subject's name, so that the rule above can see whose it is."""
    for source in tree.product():
        for node in source.nodes:
            if not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "db_table"):
                continue
            name = ast.unparse(node.value).strip("'\"")
            if not name.startswith(f"{source.layer}_"):
                yield source.finding(node, f"the table {name} hides its subject", f"call it {source.layer}_…")


def known_tables(tree: Tree) -> dict[str, str]:
    """Tables with the subject that owns them: those of models, and those that a subject's SQL creates."""
    known = {model.table: model.source.layer for model in model_classes(tree)}
    for path, _, text in _statements(tree):
        owner = layer_of(path)
        created = (match[1].lower() for match in CREATED.finditer(text))
        known |= {table: owner for table in created if table.startswith(f"{owner}_")}
    return known


def _statements(tree: Tree) -> Iterator[tuple[str, int, str]]:
    for source in tree.sources:
        if source.layer not in ("", "main"):
            yield from ((source.path, line, text) for line, text in written_strings(source))
    for path, text in tree.texts.items():
        if path.endswith(".sql") and layer_of(path) not in ("", "main"):
            yield path, 1, text


def _owners(path: str) -> tuple[str, ...]:
    if STORE.fullmatch(path):
        return ("headend", "metering")
    return (layer_of(path),)


def _owner_by_name(table: str) -> str:
    first = table.partition("_")[0]
    subjects = set(layer_ranks()) - set(limits.LAYERS_WITHOUT_TABLES)
    return first if "_" in table and first in subjects else ""
