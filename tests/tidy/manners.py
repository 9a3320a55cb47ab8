"""How tests behave: no skips, no sleeping, no patching inside, folders that mirror the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tidy import limits
from tidy.dotted import dotted_uses, imported_names, resolve
from tidy.tree import Finding, Tree, layer_ranks

SKIPS = re.compile(
    r"pytest\.(skip|xfail|importorskip)|pytest\.mark\.(skip|skipif|xfail)|unittest\.(skip\w*|mock)\b.*"
)
SLEEPS = ("time.sleep", "asyncio.sleep")
NUMBERED = re.compile(r"(account|customer|meter|user|task|case|point|bill)[1-9]")


def skips_and_patches(tree: Tree) -> Iterator[Finding]:
    """No test is skipped, expected to fail, or patched from inside."""
    for source in tree.tests():
        for node, name in dotted_uses(source):
            if SKIPS.fullmatch(name):
                mend = "make the test hold everywhere; put a fake at the seam"
                yield source.finding(node, f"{name} in a test", mend)


def sleeps(tree: Tree) -> Iterator[Finding]:
    """No test sleeps; `asyncio.sleep(0)` only hands over."""
    for source in tree.tests():
        names = imported_names(source)
        for node in source.nodes:
            if _is_sleep(node, names):
                yield source.finding(node, "a test sleeps", "wait for the event itself, or hand the time in")


def numbered_names(tree: Tree) -> Iterator[Finding]:
    """Things in tests have names that say what they are, not numbers."""
    for source in tree.tests():
        for node in source.nodes:
            if isinstance(node, ast.Name) and NUMBERED.fullmatch(node.id):
                yield source.finding(node, f"the name {node.id}", "name it for its part in the test")


def mirrored_folders(tree: Tree) -> Iterator[Finding]:
    """Tests stand in folders named as the layers."""
    known = {*layer_ranks(), *limits.OTHER_TEST_FOLDERS}
    for source in tree.tests():
        parts = source.path.split("/")
        if len(parts) > 2 and parts[1] not in known:
            fault = f"tests/{parts[1]} mirrors no layer"
            yield Finding(source.path, 1, fault, "put the test where its source is")


def _is_sleep(node: ast.AST, names: dict[str, str]) -> bool:
    if not (isinstance(node, ast.Call) and node.args and resolve(node.func, names) in SLEEPS):
        return False
    return ast.unparse(node.args[0]) != "0"
