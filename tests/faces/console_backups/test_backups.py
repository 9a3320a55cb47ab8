"""The page of the backups and their tile: aims, proof, failure and list, for administrators and managers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils.translation import override

from faces.console.desk import colleague, text_of
from faces.small_utility import Utility
from mingdu.base.actors import Actor
from mingdu.base.backup_board import (
    BackupBoard,
    BackupFailure,
    BackupLine,
    BackupProof,
    backups_seen,
    register_backups,
)
from mingdu.base.permissions import NotPermitted
from mingdu.faces.console.backups.screen import size_words, span_words
from mingdu.main.startup import watch_backups

pytestmark = pytest.mark.database

PAGE, BOARD = "/console/backups/", "/console/board/"
AT = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
NONE = BackupBoard(
    folder="backups", aimed_loss=timedelta(minutes=5), aimed_recovery=timedelta(hours=1), log_until=None,
    loss=None, next_at=None, proof=None, failure=None, bytes=0, free_bytes=0, lines=(),
)  # fmt: skip
PROOF = BackupProof(
    "20270104T010000.000Z", AT, 71, 1_217_825, (), timedelta(seconds=65), timedelta(seconds=6)
)
WELL = replace(
    NONE, log_until=AT, loss=timedelta(seconds=20), next_at=AT + timedelta(hours=9), proof=PROOF,
    bytes=685_300_000, free_bytes=77_400_000_000,
    lines=(
        BackupLine("20270104T010000.000Z", AT, "full", AT, 520_500_000, "whole"),
        BackupLine("20270103T010000.000Z", AT - timedelta(days=1), "", None, 0, "damaged"),
        BackupLine("20270102T010000.000Z", AT - timedelta(days=2), "", None, 0, "unfinished"),
    ),
)  # fmt: skip


@pytest.fixture(autouse=True)
def what_main_registered() -> Iterator[None]:
    yield
    watch_backups()


def shown(utility: Utility, board: BackupBoard, page: str = PAGE, login: str = "manager") -> str:
    register_backups(lambda: board)
    return text_of(colleague(login), page)


def test_says_how_to_begin_when_there_is_no_backup(utility: Utility) -> None:
    text = shown(utility, NONE)
    assert "还没有备份" in text and "mingdu backup" in text and "尚未验证" in text


def test_shows_aims_beside_what_was_proven_and_every_backup_with_its_state(utility: Utility) -> None:
    text = shown(utility, WELL, login="administrator")
    assert "65 秒" in text and "目标：不超过 5 分钟" in text and "现在：20 秒" in text
    assert "6 秒" in text and "60 分钟" in text and text.count("达到目标") == 2
    assert "1,217,825" in text and "合计相符" in text
    assert "520.5 MB" in text and "77.4 GB" in text
    assert "完整" in text and "损坏" in text and "未完成" in text


def test_says_what_failed_and_what_differs(utility: Utility) -> None:
    failure = BackupFailure("full", AT, "no space left")
    proof = replace(PROOF, differences=("public.money_entry",), recovery=timedelta(hours=2))
    text = shown(utility, replace(WELL, failure=failure, proof=proof))
    assert "全量备份失败" in text and "no space left" in text
    assert "合计不符" in text and "public.money_entry" in text and "超出目标" in text


def test_the_board_has_a_tile_that_leads_there(utility: Utility) -> None:
    assert "现在会丢失的数据" in shown(utility, WELL, BOARD)
    assert "还没有备份" in shown(utility, NONE, BOARD)
    assert "现在会丢失的数据" not in shown(utility, WELL, BOARD, "clerk")
    register_backups(lambda: WELL)
    assert f'href="{PAGE}"' in text_of(colleague("manager"), BOARD)


def test_is_late_when_more_would_be_lost_than_aimed_at() -> None:
    late = replace(WELL, loss=timedelta(minutes=6))
    assert late.is_late and not late.is_well and WELL.is_well and NONE.is_well


def test_asks_the_door() -> None:
    with pytest.raises(NotPermitted):
        backups_seen(Actor("person:1", "nobody", ()))


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=119), "119 秒"), (timedelta(minutes=5), "5 分钟"),
        (timedelta(hours=47), "47 小时"), (timedelta(days=3), "3 天"),
    ],
)  # fmt: skip
def test_writes_a_span_in_its_largest_fitting_unit(span: timedelta, words: str) -> None:
    with override("zh-hans"):
        assert span_words(span) == words
    assert (size_words(1_500_000), size_words(2_000_000_000)) == ("1.5 MB", "2.0 GB")
