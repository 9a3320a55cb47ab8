"""Every act that the audit can hold has words in both languages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

import pytest
from django.utils.translation import override

import mingdu
from mingdu.faces.act_words import ACTS, act_words, thing_words
from mingdu.main.catalogues import compile_catalogues

SOURCE = Path(mingdu.__file__).parent


def acts_written() -> Iterator[str]:
    """Verbs that operations write into the audit, written out or as a constant of their module."""
    for path in SOURCE.rglob("*.py"):
        tree = ast.parse(path.read_text())
        constants = {
            node.targets[0].id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Constant)
        }
        for verb in (node.args[1] for node in ast.walk(tree) if is_record(node)):
            if isinstance(verb, ast.Constant | ast.Name):
                yield str(verb.value if isinstance(verb, ast.Constant) else constants[verb.id])


def is_record(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record"


def test_every_act_has_words() -> None:
    written = set(acts_written())
    assert {"billing.issue", "metering.explain_finding"} <= written
    assert written <= set(ACTS)


@pytest.mark.parametrize(
    ("language", "act", "thing"),
    [("zh-hans", "发行核算批次", "核算批次 7"), ("en", "issued a bill run", "bill run 7")],
)
def test_acts_and_things_are_said_in_the_readers_language(language: str, act: str, thing: str) -> None:
    compile_catalogues()
    with override(language):
        assert (act_words("billing.issue"), thing_words("bill_run:7")) == (act, thing)
        assert (act_words("dance.tango"), thing_words("stage:3")) == ("dance.tango", "stage 3")
