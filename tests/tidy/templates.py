"""Templates and reversed URLs obey the order of the layers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tidy import limits
from tidy.dotted import imported_names, resolve
from tidy.tree import Finding, Tree, layer_of, layer_ranks

TAG = re.compile(r"{%-?\s*(extends|include|url|import|from)\s+(\S+)")
QUOTED = re.compile(r"(['\"])(.+?)\1")
REVERSERS = (
    "django.urls.reverse",
    "django.urls.reverse_lazy",
    "django.shortcuts.redirect",
    "django.shortcuts.resolve_url",
)
MEND = "extend or name only your own or a lower subject; links upwards go through base.links"


def template_order(tree: Tree) -> Iterator[Finding]:
    """A template extends, includes and links to its own or a lower subject, by a literal name."""
    for path, text in tree.texts.items():
        if "/templates/" not in path or layer_of(path) in ("", "main"):
            continue
        for match in TAG.finditer(text):
            line = text[: match.start()].count("\n") + 1
            quoted = QUOTED.fullmatch(match[2])
            if quoted is None:
                yield Finding(
                    path, line, f"{match[1]} {match[2]} cannot be checked", "write the name in quotes"
                )
            elif _is_above(target := _layer_named(match[1], quoted[2]), path):
                yield Finding(path, line, f"{match[1]} {match[2]} reaches up to {target}", MEND)


def reversed_urls(tree: Tree) -> Iterator[Finding]:
    """Code reverses URLs of its own or a lower subject."""
    for source in tree.product():
        names = imported_names(source)
        for node in source.nodes:
            if not (isinstance(node, ast.Call) and node.args and resolve(node.func, names) in REVERSERS):
                continue
            name = ast.unparse(node.args[0]).strip("'\"")
            target = _layer_named("url", name)
            if source.layer != "main" and _is_above(target, source.path):
                yield source.finding(node, f"{name} reaches up to {target}", MEND)


def _layer_named(tag: str, name: str) -> str:
    """The layer of `billing/bill.html` or of the URL `billing:bill`; empty when there is none in the name."""
    mark = ":" if tag == "url" else "/"
    first = name.partition(mark)[0] if mark in name else ""
    return "faces" if first in limits.FACES else first


def _is_above(target: str, path: str) -> bool:
    ranks = layer_ranks()
    own = layer_of(path)
    return target in ranks and target != own and ranks[target] >= ranks[own]
