"""The live board: tiles and alarms of one's own scope, and the stream that tells how many there are."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.test import AsyncClient, Client

from faces.console.desk import PART, colleague, find, text_of
from faces.console_service.stage import actor, new_case
from faces.small_utility import NOW, Utility
from mingdu.base.models import OutboxEvent
from mingdu.base.outbox import MOST_ATTEMPTS
from mingdu.base.signs import register_signs, silent_processes
from mingdu.faces.console import live
from mingdu.faces.console.alarms import Count, alarms_seen, count_alarms, total_seen
from mingdu.faces.console.live import Board, Pace, stream
from mingdu.main.health import living
from mingdu.metering.models import Poll, Terminal, TerminalSession
from mingdu.service.models import Case
from mingdu.work.models import Task

pytestmark = pytest.mark.database

BOARD = "/console/board/"
LONG_AGO = NOW - timedelta(hours=2)
AT_ONCE = Pace(every_seconds=0, heartbeat_seconds=0, longest_seconds=60)


@pytest.fixture(autouse=True)
def all_beat() -> object:
    """Every process lives; what main registered holds again afterwards."""
    register_signs(lambda: {"worker": True, "headend": True})
    yield
    register_signs(living)


@pytest.fixture
def quiet(utility: Utility) -> None:
    """Nothing needs anybody: all terminals are connected, no task is late, no finding, no failure."""
    TerminalSession.objects.all().delete()
    for terminal in Terminal.objects.all():
        connect(terminal)
    Task.objects.update(due_at=NOW + timedelta(days=9))
    OutboxEvent.objects.all().delete()


def connect(terminal: Terminal, ended_at: datetime | None = None) -> None:
    TerminalSession.objects.create(
        terminal=terminal, process="test", peer="127.0.0.1", connected_at=LONG_AGO, heartbeat_at=LONG_AGO,
        ended_at=ended_at,
    )  # fmt: skip


def kinds(login: str) -> dict[str, int]:
    return {alarm.kind: alarm.count for alarm in alarms_seen(actor(login), count_alarms(NOW))}


def test_a_quiet_board_says_so(utility: Utility, quiet: None) -> None:
    page = text_of(colleague("manager"), BOARD)
    assert "没有需要立即处理的事项" in page and "今日尚无终端应答" in page
    assert 'data-live="/console/live/"' in page and 'id="alarm-count"' in page


def test_each_role_sees_its_own_tiles(utility: Utility) -> None:
    new_case(utility, bill=False)
    manager, reader = text_of(colleague("manager"), BOARD), text_of(colleague("reader"), BOARD)
    for tile in ("昨日采集率", "在线终端", "待入库报文", "未结工单", "已发行账单", "满意度"):
        assert tile in manager and tile not in reader.split("<main")[1], tile
    assert "待核实异常" in text_of(colleague("inspector"), BOARD)


def test_the_script_gets_the_middle_alone(utility: Utility) -> None:
    part = text_of(colleague("manager"), BOARD, **PART)
    assert "昨日采集率" in part and "<html" not in part


def test_a_terminal_that_is_gone_for_long_is_an_alarm(utility: Utility, quiet: None) -> None:
    [first] = Terminal.objects.all()
    second = Terminal.objects.create(terminal_address="530199999999", profile=first.profile, unit=first.unit)
    TerminalSession.objects.filter(terminal__in=(first, second)).delete()
    connect(first, ended_at=NOW - timedelta(minutes=31))
    connect(second, ended_at=NOW - timedelta(minutes=29))
    assert kinds("engineer") == {"terminals": 1} and kinds("agent") == {}
    page = text_of(colleague("engineer"), BOARD)
    assert f"{first.terminal_address} · 自 01-04 08:29 起离线" in page
    listed = text_of(colleague("engineer"), f"{BOARD}silent/")
    assert first.terminal_address in listed and second.terminal_address not in listed
    TerminalSession.objects.filter(terminal=first).delete()
    assert f"{first.terminal_address} · 从未上线" in text_of(colleague("engineer"), BOARD)
    TerminalSession.objects.filter(terminal=second).delete()
    assert kinds("engineer") == {"terminals": 2}


def test_no_silent_terminal_says_so(utility: Utility, quiet: None) -> None:
    assert "终端全部在线" in text_of(colleague("engineer"), f"{BOARD}silent/")


def test_findings_that_hold_and_late_tasks_are_alarms(utility: Utility, quiet: None) -> None:
    number = new_case(utility, bill=False)
    Task.objects.filter(subject=f"case:{number}").update(due_at=LONG_AGO)
    finding = find()
    assert kinds("clerk") == {"findings": 1, "tasks": 1} and kinds("neighbour") == {}
    page = text_of(colleague("clerk"), BOARD)
    assert f'href="/console/readings/{finding}/"' in page and "最早自 01-04 07:00" in page


def test_failed_events_are_an_alarm_of_administrators(utility: Utility, quiet: None) -> None:
    OutboxEvent.objects.create(
        event="CaseClosed", consumer="satisfaction", payload={}, created_at=NOW, available_at=NOW,
        attempts=MOST_ATTEMPTS, error="boom",
    )  # fmt: skip
    assert kinds("administrator")["events"] == 1 and "events" not in kinds("manager")
    assert "CaseClosed → satisfaction" in text_of(colleague("administrator"), BOARD)


def test_a_process_without_a_sign_of_life_is_an_alarm_of_everybody(utility: Utility, quiet: None) -> None:
    register_signs(lambda: {"worker": False, "headend": True})
    assert silent_processes() == ["worker"] and kinds("reader")["processes"] == 1
    assert "没有心跳的进程" in text_of(colleague("reader"), BOARD)
    assert "后台处理" in text_of(colleague("reader"), BOARD)
    assert set(living()) == {"worker", "headend"}


def test_answers_of_today_are_drawn_by_the_hour(utility: Utility, quiet: None) -> None:
    terminal = Terminal.objects.order_by("pk").first()
    Poll.objects.create(
        terminal=terminal, meter_id=1, item="day_freeze", day=NOW.date(), created_at=NOW, not_before=NOW,
        answered_at=NOW, requested_by="system",
    )  # fmt: skip
    assert "今日终端应答" in text_of(colleague("engineer"), BOARD)


def counting(board: list[int]) -> Board:
    """A board that counts its looks and finds as many alarms as it has looked."""

    def look(_now: datetime) -> tuple[Count, ...]:
        board.append(threading.get_ident())
        return (Count("processes", None, len(board)),)

    return Board(look, every_seconds=3600)


async def first(events: AsyncIterator[bytes], count: int) -> list[bytes]:
    return [await anext(events) for _ in range(count)]


def test_many_listeners_cost_one_look(utility: Utility) -> None:
    async def listen() -> list[list[bytes]]:
        listeners = [stream(board, actor_seen, NOW, AT_ONCE) for _ in range(20)]
        return list(await asyncio.gather(*(first(each, 3) for each in listeners)))

    looks: list[int] = []
    board, actor_seen = counting(looks), actor("reader")
    heard = asyncio.run(listen())
    assert len(looks) == 1 and looks[0] != threading.get_ident()
    assert heard[0] == [b"retry: 5000\n\n", b"event: alarms\ndata: 1\n\n", b": still here\n\n"]
    assert all(each == heard[0] for each in heard)


def test_a_change_is_told_and_what_stays_is_not(utility: Utility) -> None:
    async def listen() -> list[bytes]:
        return await first(stream(board, reader, NOW, replace(AT_ONCE, heartbeat_seconds=60)), 4)

    board, reader = replace(counting([]), every_seconds=0), actor("reader")
    assert [each.split(b"data: ")[-1].strip() for each in asyncio.run(listen())[1:]] == [b"1", b"2", b"3"]


def test_a_stream_ends_by_itself_and_leaves_its_place(utility: Utility) -> None:
    async def listen() -> list[bytes]:
        return [each async for each in stream(board, reader, NOW, replace(AT_ONCE, longest_seconds=0))]

    board, reader = counting([]), actor("reader")
    assert asyncio.run(listen()) == [b"retry: 5000\n\n"] and board.listeners == 0


def test_a_listener_who_goes_leaves_his_place(utility: Utility) -> None:
    async def listen() -> int:
        events = stream(board, reader, NOW, AT_ONCE)
        await first(events, 2)
        here = board.listeners
        await events.aclose()  # type: ignore[attr-defined]
        return here

    board, reader = counting([]), actor("reader")
    assert (asyncio.run(listen()), board.listeners) == (1, 0)


def test_the_page_of_the_stream_asks_who_listens_and_bounds_their_number(utility: Utility) -> None:
    async def ask(who: str) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {utility.tokens[who]}"} if who else {}
        answer = await AsyncClient().get("/console/live/", headers=headers)
        return answer.status_code, answer.headers.get("Content-Type", "")

    assert asyncio.run(ask("reader")) == (200, "text/event-stream")
    assert asyncio.run(ask(""))[0] == 302 and asyncio.run(ask("customer"))[0] == 403
    live.BOARD.listeners += live.MOST_LISTENERS
    try:
        assert asyncio.run(ask("reader"))[0] == 503
    finally:
        live.BOARD.listeners -= live.MOST_LISTENERS
    assert Client().post("/console/live/").status_code in (302, 405)


def test_one_hears_only_of_ones_own_units(utility: Utility) -> None:
    unit = Case.objects.values_list("unit_id", flat=True).first()
    counts = (Count("tasks", unit, 3), Count("tasks", None, 1), Count("tasks", -1, 5))
    assert (total_seen(actor("agent"), counts), total_seen(actor("neighbour"), counts)) == (4, 1)
