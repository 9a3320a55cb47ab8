"""Cases: opened with owner and limit, seen by their own people, closed once by the customer's own word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from acting import staff
from listening import heard, listening
from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.models import AuditEntry
from mingdu.base.permissions import NotPermitted
from mingdu.base.roles import Role
from mingdu.billing.queries import UnknownBill
from mingdu.customers.queries import UnknownAccount
from mingdu.notices.queries import MessageView, inbox
from mingdu.service.case_door import CaseAlreadyClosed
from mingdu.service.events import CaseClosed
from mingdu.service.models import Case, CaseClosure
from mingdu.service.operations import (
    CaseKind,
    CaseOrder,
    NoBillInCase,
    Outcome,
    ask_reread,
    close_case,
    open_case,
)
from mingdu.service.queries import UnknownCase, case_by_number, case_facts, cases
from mingdu.town.identity import account_number
from mingdu.work.operations import complete_task
from mingdu.work.queries import tasks_about
from service.stage import NOW, Stage
from threads import at_once

pytestmark = pytest.mark.database


def messages(stage: Stage, number: int, template: str) -> list[MessageView]:
    return [message for message in inbox(stage.customer(number)) if message.template == template]


def audited(verb: str, target: str) -> list[str]:
    return list(AuditEntry.objects.filter(verb=verb, target=target).values_list("by", flat=True))


def away_agent(stage: Stage) -> Actor:
    return staff(Role.AGENT, units={stage.unit_id + 1}, number=8)


def test_a_customer_opens_a_case_for_his_bill(stage: Stage) -> None:
    home = stage.new_home()
    me = stage.customer(home)
    number = stage.open_case(home)
    case = case_by_number(me, number, now=NOW)
    assert (case.account_number, case.bill_id) == (account_number(home), stage.bill(home).id)
    assert (case.kind, case.words, case.outcome, case.closed_at) == ("bill_too_high", "电费太高了", "", None)
    assert [event[:3] for event in case.events] == [("opened", NOW, me.id)]
    [task] = tasks_about(stage.agent, f"case:{number}")
    # Five working days after this Monday: the close of the next one.
    assert (task.owner_role, task.due_at) == ("agent", datetime(2027, 1, 11, 10, 0, tzinfo=UTC))
    assert case.due_at == task.due_at
    [told] = messages(stage, home, "case_opened")
    assert number in told.body
    assert "2027-01-11 18:00" in told.body
    [(step, at, proof)] = told.steps
    assert (step, at, proof) == ("delivered", NOW, f"inbox:{told.id}")
    assert audited("service.open_case", f"case:{number}") == [me.id]


def test_a_foreign_account_answers_as_an_unknown_one_and_leaves_an_audit_row(stage: Stage) -> None:
    home, foreign = stage.new_home(), account_number(stage.new_home())
    me, answers = stage.customer(home), []
    for number in (foreign, "0599999999"):
        with pytest.raises(UnknownAccount) as refusal:
            open_case(CaseOrder(number, CaseKind.ENQUIRY, "?"), by=me, at=NOW)
        answers.append(str(refusal.value.as_json()).replace(number, "#"))
    assert answers[0] == answers[1]
    assert audited("customers.foreign_account", f"account:{foreign}") == [me.id]
    assert audited("customers.foreign_account", "account:0599999999") == []
    assert cases(me) == []


def test_a_foreign_bill_is_unknown(stage: Stage) -> None:
    home, foreign = stage.new_home(), stage.bill(stage.new_home()).id
    for bill_id in (foreign, 999_999):
        order = CaseOrder(account_number(home), CaseKind.BILL_TOO_HIGH, "?", bill_id=bill_id)
        with pytest.raises(UnknownBill):
            open_case(order, by=stage.customer(home), at=NOW)
    assert audited("billing.foreign_bill", f"bill:{foreign}") == [stage.customer(home).id]
    assert audited("billing.foreign_bill", "bill:999999") == []
    assert not Case.objects.filter(account_id=stage.small.account_ids[home]).exists()


def test_an_agent_opens_a_case_for_a_customer_of_his_unit_alone(stage: Stage) -> None:
    home = stage.new_home()
    order = CaseOrder(account_number(home), CaseKind.REPAIR_REQUEST, "没电了", channel="phone")
    number = open_case(order, by=stage.agent, at=NOW).number
    assert Case.objects.get(number=number).channel == "phone"
    # A crew is promised within minutes of the running clock, and the customer is told so.
    assert Case.objects.get(number=number).due_at == NOW + timedelta(minutes=45)
    assert [task.due_at for task in tasks_about(stage.agent, f"case:{number}")] == [
        NOW + timedelta(minutes=45)
    ]
    [told] = messages(stage, home, "repair_opened")
    assert "抢修人员将于 2027-01-04 09:45 前到达现场" in told.body and not messages(
        stage, home, "case_opened"
    )
    assert [case.number for case in cases(stage.customer(home))] == [number]
    with pytest.raises(UnknownAccount):
        open_case(order, by=away_agent(stage), at=NOW)
    with pytest.raises(NotPermitted):
        open_case(order, by=stage.reader, at=NOW)


def test_the_number_carries_the_day_of_the_utilitys_zone(stage: Stage) -> None:
    order = CaseOrder(account_number(stage.new_home()), CaseKind.ENQUIRY, "?")
    late = datetime(2027, 1, 4, 16, 30, tzinfo=UTC)
    assert open_case(order, by=stage.agent, at=late).number.startswith("20270105")


def test_a_customer_sees_his_own_cases_and_staff_those_of_its_units(stage: Stage) -> None:
    home, other_home = stage.new_home(), stage.new_home()
    own, foreign = stage.open_case(home), stage.open_case(other_home)
    me = stage.customer(home)
    assert [case.number for case in cases(me)] == [own]
    with pytest.raises(UnknownCase):
        case_by_number(me, foreign, now=NOW)
    with pytest.raises(UnknownCase):
        case_by_number(me, "20990101000001", now=NOW)
    assert audited("service.foreign_case", f"case:{foreign}") == [me.id]
    assert audited("service.foreign_case", "case:20990101000001") == []
    assert {own, foreign} <= {case.number for case in cases(stage.agent, most=500)}
    assert {own, foreign} <= {case.number for case in cases(SYSTEM, most=500)}
    assert cases(away_agent(stage)) == []
    with pytest.raises(NotPermitted):
        cases(stage.reader)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_the_customers_own_word_closes_his_case(stage: Stage, outcome: Outcome) -> None:
    home = stage.new_home()
    me, number = stage.customer(home), stage.open_case(home)
    at = NOW + timedelta(hours=1)
    with listening(CaseClosed):
        close_case(number, outcome, words="知道了", by=me, at=at)
    case = case_by_number(me, number, now=NOW)
    assert (case.outcome, case.closed_at, case.events[-1][0]) == (outcome, at, "closed")
    assert CaseClosure.objects.get(case__number=number).words == "知道了"
    assert [task.outcome for task in tasks_about(SYSTEM, f"case:{number}")] == [outcome]
    assert heard(CaseClosed)[-1] == {"case_id": case.id, "account_id": case.account_id, "outcome": outcome}
    assert audited("service.close_case", f"case:{number}") == [me.id]
    facts = case_facts({case.id})[case.id]
    assert (facts.number, facts.opened_at, facts.closed_at, facts.outcome) == (number, NOW, at, outcome)
    assert number not in {seen.number for seen in cases(me, open_only=True)}


def test_only_his_own_case_can_be_closed(stage: Stage) -> None:
    foreign = stage.open_case(stage.new_home())
    me, answers = stage.customer(stage.new_home()), []
    for number in (foreign, "20990101000001"):
        with pytest.raises(UnknownCase) as refusal:
            close_case(number, Outcome.FIXED, by=me, at=NOW)
        answers.append(str(refusal.value.as_json()).replace(number, "#"))
    assert answers[0] == answers[1]
    # The refusal undoes nothing that the audit has to keep.
    assert audited("service.foreign_case", f"case:{foreign}") == [me.id]
    with pytest.raises(NotPermitted):
        close_case(foreign, Outcome.FIXED, by=stage.agent, at=NOW)
    assert case_facts({Case.objects.get(number=foreign).pk}).popitem()[1].closed_at is None


def test_a_case_is_closed_once(stage: Stage) -> None:
    home = stage.new_home()
    me, number = stage.customer(home), stage.open_case(home)
    close_case(number, Outcome.PARTLY, by=me, at=NOW)
    with pytest.raises(CaseAlreadyClosed) as refusal:
        close_case(number, Outcome.FIXED, by=me, at=NOW)
    assert refusal.value.values == {"case": number}
    assert case_by_number(me, number, now=NOW).outcome == "partly"


def test_closing_at_once_closes_once(stage: Stage) -> None:
    home = stage.new_home()
    me, number = stage.customer(home), stage.open_case(home)
    with listening(CaseClosed):
        told = len(heard(CaseClosed))
        outcomes = at_once([lambda: close_case(number, Outcome.FIXED, by=me, at=NOW)] * 8)
        assert len(heard(CaseClosed)) == told + 1
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CaseAlreadyClosed"] * 7 + [
        "CaseClosure"
    ]
    assert [event[0] for event in case_by_number(me, number, now=NOW).events] == ["opened", "closed"]


def test_closes_after_the_agent_has_ended_his_own_task(stage: Stage) -> None:
    home = stage.new_home()
    number = stage.open_case(home)
    [task] = tasks_about(SYSTEM, f"case:{number}")
    complete_task(task.id, "answered", by=stage.agent, at=NOW)
    close_case(number, Outcome.NOT_FIXED, by=stage.customer(home), at=NOW)
    assert [task.outcome for task in tasks_about(SYSTEM, f"case:{number}")] == ["answered"]


def test_an_agent_sends_a_reader_and_the_customer_is_told(stage: Stage) -> None:
    home = stage.new_home()
    number = stage.open_case(home)
    sent = [ask_reread(number, by=stage.agent, at=NOW) for _ in range(2)]
    assert sent[0] == sent[1]
    case = case_by_number(stage.agent, number, now=NOW)
    assert [event[0] for event in case.events] == ["opened", "reread_ordered"]
    assert case.events[-1][2:] == (stage.agent.id, {"task": sent[0]})
    [told] = messages(stage, home, "reread_ordered")
    assert number in told.title
    assert [step for step, _, _ in told.steps] == ["delivered"]


def test_asking_at_once_sends_one_reader(stage: Stage) -> None:
    number = stage.open_case(stage.new_home())
    sent = at_once([lambda: ask_reread(number, by=stage.agent, at=NOW)] * 4)
    assert len(set(sent)) == 1
    happened = [event[0] for event in case_by_number(stage.agent, number, now=NOW).events]
    assert happened == ["opened", "reread_ordered"]


def test_a_case_without_a_bill_has_nothing_to_reread(stage: Stage) -> None:
    number = stage.open_case(stage.new_home(), period=None)
    with pytest.raises(NoBillInCase):
        ask_reread(number, by=stage.agent, at=NOW)
    assert [event[0] for event in case_by_number(stage.agent, number, now=NOW).events] == ["opened"]


def test_nobody_is_sent_for_a_closed_or_foreign_case(stage: Stage) -> None:
    home = stage.new_home()
    number = stage.open_case(home)
    stranger = away_agent(stage)
    with pytest.raises(UnknownCase):
        ask_reread(number, by=stranger, at=NOW)
    assert audited("service.foreign_case", f"case:{number}") == [stranger.id]
    with pytest.raises(NotPermitted):
        ask_reread(number, by=stage.customer(home), at=NOW)
    with pytest.raises(UnknownCase):
        ask_reread("20990101000001", by=stage.agent, at=NOW)
    close_case(number, Outcome.FIXED, by=stage.customer(home), at=NOW)
    with pytest.raises(CaseAlreadyClosed):
        ask_reread(number, by=stage.agent, at=NOW)
