"""Every page of the desks asks the permission table: each page as each role, as a customer, as nobody."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver

from faces.console.desk import find
from faces.console_payments.pages import NAMES as PAYMENT_PAGES
from faces.console_service.pages import NAMES as SERVICE_PAGES
from faces.small_utility import OWN, STAFF, Answer, Utility
from mingdu.base.permission_table import VERBS
from mingdu.faces.console import urls

pytestmark = pytest.mark.database

DESKS = "work.read_tasks"
NO_SUCH = 999_999
OPEN = {"sign_in", "sign_out"}


@dataclass(frozen=True)
class Page:
    """
    One page, with an address that its permitted roles may open.

    verbs    the verbs of the table that it needs besides a desk, all of them
    posts    True: asked by a form
    """

    name: str
    path: str
    verbs: tuple[str, ...] = ()
    posts: bool = False

    @property
    def allowed(self) -> frozenset[str]:
        roles = frozenset(STAFF).intersection(*(VERBS[verb] for verb in (DESKS, *self.verbs)))
        return frozenset(role.value for role in roles)


PAGES = (
    Page("home", ""),
    Page("tasks", "tasks/"),
    Page("task", f"tasks/{NO_SUCH}/"),
    Page("complete_task", f"tasks/{NO_SUCH}/complete/", posts=True),
    Page("assign_task", f"tasks/{NO_SUCH}/assign/", posts=True),
    Page("readings", "readings/", ("metering.read",)),
    Page("explain_together", "readings/together/", ("metering.explain_finding",)),
    Page("withdraw_explanations", "readings/withdraw/", ("metering.withdraw_explanation",), posts=True),
    Page("finding", "readings/{finding}/", ("metering.read",)),
    Page("explain_finding", "readings/{finding}/explain/", ("metering.explain_finding",), posts=True),
    Page("edit_register", "readings/{finding}/edit/", ("metering.correct_readings",), posts=True),
    Page("order_reread", f"readings/{NO_SUCH}/reread/", ("rounds.order_reread",), posts=True),
    Page("rules", "rules/", ("metering.explain_finding",)),
    Page("rule", "rules/SPIKE/", ("metering.explain_finding",)),
    Page("imports", "imports/", ("metering.accept_readings",)),
    Page("import", f"imports/{NO_SUCH}/", ("metering.accept_readings",)),
    Page("import_progress", f"imports/{NO_SUCH}/progress/", ("metering.accept_readings",)),
    Page("import_report", f"imports/{NO_SUCH}/report.csv", ("metering.accept_readings",)),
    Page("start_import", f"imports/{NO_SUCH}/start/", ("metering.accept_readings",), posts=True),
    Page("import_mapping", "imports/mappings/", ("metering.accept_readings",), posts=True),
    Page("runs", "runs/", ("billing.read_runs",)),
    Page("new_run", "runs/new/", ("billing.rehearse",)),
    Page("run", "runs/{run}/", ("billing.read_runs",)),
    Page("run_progress", "runs/{run}/progress/", ("billing.read_runs",)),
    Page("run_held", "runs/{run}/held/", ("billing.read_runs",)),
    Page("approve_run", "runs/{run}/approve/", ("billing.approve",)),
    Page("issue_run", "runs/{run}/issue/", ("billing.issue",)),
    Page("bills", "bills/?q=0530", ("billing.read", "customers.read")),
    Page("bill", "bills/{bill}/", ("billing.read", "customers.read")),
    Page("account_bills", f"accounts/{OWN}/bills/", ("billing.read", "money.read")),
    Page("outbox", "outbox/", ("notices.read_outbox",)),
)


@pytest.fixture(scope="module")
def numbers(utility: Utility) -> dict[str, int]:
    utility.issue_december()
    run = utility.get("runs/bills", "clerk").json()[0]["id"]
    return {"finding": find(), "run": run, "bill": utility.bill_of(OWN)}


def ask(utility: Utility, page: Page, who: str, numbers: dict[str, int]) -> Answer:
    headers = {"Authorization": f"Bearer {utility.tokens[who]}"} if who else {}
    path = "/console/" + page.path.format(**numbers)
    browser = Client()
    return browser.post(path, headers=headers) if page.posts else browser.get(path, headers=headers)


def names_of(patterns: list[URLPattern | URLResolver]) -> set[str]:
    names: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            names |= names_of(pattern.url_patterns)
        else:
            names.add(str(pattern.name))
    return names


def test_the_walk_knows_every_page() -> None:
    assert names_of(urls.urlpatterns) - OPEN - SERVICE_PAGES - PAYMENT_PAGES == {page.name for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_answers_each_role_as_the_table_says(utility: Utility, numbers: dict[str, int], page: Page) -> None:
    nobody = ask(utility, page, "", numbers)
    assert nobody.status_code == 302 and nobody.headers["Location"].startswith("/console/sign-in/")
    for role in sorted(role.value for role in STAFF):
        answer = ask(utility, page, role, numbers)
        # What is asked for may not exist, and an empty form is refused: both come from behind the door.
        expected = {200, 302, 404, 422} if role in page.allowed else {403, 404}
        assert answer.status_code in expected, (role, answer.status_code, answer.content.decode())


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_customer_has_no_desk(utility: Utility, numbers: dict[str, int], page: Page) -> None:
    assert ask(utility, page, "customer", numbers).status_code == 403


def test_a_colleague_of_another_unit_sees_neither_bill_nor_account(
    utility: Utility, numbers: dict[str, int]
) -> None:
    for name in ("finding", "bill", "account_bills"):
        page = next(page for page in PAGES if page.name == name)
        assert ask(utility, page, "neighbour", numbers).status_code == 404
