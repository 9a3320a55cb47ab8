"""Beats (心跳): processes without a port say in the data folder that they live."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from .environment import Environment, make_folder

LONGEST_SILENCE = timedelta(seconds=15)


def beat(environment: Environment, name: str, now: datetime, counts: Mapping[str, int] | None = None) -> None:
    """
    Say that a process lives: $MINGDU_DATA/beats/<name>.json, replaced whole.

    name    "worker" or "headend"
    now     real time, not the demo's: silence is measured by the real clock
    counts  what the process has counted since it started; truth values count as 0 and 1
    """
    path = _beat_path(environment, name)
    make_folder(path.parent)
    # Named by the process, so that two workers of one folder never write one file.
    fresh = path.with_suffix(f".{os.getpid()}")
    content = {"name": name, "at": now.isoformat(), "counts": {k: int(v) for k, v in (counts or {}).items()}}
    fresh.write_text(json.dumps(content))
    fresh.replace(path)


def beats(environment: Environment, name: str, now: datetime) -> bool:
    """Tell whether a process has said lately that it lives."""
    written = _latest(environment, name)
    return written is not None and _is_fresh(written, now)


def counts_of(environment: Environment, name: str, now: datetime) -> dict[str, int]:
    """Return what a living process has counted since it started; nothing when it is silent."""
    written = _latest(environment, name)
    return dict(written["counts"]) if written is not None and _is_fresh(written, now) else {}


def _latest(environment: Environment, name: str) -> dict[str, Any] | None:
    try:
        written: dict[str, Any] = json.loads(_beat_path(environment, name).read_text())
    except FileNotFoundError:
        return None
    return written


def _is_fresh(written: dict[str, Any], now: datetime) -> bool:
    return abs(now - datetime.fromisoformat(written["at"])) <= LONGEST_SILENCE


def _beat_path(environment: Environment, name: str) -> Path:
    return environment.data_folder / "beats" / f"{name}.json"
