"""Cases: the list, one screen, answer, re-read, correction, approval, assignment; each refusal says why."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client

from faces.console.desk import colleague, find, followed, said, text_of
from faces.console_service.stage import PHONE_MASKED, PICTURE, actor, closed_case, new_case
from faces.small_utility import FOREIGN, NOW, OWN, PHONE, Utility
from mingdu.base.actors import SYSTEM
from mingdu.base.attachments import store_attachment
from mingdu.base.models import AuditEntry
from mingdu.base.permissions import NotPermitted
from mingdu.billing.models import Correction
from mingdu.customers.contacts import UnknownContact, masked, reveal_contact
from mingdu.customers.models import Contact
from mingdu.notices.models import Message
from mingdu.service.case_work import AnswerMissing, ProposalWaits, answer_case, propose_from_case
from mingdu.service.models import Case
from mingdu.service.operations import CaseKind, CaseOrder, Outcome, close_case, open_case
from mingdu.service.queries import UnknownCase
from mingdu.work.models import Task, TaskAssignment, TaskCompletion

pytestmark = pytest.mark.database

CASES = "/console/cases/"


@pytest.fixture(scope="module")
def agent(utility: Utility) -> Client:
    utility.issue_december()
    return colleague("agent")


@pytest.fixture(scope="module")
def clerk(agent: Client) -> Client:
    return colleague("clerk")


def path(number: str, act: str = "") -> str:
    return f"{CASES}{number}/{act}{'/' if act else ''}"


def end(number: str) -> None:
    close_case(number, Outcome.FIXED, by=SYSTEM, at=NOW + timedelta(minutes=5))


def test_an_empty_list_says_what_to_do(agent: Client) -> None:
    page = text_of(agent, f"{CASES}?state=closed&kind=repair_request")
    assert "没有符合条件的工单" in page and "或查看已结工单" in page


def test_the_list_is_filtered_by_state_kind_owner_and_limit(utility: Utility, agent: Client) -> None:
    asked, told, late = new_case(utility), new_case(utility, bill=False), new_case(utility)
    Case.objects.filter(number=late).update(due_at=NOW - timedelta(days=2))
    end(told)
    everything = text_of(agent, CASES)
    assert everything.index(late) < everything.index(asked) and told not in everything
    assert "已超期 2 天" in everything
    assert told in text_of(agent, f"{CASES}?state=closed") and asked not in text_of(
        agent, f"{CASES}?state=closed"
    )
    assert asked not in text_of(agent, f"{CASES}?late=1") and late in text_of(agent, f"{CASES}?late=1")
    assert asked not in text_of(agent, f"{CASES}?kind=enquiry")
    assert asked in text_of(agent, f"{CASES}?whose=mine")
    task = Task.objects.get(subject=f"case:{asked}")
    TaskAssignment.objects.create(task=task, person_id=999, by="system", at=NOW)
    assert asked not in text_of(agent, f"{CASES}?whose=mine")
    assert asked in text_of(agent, f"{CASES}?kind=no-such-kind")


def test_one_screen_shows_what_belongs_to_a_case(utility: Utility, agent: Client, clerk: Client) -> None:
    number, finding = new_case(utility), find(day=date(2026, 12, 15))
    page = text_of(agent, path(number))
    bill = utility.bill_of(OWN)
    for what in ("电费太高了", "答复时限", f'href="/console/bills/{bill}/"', "本工单", "P0530100002", "终端"):
        assert what in page, what
    assert PHONE_MASKED in page and PHONE not in page
    assert "突增 2026-12-15" in page
    assert "云南居民生活用电（一户一表）" in page and ">yunnan-residential</span>" in page
    assert f"/console/readings/{finding}/" not in page and f"/console/readings/{finding}/" in text_of(
        clerk, path(number)
    )
    assert "2027-01-01 00:00" in page and "历史示数" in page
    assert "发送答复" in page and "申请退补" not in page and "申请退补" in text_of(clerk, path(number))


def test_a_phone_number_is_shown_to_who_asks_and_that_is_written_down(
    utility: Utility, agent: Client
) -> None:
    number = new_case(utility)
    contact = Contact.objects.get(value=PHONE)
    page = said(agent.post(path(number, f"contact/{contact.pk}")))
    assert PHONE in page and "本次查看已记入审计" in page
    written = AuditEntry.objects.filter(verb="customers.reveal_contact").latest("pk")
    assert (written.target, written.details["contact"]) == (f"account:{OWN}", contact.pk)
    assert PHONE not in text_of(agent, path(number))
    foreign = Contact.objects.exclude(pk=contact.pk).first()
    assert foreign is not None
    assert agent.post(path(number, f"contact/{foreign.pk}")).status_code == 404
    with pytest.raises(UnknownContact):
        reveal_contact(OWN, foreign.pk, by=actor("agent"), at=NOW)
    with pytest.raises(NotPermitted):
        reveal_contact(OWN, contact.pk, by=actor("reader"), at=NOW)


def test_a_short_contact_is_masked_whole() -> None:
    assert (masked("110"), masked("13800000002")) == ("***", PHONE_MASKED)


def test_an_answer_reaches_the_customer_word_for_word(utility: Utility, agent: Client) -> None:
    number, words = new_case(utility), "已核实：表计正常。\n请看 <账单>。"
    assert "答复已发送到客户消息" in followed(agent, path(number, "answer"), {"words": words})
    page = text_of(agent, path(number))
    assert "已答复" in page and "请看 &lt;账单&gt;。" in page
    sent = Message.objects.get(template="case_answered", variables__case=number)
    assert sent.body.splitlines() == words.splitlines()
    customer = Client(headers={"Authorization": f"Bearer {utility.tokens['customer']}"})
    assert "我们的答复：已核实" in text_of(customer, f"/m/cases/{number}/")


def test_an_answer_without_words_or_too_late_is_refused_and_nothing_typed_is_lost(
    utility: Utility, agent: Client
) -> None:
    number = new_case(utility)
    assert "这个字段是必填项" in said(agent.post(path(number, "answer"), {"words": " "}), 422)
    with pytest.raises(AnswerMissing):
        answer_case(number, " ", by=actor("agent"), at=NOW)
    end(number)
    assert "发送答复" not in text_of(agent, path(number))
    late = said(agent.post(path(number, "answer"), {"words": "已核实"}), 422)
    assert "客户已办结此工单" in late and "已核实</textarea>" in late
    assert not Message.objects.filter(template="case_answered", variables__case=number).exists()


def test_a_foreign_case_is_an_unknown_one(utility: Utility, agent: Client) -> None:
    order = CaseOrder(FOREIGN, CaseKind.ENQUIRY, "别人的", channel="app")
    number = open_case(order, by=SYSTEM, at=NOW).number
    neighbour = colleague("neighbour")
    assert neighbour.get(path(number)).status_code == 404
    assert neighbour.post(path(number, "answer"), {"words": "您好"}).status_code == 404
    for act in (
        lambda: answer_case("no-such", "您好", by=actor("agent"), at=NOW),
        lambda: answer_case(number, "您好", by=actor("neighbour"), at=NOW),
    ):
        with pytest.raises(UnknownCase):
            act()


def test_a_reader_is_sent_from_the_case(utility: Utility, agent: Client) -> None:
    number, without_bill, closed = new_case(utility), new_case(utility, bill=False), new_case(utility)
    assert "已派给抄表员" in followed(agent, path(number, "reread"))
    assert "已派人现场核对" in text_of(agent, path(number))
    [task] = Task.objects.filter(kind="reread", details__reason=f"case:{number}")
    assert f'href="/console/tasks/{task.pk}/"' in text_of(agent, path(number))
    assert "未关联账单" in followed(agent, path(without_bill, "reread"))
    end(closed)
    assert "客户已办结此工单" in followed(agent, path(closed, "reread"))


def test_a_case_is_given_to_somebody_who_may_work_on_it(utility: Utility, agent: Client) -> None:
    number = new_case(utility)
    wrong = said(agent.post(path(number, "assign"), {"person": actor("reader").number}), 422)
    assert "errorlist" in wrong
    assert "工单已改派" in followed(agent, path(number, "assign"), {"person": actor("manager").number})
    assert "manager 员工" in text_of(agent, path(number))
    task = Task.objects.get(subject=f"case:{number}")
    TaskCompletion.objects.create(task=task, outcome="done", by="system", at=NOW)
    done = said(agent.post(path(number, "assign"), {"person": actor("agent").number}), 422)
    assert "该任务已由他人办结" in done


def test_a_correction_is_proposed_refused_and_approved_from_the_case(utility: Utility, clerk: Client) -> None:
    number, other = new_case(utility), new_case(utility)
    form = {"reason": "现场核对示数录入有误"}
    refused = said(clerk.post(path(number, "propose"), form), 422)
    assert "账单不变" in refused and "现场核对示数录入有误" in refused
    _read_lower(utility)
    assert "已提交审批" in followed(clerk, path(number, "propose"), form)
    with pytest.raises(ProposalWaits):
        propose_from_case(other, "再来一次", by=actor("clerk"), at=NOW)
    assert "已有退补申请待审批" in said(clerk.post(path(other, "propose"), form), 422)
    correction = Correction.objects.latest("pk")
    approver = colleague("approver")
    page = text_of(approver, path(number))
    assert "批准退补" in page and "现场核对示数录入有误" in page
    assert "由另一位审批人决定" in text_of(clerk, path(number))
    approve = path(number, f"approve/{correction.pk}")
    Correction.objects.filter(pk=correction.pk).update(proposed_by=actor("approver").id)
    assert "批准退补" not in text_of(approver, path(number))
    assert "这是您自己提出的，请有复核权限的同事复核。" in text_of(approver, path(number))
    assert "这是您自己提出的" in followed(approver, approve)
    assert not Correction.objects.get(pk=correction.pk).approved_by
    Correction.objects.filter(pk=correction.pk).update(proposed_by=actor("clerk").id)
    assert approver.post(path(new_case(utility, bill=False), f"approve/{correction.pk}")).status_code == 404
    assert "原账单已冲销并重新出账" in followed(approver, approve)
    utility.work()
    after = text_of(clerk, path(number))
    assert "已更正" in after and "重出" in after and "已冲销" in after
    assert "该退补已执行" in followed(approver, approve)


def test_a_case_without_a_bill_has_nothing_to_correct(utility: Utility, clerk: Client) -> None:
    number = new_case(utility, bill=False)
    assert "申请退补" not in text_of(clerk, path(number))
    refused = said(clerk.post(path(number, "propose"), {"reason": "算错了"}), 422)
    assert "未关联账单" in refused and 'value="算错了"' in refused


def test_a_photo_is_shown_to_who_may_see_the_case(utility: Utility, agent: Client) -> None:
    row = store_attachment(PICTURE, by=SYSTEM, at=NOW)
    number = new_case(utility, files=(("表.png", row.sha256),))
    assert f'src="{path(number)}file/0/"' in text_of(agent, path(number))
    answer = agent.get(f"{path(number)}file/0/")
    assert (answer.content, answer.headers["Content-Type"]) == (PICTURE, "image/png")
    assert agent.get(f"{path(number)}file/1/").status_code == 404
    assert colleague("neighbour").get(f"{path(number)}file/0/").status_code == 404


def test_a_closed_case_keeps_the_last_word_and_takes_no_act(utility: Utility, agent: Client) -> None:
    number, _ = closed_case(utility, Outcome.PARTLY)
    page = text_of(agent, path(number))
    assert "办结时说： 谢谢" in page and "部分解决" in page and "您可以办理" not in page


def _read_lower(utility: Utility) -> None:
    """Correct the end of December by ten kWh, in the total and in one period."""
    december_end = find(day=date(2026, 12, 31))
    readings = utility.get(f"bills/{utility.bill_of(OWN)}", "clerk").json()["input"]["readings"]
    engineer = colleague("engineer")
    for row in readings:
        if row["register"] in ("TOTAL", "PEAK"):
            value = f"{float(row['to']) - 10:.2f}"
            form = {"register": row["register"], "end": "end", "value": value, "words": "现场核对"}
            assert engineer.post(f"/console/readings/{december_end}/edit/", form).status_code == 302
