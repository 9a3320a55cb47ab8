"""The project keeps the rules of ARCHITECTURE.md, section 2, that import-linter cannot see, and its style."""

from __future__ import annotations

import pytest

from tidy import limits
from tidy.rules import RULES
from tidy.tree import Tree, layer_ranks, read_tree


@pytest.fixture(scope="module")
def project() -> Tree:
    return read_tree()


@pytest.mark.parametrize("name", RULES)
def test_the_project_keeps(name: str, project: Tree) -> None:
    findings = [str(finding) for finding in RULES[name](project)]
    assert not findings, "\n" + "\n".join(findings)


def test_the_rules_look_at_the_whole_house(project: Tree) -> None:
    seen = {source.layer for source in project.product()}
    assert {"errors", "core", "wire", "rulebook", "base", "headend", "metering", "main"} <= seen


def test_limits_are_not_above_those_of_the_architecture() -> None:
    assert limits.FILE_LINES <= 400
    assert limits.BODY_LINES <= 60
    assert limits.BRANCHES <= 8
    assert limits.ARGUMENTS <= 6
    assert limits.NESTING <= 3


def test_layers_rise_from_errors_to_main() -> None:
    ranks = layer_ranks()
    assert min(ranks, key=ranks.__getitem__) == "errors"
    assert max(ranks, key=ranks.__getitem__) == "main"
    assert (
        ranks["core"] == ranks["wire"] < ranks["rulebook"] < ranks["base"] == ranks["headend"] < ranks["work"]
    )
