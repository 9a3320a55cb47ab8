"""One word for one thing: the identifiers of models stand in the glossary."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidy.relations import model_classes
from tidy.tree import Finding, Tree

GLOSSARY = "docs/glossary.md"


def model_words(tree: Tree) -> Iterator[Finding]:
    """Every model's identifier appears in docs/glossary.md in backticks."""
    words = glossary_words(tree.texts.get(GLOSSARY, ""))
    for model in model_classes(tree):
        if model.identifier not in words:
            fault = f"{model.identifier} is not in {GLOSSARY}"
            yield model.source.finding(
                model.node, fault, "add it with its Chinese term, or use the word that is there"
            )


def glossary_words(text: str) -> set[str]:
    """Every identifier that stands in backticks."""
    return {word for code in re.findall(r"`([^`]+)`", text) for word in re.findall(r"\w+", code)}
