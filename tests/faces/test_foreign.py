"""What belongs to another customer answers over HTTP exactly as what is not there, and is written down."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from faces.small_utility import OWN, PHONE, Answer, Utility, set_code
from mingdu.base.models import AuditEntry
from mingdu.customers.models import Account

pytestmark = pytest.mark.database

# As long as the foreign ones, so that the answers may not even differ in length.
NO_BILL, NO_CASE, NO_ACCOUNT = "9", "20990101999999", "0530999999"
SPAN = "from=2026-12-30&to=2026-12-31"
Ask = Callable[[str], Answer]


@pytest.fixture(scope="module")
def billed(utility: Utility) -> Utility:
    utility.issue_december()
    return utility


@pytest.fixture(scope="module")
def foreign(billed: Utility) -> dict[str, str]:
    """What belongs to a neighbour: account, bill and case."""
    mine = billed.tokens["stranger"]
    assert mine
    account = billed.get("accounts", "stranger").json()[0]["account"]
    bill = billed.get(f"accounts/{account}/bills", "stranger").json()[0]["id"]
    order = {"account": account, "kind": "enquiry", "words": "mine alone"}
    case = billed.post("cases", "stranger", order).json()["number"]
    assert account != OWN
    return {"account": account, "bill": str(bill), "case": case}


def alike(ask: Ask, target: str, unknown: str) -> None:
    """Ask for what is foreign and for what is not there: status, content and headers are the same."""
    answers = [ask(name) for name in (target, unknown)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content.replace(target.encode(), unknown.encode()) == answers[1].content
    assert answers[0].headers == answers[1].headers


def written(target: str) -> list[tuple[str, str]]:
    return list(AuditEntry.objects.filter(target=target).order_by("pk").values_list("by", "verb"))


def own_id() -> str:
    return f"customer:{Account.objects.get(account_number=OWN).customer_id}"


@pytest.mark.parametrize(
    ("path", "kind", "unknown", "verb"),
    [
        ("bills/{}", "bill", NO_BILL, "billing.foreign_bill"),
        ("cases/{}", "case", NO_CASE, "service.foreign_case"),
        ("accounts/{}", "account", NO_ACCOUNT, "customers.foreign_account"),
        ("accounts/{}/bills", "account", NO_ACCOUNT, "customers.foreign_account"),
        (f"accounts/{{}}/readings?{SPAN}", "account", NO_ACCOUNT, "customers.foreign_account"),
        (f"accounts/{{}}/curve?{SPAN}", "account", NO_ACCOUNT, "customers.foreign_account"),
    ],
)
def test_looking_at_it(
    billed: Utility, foreign: dict[str, str], path: str, kind: str, unknown: str, verb: str
) -> None:
    target = f"{kind}:{foreign[kind]}"
    before = written(target)
    alike(lambda name: billed.get(path.format(name), "customer"), foreign[kind], unknown)
    assert written(target)[len(before) :] == [(own_id(), verb)]
    assert written(f"{kind}:{unknown}") == []


def test_closing_a_foreign_case(billed: Utility, foreign: dict[str, str]) -> None:
    target = f"case:{foreign['case']}"
    before = written(target)
    closing = {"outcome": "fixed"}
    alike(lambda name: billed.post(f"cases/{name}/close", "customer", closing), foreign["case"], NO_CASE)
    assert written(target)[len(before) :] == [(own_id(), "service.foreign_case")]


def test_a_case_about_a_foreign_bill(billed: Utility, foreign: dict[str, str]) -> None:
    def ask(bill_id: str) -> Answer:
        body = {"account": OWN, "kind": "bill_too_high", "words": "?", "bill_id": int(bill_id)}
        return billed.post("cases", "customer", body)

    before = written(f"bill:{foreign['bill']}")
    alike(ask, foreign["bill"], NO_BILL)
    assert written(f"bill:{foreign['bill']}")[len(before) :] == [(own_id(), "billing.foreign_bill")]
    assert billed.get("cases", "customer").json() == []


def test_the_pages_hide_and_write_it_down_as_well(billed: Utility, foreign: dict[str, str]) -> None:
    browser = Client()
    browser.post("/m/sign-in/", {"phone": PHONE})
    set_code(PHONE, "123456")
    browser.post("/m/code/", {"phone": PHONE, "code": "123456"})
    for kind, path in (("bill", "/m/bills/{}/"), ("case", "/m/cases/{}/")):
        before = written(f"{kind}:{foreign[kind]}")
        assert browser.get(path.format(foreign[kind])).status_code == 404
        assert len(written(f"{kind}:{foreign[kind]}")) == len(before) + 1
