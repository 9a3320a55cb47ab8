"""Pages of service, board, cycles, people: each as each role, as a customer, as nobody, from other units."""

from __future__ import annotations

from datetime import date

import pytest

from faces.console.test_permissions import NO_SUCH, Page, ask
from faces.console_service.pages import NAMES
from faces.console_service.stage import closed_case, new_case, new_cycle, new_person
from faces.small_utility import OWN, STAFF, Utility
from mingdu.customers.models import Contact

pytestmark = pytest.mark.database

CASE = ("service.read", "customers.read", "billing.read")
CALL = ("satisfaction.read", "customers.read", "service.read")
CYCLE = ("rounds.read_cycle",)
ADMIN = ("base.administer",)
PAGES = (
    Page("cases", "cases/", ("service.read",)),
    Page("case", "cases/{case}/", CASE),
    Page("case_file", "cases/{case}/file/0/", ("service.read",)),
    Page("reveal_contact", "cases/{case}/contact/{contact}/", (*CASE, "customers.reveal_contact"), True),
    Page("answer_case", "cases/{case}/answer/", (*CASE, "service.work"), True),
    Page("reread_case", "cases/{case}/reread/", ("service.work",), True),
    Page("propose_correction", "cases/{case}/propose/", (*CASE, "billing.correct"), True),
    Page("approve_correction", f"cases/{{case}}/approve/{NO_SUCH}/", ("billing.approve_correction",), True),
    Page("assign_case", "cases/{case}/assign/", (*CASE, "work.assign_task"), True),
    Page("callbacks", "callbacks/", ("satisfaction.read",)),
    Page("callback", "callbacks/{call}/", CALL),
    Page("callback_result", "callbacks/{call}/result/", (*CALL, "satisfaction.record"), True),
    Page(
        "reveal_callback_contact", "callbacks/{call}/contact/{contact}/",
        (*CALL, "customers.reveal_contact"), True,
    ),
    Page("scores", "callbacks/scores/", ("satisfaction.read",)),
    Page("board", "board/"),
    Page("silent", "board/silent/", ("metering.read_network",)),
    Page("live", "live/"),
    Page("cycles", "cycles/", CYCLE),
    Page("new_cycle", "cycles/new/", ("rounds.start_cycle",)),
    Page("cycle", "cycles/{cycle}/", CYCLE),
    Page("finish_step", "cycles/{cycle}/prepare/finish/", CYCLE, True),
    Page("return_step", "cycles/{cycle}/read/return/", CYCLE, True),
    Page("assign_step", "cycles/{cycle}/read/assign/", (*CYCLE, "work.assign_task"), True),
    Page("cycle_round", "cycles/{cycle}/round/", ("rounds.send_round",)),
    Page("refresh_round", "cycles/{cycle}/round/refresh/", ("rounds.send_round",), True),
    Page("areas", "areas/", ("metering.read_balances",)),
    Page("area", f"areas/{NO_SUCH}/", ("metering.read_balances",)),
    Page("visits", "visits/", ("rounds.read_visits",)),
    Page("visit_photo", f"visits/{NO_SUCH}/photo/", ("rounds.read_visits",)),
    Page("backups", "backups/", ("base.read_backups",)),
    Page("audit", "audit/", ("base.read_audit",)),
    Page("people", "people/", ADMIN),
    Page("new_person", "people/new/", ADMIN),
    Page("person", "people/{person}/", ADMIN),
    Page("grant_role", "people/{person}/roles/", ADMIN, True),
    Page("withdraw_role", f"people/{{person}}/roles/{NO_SUCH}/withdraw/", ADMIN, True),
    Page("deactivate_person", "people/{person}/deactivate/", ADMIN, True),
    Page("reactivate_person", "people/{person}/reactivate/", ADMIN, True),
    Page("reset_password", "people/{person}/password/", ADMIN, True),
    Page("units", "units/", ADMIN),
    Page("events", "events/", ("base.read_outbox",)),
    Page("retry_event", f"events/{NO_SUCH}/retry/", ("base.retry",), True),
    Page("retry_bucket", f"events/parts/{NO_SUCH}/retry/", ("base.retry",), True),
)  # fmt: skip
OF_THE_UNIT = ("case", "case_file", "reveal_contact", "reread_case", "callback", "callback_result")


@pytest.fixture(scope="module")
def numbers(utility: Utility) -> dict[str, int]:
    utility.issue_december()
    _, call = closed_case(utility)
    contact = Contact.objects.get(customer__accounts__account_number=OWN)
    return {
        "case": int(new_case(utility)), "call": call, "cycle": new_cycle(date(2026, 12, 1)),
        "person": new_person("leaver"), "contact": contact.pk,
    }  # fmt: skip


def test_this_walk_knows_every_page_that_the_other_leaves_out() -> None:
    assert {page.name for page in PAGES} == NAMES


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_answers_each_role_as_the_table_says(utility: Utility, numbers: dict[str, int], page: Page) -> None:
    nobody = ask(utility, page, "", numbers)
    assert nobody.status_code == 302 and nobody.headers["Location"].startswith("/console/sign-in/")
    for role in sorted(role.value for role in STAFF):
        answer = ask(utility, page, role, numbers)
        # What is asked for may not exist, and an empty form is refused: both come from behind the door.
        expected = {200, 302, 404, 422} if role in page.allowed else {403, 404}
        assert answer.status_code in expected, (role, answer.status_code)


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_customer_has_no_desk(utility: Utility, numbers: dict[str, int], page: Page) -> None:
    assert ask(utility, page, "customer", numbers).status_code == 403


@pytest.mark.parametrize("name", OF_THE_UNIT)
def test_a_colleague_of_another_unit_sees_neither_case_nor_call(
    utility: Utility, numbers: dict[str, int], name: str
) -> None:
    page = next(page for page in PAGES if page.name == name)
    assert ask(utility, page, "neighbour", numbers).status_code in ({422, 404} if page.posts else {404})
