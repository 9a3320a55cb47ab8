"""The head end tells by its beat what it has counted."""

from __future__ import annotations

import pytest

from headend.headend_process import free_port, head_end_process
from mingdu.main.beats import beats, counts_of
from mingdu.main.clock import Clock
from mingdu.main.environment import current_environment

pytestmark = pytest.mark.database
# A look takes some microseconds, so this is many seconds of patience.
MOST_LOOKS = 2_000_000


def test_a_running_head_end_tells_its_counts(database: str) -> None:
    environment = current_environment()
    (environment.data_folder / "beats" / "headend.json").unlink(missing_ok=True)
    with head_end_process(database, free_port()):
        for _ in range(MOST_LOOKS):
            if beats(environment, "headend", Clock().now()):
                break
        counts = counts_of(environment, "headend", Clock().now())
    assert {"sessions", "frames", "quarantined", "stored", "given_up"} <= set(counts)
    assert (counts["sessions"], counts["frames"]) == (0, 0)
