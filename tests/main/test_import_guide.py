"""The guide to foreign readings names commands, options and formats that there are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mingdu.main.cli.app import build
from mingdu.metering.exchange import NUMBER_KINDS, ExchangeFormat
from mingdu.metering.operations import ALIAS_KINDS
from mingdu.metering.queries.export_exchange import CHOSEN

GUIDE = (Path(__file__).parents[2] / "docs/guides/import-foreign-readings.md").read_text("utf-8")
COMMANDS = [line for block in re.findall(r"```\n(.*?)```", GUIDE, re.S) for line in block.splitlines()]


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_is_there_with_its_options(line: str) -> None:
    program, *words = shlex.split(line)
    assert program == "mingdu"
    names = [word for word in words if re.fullmatch(r"[a-z]+", word)]
    depth = 2 if names[0] in ("mapping", "export") else 1
    shown = CliRunner().invoke(build(), [*names[:depth], "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    for option in (word for word in words if word.startswith("--")):
        assert option in shown.output


def test_every_format_and_kind_of_number_is_told() -> None:
    assert set(NUMBER_KINDS.values()) == set(ALIAS_KINDS)
    for kind in ALIAS_KINDS:
        assert f"`{kind}`" in GUIDE
    assert set(NUMBER_KINDS) == set(ExchangeFormat)
    for format_ in CHOSEN:
        assert f"| {format_.value} |" in GUIDE
