"""`mingdu export bills` and `export ledger` as a person types them."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from billing.desk import issued, receivables
from mingdu.base.models import AuditEntry
from mingdu.billing.period import BadPeriod
from mingdu.main.cli.exports import UnknownEnding, register
from mingdu.main.cli.staff import UnknownLogin
from mingdu.main.cli.whole_file import NoSuchFolder, whole_file
from mingdu.money.ledgers import Ledger
from small_town import build_small_town

pytestmark = pytest.mark.database

NOW = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
MONTH = ("--period", "2026-12")


@pytest.fixture(scope="module")
def month(module_database: str) -> str:
    """Twenty accounts whose December is issued."""
    build_small_town(20, at=NOW)
    issued(NOW)
    return module_database


def type_line(*words: object) -> Result:
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, [str(word) for word in ("export", *words)])


def exported(what: str, out: Path) -> str:
    answer = type_line(what, *MONTH, "--out", out)
    assert answer.exit_code == 0, answer.exception
    return answer.output


def yuan(fen: int) -> Decimal:
    return Decimal(fen) / 100


def test_the_bills_as_a_table_sum_to_the_ledger(month: str, tmp_path: Path) -> None:
    out = tmp_path / "bills.csv"
    told = exported("bills", out)
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    total = sum(Decimal(row["total"]) for row in rows)
    assert total == yuan(sum(receivables().values()))
    energy = sum(Decimal(row["energy_kwh"]) for row in rows)
    assert told == f"rows={len(rows)} energy_kwh={energy} total={total} file={out}\n"
    assert {(row["kind"], row["of_bill"], row["period_from"]) for row in rows} == {("bill", "", "2026-12-01")}
    assert AuditEntry.objects.latest("pk").details["total"] == str(total)


def test_the_bills_as_json_lines_carry_their_lines(month: str, tmp_path: Path) -> None:
    out = tmp_path / "bills.jsonl"
    exported("bills", out)
    bills = [json.loads(line) for line in out.read_text().splitlines()]
    for bill in bills:
        assert sum(Decimal(line["amount"]) for line in bill["lines"]) == Decimal(bill["total"])
    assert sum(Decimal(bill["total"]) for bill in bills) == yuan(sum(receivables().values()))


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_the_ledger_sums_to_zero(month: str, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"ledger.{ending}"
    told = exported("ledger", out)
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file)) if ending == "csv" else [json.loads(line) for line in file]
    assert sum(Decimal(row["amount"]) for row in rows) == 0
    owed = sum(Decimal(row["amount"]) for row in rows if int(row["ledger"]) == Ledger.RECEIVABLE)
    assert owed == yuan(sum(receivables().values()))
    assert told == f"rows={len(rows)} receivable={owed} sum=0.00 file={out}\n"


def test_the_same_again_gives_the_same_bytes(month: str, tmp_path: Path) -> None:
    for what in ("bills", "ledger"):
        for ending in ("csv", "jsonl"):
            outs = [tmp_path / f"{what}-{n}.{ending}" for n in range(2)]
            for out in outs:
                exported(what, out)
            assert outs[0].read_bytes() == outs[1].read_bytes() != b""


def test_refuses_what_it_cannot_write(month: str, tmp_path: Path) -> None:
    out = tmp_path / "bills.csv"
    refusals: dict[type[Exception], tuple[object, ...]] = {
        UnknownEnding: ("bills", *MONTH, "--out", tmp_path / "bills.xls"),
        BadPeriod: ("ledger", "--period", "2026-13", "--out", out),
        UnknownLogin: ("bills", *MONTH, "--out", out, "--by", "nobody"),
        NoSuchFolder: ("ledger", *MONTH, "--out", tmp_path / "nowhere" / "ledger.csv"),
    }
    for expected, words in refusals.items():
        assert isinstance(type_line(*words).exception, expected)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_begun_and_not_ended_leaves_what_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("before")
    with pytest.raises(ZeroDivisionError), whole_file(path) as file:
        file.write("half")
        file.write(f"{1 // 0}")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
