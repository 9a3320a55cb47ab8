"""
A month's bill run of homes, end to end: ours by two workers, the peer PostgreSQL's own set-based SQL.

    python -m bench bill_run
    python -m bench.bill_run 20000

Ours is rehearse, approve, issue: fetch, checks, rating, bills with readings and lines, inputs compared again,
journals that sum to zero, each bucket durable and exactly once. The peer is one INSERT … SELECT over the same
registers with the tiers by CASE: no check, no approval, no journal, no version. Both commit durably in one
server. Equal bills to the fen are asserted.
"""

from __future__ import annotations

import os
import select
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.own_database import own_database

ACCOUNTS: Final = 100_000
WORKERS: Final = 2
RUNS: Final = 3
MONTH: Final = "2026-12"
NOW: Final = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
LOOK_SECONDS: Final = 0.01

# Registers of three midnights: a November of 250 to 450 kWh, a December of up to 500 kWh, nobody at the gate.
REGISTERS: Final = """
    INSERT INTO metering_registerreading
        (read_at, usage_point_id, register, version, meter_id, source, quality, evidence_id, recorded_at,
         digits)
    SELECT read_at::timestamptz, n, 0, 1, n, 2, 0, 1, now(),
           1000000 + n * 7919 %% 5000000 + (months >= 1)::int * (25000 + n * 104729 %% 20000)
           + (months >= 2)::int * (n * 1299709 %% 50001)
    FROM generate_series(1::bigint, %s) AS n,
         (VALUES ('2026-11-01 00:00+08', 0), ('2026-12-01 00:00+08', 1), ('2027-01-01 00:00+08', 2))
             AS midnight (read_at, months)
"""
REGISTRY: Final = (
    """INSERT INTO metering_usagepoint
           (id, code, kind, unit_id, customer_class, capacity_w, supply_state, period_registers, address)
       SELECT n, 'P' || n, 'customer', (SELECT id FROM base_orgunit), 'residential', 8000, 'on', false, ''
       FROM generate_series(1, %s) AS n""",
    """INSERT INTO metering_meter (id, meter_number, meter_address, model, digits)
       SELECT n, n, n, 'demo-meter-645', 8 FROM generate_series(1, %s) AS n""",
    """INSERT INTO metering_installation (usage_point_id, meter_id, multiplier, valid_from)
       SELECT n, n, 1, '2025-12-01 00:00+08' FROM generate_series(1, %s) AS n""",
    """INSERT INTO customers_customer (id, code, name, language)
       SELECT n, 'C' || n, 'C' || n, 'zh' FROM generate_series(1, %s) AS n""",
    """INSERT INTO customers_account (id, account_number, customer_id, unit_id, service_location)
       SELECT n, to_char(n, 'FM0000000000'), n, (SELECT id FROM base_orgunit), ''
       FROM generate_series(1, %s) AS n""",
    """INSERT INTO customers_agreement
           (id, account_id, usage_point_id, tariff, customer_class, voltage_kv, valid_from)
       SELECT n, n, n, 'yunnan-residential', 'residential', 0.22, '2025-12-01'
       FROM generate_series(1, %s) AS n""",
)
PEER_TABLE: Final = """
    CREATE TABLE peer_bill (account_id bigint, energy_wh bigint, tier_1 bigint, tier_2 bigint, tier_3 bigint,
                            total_fen bigint)
"""
# Prices of the dry season in fen a Wh: 0.45, 0.50, 0.80 yuan a kWh; bounds at 170 and 260 kWh.
PEER: Final = """
    INSERT INTO peer_bill
    SELECT account_id, wh, tier_1, tier_2, tier_3, tier_1 + tier_2 + tier_3
    FROM (
        SELECT account_id, wh,
               round(CASE WHEN wh > 170000 THEN 170000 ELSE wh END * 0.045)::bigint AS tier_1,
               round(CASE WHEN wh > 260000 THEN 90000 WHEN wh > 170000 THEN wh - 170000 ELSE 0 END * 0.050)
                   ::bigint AS tier_2,
               round(CASE WHEN wh > 260000 THEN wh - 260000 ELSE 0 END * 0.080)::bigint AS tier_3
        FROM (
            SELECT a.account_id, (latest.digits - first.digits) * 10 AS wh
            FROM customers_agreement a
            JOIN metering_registerreading first ON first.usage_point_id = a.usage_point_id
                AND first.register = 0 AND first.read_at = '2026-12-01 00:00+08'
            JOIN metering_registerreading latest ON latest.usage_point_id = a.usage_point_id
                AND latest.register = 0 AND latest.read_at = '2027-01-01 00:00+08'
            WHERE a.tariff = 'yunnan-residential'
        ) AS used
    ) AS rated
"""
DIFFERENT: Final = """
    SELECT count(*)
    FROM (SELECT * FROM billing_bill WHERE kind = 1) b FULL JOIN peer_bill p USING (account_id)
    WHERE (b.total_fen, b.energy_wh, b.amounts_fen)
        IS DISTINCT FROM (p.total_fen, p.energy_wh, ARRAY[p.tier_1, p.tier_2, p.tier_3])
"""
KEPT: Final = ("billing_bill_202612", "money_entry_202701", "money_journal")
LEFT: Final = (
    *KEPT, "peer_bill", "billing_billrun", "billing_billrunapproval", "billing_issue", "billing_heldaccount",
    "billing_correction", "base_run", "base_runbucket",
)  # fmt: skip


def main(accounts: int = ACCOUNTS, runs: int = RUNS) -> None:
    """Measure both in turn, assert equal bills and print medians and their ratio."""
    with own_database():
        make_registry(accounts)
        peer, rehearsed, issued = [], [], []
        with workers():
            for _ in range(runs):
                forget_bills()
                peer.append(seconds(lambda: execute(PEER)))
                run_id, taken = rehearse()
                rehearsed.append(taken)
                issued.append(seconds(lambda run_id=run_id: approve_and_issue(run_id)))
                assert_equal_bills(accounts)
    ours = [first + second for first, second in zip(rehearsed, issued, strict=True)]
    report(accounts, {"PostgreSQL, one INSERT … SELECT": peer, f"ours, {WORKERS} workers": ours})
    print(
        f"  of ours: rehearse {statistics.median(rehearsed):.2f} s,"
        f" approve and issue {statistics.median(issued):.2f} s"
    )


def report(accounts: int, taken: dict[str, list[float]]) -> None:
    """Print the median of each and how it compares with the first."""
    medians = {name: statistics.median(each) for name, each in taken.items()}
    base = next(iter(medians.values()))
    print(f"bill run of {accounts:,} homes, medians, equal bills asserted")
    for name, each in medians.items():
        rate = f"{accounts / each:12,.0f} accounts/s"
        print(f"  {name:<34} {each:8.2f} s {rate}  {each / base:6.2f} x the time")


def make_registry(accounts: int) -> None:
    """Write points, meters, customers, agreements and registers by plain SQL; nobody times this."""
    from mingdu.base.actors import SYSTEM
    from mingdu.base.operations import create_unit

    create_unit("U", "bench", parent=None, by=SYSTEM, at=NOW)
    for statement in (*REGISTRY, REGISTERS):
        execute(statement, accounts)
    execute(PEER_TABLE)
    execute("VACUUM ANALYZE")


def forget_bills() -> None:
    """Take out what an earlier run wrote, against the triggers that keep bills and journals."""
    for table in KEPT:
        execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    execute(f"TRUNCATE {', '.join(LEFT)}")
    for table in KEPT:
        execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def rehearse() -> tuple[int, float]:
    """Rehearse the month; returns the run and the seconds until its last bucket was done."""
    from mingdu.billing.operations import rehearse

    begun = time.perf_counter()
    run = rehearse(MONTH, by=_staff("clerk"), at=NOW)
    wait_for(run.ledger_run_id)
    return run.pk, time.perf_counter() - begun


def approve_and_issue(run_id: int) -> None:
    """Approve as another person and issue every bucket."""
    from mingdu.billing.operations import approve_run, issue_run

    approve_run(run_id, by=_staff("approver"), at=NOW)
    wait_for(issue_run(run_id, by=_staff("clerk"), at=NOW))


def wait_for(run_id: int) -> None:
    """Wait until the workers have done every bucket of a run."""
    from mingdu.base import ledger

    while not ledger.progress(run_id).is_done:
        assert not ledger.errors(run_id), ledger.errors(run_id)
        time.sleep(LOOK_SECONDS)


def assert_equal_bills(accounts: int) -> None:
    """Every account has the peer's bill to the fen, and the ledger owes exactly the bills."""
    assert execute(DIFFERENT) == [(0,)]
    owed = "SELECT count(*), sum(amount_fen) FROM money_entry WHERE account_id <> 0"
    assert execute(owed) == execute("SELECT count(*), sum(total_fen) FROM peer_bill")
    assert execute("SELECT count(*), count(DISTINCT account_id) FROM billing_bill") == [(accounts, accounts)]


@contextmanager
def workers() -> Iterator[None]:
    """Run worker processes of our own; their input's end ends them."""
    environment = os.environ | {"DATABASE_URL": _url()}
    command = [sys.executable, "-m", "bench.bill_run", "work"]
    processes = [
        subprocess.Popen(
            command, env=environment, cwd=Path(__file__).parents[1], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
        )
        for _ in range(WORKERS)
    ]  # fmt: skip
    try:
        for process in processes:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
        yield
    finally:
        for process in processes:
            process.communicate()


def work() -> None:
    """Do what one worker does until the input ends."""
    from mingdu.main.startup import start_django

    start_django()
    from mingdu.base import ledger

    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], 0 if ledger.work_one(NOW) else LOOK_SECONDS)[0]:
        pass


def seconds(act: Callable[[], object]) -> float:
    """Time one piece of work."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def execute(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run one statement, committed at once; returns its rows."""
    from mingdu.base.database import cursor, reading_connection

    opened = cursor(reading_connection()).execute(statement, values or None)
    return opened.fetchall() if opened.description else []


def _staff(role: str) -> Any:
    from mingdu.base.actors import Actor, Grant
    from mingdu.base.roles import Role

    return Actor(f"person:{len(role)}", role, (Grant(Role(role)),))


def _url() -> str:
    from urllib.parse import urlencode

    from django.db import connection

    to = connection.settings_dict
    place = urlencode({"host": to["HOST"], "port": to["PORT"]})
    return f"postgresql://{to['USER']}:{to['PASSWORD']}@/{to['NAME']}?{place}"


if __name__ == "__main__":
    if sys.argv[1:] == ["work"]:
        work()
    else:
        main(*map(int, sys.argv[1:]))
