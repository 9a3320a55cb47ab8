"""Back to any instant: what was there before it is there, what came after is not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from main.backup.yard import Yard
from mingdu.main.backup.locked_keys import RECOVERY_KEY, NoRecoveryKey, WrongRecoveryKey, key_in_file
from mingdu.main.backup.plan import BeyondLog
from mingdu.main.backup.restore import FolderInUse
from mingdu.main.backup.source import NoReplicationRight, facts_of, source_of
from mingdu.main.backup.target import Target, UnknownBackup, began_at, target_of
from mingdu.main.clock import Clock
from mingdu.main.database import start, status, stop, url
from mingdu.main.database.cluster import PASSWORD, RIGHTS
from mingdu.main.database.places import places_of
from mingdu.main.database.programs import find_programs

pytestmark = pytest.mark.database


def test_brings_back_each_of_three_instants(yard: Yard) -> None:
    yard.attach(b"a photo", "aa11")
    full = yard.back_up()
    assert (full.manifest.kind, full.manifest.parent) == ("full", None)
    between = yard.write(2)
    yard.attach(b"a later photo", "bb22")
    late = yard.attach(b"sealed", "cc33")
    yard.fetch()
    yard.write(3)
    incremental = yard.back_up()
    assert (incremental.manifest.kind, incremental.manifest.parent) == ("incremental", full.manifest.name)
    assert incremental.manifest.database_bytes < full.manifest.database_bytes / 2
    after = yard.write(4)
    yard.write(5)
    yard.fetch()
    first, second, third = (yard.empty(name) for name in ("first", "second", "third"))
    assert yard.restore(full.manifest.ended_at, first).backup == full.manifest.name
    assert yard.restore(between, second).backup == full.manifest.name
    restored = yard.restore(after, third)
    assert restored.backup == incremental.manifest.name
    assert restored.latest_at is not None and restored.latest_at <= after
    assert restored.lost > timedelta()
    assert yard.numbers_in(first) == [1]
    assert yard.numbers_in(second) == [1, 2]
    assert yard.numbers_in(third) == [1, 2, 3, 4]
    assert (second / "attachments" / "bb" / "bb22").read_bytes() == b"a later photo"
    assert (second / "attachments" / "cc" / "cc33").stat().st_mtime_ns == late.stat().st_mtime_ns
    assert (third / "attachments" / "aa" / "aa11").read_bytes() == b"a photo"
    assert (third / "restored" / "rules" / "prices.yaml").read_text() == "schema: mingdu/prices/1\n"
    assert not list(third.glob("restoring*"))


def test_gives_a_restored_database_a_password_of_its_own_and_keeps_it_in_no_backup(yard: Yard) -> None:
    assert not list(yard.target.folder.rglob(PASSWORD))
    there = next(each for each in yard.others if each.data_folder.name == "third")
    assert url(there).split("@")[0] != url(yard.environment).split("@")[0]


def test_brings_keys_back_only_with_the_recovery_key(yard: Yard) -> None:
    data = yard.environment.data_folder
    (data / "keys").mkdir()
    (data / "keys" / "ours.pem").write_text("-----BEGIN PRIVATE KEY-----")
    (data / "secret_key").write_text("the key of the sessions")
    yard.back_up()
    clear = [
        path
        for path in yard.target.folder.rglob("*")
        if path.is_file() and b"BEGIN PRIVATE" in path.read_bytes()
    ]
    assert clear == []
    key = key_in_file(data / RECOVERY_KEY)
    wrong = yard.empty("wrong-key")
    with pytest.raises(WrongRecoveryKey):
        yard.restore(None, wrong, "ABCD-EFGH")
    assert not (wrong / "database").exists()
    right = yard.empty("right-key")
    yard.restore(None, right, key)
    assert (right / "keys" / "ours.pem").read_text() == "-----BEGIN PRIVATE KEY-----"
    assert (right / "secret_key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(NoRecoveryKey):
        key_in_file(data / "no-such-file")


def test_refuses_a_folder_in_use_unless_told_to_replace_it(yard: Yard) -> None:
    data = yard.environment.data_folder
    instant = yard.write(6)
    yard.write(7)
    yard.fetch()
    with pytest.raises(FolderInUse):
        yard.restore(instant, data)
    assert status(yard.environment).is_ready
    restored = yard.restore(instant, data, replaces=True)
    assert not status(yard.environment).is_ready
    kept = next(path for path in restored.kept_as if "cluster.before" in path)
    assert (data / "database" / kept.rsplit("/", 1)[1] / "PG_VERSION").exists()
    assert yard.numbers_in(data) == [1, 2, 3, 4, 5, 6]


def test_goes_on_after_a_restore_with_a_full_backup_and_a_new_log(yard: Yard) -> None:
    before = {path.name for path in yard.target.logs.iterdir()}
    made = yard.back_up()
    assert made.manifest.kind == "full" and made.manifest.timeline == 2
    assert made.manifest.log not in before
    instant = yard.write(8)
    yard.write(9)
    yard.fetch()
    folder = yard.empty("second-life")
    yard.restore(instant, folder)
    assert yard.numbers_in(folder) == [1, 2, 3, 4, 5, 6, 8]


def test_refuses_instants_before_the_first_backup_and_beyond_the_log(yard: Yard) -> None:
    first = began_at(yard.target.names()[0])
    with pytest.raises(UnknownBackup):
        yard.restore(first - timedelta(days=1), yard.empty("early"))
    with pytest.raises(BeyondLog) as refused:
        yard.restore(Clock().now() + timedelta(hours=1), yard.empty("late"))
    assert "--to latest" in refused.value.next
    nothing = Yard(replace(yard.environment, backup_folder=yard.environment.data_folder / "nowhere"))
    with pytest.raises(UnknownBackup) as refused_all:
        nothing.restore(None, yard.empty("none"))
    assert "there is none" in refused_all.value.message


def test_begins_a_new_log_when_the_server_kept_the_old_one_no_longer(yard: Yard) -> None:
    before = yard.fetch()
    with psycopg.connect(url(yard.environment), autocommit=True) as connection:
        connection.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")
    assert yard.fetch().name > before.name


def test_leaves_no_slot_behind_for_a_folder_named_once(yard: Yard) -> None:
    elsewhere = Target(yard.environment.data_folder.parent / "elsewhere")
    made = yard.back_up(folder=elsewhere.folder)
    assert made.manifest.kind == "full" and elsewhere.names() == [made.manifest.name]
    with psycopg.connect(url(yard.environment)) as connection:
        slots = connection.execute("SELECT count(*) FROM pg_replication_slots").fetchone()
    assert slots == (1,)


def test_reads_the_default_target_from_the_data_folder(yard: Yard) -> None:
    environment = replace(yard.environment, backup_folder=None)
    assert target_of(environment).folder == environment.data_folder / "backups"


def test_knows_its_server(yard: Yard) -> None:
    with source_of(yard.environment).connected() as connection:
        facts = facts_of(connection)
    assert facts.role == "mingdu" and facts.summarizes and facts.segment_bytes == 16 * 1024 * 1024
    proof = json.loads((yard.target.backups / yard.target.names()[-1] / "manifest.json").read_text())
    assert proof["system"] == facts.system


def test_gives_the_right_to_copy_to_a_cluster_made_before_there_were_backups(yard: Yard) -> None:
    cluster = places_of(yard.environment).cluster
    stop(yard.environment)
    programs = find_programs(yard.environment.pg_bin)
    programs.run(
        "postgres", ["--single", "-D", str(cluster), "postgres"], text="ALTER ROLE mingdu NOREPLICATION\n"
    )
    start(yard.environment)
    with pytest.raises(NoReplicationRight) as refused:
        source_of(yard.environment)
    assert "mingdu db start" in refused.value.next
    stop(yard.environment)
    (cluster / RIGHTS).unlink()
    start(yard.environment)
    assert not source_of(yard.environment).is_foreign
