"""`mingdu bill`, `mingdu verify` and `mingdu tariff` as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from mingdu.core.bill_check import BillNotVerifiable
from mingdu.errors import TradeError
from mingdu.main.cli import bill, tariff, verify
from mingdu.rulebook import find_rules_folder
from tables import GOLDEN

EXAMPLE = GOLDEN / "cases" / "two_part_contract_example.yaml"
RESIDENTIAL = find_rules_folder() / "tariffs" / "yunnan-residential-2025-12-01.yaml"
runner = CliRunner()


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    for module in (bill, verify, tariff):
        module.register(made)
    return made


def output(app: typer.Typer, *words: str, given: str | None = None) -> Any:
    result = runner.invoke(app, list(words), input=given, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_prints_a_bill_that_verifies(app: typer.Typer, tmp_path: Path) -> None:
    made = output(app, "bill", str(EXAMPLE))
    assert made["total"] == "104474.40"
    assert "explain" not in made
    stored = tmp_path / "bill.json"
    stored.write_text(json.dumps(made), "utf-8")
    assert output(app, "verify", str(stored)) == {"ok": True}


def test_explains_on_demand(app: typer.Typer) -> None:
    made = output(app, "bill", str(EXAMPLE), "--explain")
    assert made["explain"][-1].endswith("104474.40 CNY")
    assert output(app, "verify", "-", given=json.dumps(made)) == {"ok": True}


def test_reads_the_case_from_standard_input_and_the_rules_from_a_folder(app: typer.Typer) -> None:
    case = (GOLDEN / "cases" / "residential_december.yaml").read_text("utf-8")
    made = output(app, "bill", "-", "--rules", str(find_rules_folder()), given=case)
    assert made["total"] == "161.50"


def test_ends_with_3_at_a_difference(app: typer.Typer) -> None:
    made = output(app, "bill", str(EXAMPLE))
    made["lines"][4]["amount"] = "18895.10"
    result = runner.invoke(app, ["verify", "-"], input=json.dumps(made))
    assert result.exit_code == 3
    assert json.loads(result.stdout) == {
        "ok": False,
        "line": "transmission",
        "stated": "18895.10",
        "computed": "18895.09",
    }


def test_raises_named_errors_for_the_command_line_to_print(app: typer.Typer) -> None:
    case = EXAMPLE.read_text("utf-8").replace('"0.1246"', '"12.46 fen"')
    result = runner.invoke(app, ["bill", "-"], input=case)
    assert isinstance(result.exception, TradeError)
    assert result.exception.name == "BadUnit"
    assert result.exception.values["key"] == "tariff.components[2].price"
    result = runner.invoke(app, ["verify", "-"], input="not json")
    assert isinstance(result.exception, BillNotVerifiable)


def test_ends_with_2_for_a_file_that_is_not_there(app: typer.Typer) -> None:
    for command in (["bill"], ["verify"], ["tariff", "check"]):
        assert runner.invoke(app, [*command, "nowhere.yaml"]).exit_code == 2


def test_checks_and_shows_a_tariff_file(app: typer.Typer) -> None:
    answer = {"ok": True, "name": "yunnan-residential", "valid_from": "2025-12-01"}
    assert output(app, "tariff", "check", str(RESIDENTIAL)) == answer
    dry = output(app, "tariff", "show", str(RESIDENTIAL))
    wet = output(app, "tariff", "show", str(RESIDENTIAL), "--day", "2026-07-01")
    assert [len(shown["tariff"]["tiers"]["steps"]) for shown in (dry, wet)] == [3, 1]
    assert dry["rules_hash"] != wet["rules_hash"]
