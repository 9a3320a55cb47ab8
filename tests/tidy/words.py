"""Names that say nothing, promises without an issue, floats near money and energy (STYLE 6, 7, 14)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from tidy import limits
from tidy.dotted import imported_names, resolve
from tidy.tree import Finding, Source, Tree

Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

UNFINISHED = re.compile(r"\b(TODO|FIXME)\b|raise NotImplementedError")
WHOLE_UNIT = re.compile(r"_(fen|wh|varh|nyuan(_per_[a-z]+)?)(_[a-z]+)?$")
CODE = (".py", ".html", ".css", ".js", ".ts", ".vue", ".sql", ".yaml", ".toml", ".cfg")


def empty_names(tree: Tree) -> Iterator[Finding]:
    """Modules, functions and classes are named for what they do."""
    mend = "name it for what it does or holds; docs/glossary.md has the words"
    for source in tree.ours():
        for part in PurePosixPath(source.path).with_suffix("").parts:
            if _says_nothing(part):
                yield Finding(source.path, 1, f"the module name {part} says nothing", mend)
        for node in source.nodes:
            if isinstance(node, Named) and _is_empty(node):
                yield source.finding(node, f"the name {node.name} says nothing", mend)


def unfinished_words(tree: Tree) -> Iterator[Finding]:
    """Nothing is left unfinished with a promise. The planted faults of this folder are let be."""
    for path, text in tree.texts.items():
        if not path.endswith(CODE) or path.startswith("tests/tidy/"):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if match := UNFINISHED.search(line):
                fault = f"unfinished: {match[0]}"
                yield Finding(path, number, fault, "do it now, or open an issue and leave no mark here")


def float_arithmetic(tree: Tree) -> Iterator[Finding]:
    """Where money is rated there is no float: no literal, no float(), no FloatField, no float column."""
    mend = "use int64 in fen, Wh or register digits, or Decimal where the rule says so"
    for source in tree.product():
        if not source.path.startswith(limits.FLOATLESS_FOLDERS):
            continue
        names = imported_names(source)
        for node in source.nodes:
            if found := _float_in(node, names):
                yield source.finding(node, f"{found} where money is rated", mend)


def float_names(tree: Tree) -> Iterator[Finding]:
    """A name that ends in fen, Wh, varh or nano-yuan is never annotated as float, nor a function's answer."""
    for source in tree.product():
        for node, name, annotation in _annotated(source):
            if WHOLE_UNIT.search(name) and re.search(r"\bfloat", ast.unparse(annotation)):
                fault = f"{name} is annotated {ast.unparse(annotation)}"
                yield source.finding(node, fault, "money and energy are whole numbers: int or Ints")


def _says_nothing(name: str) -> bool:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_").split("_")
    return bool(set(words) & set(limits.EMPTY_WORDS)) or words[-1] in limits.EMPTY_LAST_WORDS


def _is_empty(node: Named) -> bool:
    if isinstance(node, ast.ClassDef) and node.name.endswith("Manager"):
        # Managers are Django's word for what finds rows of a model.
        return not any("Manager" in ast.unparse(base) for base in node.bases)
    if not isinstance(node, ast.ClassDef) and node.name.endswith("_manager"):
        # A manager (主管) is also a person with that role.
        return False
    return _says_nothing(node.name)


def _float_in(node: ast.AST, names: dict[str, str]) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, float):
        return f"the float {node.value}"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float":
        return "float()"
    if isinstance(node, ast.Attribute):
        name = resolve(node, names)
        if name.startswith("numpy.float") or name.endswith(".FloatField"):
            return name
    return ""


def _annotated(source: Source) -> Iterator[tuple[ast.AST, str, ast.expr]]:
    for node in source.nodes:
        if isinstance(node, ast.arg) and node.annotation is not None:
            yield node, node.arg, node.annotation
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name | ast.Attribute):
            yield node, getattr(node.target, "id", getattr(node.target, "attr", "")), node.annotation
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            yield node, node.name, node.returns
