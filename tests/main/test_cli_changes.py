"""`mingdu changes` and `mingdu known` as a user calls them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from mingdu.base.actors import SYSTEM
from mingdu.core.clock import day_number
from mingdu.core.registers import Channel
from mingdu.main.cli import changes
from mingdu.main.cli.changes import BadTime, UnknownItem

pytestmark = pytest.mark.database

DAY = date(2026, 3, 8)
READ_AT = datetime(2026, 4, 2, tzinfo=UTC)
EDITED_AT = datetime(2026, 4, 3, tzinfo=UTC)
runner = CliRunner()


@pytest.fixture
def app(database: str) -> typer.Typer:
    """The commands, at a database with one closed day of one home, and an edit of it."""
    from mingdu.base.operations import create_unit
    from mingdu.metering.models import DayClosing, Installation, Meter, UsagePoint
    from mingdu.metering.operations import accept_readings, record_evidence
    from mingdu.metering.operations.edit_curve import CurveEdit, edit_curve
    from mingdu.metering.readings import CurveColumns, ReadingBatch, Source

    unit = create_unit("U1", "明湖供电所", parent=None, by=SYSTEM, at=READ_AT)
    home = UsagePoint.objects.create(code="P0", unit=unit, customer_class="residential", capacity_w=8_000)
    meter = Meter.objects.create(meter_number="1", meter_address="1", model="demo-meter-645")
    Installation.objects.create(usage_point=home, meter=meter, valid_from=datetime(2025, 12, 1, tzinfo=UTC))
    values = np.full((1, 96), 25)
    marks = np.zeros((1, 96), dtype=np.uint8)
    curves = CurveColumns(
        np.array([home.pk]), np.array([day_number(DAY)]), np.array([int(Channel.IMPORT)]), values, marks
    )
    evidence = record_evidence("file", "a.csv", by=SYSTEM, at=READ_AT)
    accept_readings(ReadingBatch(Source.FILE, evidence, curves), by=SYSTEM, at=READ_AT)
    DayClosing.objects.create(day=DAY, bucket=0, closed_at=READ_AT, closed_by="system")
    edit_curve(CurveEdit("P0", Channel.IMPORT, DAY, 4, ("0.30",), "按现场记录"), by=SYSTEM, at=EDITED_AT)
    made = typer.Typer()
    changes.register(made)
    return made


def lines(app: typer.Typer, *words: str) -> list[Any]:
    result = runner.invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_prints_what_changed(app: typer.Typer) -> None:
    span = ("--from", "2026-04-02T08:00:00+08:00", "--to", "2026-04-03T08:00:00+08:00")
    (told,) = lines(app, "changes", *span)
    assert (told["usage_point"], told["item"], told["at"]) == ("P0", "IMPORT", "2026-03-08T00:00:00+08:00")
    assert (told["intervals"], told["old"]["values"], told["new"]["values"]) == ([4], ["0.25"], ["0.30"])
    assert (told["by"], told["words"]) == ("system", "按现场记录")
    assert lines(app, "changes", *span, "--point", "P0") == [told]
    assert lines(app, "changes", "--from", span[3], "--to", "2026-04-05T08:00:00+08:00") == []


def test_prints_a_value_as_it_was_known(app: typer.Typer) -> None:
    at = "2026-03-08T01:00:00+08:00"
    (before,) = lines(app, "known", "P0", "IMPORT", at, "--as-of", "2026-04-02T23:00:00+08:00")
    (now,) = lines(app, "known", "P0", "IMPORT", at)
    assert [(each["value"], each["quality"], each["version"]) for each in (before, now)] == [
        ("0.25", "measured", 1),
        ("0.30", "edited", 2),
    ]
    (register,) = lines(app, "known", "P0", "TOTAL", at)
    assert (register["value"], register["version"]) == (None, 0)


def test_refuses_times_without_zone_and_items_that_are_none() -> None:
    made = typer.Typer()
    changes.register(made)
    for words in (("--from", "yesterday", "--to", "x"), ("--from", "2026-04-02T08:00:00", "--to", "x")):
        assert isinstance(runner.invoke(made, ["changes", *words]).exception, BadTime)
    result = runner.invoke(made, ["known", "P0", "STEAM", "2026-03-08T01:00:00+08:00"])
    assert isinstance(result.exception, UnknownItem)
