"""DuckDB and pandas read sealed files as they are, and find what our own reads find."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow import parquet

from metering.sealing import DAYS, MONTH, close_month, month_of_readings, seal
from mingdu.base.actors import SYSTEM
from mingdu.base.database import reading_connection
from mingdu.core.quality import Quality
from mingdu.metering import queries
from mingdu.metering.queries.sealed import SealedFile, sealed_files
from mingdu.metering.store.sealed_parts import sealed_folder

pytestmark = [pytest.mark.database, pytest.mark.long]


@pytest.fixture
def files(network: Any) -> Iterator[dict[str, SealedFile]]:
    month_of_readings(network)
    close_month()
    seal()
    yield {file.part: file for file in sealed_files(SYSTEM)}
    shutil.rmtree(sealed_folder(), ignore_errors=True)


def test_duckdb_sums_what_we_sum(network: Any, files: dict[str, SealedFile]) -> None:
    import duckdb

    block = queries.curves(reading_connection(), np.array(network.points), MONTH, len(DAYS))
    statement = """
        SELECT usage_point, count(*), sum(list_sum(values)), sum(len(list_filter(quality, lambda q: q = ?)))
        FROM read_parquet(?) WHERE channel = 'IMPORT' GROUP BY usage_point ORDER BY usage_point
    """
    found = duckdb.execute(statement, [int(Quality.MISSING), str(files["curves"].path)]).fetchall()
    digits = block.values.sum(axis=(1, 2)).tolist()
    missing = (block.quality == Quality.MISSING).sum(axis=(1, 2)).tolist()
    assert [tuple(map(int, row[1:])) for row in found] == [
        (31, total, gaps) for total, gaps in zip(digits, missing, strict=True)
    ]
    assert [row[0] for row in found] == ["P0", "P1", "P2"]


def test_the_guides_query_runs(files: dict[str, SealedFile]) -> None:
    import duckdb

    guide = (Path(__file__).parents[2] / "docs" / "guides" / "seal-a-month.md").read_text("utf-8")
    query = guide.partition("```sql\n")[2].partition("```")[0].replace("FILES", str(files["curves"].path))
    found = duckdb.execute(query).fetchall()
    assert len(found) == 3 * 31
    assert found[0] == ("P0", MONTH, pytest.approx(45.6))


def test_pandas_reads_values_units_and_instants(files: dict[str, SealedFile]) -> None:
    import pandas as pd

    registers = pd.read_parquet(files["registers"].path)
    first = registers[(registers.usage_point == "P0") & (registers.register == "TOTAL")].iloc[3]
    assert (first.digits / 10**first.decimals, first.unit, first.version) == (3.0, "kWh", 1)
    assert first.read_at == pd.Timestamp("2026-03-03T16:00:00Z")
    assert first.meter == "202400000000"
    curves = pd.read_parquet(files["curves"].path)
    assert curves["values"].map(len).eq(96).all()
    assert curves.quality.isna().sum() == 3 * 7


def test_a_file_says_itself_what_its_numbers_mean(files: dict[str, SealedFile]) -> None:
    legend = json.loads(parquet.read_schema(files["curves"].path).metadata[b"mingdu"])
    assert (legend["schema"], legend["month"], legend["zone"]) == (
        "mingdu/sealed-curves/1", "2026-03", "Asia/Shanghai",
    )  # fmt: skip
    assert legend["quality"]["6"] == "MISSING"
    assert "before the multiplier" in legend["words"]
