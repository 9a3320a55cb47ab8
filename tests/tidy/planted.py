"""What a planted fault is: a bad file that one rule must report, and its mend that the rule must let pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import dedent

from tidy.tree import Tree


@dataclass(frozen=True)
class Planted:
    """A rule, a path, the bad text and the good one; `beside` are files that both need."""

    rule: str
    title: str
    path: str
    bad: str
    good: str
    beside: Mapping[str, str] = field(default_factory=dict)

    def tree(self, text: str) -> Tree:
        """The smallest tree that holds the text."""
        return Tree({**self.beside, self.path: dedent(text)})
