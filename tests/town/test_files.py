"""The written town: the same bytes every time, exact when read back, and only what was heard."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from mingdu.core.registers import Register
from mingdu.town.faults import Kind
from mingdu.town.files import write_town
from mingdu.town.model import Town
from mingdu.town.span import INTERVALS

FIRST = date(2026, 11, 24)


def small_town(seed: int = 20) -> Town:
    return Town(seed, points=210, first_day=FIRST)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("town")
    write_town(small_town(), folder)
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(folder: Path, tmp_path: Path) -> None:
    again = write_town(small_town(), tmp_path / "again")
    assert len(again) == 8
    assert all(
        path.read_bytes() == (folder / path.relative_to(tmp_path / "again")).read_bytes() for path in again
    )
    write_town(small_town(21), tmp_path / "other")
    assert (tmp_path / "other/curves-2026-12.csv").read_bytes() != (
        folder / "curves-2026-12.csv"
    ).read_bytes()


def test_curves_read_back_exactly(folder: Path) -> None:
    town = small_town()
    curves = town.curves(slice(None), FIRST, 35)
    read = {
        (row["usage_point"], row["day"]): row
        for name in ("11", "12")
        for row in rows(folder / f"curves-2026-{name}.csv")
    }
    assert len(read) == 210 * 35 + 3 * 35 - 1
    for point in (1, 41, 42, 201):
        for day in range(34):
            row = read[f"P0{530_100_000 + point}", f"{FIRST + timedelta(days=day)}"]
            digits = [int(Decimal(row[f"p{n}"]) * 100) for n in range(1, 97)]
            assert digits == curves.digits[point - 1, day].tolist()
            assert (row["channel"], row["unit"]) == ("IMPORT", "kWh")
    areas = town.area_curves(FIRST, 35)
    last = read["PA3", "2026-12-28"]
    assert [int(Decimal(last[f"p{n}"]) * 100) for n in range(1, 97)] == areas[2, 34].tolist()


def test_a_gap_is_an_empty_cell(folder: Path) -> None:
    gaps = [fault for fault in small_town().faults if fault.kind is Kind.GAP]
    for fault in gaps:
        day = FIRST + timedelta(days=fault.start // INTERVALS)
        (row,) = (
            row
            for row in rows(folder / f"curves-{day:%Y-%m}.csv")
            if row["usage_point"] == f"P0{530_100_000 + fault.point}" and row["day"] == f"{day}"
        )
        assert row[f"p{fault.start % INTERVALS + 1}"] == ""


def test_registers_read_back_exactly(folder: Path) -> None:
    town = small_town()
    midnights = [FIRST + timedelta(days=n) for n in range(36)]
    shown = town.registers(slice(None), midnights)
    read = [row for name in ("11", "12") for row in rows(folder / f"registers-2026-{name}.csv")]
    assert len({(row["usage_point"], row["time"]) for row in read}) == len(read) == 213 * 36 - 1
    for row in (row for row in read if row["usage_point"] == "P0530100201"):
        nth = midnights.index(date.fromisoformat(row["time"][:10]))
        for register in (Register.TOTAL, Register.VALLEY, Register.REACTIVE_REVERSE):
            assert int(Decimal(row[register.name]) * 100) == shown[register][200, nth]
        assert int(Decimal(row["DEMAND"]) * 10_000) == shown[Register.DEMAND][200, nth]
        assert row["time"].endswith("T00:00:00+08:00")
    home = next(row for row in read if row["usage_point"] == "P0530100002")
    assert home["DEMAND"] == home["REACTIVE_FORWARD"] == ""


def test_home_42_is_not_heard_after_its_terminal_fell_silent(folder: Path) -> None:
    curves = [
        row["day"] for row in rows(folder / "curves-2026-12.csv") if row["usage_point"] == "P0530100042"
    ]
    freezes = [
        row["time"][:10]
        for row in rows(folder / "registers-2026-12.csv")
        if row["usage_point"] == "P0530100042"
    ]
    assert max(curves) == "2026-12-27"
    assert max(freezes) == "2026-12-28"


def test_the_typed_register_reads_58_percent_too_much(folder: Path) -> None:
    (typed,) = rows(folder / "typed-2026-12.csv")
    assert typed["usage_point"] == "P0530100042"
    assert typed["time"] == "2027-01-01T00:00:00+08:00"
    begin = next(
        Decimal(row["TOTAL"])
        for row in rows(folder / "registers-2026-12.csv")
        if row["usage_point"] == "P0530100042" and row["time"].startswith("2026-12-01")
    )
    truth = json.loads((folder / "truth/truth.json").read_text())["mistyped"]
    true_kwh = Decimal(truth["true_digits"]) / 100 - begin
    assert true_kwh == Decimal("310.00")
    assert Decimal("1.57") < (Decimal(typed["value"]) - begin) / true_kwh < Decimal("1.59")
    assert sorted(typed["value"]) == sorted(f"{Decimal(truth['true_digits']) / 100:.2f}")


def test_monthly_truth_adds_up_to_what_was_used(folder: Path) -> None:
    town = small_town()
    used = town.true_wh([7], date(2026, 12, 1), 31).sum(dtype=np.int64)
    (row,) = (
        row
        for row in rows(folder / "truth/monthly-energy.csv")
        if row["usage_point"] == "P0530100007" and row["month"] == "2026-12"
    )
    assert int(row["true_wh"]) == used


def test_a_town_without_home_42_has_nothing_typed(tmp_path: Path) -> None:
    written = write_town(Town(20, points=30, first_day=date(2026, 12, 20)), tmp_path)
    assert not [path for path in written if path.name.startswith("typed")]
    assert json.loads((tmp_path / "truth/truth.json").read_text())["mistyped"] is None


def test_a_town_of_three_days_has_no_history(tmp_path: Path) -> None:
    written = write_town(Town(20, points=5, first_day=date(2026, 12, 29)), tmp_path)
    assert {path.name for path in written} == {"registry.json", "truth.json", "monthly-energy.csv"}
