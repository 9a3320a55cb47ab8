"""Models and the keys between them: between subjects they point down and leave no name behind."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tidy.dotted import imported_names, resolve
from tidy.tree import Finding, Source, Tree, layer_ranks

KEYS = ("ForeignKey", "OneToOneField", "ManyToManyField")
ROOTS = ("Model", "AbstractBaseUser", "AbstractUser")
MODELS = re.compile(r"src/mingdu/\w+/models(\.py|/.+\.py)")


@dataclass(frozen=True)
class ModelClass:
    """A Django model that has a table."""

    source: Source
    node: ast.ClassDef

    @property
    def identifier(self) -> str:
        """The name in the glossary: `UsagePoint` → `usage_point`."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.node.name).lower()

    @property
    def table(self) -> str:
        """The name that Django gives its table."""
        return f"{self.source.layer}_{self.node.name.lower()}"


def model_classes(tree: Tree) -> list[ModelClass]:
    """Every model of every subject that is not abstract."""
    found: list[ModelClass] = []
    for source in tree.product():
        if not MODELS.fullmatch(source.path):
            continue
        roots = set(ROOTS)
        for node in source.syntax.body:
            if isinstance(node, ast.ClassDef) and {_last(base) for base in node.bases} & roots:
                roots.add(node.name)
                found += [] if _is_abstract(node) else [ModelClass(source, node)]
    return found


def foreign_keys(tree: Tree) -> Iterator[Finding]:
    """A key to another subject points to a lower one, with related_name="+"."""
    for source in tree.product():
        if MODELS.fullmatch(source.path):
            keys = (node for node in source.nodes if isinstance(node, ast.Call) and _last(node.func) in KEYS)
            for key in keys:
                yield from _key_faults(source, key)


def _key_faults(source: Source, key: ast.Call) -> Iterator[Finding]:
    ranks = layer_ranks()
    target = _target_layer(key, source)
    if target == source.layer or target not in ranks:
        return
    if ranks[target] >= ranks[source.layer]:
        yield source.finding(
            key, f"a key of {source.layer} points up to {target}", "keep the id, or emit an event"
        )
    if _keyword(key, "related_name") != "+":
        yield source.finding(key, f"a key to {target} leaves a name there", 'write related_name="+"')


def _target_layer(call: ast.Call, source: Source) -> str:
    """The layer that the key points to; empty when it is in the same file or beyond the project."""
    targets = call.args[:1] or [word.value for word in call.keywords if word.arg == "to"]
    target = targets[0]
    if isinstance(target, ast.Constant) and isinstance(target.value, str):
        return target.value.rpartition(".")[0]
    name = resolve(target, imported_names(source))
    if name.endswith("AUTH_USER_MODEL"):
        return "base"
    return name.split(".")[1] if name.startswith("mingdu.") else ""


def _keyword(call: ast.Call, name: str) -> object:
    values = [word.value for word in call.keywords if word.arg == name]
    return values[0].value if values and isinstance(values[0], ast.Constant) else None


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript):
        return _last(node.value)
    return ast.unparse(node).rpartition(".")[2]


def _is_abstract(node: ast.ClassDef) -> bool:
    metas = [inner for inner in node.body if isinstance(inner, ast.ClassDef) and inner.name == "Meta"]
    return any("abstract = True" in ast.unparse(meta) for meta in metas)
