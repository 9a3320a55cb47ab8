"""
Two British homes, half-hourly, that nobody here wrote: in, closed, estimated, billed, verified.

They come with the package `opendsm`, of which only the sample files are read.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from importlib.metadata import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import typer
from django.test import override_settings
from typer.testing import CliRunner

from acting import staff
from mingdu.base.roles import Role
from mingdu.main.cli import verify
from mingdu.metering.exchange import ExchangeFormat
from mingdu.rulebook.folders import find_rules_folder

pytestmark = [pytest.mark.database, pytest.mark.long]

HERE = Path(__file__).parent
NOW = datetime(2015, 1, 10, 9, tzinfo=UTC)
CLERK = staff(Role.CLERK, number=11)
LONDON = ZoneInfo("Europe/London")
SAMPLE = "uk-electricity-hdd-only-hourly-sample-{}.csv.gz"
# What stands in the files: lines, stamps that come twice with the same value, values with float noise.
FIGURES = {1: (22_536, 15, 96), 2: (35_468, 24, 1_369)}
FEN, PRICES = Decimal("0.01"), (Decimal("0.10"), Decimal("0.20"))
FIRST, LAST = date(2012, 1, 3), date(2014, 12, 2)


def sample(number: int, folder: Path) -> Path:
    """Unpack one sample file."""
    name = SAMPLE.format(number)
    (packed,) = [file for file in files("opendsm") or () if file.name == name]
    path = folder / name.removesuffix(".gz")
    path.write_bytes(gzip.decompress(Path(str(packed.locate())).read_bytes()))
    return path


def network() -> dict[str, Any]:
    """Both homes with a meter each and an agreement by the curve."""
    numbers = (1, 2)
    opened = "2012-01-01"
    return {
        "areas": [{"area": "GB", "name": "two homes", "usage_point": None}],
        "terminals": [],
        "meters": [
            {"meter": f"20120000000{n}", "address": f"20120000000{n}", "model": "demo-meter-645"}
            for n in numbers
        ],
        "usage_points": [
            {
                "usage_point": f"HOME{n}", "kind": "customer", "class": "residential", "area": "GB",
                "book": "B1", "capacity_w": 23_000, "voltage_kv": "0.22", "metered_side": "low",
                "service_location": f"{n} Street", "account": f"000000000{n}",
            }
            for n in numbers
        ],
        "installations": [
            {
                "usage_point": f"HOME{n}", "meter": f"20120000000{n}", "multiplier": 1,
                "from": f"{opened}T00:00:00+00:00", "to": None, "first_digits": {}, "last_digits": None,
            }
            for n in numbers
        ],
        "books": [{"book": "B1", "name": "homes", "reading_day": 1}],
        "customers": [{"customer": f"C{n}", "name": f"home {n}"} for n in numbers],
        "contacts": [{"customer": f"C{n}", "name": f"home {n}", "phone": f"1380000000{n}"} for n in numbers],
        "accounts": [{"account": f"000000000{n}", "customer": f"C{n}"} for n in numbers],
        "agreements": [
            {
                "account": f"000000000{n}", "usage_point": f"HOME{n}", "tariff": "gb-night-and-day",
                "voltage_kv": "0.22", "capacity_kva": None, "contract_kw": None, "valid_from": opened,
                "valid_to": None,
            }
            for n in numbers
        ],
    }  # fmt: skip


def rules_of_then(folder: Path) -> Path:
    """The checkout's limits as if they had held since 2012, and the tariff of the homes."""
    shutil.copytree(HERE / "tariffs", folder / "tariffs")
    (folder / "validation").mkdir()
    for path in (find_rules_folder() / "validation").glob("*.yaml"):
        text = re.sub(r"valid_from: \S+", "valid_from: 2012-01-01", path.read_text("utf-8"))
        (folder / "validation" / path.name).write_text(text, encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Homes:
    """Reports of the imports and of the same again, by the sample's number; account ids by number."""

    reports: dict[int, Any]
    again: dict[int, Any]
    accounts: dict[int, int]

    def rehearse(self, month: str) -> tuple[dict[int, Any], dict[str, Any]]:
        """Rehearse a month; returns its bills by home, and what was held by account number."""
        from mingdu.base import ledger
        from mingdu.base.database import reading_connection
        from mingdu.billing.operations import rehearse
        from mingdu.billing.queries import held_accounts
        from mingdu.billing.rows import read_rows

        run = rehearse(month, "", by=CLERK, at=NOW)
        assert ledger.finish_run(run.ledger_run_id, NOW).is_done, ledger.errors(run.ledger_run_id)
        numbers = {account: number for number, account in self.accounts.items()}
        rows = read_rows(reading_connection(), "b.run_id = %s", (run.pk,))
        held = {account: (check, values) for account, check, values in held_accounts(CLERK, run.pk)}
        return {numbers[row.account_id]: row for row in rows}, held


@pytest.fixture(scope="module")
def homes(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homes]:
    from mingdu.base import ledger
    from mingdu.base.actors import SYSTEM
    from mingdu.customers.models import Account
    from mingdu.customers.operations import register_customers
    from mingdu.metering.operations import How, close_days, import_exchange, make_months, register_network
    from mingdu.rounds.operations import register_books

    folder = tmp_path_factory.mktemp("homes")
    rules = rules_of_then(tmp_path_factory.mktemp("rules"))
    with override_settings(TIME_ZONE=LONDON.key, ZONE=LONDON, RULES_FOLDER=rules):
        make_months(FIRST, by=SYSTEM, at=NOW, months=37)
        rows = network()
        register_network(rows, by=SYSTEM, at=NOW)
        register_customers(rows, by=SYSTEM, at=NOW)
        register_books(rows, by=SYSTEM, at=NOW)
        reports: dict[str, dict[int, Any]] = {"first": {}, "again": {}}
        for which, found in reports.items():
            for number in FIGURES:
                how = How(ExchangeFormat.TABLE, zone=ZoneInfo("Etc/GMT"), point=f"HOME{number}")
                path = folder / SAMPLE.format(number).removesuffix(".gz")
                path = path if which == "again" else sample(number, folder)
                found[number] = import_exchange(path, how, by=SYSTEM, at=NOW).as_json()
        run = close_days(FIRST, LAST, by=SYSTEM, at=NOW)
        done = ledger.finish_run(run.pk, NOW)
        assert done.is_done, ledger.errors(run.pk)
        accounts = dict(Account.objects.values_list("account_number", "pk"))
        numbers = {number: accounts[f"000000000{number}"] for number in FIGURES}
        yield Homes(reports["first"], reports["again"], numbers)


@pytest.mark.parametrize("number", FIGURES)
def test_every_line_comes_in_and_what_is_odd_is_counted(homes: Homes, number: int) -> None:
    lines, repeated, noisy = FIGURES[number]
    report = homes.reports[number]
    assert (report["rows"], report["accepted"], report["same"]) == (lines, lines - repeated, repeated)
    assert (report["rounded"], report["conflicts"], report["bad"]) == (noisy, 0, [])


@pytest.mark.parametrize("number", FIGURES)
def test_the_same_file_again_changes_nothing(homes: Homes, number: int) -> None:
    lines, *_ = FIGURES[number]
    report = homes.again[number]
    assert (report["rows"], report["accepted"], report["same"], report["conflicts"]) == (lines, 0, lines, 0)


@pytest.mark.parametrize("month", ["2013-01", "2013-10"])
def test_a_read_month_is_billed_as_a_plain_sum_of_the_files_lines_says(
    homes: Homes, month: str, tmp_path: Path
) -> None:
    bills, held = homes.rehearse(month)
    assert held == {}
    for number, row in bills.items():
        night, day = plain_kwh(sample(number, tmp_path), month)
        bill = document_of(row)
        assert (Decimal(bill["input"]["curve"]["energy"]["VALLEY"]), row.quality) == (night, 0)
        amounts = [
            (kwh * price).quantize(FEN, ROUND_HALF_UP)
            for kwh, price in zip((night, day), PRICES, strict=True)
        ]
        assert Decimal(bill["total"]) == sum(amounts)
        assert bill["checks"] == []
        assert verified(bill, tmp_path) == (0, {"ok": True})


def test_a_month_with_a_short_gap_is_billed_as_estimated(homes: Homes, tmp_path: Path) -> None:
    bills, _ = homes.rehearse("2012-11")
    bill = document_of(bills[1])
    assert bill["checks"] == [{"check": "estimated_curve"}]
    assert verified(bill, tmp_path) == (0, {"ok": True})
    bill["lines"][0]["amount"] = "1.00"
    assert verified(bill, tmp_path)[0] == 3


@pytest.mark.parametrize("month", ["2014-03", "2012-02"])
def test_gaps_of_weeks_hold_the_bill(homes: Homes, month: str) -> None:
    bills, held = homes.rehearse(month)
    assert bills == {}
    assert {check for check, _ in held.values()} == {"curve_mostly_estimated"}


def plain_kwh(path: Path, month: str) -> tuple[Decimal, Decimal]:
    """Night and day of a month of London time, by hand: each stamp once, three decimals, times at GMT."""
    values: dict[datetime, Decimal] = {}
    for line in path.read_text().splitlines()[1:]:
        text, value = line.split(",")
        begin = datetime.fromisoformat(text).replace(tzinfo=UTC).astimezone(LONDON)
        values[begin.astimezone(UTC)] = Decimal(value).quantize(Decimal("0.001"), ROUND_HALF_UP)
    sums = [Decimal(0), Decimal(0)]
    for instant, value in values.items():
        begin = instant.astimezone(LONDON)
        if f"{begin:%Y-%m}" == month:
            sums[not 30 <= begin.hour * 60 + begin.minute < 450] += value
    return sums[0], sums[1]


def document_of(row: Any) -> dict[str, Any]:
    from mingdu.billing.document import bill_document

    return bill_document(row)


def verified(bill: dict[str, Any], folder: Path) -> tuple[int, dict[str, Any]]:
    """`mingdu verify` of a bill: exit code and answer."""
    app = typer.Typer()
    verify.register(app)
    path = folder / "bill.json"
    path.write_text(json.dumps(bill), encoding="utf-8")
    answer = CliRunner().invoke(app, [str(path)])
    assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.exception
    return answer.exit_code, json.loads(answer.output) if answer.exit_code == 0 else {}
