"""What lay on a disk for long may have changed there: it is refused by name, never restored."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC
from pathlib import Path

import psycopg
import pytest

from main.backup.yard import Yard, quiet
from mingdu.main.backup.files import BackupDamaged
from mingdu.main.backup.locked_keys import RECOVERY_KEY, key_in_file
from mingdu.main.backup.log import read_log, segments_from
from mingdu.main.backup.manifest import BadManifest, read_files, read_manifest
from mingdu.main.backup.recover import RecoveryFailed
from mingdu.main.backup.schedule import done_of
from mingdu.main.backup.state import DAMAGED, UNFINISHED, WHOLE, board_of, kept_backups
from mingdu.main.backup.target import PARTIAL
from mingdu.main.backup.verify import latest_proof, verify
from mingdu.main.clock import Clock
from mingdu.main.database import status, url

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def name(yard: Yard) -> str:
    """One backup with a file, and a log of more than one segment behind it."""
    yard.attach(b"a photo", "aa11")
    made = yard.back_up()
    switch(yard)
    yard.write(2)
    yard.fetch()
    return made.manifest.name


@pytest.fixture
def mend() -> Iterator[Callable[[Path, bytes], None]]:
    """Write wrong bytes into a file; afterwards the right ones stand there again."""
    kept: dict[Path, bytes] = {}

    def damage(path: Path, content: bytes) -> None:
        kept.setdefault(path, path.read_bytes())
        path.write_bytes(content)

    yield damage
    for path, content in kept.items():
        path.write_bytes(content)


def switch(yard: Yard) -> None:
    """Fill a segment of the log, so that it is packed."""
    with psycopg.connect(url(yard.environment), autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS bulk AS SELECT g, repeat('x', 200) FROM generate_series(1, 90000) g"
        )


def test_names_a_damaged_file_of_the_database(
    yard: Yard, name: str, mend: Callable[[Path, bytes], None]
) -> None:
    victim = next(iter(sorted((yard.target.backups / name / "database" / "base").glob("*/2608"))))
    content = victim.read_bytes()
    mend(victim, content[:100] + b"?" + content[101:])
    with pytest.raises(BackupDamaged) as refused:
        yard.restore(None, yard.empty("damaged"))
    assert "2608" in refused.value.message
    with pytest.raises(BackupDamaged):
        verify(yard.environment, yard.target, Clock().now(), quiet)
    assert latest_proof(yard.target) is None


@pytest.mark.parametrize("what", ["database/backup_manifest", "keys.locked", "files.jsonl"])
def test_names_a_damaged_list_or_key(
    yard: Yard, name: str, mend: Callable[[Path, bytes], None], what: str
) -> None:
    mend(yard.target.backups / name / what, b"{}")
    with pytest.raises((BackupDamaged, BadManifest)) as refused:
        yard.restore(None, yard.empty("list"), key_in_file(yard.environment.data_folder / RECOVERY_KEY))
    assert what.rpartition("/")[2] in refused.value.message


def test_names_a_damaged_and_a_missing_attachment(
    yard: Yard, name: str, mend: Callable[[Path, bytes], None]
) -> None:
    kept = next(
        each for each in read_files(yard.target, read_manifest(yard.target, name)) if "aa11" in each.path
    )
    stored = yard.target.files / kept.sha256[:2] / kept.sha256
    mend(stored, b"another photo")
    with pytest.raises(BackupDamaged) as refused:
        yard.restore(None, yard.empty("photo"))
    assert "attachments/aa/aa11" in refused.value.message
    stored.unlink()
    with pytest.raises(BackupDamaged):
        yard.restore(None, yard.empty("photo"))


def test_names_a_damaged_segment_of_the_log(
    yard: Yard, name: str, mend: Callable[[Path, bytes], None]
) -> None:
    manifest = read_manifest(yard.target, name)
    segments = segments_from(yard.target, manifest.log, manifest.first_segment)
    packed = next(path for path in segments.values() if path.suffix == ".gz")
    mend(packed, packed.read_bytes()[:-20])
    with pytest.raises(BackupDamaged) as refused:
        yard.restore(None, yard.empty("segment"))
    assert packed.name in refused.value.message


def test_says_so_when_the_log_does_not_lead_to_the_instant(
    yard: Yard, name: str, mend: Callable[[Path, bytes], None]
) -> None:
    manifest = read_manifest(yard.target, name)
    segments = segments_from(yard.target, manifest.log, manifest.first_segment)
    latest = segments[max(segments)]
    plain = gzip.decompress(latest.read_bytes()) if latest.suffix == ".gz" else latest.read_bytes()
    mend(latest, bytes(len(plain)))
    folder = yard.empty("cut")
    with pytest.raises(RecoveryFailed) as refused:
        yard.restore(None, folder)
    assert refused.value.values["log"]
    assert not (folder / "database").exists() and not (folder / "restoring").exists()


def test_lists_what_is_damaged_and_unfinished_and_is_not_hindered_by_it(
    yard: Yard, name: str, mend: Callable[[Path, bytes], None]
) -> None:
    whole = yard.manifest()
    mend(yard.target.backups / name / "manifest.json", b"[]")
    (yard.target.backups / f"20260101T000000.000Z{PARTIAL}").mkdir()
    states = {each.name: each.state for each in kept_backups(yard.target)}
    assert states == {name: DAMAGED, whole.name: WHOLE, "20260101T000000.000Z": UNFINISHED}
    with pytest.raises(BadManifest):
        read_manifest(yard.target, name)
    made = yard.back_up(is_full=True)
    assert made.cleared == ("20260101T000000.000Z",) and made.removed == ()
    assert status(yard.environment).is_ready


def test_refuses_a_log_that_does_not_say_what_it_is(
    yard: Yard, name: str, mend: Callable[[Path, bytes], None]
) -> None:
    log = read_manifest(yard.target, name).log
    path = yard.target.logs / log / "log.json"
    for content in (b"", b"{}", json.dumps({**json.loads(path.read_bytes()), "until_lsn": "x"}).encode(),
                    json.dumps({**json.loads(path.read_bytes()), "schema": "x"}).encode()):  # fmt: skip
        mend(path, content)
        with pytest.raises(BadManifest):
            read_log(yard.target, log)


def test_refuses_a_proof_and_a_list_of_late_files_that_are_damaged(
    yard: Yard, name: str, mend: Callable[[Path, bytes], None]
) -> None:
    yard.attach(b"late", "dd44")
    yard.fetch()
    late = yard.target.logs / yard.fetch().name / "files.jsonl"
    mend(late, late.read_bytes() + b'{"cut')
    assert yard.restore(None, yard.empty("late")).files > 0
    mend(late, b'{"path": "../outside"}\n')
    with pytest.raises(BadManifest):
        yard.restore(None, yard.empty("outside"))
    yard.target.proof.write_text('{"backup": 1}')
    with pytest.raises(BadManifest):
        latest_proof(yard.target)
    assert done_of(yard.target).verify is None
    failure = board_of(yard.environment, Clock().now(), UTC).failure
    assert failure is not None and "proof.json" in failure.said
    yard.target.proof.unlink()
    yard.target.failure.write_text("[]")
    assert board_of(yard.environment, Clock().now(), UTC).failure is None


def test_goes_on_in_a_new_log_when_the_old_one_is_damaged(
    yard: Yard, name: str, mend: Callable[[Path, bytes], None]
) -> None:
    before = yard.fetch().name
    mend(yard.target.logs / before / "log.json", b"?")
    assert yard.fetch().name > before
