"""One bill from the customer's question to his score: every person does his own part."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import override_settings

from mingdu.base.actors import SYSTEM
from mingdu.base.attachments import read_attachment, store_attachment
from mingdu.base.outbox import deliver_all, waiting
from mingdu.billing.corrections import approve_correction
from mingdu.billing.queries import bill_json, bills_of_account, open_corrections
from mingdu.core.money import yuan_text
from mingdu.money.queries import balance_fen
from mingdu.notices.operations import mark_read
from mingdu.notices.queries import inbox
from mingdu.rounds.models import FieldReading
from mingdu.rounds.operations import FieldItem, sync
from mingdu.rounds.queries import route
from mingdu.satisfaction.operations import CallOutcome, CallResult, record_result
from mingdu.satisfaction.queries import board, callback_list
from mingdu.service.operations import CaseKind, CaseOrder, Outcome, ask_reread, close_case, open_case
from mingdu.service.queries import case_by_number
from mingdu.town.identity import account_number
from mingdu.work.queries import tasks_about
from service.stage import NOW, SLIP_DIGITS, Stage, build_stage, decimal_text, point_code

pytestmark = pytest.mark.database
QUESTIONED = 42
PHOTO = b"\x89PNG\r\n\x1a\n" + b"the register on the wall"


class Hours:
    """The day of the story: each part comes an hour after the one before, whose news is delivered first."""

    def __init__(self) -> None:
        self.now = NOW

    def pass_one(self) -> datetime:
        deliver_all(self.now)
        assert waiting(self.now) == 0
        self.now += timedelta(hours=1)
        return self.now


def test_a_question_ends_with_a_right_bill_and_a_score(database: str, tmp_path: Path) -> None:
    stage, hours = build_stage("2026-12"), Hours()
    number = ask(stage, hours.pass_one())
    send_reader(stage, number, hours.pass_one())
    with override_settings(ATTACHMENTS_FOLDER=tmp_path):
        read_on_the_spot(stage, hours.pass_one())
    hours.pass_one()
    old_fen, new_fen = approve(stage, hours.now)
    hours.pass_one()
    look_at_the_answer(stage, number, (old_fen, new_fen), hours.now)
    close(stage, number, hours.pass_one())
    call_back(stage, hours.pass_one())
    look_at_the_board(stage, number)


def ask(stage: Stage, at: datetime) -> str:
    """The customer looks at his bill and says that it is too high."""
    me, account = stage.customer(QUESTIONED), stage.small.account_ids[QUESTIONED]
    [bill] = bills_of_account(me, account)
    assert bill_json(me, bill.id, now=at)["total"] == yuan_text(bill.total_fen)
    order = CaseOrder(account_number(QUESTIONED), CaseKind.BILL_TOO_HIGH, "上个月没怎么在家", bill_id=bill.id)
    case = open_case(order, by=me, at=at)
    assert case.due_at > at
    assert inbox(me)[0].template == "case_opened"
    return case.number


def send_reader(stage: Stage, number: str, at: datetime) -> None:
    """The agent finds the case on the desk and sends a reader."""
    [task] = tasks_about(stage.agent, f"case:{number}")
    assert task.owner_role == "agent"
    ask_reread(number, by=stage.agent, at=at)
    assert inbox(stage.customer(QUESTIONED))[0].template == "reread_ordered"


def read_on_the_spot(stage: Stage, at: datetime) -> None:
    """The reader goes without knowing what is on file, takes a photo, and sends the value twice."""
    [stop] = route(stage.reader)
    assert (stop.usage_point, stop.registers) == (point_code(QUESTIONED), ("TOTAL",))
    photo = store_attachment(PHOTO, by=stage.reader, at=at)
    item = FieldItem(
        client_id="phone-7:1",
        task_id=stop.task_id,
        register=stage.item(QUESTIONED, stop.task_id).register,
        value=decimal_text(stage.true_digits(QUESTIONED)),
        read_at=datetime.fromisoformat(stop.read_at),
        taken_at=at,
        photo_id=photo.pk,
    )
    first, second = sync([item, item], by=stage.reader, at=at)
    assert (first.status, second.status) == ("accepted", "same")
    assert route(stage.reader) == []
    stored = FieldReading.objects.select_related("photo").get(client_id=item.client_id)
    assert stored.photo is not None
    assert read_attachment(stored.photo) == PHOTO


def approve(stage: Stage, at: datetime) -> tuple[int, int]:
    """Another person approves what the system proposed; returns the old and the new amount."""
    old = stage.bill(QUESTIONED)
    [proposal] = open_corrections(stage.approver)
    assert (proposal.bill_id, proposal.proposed_by) == (old.id, "system")
    approve_correction(proposal.id, by=stage.approver, at=at)
    new = stage.bill(QUESTIONED)
    assert old.energy_wh - new.energy_wh == SLIP_DIGITS * 10
    assert open_corrections(stage.approver) == []
    return old.total_fen, new.total_fen


def look_at_the_answer(stage: Stage, number: str, amounts: tuple[int, int], at: datetime) -> None:
    """The customer reads old, new and difference; what he owes is the new bill."""
    me, account_id = stage.customer(QUESTIONED), stage.small.account_ids[QUESTIONED]
    old_fen, new_fen = amounts
    message = inbox(me)[0]
    assert message.template == "bill_corrected"
    for text in (yuan_text(old_fen), yuan_text(new_fen), yuan_text(new_fen - old_fen)):
        assert text in message.body
    mark_read(message.id, by=me, at=at)
    assert [step for step, _, _ in inbox(me)[0].steps] == ["delivered", "read"]
    kinds = [(bill.kind, bill.total_fen) for bill in bills_of_account(me, account_id)]
    assert kinds == [("bill", old_fen), ("reversal", -old_fen), ("rebill", new_fen)]
    assert balance_fen(SYSTEM, account_id, stage.unit_id) == new_fen
    assert [event[0] for event in case_by_number(me, number, now=at).events] == [
        "opened", "reread_ordered", "reread_in", "correction_proposed", "corrected",
    ]  # fmt: skip


def close(stage: Stage, number: str, at: datetime) -> None:
    """The customer says himself that it is solved."""
    close_case(number, Outcome.FIXED, words="谢谢", by=stage.customer(QUESTIONED), at=at)


def call_back(stage: Stage, at: datetime) -> None:
    """The agent calls twice; the second time the customer gives his score."""
    [call] = callback_list(stage.agent)
    record_result(call.id, CallResult(CallOutcome.NOT_REACHED), by=stage.agent, at=at)
    [call] = callback_list(stage.agent)
    record_result(call.id, CallResult(CallOutcome.REACHED, 5, "处理得很快"), by=stage.agent, at=at)
    assert callback_list(stage.agent) == []


def look_at_the_board(stage: Stage, number: str) -> None:
    [row] = board(stage.agent)
    assert (row.case_number, row.outcome, row.score, row.words) == (number, "fixed", 5, "处理得很快")
    assert row.seconds_open == (row.closed_at - row.opened_at).total_seconds() == 5 * 3600
