"""The tree that rules look at: its texts, its layers, and what a rule answers."""

from __future__ import annotations

import ast
import configparser
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = "src/mingdu/"


@dataclass(frozen=True)
class Finding:
    """One fault: where it is, what is wrong, how to mend it."""

    path: str
    line: int
    fault: str
    mend: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.fault}. Mend: {self.mend}."


@dataclass(frozen=True)
class Source:
    """One Python file."""

    path: str
    text: str

    @cached_property
    def syntax(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the parsed file."""
        return tuple(ast.walk(self.syntax))

    @property
    def layer(self) -> str:
        """The layer that the file belongs to; empty for the package itself and for files outside it."""
        return layer_of(self.path)

    @property
    def functions(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function and method, nested ones too."""
        return [node for node in self.nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]

    def finding(self, node: ast.AST, fault: str, mend: str) -> Finding:
        """A fault at a node."""
        return Finding(self.path, getattr(node, "lineno", 1), fault, mend)


@dataclass(frozen=True)
class Tree:
    """The files that belong to the project, by path from its root."""

    texts: Mapping[str, str]
    binaries: tuple[str, ...] = ()
    sources: tuple[Source, ...] = field(init=False)

    def __post_init__(self) -> None:
        found = tuple(Source(path, text) for path, text in self.texts.items() if path.endswith(".py"))
        object.__setattr__(self, "sources", found)

    def product(self) -> Iterator[Source]:
        """Python files of the product that people write: src/ without the generated migrations."""
        return (source for source in self.sources if source.layer and "/migrations/" not in source.path)

    def tests(self) -> Iterator[Source]:
        """Python files of the tests."""
        return (source for source in self.sources if source.path.startswith("tests/"))

    def ours(self) -> Iterator[Source]:
        """Python files that people write, tests and benches too."""
        return (source for source in self.sources if "/migrations/" not in source.path)


Rule = Callable[[Tree], Iterator[Finding]]


def read_tree(root: Path = ROOT) -> Tree:
    """Read what git keeps, or would keep, under `root`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    texts: dict[str, str] = {}
    binaries: list[str] = []
    for path in sorted(filter(None, listed.split("\0"))):
        file = root / path
        if not file.is_file():
            continue
        content = file.read_bytes()
        try:
            texts[path] = content.decode()
        except UnicodeDecodeError:
            binaries.append(path)
            continue
        if b"\0" in content:
            binaries.append(path)
    return Tree(texts, tuple(binaries))


def layer_of(path: str) -> str:
    """The layer of a path: `src/mingdu/work/models.py` → `work`; `src/mingdu/errors.py` → `errors`."""
    if not path.startswith(PACKAGE):
        return ""
    return path.removeprefix(PACKAGE).split("/")[0].removesuffix(".py")


@cache
def layer_ranks(root: Path = ROOT) -> Mapping[str, int]:
    """The rank of every layer, read from the contract itself: errors is 0, main is highest."""
    parser = configparser.ConfigParser()
    parser.read(root / ".importlinter", encoding="utf-8")
    lines = parser["importlinter:contract:layers"]["layers"].split("\n")
    rows = [line for line in lines if line.strip()]
    return {name.strip(" ()"): rank for rank, row in enumerate(reversed(rows)) for name in row.split("|")}
