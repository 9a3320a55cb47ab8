"""The one place that reads the clock; in the demo it runs from a chosen instant at real speed."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .environment import Environment, make_folder


@dataclass(frozen=True)
class Clock:
    """Real time plus a fixed shift; the shift is zero outside the demo."""

    shift: timedelta = timedelta(0)

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC) + self.shift


def clock_of(environment: Environment) -> Clock:
    """
    Return the clock of this data folder.

    A demo's shift is kept in the data folder, so that a second start goes on where time has come to,
    and every process of one demo agrees.
    """
    kept = environment.data_folder / "clock.json"
    if not kept.exists():
        return Clock()
    return Clock(timedelta(seconds=json.loads(kept.read_text())["shift_seconds"]))


def set_demo_clock(environment: Environment, start: datetime) -> Clock:
    """Make demo time begin at `start` now, unless this data folder has its demo clock already."""
    kept = environment.data_folder / "clock.json"
    if not kept.exists():
        shift = (start - datetime.now(UTC)).total_seconds()
        _keep_first(kept, json.dumps({"shift_seconds": shift, "began": start.isoformat()}))
    return clock_of(environment)


def _keep_first(path: Path, text: str) -> None:
    # The file appears under its name only when complete, so that processes that begin at once agree.
    make_folder(path.parent)
    with tempfile.NamedTemporaryFile("w", dir=path.parent) as fresh:
        fresh.write(text)
        fresh.flush()
        with contextlib.suppress(FileExistsError):
            os.link(fresh.name, path)
