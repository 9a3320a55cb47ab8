"""Reads the worked cases of tests/golden as rows of text."""

from __future__ import annotations

import csv
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def worked_cases(name: str) -> list[dict[str, str]]:
    """Rows of one table; the column `source` tells where a case comes from."""
    with (GOLDEN / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
