"""Beats (心跳): processes without a port say in the data folder that they live."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from .environment import Environment, make_folder

LONGEST_SILENCE = timedelta(seconds=15)


def beat(environment: Environment, name: str, now: datetime) -> None:
    """
    Say that a process lives: $MINGDU_DATA/beats/<name>.json, replaced whole.

    name  "worker" or "headend"
    now   real time, not the demo's: silence is measured by the real clock
    """
    path = _beat_path(environment, name)
    make_folder(path.parent)
    fresh = path.with_suffix(".fresh")
    fresh.write_text(json.dumps({"name": name, "at": now.isoformat()}))
    fresh.replace(path)


def beats(environment: Environment, name: str, now: datetime) -> bool:
    """Tell whether a process has said lately that it lives."""
    try:
        written: dict[str, Any] = json.loads(_beat_path(environment, name).read_text())
    except FileNotFoundError:
        return False
    return abs(now - datetime.fromisoformat(written["at"])) <= LONGEST_SILENCE


def _beat_path(environment: Environment, name: str) -> Path:
    return environment.data_folder / "beats" / f"{name}.json"
