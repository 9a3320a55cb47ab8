"""A month is sealed: files that prove themselves, reads that answer as before, and the way back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from metering.sealing import (
    DAYS,
    MONTH,
    READ_AT,
    SEALED_AT,
    close_month,
    midnight,
    month_of_readings,
    seal,
    unseal,
)
from mingdu.base import ledger
from mingdu.base.actors import SYSTEM, Actor, Grant
from mingdu.base.database import reading_connection
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.core.clock import day_number
from mingdu.core.quality import Quality
from mingdu.core.registers import Channel, Register
from mingdu.metering import queries
from mingdu.metering.models import DayClosing, SealedPart
from mingdu.metering.operations import accept_readings
from mingdu.metering.operations.seal import (
    MonthStaysHot,
    NothingToSeal,
    NotSealed,
    check_sealed,
    remove_ended_files,
    seal_month,
    unseal_month,
)
from mingdu.metering.queries.sealed import damaged_files, is_anything_sealed, sealed_files
from mingdu.metering.readings import CurveColumns, Intent, ReadingBatch, Source
from mingdu.metering.sealing.bucket import DaysStillOpen
from mingdu.metering.store.collected import count_collected
from mingdu.metering.store.point_days import point_days
from mingdu.metering.store.present import other_channels
from mingdu.metering.store.profiles import Profile, latest_decimals, profiles_between
from mingdu.metering.store.sealed_files import SealedFileDamaged, SealedFileMissing
from mingdu.metering.store.sealed_parts import sealed_folder

pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def own_folder() -> Iterator[None]:
    """Every test has its own sealed files."""
    yield
    shutil.rmtree(sealed_folder(), ignore_errors=True)


@pytest.fixture
def month(network: Any) -> Any:
    """The network with a closed month of readings."""
    month_of_readings(network)
    close_month()
    return network


def rows() -> list[Any]:
    conn = reading_connection()
    curves = conn.execute("SELECT c::text FROM metering_curve c ORDER BY 1").fetchall()
    return curves + conn.execute("SELECT r::text FROM metering_registerreading r ORDER BY 1").fetchall()


def whole(network: Any, known_at: datetime | None = None) -> queries.CurveBlock:
    ids = np.array(network.points)
    return queries.curves(reading_connection(), ids, MONTH, len(DAYS), known_at=known_at)


def totals(network: Any, day: date, known_at: datetime | None = None) -> list[int]:
    ids, conn = np.array(network.points), reading_connection()
    at = midnight(day)
    found = queries.registers_as_known(conn, ids, [Register.TOTAL], at, known_at or SEALED_AT)
    return found.digits[:, 0].tolist()


def late(network: Any, at: datetime = SEALED_AT) -> None:
    """A value of the sealed month comes late."""
    accept_readings(network.batch(network.curves(np.arange(96) + 1, day=DAYS[1])), by=SYSTEM, at=at)


def test_reads_answer_as_before_and_the_tables_are_empty(month: Any) -> None:
    before, known = whole(month), [totals(month, day) for day in DAYS]
    (figures,) = seal()
    assert (figures["rows"], figures["readings"], figures["files"]) == (31 * 3 * 2, 31 * 3 * 97, 2)
    assert rows() == []
    after = whole(month)
    assert np.array_equal(after.values, before.values)
    assert np.array_equal(after.quality, before.quality)
    assert np.array_equal(after.version, before.version)
    assert [totals(month, day) for day in DAYS] == known
    assert known[30] == [3000, 210, 30]


def test_what_came_back_is_what_went(month: Any) -> None:
    before = rows()
    seal()
    unseal()
    assert rows() == before
    assert set(SealedPart.objects.values_list("end", flat=True)) == {"unsealed"}
    with pytest.raises(NotSealed):
        unseal()


def test_late_data_makes_a_version_and_is_sealed_with_the_rest(month: Any) -> None:
    seal()
    later = SEALED_AT + timedelta(hours=1)
    late(month, later)
    assert whole(month).version[:, 1].tolist() == [2, 2, 2]
    assert whole(month).quality[0, 1, 0] == Quality.MEASURED
    assert whole(month, known_at=SEALED_AT).quality[0, 1, 0] == Quality.MISSING
    expected = whole(month)
    seal(later)
    assert rows() == []
    assert np.array_equal(whole(month).values, expected.values)
    assert whole(month).version[:, 1].tolist() == [2, 2, 2]
    assert whole(month, known_at=SEALED_AT).version[:, 1].tolist() == [1, 1, 1]
    curves = SealedPart.objects.filter(part="curves").order_by("seal_number")
    assert [(row.seal_number, row.end, row.rows) for row in curves] == [(1, "replaced", 93), (2, "", 96)]
    assert SealedPart.objects.filter(part="registers").count() == 1


def test_a_late_register_is_the_next_version_of_the_sealed_one(month: Any) -> None:
    seal()
    registers = month.registers([3001], at=midnight(DAYS[30]))
    accept_readings(month.batch(registers=registers, intent=Intent.CORRECT), by=SYSTEM, at=SEALED_AT)
    assert totals(month, DAYS[30], READ_AT)[0] == 3000
    assert totals(month, DAYS[30])[0] == 3001
    before = rows()
    unseal()
    assert len(rows()) == 31 * 3 * 2 + len(before)
    assert totals(month, DAYS[30])[0] == 3001


def test_the_same_readings_again_change_nothing(month: Any) -> None:
    seal()
    month_of_readings(month, at=SEALED_AT)
    assert rows() == []


def test_a_replaced_file_stays_until_the_rules_let_it_go(month: Any) -> None:
    seal()
    (first,) = SealedPart.objects.filter(part="curves")
    late(month)
    seal(SEALED_AT + timedelta(hours=1))
    paths = {file.path for file in sealed_files(SYSTEM)}
    folder = next(iter(paths)).parent
    assert remove_ended_files(by=SYSTEM, at=SEALED_AT + timedelta(days=30)) == 0
    assert len(list(folder.iterdir())) == 3
    assert remove_ended_files(by=SYSTEM, at=SEALED_AT + timedelta(days=31)) == 1
    assert set(folder.iterdir()) == paths
    first.refresh_from_db()
    assert first.removed_at == SEALED_AT + timedelta(days=31)


def test_refuses_a_young_month_an_open_day_and_an_empty_month(network: Any) -> None:
    with pytest.raises(MonthStaysHot):
        seal_month(date(2026, 11, 1), by=SYSTEM, at=SEALED_AT)
    with pytest.raises(NothingToSeal):
        seal()
    month_of_readings(network, DAYS[:2])
    DayClosing.objects.create(day=DAYS[0], bucket=0, closed_at=READ_AT, closed_by="system")
    with pytest.raises(DaysStillOpen) as raised:
        seal()
    assert raised.value.values["day"] == "2026-03-02"


def test_only_who_may_seals(network: Any) -> None:
    clerk = Actor("staff:2", "clerk", (Grant(Role.CLERK, None),))
    for act in (seal_month, unseal_month):
        with pytest.raises(NotPermitted):
            act(MONTH, by=clerk, at=SEALED_AT)
    with pytest.raises(NotPermitted):
        check_sealed(most=1, by=clerk, at=SEALED_AT)
    with pytest.raises(NotPermitted):
        remove_ended_files(by=clerk, at=SEALED_AT)
    with pytest.raises(NotPermitted):
        sealed_files(Actor("staff:3", "reader", (Grant(Role.READER, None),)))


@pytest.mark.parametrize("place", [100, -40])
def test_a_damaged_file_is_an_error_and_never_a_value(month: Any, place: int) -> None:
    seal()
    (file,) = (file for file in sealed_files(SYSTEM) if file.part == "curves")
    content = bytearray(file.path.read_bytes())
    content[place] ^= 1
    file.path.write_bytes(content)
    with pytest.raises(SealedFileDamaged):
        whole(month)
    ((checked, damage), _) = sorted(
        check_sealed(most=10, by=SYSTEM, at=SEALED_AT), key=lambda pair: pair[0].path != file.path
    )
    assert checked.path == file.path
    assert damage.startswith("SealedFileDamaged")
    assert damaged_files() == [f"{file.path.name}: {damage}"]


def test_a_missing_and_a_cut_file_are_named(month: Any) -> None:
    seal()
    (file,) = (file for file in sealed_files(SYSTEM) if file.part == "registers")
    content = file.path.read_bytes()
    file.path.write_bytes(content[:-1])
    with pytest.raises(SealedFileDamaged):
        totals(month, DAYS[3])
    file.path.unlink()
    with pytest.raises(SealedFileMissing):
        totals(month, DAYS[3])
    check_sealed(most=10, by=SYSTEM, at=SEALED_AT)
    (named,) = damaged_files()
    assert "SealedFileMissing" in named
    file.path.write_bytes(content)
    check_sealed(most=10, by=SYSTEM, at=SEALED_AT)
    assert damaged_files() == []
    assert is_anything_sealed()


def test_a_damaged_file_is_not_sealed_over(month: Any) -> None:
    seal()
    late(month)
    hot = rows()
    for file in sealed_files(SYSTEM):
        file.path.write_bytes(b"x" * file.size_bytes)
    run = seal_month(MONTH, by=SYSTEM, at=SEALED_AT + timedelta(hours=1))
    assert not ledger.finish_run(run.pk, SEALED_AT).is_done
    assert "SealedFileDamaged" in ledger.errors(run.pk)[0]
    assert rows() == hot
    assert set(SealedPart.objects.values_list("end", flat=True)) == {""}


def test_rows_that_do_not_come_back_alike_are_not_sealed(month: Any) -> None:
    """A row that is packed wider than it need be reads alike, but is not the same row."""
    wide = b"\x02" + bytes(2 * 96)
    conn = reading_connection()
    conn.execute("UPDATE metering_curve SET digits = %s, quality = NULL WHERE day = %s", (wide, DAYS[0]))
    before = rows()
    run = seal_month(MONTH, by=SYSTEM, at=SEALED_AT)
    assert not ledger.finish_run(run.pk, SEALED_AT).is_done
    assert "SealNotProven" in ledger.errors(run.pk)[0]
    assert rows() == before
    assert not is_anything_sealed()


def test_a_file_of_other_rows_than_the_manifest_says_is_not_brought_back(month: Any) -> None:
    seal()
    SealedPart.objects.update(content_sha256="0" * 64)
    run = unseal_month(MONTH, by=SYSTEM, at=SEALED_AT)
    assert not ledger.finish_run(run.pk, SEALED_AT).is_done
    assert "SealNotProven" in ledger.errors(run.pk)[0]
    assert rows() == []


def test_a_cut_run_leaves_no_trace(month: Any) -> None:
    before = rows()
    run = seal_month(MONTH, by=SYSTEM, at=SEALED_AT)
    folder = sealed_folder() / "2026-03"
    folder.mkdir(parents=True)
    stray = folder / "0.1.0123456789ab.curves.parquet"
    cut = folder / "0.curves.partial"
    for path in (stray, cut):
        path.write_bytes(b"cut")
    assert rows() == before
    assert ledger.finish_run(run.pk, SEALED_AT).is_done
    assert not stray.exists()
    assert not cut.exists()


def test_points_pages_and_profiles_read_sealed_days(month: Any) -> None:
    conn, point = reading_connection(), month.points[1]
    half = np.full((1, 48), 11, dtype=np.int64)
    odd = CurveColumns(
        np.array([point]), np.array([day_number(DAYS[9])]), np.array([Channel.EXPORT]), half,
        half.astype(np.uint8) * 0, np.array([3]),
    )  # fmt: skip
    accept_readings(ReadingBatch(Source.FILE, month.evidence, odd), by=SYSTEM, at=READ_AT)
    before = [point_days(conn, point, DAYS, channel) for channel in (Channel.IMPORT, Channel.EXPORT)]
    seal()
    after = [point_days(conn, point, DAYS, channel) for channel in (Channel.IMPORT, Channel.EXPORT)]
    for old, new in zip(before, after, strict=True):
        assert [(day.day, day.minutes, day.decimals, day.version) for day in old] == [
            (day.day, day.minutes, day.decimals, day.version) for day in new
        ]
        assert all(np.array_equal(a.values, b.values) for a, b in zip(old, new, strict=True))
        assert all(np.array_equal(a.quality, b.quality) for a, b in zip(old, new, strict=True))
    assert point_days(conn, point, []) == []
    assert latest_decimals(conn, np.array(month.points), int(Channel.EXPORT), 0, 100_000) == {point: 3}
    every = latest_decimals(conn, np.array(month.points), int(Channel.IMPORT), 0, 100_000)
    assert every == dict.fromkeys(month.points, 2)
    assert latest_decimals(conn, np.array(month.points), int(Channel.IMPORT), 0, 9) == {}
    first = day_number(MONTH)
    profiles = profiles_between(conn, np.array(month.points), first, first + 31, Channel.EXPORT)
    assert Profile(30, 3) in profiles.distinct
    assert profiles.point.tolist() == [point]


def test_a_kept_page_is_made_anew_when_a_sealed_day_gets_a_version(month: Any) -> None:
    conn, point = reading_connection(), month.points[0]

    def prints() -> Any:
        return [
            make(conn, point, DAYS[0], DAYS[6])
            for make in (queries.fingerprint_of_point, queries.fingerprint_of_totals)
        ]

    hot = prints()
    seal()
    sealed = prints()
    assert prints() == sealed
    assert all(before != after for before, after in zip(hot, sealed, strict=True))
    late(month)
    accept_readings(
        month.batch(registers=month.registers([99], at=midnight(DAYS[2])), intent=Intent.CORRECT),
        by=SYSTEM, at=SEALED_AT,
    )  # fmt: skip
    assert all(before != after for before, after in zip(sealed, prints(), strict=True))


def test_counts_what_was_collected_of_a_sealed_day(month: Any) -> None:
    conn, ids = reading_connection(), np.array(month.points)
    assert count_collected(conn, ids, DAYS[3]) == (3, 3)
    seal()
    assert count_collected(conn, ids, DAYS[3]) == (3, 3)
    assert count_collected(conn, ids, DAYS[30]) == (0, 3)


def test_other_channels_of_sealed_days_are_found(month: Any) -> None:
    conn, ids, first = reading_connection(), np.array(month.points), day_number(MONTH)
    voltage = replace(month.curves(2300, day=DAYS[4]), channel=np.full(3, int(Channel.VOLTAGE_B)))
    accept_readings(month.batch(voltage), by=SYSTEM, at=READ_AT)
    expected = [[*month.points], [Channel.VOLTAGE_B] * 3]
    assert [column.tolist() for column in other_channels(conn, ids, first, first + 31)] == expected
    seal()
    assert [column.tolist() for column in other_channels(conn, ids, first, first + 31)] == expected
    assert other_channels(conn, ids, first, first + 4)[0].tolist() == []


def test_sealing_without_its_library_says_what_to_install(month: Any) -> None:
    script = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from mingdu.metering.store.sealed_files import SealingNotInstalled, arrow\n"
        "try: arrow()\n"
        "except SealingNotInstalled as error: print(error.next)"
    )
    code = f"from mingdu.main.startup import start_django\nstart_django()\n{script}"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ), check=True
    )
    assert done.stdout == "install it: pip install 'mingdu[sealing]'\n"


def test_a_folder_that_cannot_be_written_is_named(month: Any) -> None:
    sealed_folder().mkdir()
    (sealed_folder() / "2026-03").write_text("no folder")
    before = rows()
    run = seal_month(MONTH, by=SYSTEM, at=SEALED_AT)
    ledger.finish_run(run.pk, SEALED_AT)
    assert "NoPlaceToSeal" in ledger.errors(run.pk)[0]
    assert rows() == before
