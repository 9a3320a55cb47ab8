"""`mingdu seal`, `mingdu unseal` and `mingdu sealed` as a user calls them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from mingdu.base.actors import SYSTEM
from mingdu.core.clock import day_number
from mingdu.core.registers import Channel
from mingdu.main.cli import changes, sealing
from mingdu.main.cli.readings import BadDay
from mingdu.metering.store.sealed_parts import sealed_folder

pytestmark = pytest.mark.database

MONTH = date(2026, 3, 1)
runner = CliRunner()


@pytest.fixture
def app(database: str) -> Iterator[typer.Typer]:
    """The commands, at a database with a closed month of one home."""
    from mingdu.base.operations import create_unit
    from mingdu.metering.models import DayClosing, Installation, Meter, UsagePoint
    from mingdu.metering.operations import accept_readings, record_evidence
    from mingdu.metering.readings import CurveColumns, ReadingBatch, Source

    now = datetime(2026, 4, 2, tzinfo=UTC)
    unit = create_unit("U1", "明湖供电所", parent=None, by=SYSTEM, at=now)
    home = UsagePoint.objects.create(code="P0", unit=unit, customer_class="residential", capacity_w=8_000)
    meter = Meter.objects.create(meter_number="1", meter_address="1", model="demo-meter-645")
    Installation.objects.create(usage_point=home, meter=meter, valid_from=datetime(2025, 12, 1, tzinfo=UTC))
    days = np.arange(31) + day_number(MONTH)
    values = np.arange(31 * 96).reshape(31, 96) % 90
    curves = CurveColumns(
        np.full(31, home.pk),
        days,
        np.full(31, int(Channel.IMPORT)),
        values,
        np.zeros((31, 96), dtype=np.uint8),
    )
    evidence = record_evidence("file", "a.csv", by=SYSTEM, at=now)
    accept_readings(ReadingBatch(Source.FILE, evidence, curves), by=SYSTEM, at=now)
    DayClosing.objects.bulk_create(
        DayClosing(day=MONTH + timedelta(days=n), bucket=0, closed_at=now, closed_by="system")
        for n in range(31)
    )
    made = typer.Typer()
    sealing.register(made)
    yield made
    shutil.rmtree(sealed_folder(), ignore_errors=True)


def lines(app: typer.Typer, *words: str, ends_with: int = 0) -> list[Any]:
    result = runner.invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == ends_with, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_seals_lists_checks_and_brings_back(app: typer.Typer) -> None:
    (done,) = lines(app, "seal", "2026-03")
    assert (done["buckets"], done["done"], done["errors"]) == (1, 1, [])
    assert done["results"][0]["readings"] == 31 * 96
    (listed,) = lines(app, "sealed")
    assert (listed["month"], listed["part"], listed["rows"], listed["damage"]) == (
        "2026-03",
        "curves",
        31,
        "",
    )
    assert listed["checked_at"] is None
    (checked,) = lines(app, "sealed", "--check")
    assert checked["checked_at"] is not None
    assert lines(app, "unseal", "2026-03")[0]["results"] == [{"rows": 31, "files": 1}]
    assert lines(app, "sealed") == []


def test_ends_with_3_when_a_file_is_damaged(app: typer.Typer) -> None:
    lines(app, "seal", "2026-03")
    path = Path(lines(app, "sealed")[0]["path"])
    path.write_bytes(path.read_bytes()[::-1])
    (damaged,) = lines(app, "sealed", "--check", ends_with=3)
    assert damaged["damage"].startswith("SealedFileDamaged")
    (failed,) = lines(app, "unseal", "2026-03", ends_with=3)
    assert "SealedFileDamaged" in failed["errors"][0]


def test_the_guides_commands_run(app: typer.Typer) -> None:
    changes.register(app)
    guide = (Path(__file__).parents[2] / "docs" / "guides" / "seal-a-month.md").read_text("utf-8")
    commands = [
        line.partition("#")[0].split()[1:] for line in guide.splitlines() if line.startswith("mingdu ")
    ]
    assert [command[0] for command in commands] == ["seal", "sealed", "sealed", "changes", "known", "unseal"]
    told = [lines(app, *command) for command in commands]
    assert told[4][0]["value"] == "0.46"
    assert lines(app, "retention") == [{"frames": 0, "registers": 0, "curves": {}, "sealed": 0}]


def test_refuses_what_is_no_month(app: typer.Typer) -> None:
    result = runner.invoke(app, ["seal", "2026-13"])
    assert isinstance(result.exception, BadDay)
