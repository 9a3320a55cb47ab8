"""The bench of the day load asserts equal totals; here on a small day."""

from __future__ import annotations

import pytest
from bench.day_load import main

pytestmark = pytest.mark.database


def test_loads_equal_totals_both_ways(capsys: pytest.CaptureFixture[str]) -> None:
    main(curves=2_600, runs=1)
    said = capsys.readouterr().out
    assert said.startswith("day load of 249,600 readings, equal totals asserted")
    assert "ratio" in said
