"""From a re-read to the corrected bill: proposed once, approved by another, told to the customer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from acting import staff
from listening import heard, listening
from mingdu.base.actors import SYSTEM
from mingdu.base.outbox import deliver_all, publish
from mingdu.base.roles import Role
from mingdu.billing.corrections import approve_correction, propose_correction
from mingdu.billing.events import CorrectionProposed
from mingdu.billing.queries import CorrectionView, corrections_of_bill, issued_bills
from mingdu.core.registers import Register
from mingdu.customers.models import Customer
from mingdu.main.catalogues import compile_catalogues
from mingdu.metering.events import ReadingsCorrected
from mingdu.notices.queries import MessageView, inbox
from mingdu.rounds.events import FieldReadingSynced
from mingdu.rounds.operations import FieldItem, sync
from mingdu.service.operations import Outcome, ask_reread, close_case
from mingdu.service.queries import case_by_number
from mingdu.town.identity import account_number
from mingdu.work.operations import complete_task
from mingdu.work.queries import tasks_about
from service.stage import NOW, SHOP, SLIP_DIGITS, Stage, decimal_text
from small_town import midnight
from threads import at_once

pytestmark = pytest.mark.database
SHOP_REGISTERS = (Register.TOTAL, Register.PEAK, Register.FLAT, Register.VALLEY)


def happened(stage: Stage, number: str) -> list[str]:
    return [event[0] for event in case_by_number(stage.agent, number, now=NOW).events]


def details(stage: Stage, number: str, what: str) -> dict[str, Any]:
    """The details of the latest event of this kind in a case."""
    return [event[3] for event in case_by_number(stage.agent, number, now=NOW).events if event[0] == what][-1]


def told(stage: Stage, home: int, template: str) -> list[MessageView]:
    return [message for message in inbox(stage.customer(home)) if message.template == template]


def send(stage: Stage, *items: FieldItem) -> None:
    """Let the phone send, and everybody below and above hear of it."""
    assert {result.status for result in sync(list(items), by=stage.reader, at=NOW)} == {"accepted"}
    deliver_all(NOW)


def questioned(stage: Stage, home: int, period: str = "2026-12") -> tuple[str, int]:
    """A case for the month's bill with a reader under way; returns case and task."""
    number = stage.open_case(home, period)
    return number, ask_reread(number, by=stage.agent, at=NOW)


def proposals(stage: Stage, home: int, period: str = "2026-12") -> list[CorrectionView]:
    return corrections_of_bill(stage.bill(home, period).id)


def approve_all(stage: Stage, home: int, period: str = "2026-12") -> None:
    for proposal in proposals(stage, home, period):
        approve_correction(proposal.id, by=stage.approver, at=NOW)
    deliver_all(NOW)


def test_a_reread_that_differs_proposes_and_the_approval_rebills(stage: Stage) -> None:
    home = stage.new_home()
    bill, (number, task_id) = stage.bill(home), questioned(stage, home)
    send(stage, stage.item(home, task_id))
    [proposal] = proposals(stage, home)
    case = case_by_number(stage.agent, number, now=NOW)
    assert (proposal.case_id, proposal.proposed_by, proposal.reason) == (case.id, "system", "reread")
    assert proposal.difference_fen < 0
    assert happened(stage, number) == ["opened", "reread_ordered", "reread_in", "correction_proposed"]
    assert details(stage, number, "reread_in") == {"task": task_id, "corrected": True}
    assert stage.bill(home) == bill
    approve_all(stage, home)
    new = stage.bill(home)
    assert (new.kind, new.of_bill_id) == ("rebill", bill.id)
    assert bill.energy_wh - new.energy_wh == SLIP_DIGITS * 10
    assert new.total_fen == bill.total_fen + proposal.difference_fen
    kinds = [(each.kind, each.total_fen) for each in issued_bills(bill.account_id)]
    assert kinds == [
        ("bill", bill.total_fen),
        ("reversal", -bill.total_fen),
        ("rebill", new.total_fen),
    ]
    figures = {"rebill": new.id, "old_fen": bill.total_fen, "new_fen": new.total_fen}
    assert details(stage, number, "corrected") == figures
    [message] = told(stage, home, "bill_corrected")
    for amount in (bill.total_fen, new.total_fen, -proposal.difference_fen):
        assert decimal_text(amount) in message.body
    assert told(stage, home, "case_explained") == []


def test_a_reread_that_agrees_is_explained_and_corrects_nothing(stage: Stage) -> None:
    home = stage.new_home()
    bill, (number, task_id) = stage.bill(home), questioned(stage, home)
    send(stage, stage.agreeing_item(home, task_id))
    assert proposals(stage, home) == []
    assert happened(stage, number)[2:] == ["reread_in", "explained"]
    assert details(stage, number, "explained") == {"bill": bill.id, "total_fen": bill.total_fen}
    [message] = told(stage, home, "case_explained")
    assert decimal_text(bill.total_fen) in message.body
    assert stage.bill(home) == bill


def test_a_reread_of_several_registers_is_weighed_with_the_last_one(stage: Stage) -> None:
    number, task_id = questioned(stage, SHOP)
    for register in SHOP_REGISTERS[:-1]:
        send(stage, stage.item(SHOP, task_id, register))
        assert proposals(stage, SHOP) == []
        assert happened(stage, number) == ["opened", "reread_ordered"]
    send(stage, stage.item(SHOP, task_id, SHOP_REGISTERS[-1]))
    [proposal] = proposals(stage, SHOP)
    assert proposal.case_id == case_by_number(stage.agent, number, now=NOW).id
    before = stage.bill(SHOP)
    approve_all(stage, SHOP)
    assert before.energy_wh - stage.bill(SHOP).energy_wh == SLIP_DIGITS * 10 * 30


def test_a_reader_who_was_kept_out_can_be_sent_again(stage: Stage) -> None:
    home = stage.new_home()
    number, task_id = questioned(stage, home)
    complete_task(task_id, "no_access", by=stage.reader, at=NOW)
    deliver_all(NOW)
    assert happened(stage, number) == ["opened", "reread_ordered", "reread_failed"]
    assert details(stage, number, "reread_failed") == {"task": task_id, "outcome": "no_access"}
    second = ask_reread(number, by=stage.agent, at=NOW)
    assert second != task_id
    assert len(told(stage, home, "reread_ordered")) == 2
    send(stage, stage.item(home, second))
    assert happened(stage, number)[3:] == ["reread_ordered", "reread_in", "correction_proposed"]


def test_what_came_in_before_a_reread_was_given_up_counts(stage: Stage) -> None:
    shop = SHOP - 20
    number, task_id = questioned(stage, shop)
    send(stage, *(stage.item(shop, task_id, register) for register in SHOP_REGISTERS[:2]))
    assert proposals(stage, shop) == []
    complete_task(task_id, "rain", by=stage.reader, at=NOW)
    deliver_all(NOW)
    assert len(proposals(stage, shop)) == 1
    assert happened(stage, number)[2:] == ["reread_failed", "correction_proposed"]


def test_a_second_reread_weighs_the_bill_that_stands_now(stage: Stage) -> None:
    home = stage.new_home()
    number, task_id = questioned(stage, home)
    send(stage, stage.item(home, task_id))
    approve_all(stage, home)
    rebill = stage.bill(home)
    second = ask_reread(number, by=stage.agent, at=NOW)
    send(stage, stage.item(home, second))
    assert details(stage, number, "explained") == {"bill": rebill.id, "total_fen": rebill.total_fen}
    third = ask_reread(number, by=stage.agent, at=NOW)
    more = replace(stage.item(home, third), value=decimal_text(stage.true_digits(home) + 100))
    send(stage, more)
    [proposal] = proposals(stage, home)
    assert proposal.difference_fen > 0
    approve_all(stage, home)
    assert stage.bill(home).of_bill_id == rebill.id
    assert len(told(stage, home, "bill_corrected")) == 2


def test_the_same_difference_waits_once_for_a_case(stage: Stage) -> None:
    home = stage.new_home()
    number, task_id = questioned(stage, home)
    with listening(CorrectionProposed):
        send(stage, stage.item(home, task_id))
        send(stage, stage.item(home, ask_reread(number, by=stage.agent, at=NOW)))
        assert len(heard(CorrectionProposed)) == 1
    [proposal] = proposals(stage, home)
    assert len(tasks_about(SYSTEM, f"correction:{proposal.id}")) == 1
    # The proposal that was taken back has left no task behind.
    assert tasks_about(SYSTEM, f"correction:{proposal.id + 1}") == []
    assert happened(stage, number).count("correction_proposed") == 1
    assert told(stage, home, "case_explained") == []


def test_a_correction_without_a_reread_is_proposed_too(stage: Stage) -> None:
    home, other_home = stage.new_home(), stage.new_home()
    number = stage.open_case(other_home)
    rows = [(each, Register.TOTAL, stage.slip_day, stage.true_digits(each)) for each in (home, other_home)]
    assert stage.small.store(rows, at=NOW, correct=True).accepted == 2
    deliver_all(NOW)
    [unasked], [asked] = proposals(stage, home), proposals(stage, other_home)
    assert (unasked.case_id, unasked.reason) == (None, "reading_corrected")
    assert asked.case_id == case_by_number(stage.agent, number, now=NOW).id
    assert happened(stage, number) == ["opened", "correction_proposed"]
    approve_all(stage, home)
    rebill = stage.bill(home)
    assert rebill.kind == "rebill"
    assert told(stage, home, "bill_corrected") == []
    [message] = told(stage, home, "bill_corrected_unasked")
    assert message.title == "2026-12 电费账单已更正"
    for text in (account_number(home), decimal_text(rebill.total_fen), "原因：账单所依据的示数经更正。"):
        assert text in message.body


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", "原因：经现场复抄，电能表示数与账单不一致。"),
        ("en", "Reason: the meter was read again on the spot and shows another value than the bill."),
    ],
)
def test_the_customer_is_told_the_true_reason_in_his_language(
    stage: Stage, language: str, words: str
) -> None:
    compile_catalogues()
    home = stage.new_home()
    Customer.objects.filter(accounts=stage.small.account_ids[home]).update(language=language)
    _, task_id = questioned(stage, home)
    send(stage, stage.item(home, task_id))
    approve_all(stage, home)
    [message] = told(stage, home, "bill_corrected")
    assert words in message.body


def test_a_colleagues_own_reason_is_told_as_he_wrote_it(stage: Stage) -> None:
    home = stage.new_home()
    clerk = staff(Role.CLERK, units={stage.unit_id}, number=9)
    number = stage.open_case(home)
    stage.small.store([(home, Register.TOTAL, stage.slip_day, stage.true_digits(home))], at=NOW, correct=True)
    case_id = case_by_number(stage.agent, number, now=NOW).id
    proposal = propose_correction(stage.bill(home).id, "互感器倍率有误", case_id=case_id, by=clerk, at=NOW)
    approve_correction(proposal.pk, by=stage.approver, at=NOW)
    deliver_all(NOW)
    [message] = told(stage, home, "bill_corrected")
    assert "原因：互感器倍率有误。" in message.body


def test_workers_that_hear_of_one_correction_at_once_propose_it_once(stage: Stage) -> None:
    shop = SHOP - 40
    rows = [
        (shop, register, stage.slip_day, stage.true_digits(shop, register)) for register in SHOP_REGISTERS
    ]
    assert stage.small.store(rows, at=NOW, correct=True).accepted == 2
    at_once([lambda: deliver_all(NOW)] * 4)
    deliver_all(NOW)
    assert len(proposals(stage, shop)) == 1


def test_readings_that_give_no_bill_are_a_clerks_work(stage: Stage) -> None:
    home = stage.new_home()
    number, task_id = questioned(stage, home)
    send(stage, replace(stage.item(home, task_id), value="0.01"))
    assert proposals(stage, home) == []
    [task] = tasks_about(stage.agent, f"bill:{stage.bill(home).id}")
    assert (task.kind, task.owner_role, task.outcome) == ("correction", "clerk", "")
    assert task.details["checks"] == ["register_fell"]
    assert happened(stage, number)[2:] == ["reread_in", "not_billable"]
    assert told(stage, home, "case_explained") == []


def test_a_reread_that_no_case_ordered_is_weighed_without_one(stage: Stage) -> None:
    home = stage.new_home()
    without_bill = stage.open_case(stage.new_home(), period=None)
    for reason in ("review", f"case:{without_bill}", "case:20990101000001"):
        task_id = stage.order_reread(home, reason=reason)
        send(stage, stage.agreeing_item(home, task_id))
    assert proposals(stage, home) == []
    assert happened(stage, without_bill) == ["opened"]
    send(stage, stage.item(home, stage.order_reread(home, reason="finding:1")))
    [proposal] = proposals(stage, home)
    assert proposal.case_id is None


def test_a_kept_out_reader_that_no_case_sent_is_noted_nowhere(stage: Stage) -> None:
    home = stage.new_home()
    complete_task(stage.order_reread(home, reason="finding:2"), "no_access", by=stage.reader, at=NOW)
    deliver_all(NOW)
    assert proposals(stage, home) == []


def test_a_case_that_was_closed_meanwhile_is_answered_all_the_same(stage: Stage) -> None:
    home = stage.new_home()
    number, task_id = questioned(stage, home)
    close_case(number, Outcome.NOT_FIXED, by=stage.customer(home), at=NOW)
    send(stage, stage.item(home, task_id))
    approve_all(stage, home)
    assert happened(stage, number)[2:] == ["closed", "reread_in", "correction_proposed", "corrected"]
    assert len(told(stage, home, "bill_corrected")) == 1


def test_repeated_events_answer_once(stage: Stage) -> None:
    home = stage.new_home()
    number, task_id = questioned(stage, home)
    item = stage.item(home, task_id)
    send(stage, item)
    point_id = stage.small.point_ids[home]
    instant = midnight(stage.slip_day).isoformat()
    publish(FieldReadingSynced(task_id, f"case:{number}", point_id, instant, True, "read"), at=NOW)
    publish(ReadingsCorrected(point_id, int(Register.TOTAL), instant), at=NOW)
    deliver_all(NOW)
    assert len(proposals(stage, home)) == 1


def test_a_reading_within_the_month_that_the_bill_does_not_use_proposes_nothing(stage: Stage) -> None:
    home = stage.new_home()
    within = midnight(date(2026, 12, 15)).isoformat()
    publish(ReadingsCorrected(stage.small.point_ids[home], int(Register.TOTAL), within), at=NOW)
    deliver_all(NOW)
    assert proposals(stage, home) == []


def test_only_issued_neighbours_are_proposed(database: str) -> None:
    from service.stage import build_stage, issue_month

    boundary = date(2026, 12, 1)
    stage = build_stage("2026-11", slip_day=boundary)
    early, late = stage.new_home(), stage.new_home()
    number, task_id = questioned(stage, early, "2026-11")
    send(stage, stage.item(early, task_id))
    assert len(proposals(stage, early, "2026-11")) == 1
    issue_month(stage, "2026-12")
    # December was made from the corrected reading, so nothing is left to correct in it.
    assert proposals(stage, early) == []
    number, task_id = questioned(stage, late, "2026-11")
    send(stage, stage.item(late, task_id))
    [own], [neighbour] = proposals(stage, late, "2026-11"), proposals(stage, late)
    case_id = case_by_number(stage.agent, number, now=NOW).id
    assert own.case_id == neighbour.case_id == case_id
    assert own.difference_fen < 0 < neighbour.difference_fen
    for period in ("2026-11", "2026-12"):
        approve_all(stage, late, period)
    assert len(told(stage, late, "bill_corrected")) == 2
