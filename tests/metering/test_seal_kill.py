"""A process that seals is killed wherever it is: nothing is lost, nothing is there twice."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from typing import Any

import pytest
from bench import seal_month as bench

from metering.sealing import MONTH, SEALED_AT
from mingdu.base import ledger
from mingdu.base.actors import SYSTEM
from mingdu.base.database import reading_connection
from mingdu.metering.models import SealedPart
from mingdu.metering.operations.seal import seal_month, unseal_month
from mingdu.metering.queries.sealed import sealed_files
from mingdu.metering.store.sealed_parts import sealed_folder

pytestmark = [pytest.mark.database, pytest.mark.long]

POINTS = 900
WORK = """
import sys
from datetime import datetime
from mingdu.main.startup import start_django
start_django()
from mingdu.base import ledger
print("READY", flush=True)
ledger.finish_run(int(sys.argv[1]), datetime.fromisoformat(sys.argv[2]))
"""


def content() -> Any:
    """One hash over every row of the tables, whatever their order."""
    statement = """
        SELECT (SELECT sum(hash_record_extended(c, 0)::numeric) FROM metering_curve c),
               (SELECT sum(hash_record_extended(r, 0)::numeric) FROM metering_registerreading r)
    """
    return reading_connection().execute(statement).fetchone()


def killed_after(seconds: float, run: int, url: str) -> bool:
    """Let another process work on a run and kill it; tells whether it was still at it."""
    environment = {**os.environ, "DATABASE_URL": url}
    process = subprocess.Popen(
        [sys.executable, "-c", WORK, str(run), SEALED_AT.isoformat()],
        env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "READY\n"
    kill = threading.Timer(seconds, process.send_signal, (signal.SIGKILL,))
    kill.start()
    code = process.wait()
    kill.cancel()
    process.stdout.close()
    return code == -signal.SIGKILL


@pytest.mark.parametrize("act", [seal_month, unseal_month])
def test_a_kill_loses_nothing(database: str, act: Any) -> None:
    ids = bench.make_points(POINTS)
    bench.load(ids, *bench.town_month())
    total = bench.expected_total(POINTS, bench.town_month()[0])
    before = content()
    if act is unseal_month:
        run = seal_month(MONTH, by=SYSTEM, at=SEALED_AT)
        assert ledger.finish_run(run.pk, SEALED_AT).is_done
    started = act(MONTH, by=SYSTEM, at=SEALED_AT + timedelta(hours=1))
    killed = [killed_after(seconds, started.pk, database) for seconds in (0.05, 0.2, 0.4, 0.6)]
    assert any(killed)
    bench.block_ms(ids, total, POINTS)
    assert ledger.finish_run(started.pk, SEALED_AT).is_done
    bench.block_ms(ids, total, POINTS)
    if act is seal_month:
        assert content() == (None, None)
        named = {file.path for file in sealed_files(SYSTEM)}
        assert set((sealed_folder() / "2026-03").iterdir()) == named
        unseal = unseal_month(MONTH, by=SYSTEM, at=SEALED_AT + timedelta(hours=2))
        assert ledger.finish_run(unseal.pk, SEALED_AT).is_done
    assert content() == before
    assert not SealedPart.objects.filter(ended_at__isnull=True).exists()
    shutil.rmtree(sealed_folder(), ignore_errors=True)
