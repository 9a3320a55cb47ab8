"""The proof: restored beside the live database, compared, timed, kept; the live one is not touched."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import psycopg
import pytest

from main.backup.yard import Yard, quiet
from mingdu.main.backup.manifest import read_manifest
from mingdu.main.backup.source import source_of
from mingdu.main.backup.totals import DatabaseBusy, take_totals
from mingdu.main.backup.verify import latest_proof, verify
from mingdu.main.clock import Clock
from mingdu.main.database import url

pytestmark = pytest.mark.database


def test_proves_equal_totals_with_the_loss_and_the_time(yard: Yard) -> None:
    manifest = yard.manifest()
    yard.write(2)
    log = yard.fetch()
    yard.write(3)
    steps: list[str] = []
    now = Clock().now()
    proof = verify(yard.environment, yard.target, now, steps.append)
    assert proof.is_equal and proof.backup == manifest.name
    assert (proof.tables, proof.rows) == (1, 1)
    assert timedelta() < proof.loss <= now - log.until_at + timedelta(seconds=1)
    assert timedelta() < proof.recovery < timedelta(minutes=1)
    assert latest_proof(yard.target) is not None
    assert steps == ["check", "database", "totals", "log", "files"]
    assert not (yard.environment.data_folder / "backup-proof").exists()
    assert yard.numbers_in(yard.environment.data_folder) == [1, 2, 3]


def test_names_the_tables_whose_totals_differ(yard: Yard) -> None:
    manifest = yard.manifest()
    path = yard.target.backups / manifest.name / "manifest.json"
    planted = json.loads(path.read_text())
    planted["totals"]["tables"]["public.written"]["rows"] += 1
    planted["totals"]["tables"]["public.gone"] = {"rows": 0, "hash": "0"}
    path.write_text(json.dumps(planted))
    proof = verify(yard.environment, yard.target, Clock().now(), quiet)
    assert proof.differences == ("public.gone", "public.written")
    kept = latest_proof(yard.target)
    assert kept is not None and not kept.is_equal
    assert read_manifest(yard.target, manifest.name).totals.tables["public.gone"].rows == 0


def test_has_exactly_the_rows_of_the_place_while_others_write(yard: Yard) -> None:
    stopping = threading.Event()
    writer = threading.Thread(target=_write_on, args=(url(yard.environment), stopping))
    writer.start()
    try:
        yard.manifest()
        proof = verify(yard.environment, yard.target, Clock().now(), quiet)
    finally:
        stopping.set()
        writer.join()
    assert proof.is_equal


def test_waits_for_who_holds_a_table_and_gives_up_in_words(yard: Yard) -> None:
    source = source_of(yard.environment)
    with psycopg.connect(url(yard.environment)) as holder:
        holder.execute("INSERT INTO written VALUES (99)")
        waiting = threading.Thread(target=take_totals, args=(source,))
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
        with pytest.raises(DatabaseBusy):
            take_totals(source, tries=1)
        holder.rollback()
    waiting.join()


def _write_on(database_url: str, stopping: threading.Event) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        number = 1000
        while not stopping.is_set():
            number += 1
            connection.execute("INSERT INTO written VALUES (%s)", (number,))
