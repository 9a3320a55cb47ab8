"""Pages of payments: each as each role, as a customer, as nobody, from another unit."""

from __future__ import annotations

import pytest

from faces.console.test_permissions import Page, ask
from faces.console_payments.gateway_words import notice_taken, ordered
from faces.console_payments.pages import NAMES
from faces.small_utility import STAFF, Utility
from mingdu.money.models import PaymentNotice

pytestmark = pytest.mark.database

LOOK = ("money.read_notices",)
PAGES = (
    Page("payments", "payments/", LOOK),
    Page("payment_notices", "payments/notices/", LOOK),
    Page("payment_notice", "payments/notices/{notice}/", LOOK),
    Page("payment", "payments/{order}/", LOOK),
    Page("settle_payment", "payments/{order}/settle/", ("money.settle_mismatch",), posts=True),
)


@pytest.fixture(scope="module")
def numbers(utility: Utility) -> dict[str, int]:
    utility.issue_december()
    number = ordered(utility, "1.00")
    notice_taken(number, more_fen=100)
    return {"order": int(number), "notice": PaymentNotice.objects.latest("pk").pk}


def test_this_walk_knows_every_page_that_the_other_leaves_out() -> None:
    assert {page.name for page in PAGES} == NAMES


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_answers_each_role_as_the_table_says(utility: Utility, numbers: dict[str, int], page: Page) -> None:
    nobody = ask(utility, page, "", numbers)
    assert nobody.status_code == 302 and nobody.headers["Location"].startswith("/console/sign-in/")
    for role in sorted(role.value for role in STAFF):
        answer = ask(utility, page, role, numbers)
        expected = {200, 422} if role in page.allowed else {403}
        assert answer.status_code in expected, (role, answer.status_code)


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_customer_has_no_desk(utility: Utility, numbers: dict[str, int], page: Page) -> None:
    assert ask(utility, page, "customer", numbers).status_code == 403


@pytest.mark.parametrize("path", ["payments/{order}/", "payments/notices/{notice}/"])
def test_a_cashier_of_another_unit_sees_neither_order_nor_notice(
    utility: Utility, numbers: dict[str, int], path: str
) -> None:
    from django.test import Client

    from faces.small_utility import employ
    from mingdu.base.models import OrgUnit, Person
    from mingdu.base.roles import Role

    login = f"away-{len(path)}"
    assert not Person.objects.filter(login=login).exists()
    token = employ(login, Role.CASHIER, OrgUnit.objects.get(code="0531"))
    headers = {"Authorization": f"Bearer {token}"}
    assert Client().get("/console/" + path.format(**numbers), headers=headers).status_code == 404
