"""Every route asks the permission table: each route as each role, as a customer and as nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from faces.small_utility import FOREIGN, OWN, STAFF, UNKNOWN, Answer, Utility
from mingdu.base.models import AuditEntry
from mingdu.base.permission_table import VERBS
from mingdu.base.roles import Role
from mingdu.faces.api.root import api

pytestmark = pytest.mark.database

EVERYBODY = frozenset(STAFF) | {Role.CUSTOMER}
NO_SUCH = 999_999
# The first book of the town.
BOOK = "B1"
AT = "2027-01-03T08:00:00+08:00"
ITEM = {
    "client_id": "walk", "task_id": NO_SUCH, "register": "TOTAL", "value": "1.00", "read_at": AT,
    "taken_at": AT,
}  # fmt: skip

ROW = {"usage_point": "P0530100002", "register": "TOTAL", "time": AT, "value": "1", "unit": "kWh"}


@dataclass(frozen=True)
class Route:
    """
    One route with a call that its permitted roles may send.

    template   as in the OpenAPI document
    verbs      the verbs of the table that it needs, all of them; none: whoever is signed in
    hides      True when what one may not see answers as unknown (404) instead of forbidden (403)
    """

    method: str
    template: str
    verbs: tuple[str, ...] = ()
    body: Any = None
    hides: bool = False
    query: str = ""

    @property
    def path(self) -> str:
        parts = {"{number}": OWN, "{id}": str(NO_SUCH), "{run_id}": str(NO_SUCH), "{step}": "read"}
        path = self.template
        for name, value in parts.items():
            path = path.replace(name, value)
        return path + self.query

    @property
    def allowed(self) -> frozenset[Role]:
        return EVERYBODY.intersection(*(VERBS[verb] for verb in self.verbs))


ROUTES = (
    Route("get", "me"),
    Route("get", "accounts", ("customers.read",)),
    Route("get", "accounts/{number}", ("customers.read", "money.read"), hides=True),
    Route("get", "accounts/{number}/bills", ("billing.read",), hides=True),
    Route("get", "accounts/{number}/curve", ("metering.read",), hides=True),
    Route("get", "accounts/{number}/readings", ("metering.read",), hides=True),
    Route("get", "bills/{id}", ("billing.read",)),
    Route("get", "cases", ("service.read",)),
    Route(
        "post", "cases", ("service.open_case", "service.read"),
        {"account": OWN, "kind": "enquiry", "words": "a walk"},
    ),
    Route("get", "cases/{number}", ("service.read",)),
    Route("post", "cases/{number}/reread", ("service.work",), hides=True),
    Route("post", "cases/{number}/close", ("service.close",), {"outcome": "fixed"}, hides=True),
    Route("get", "tasks", ("work.read_tasks",)),
    Route("get", "tasks/{id}", ("work.read_tasks",)),
    Route("post", "tasks/{id}/assign", ("work.assign_task",), {"person_id": 1}, hides=True),
    Route("post", "tasks/{id}/complete", ("work.complete_task",), {"outcome": "done"}, hides=True),
    Route("get", "books", ("rounds.read_cycle",)),
    Route("post", "reading-cycles", ("rounds.start_cycle",), {"book": BOOK, "period": "2026-12"}),
    Route("get", "reading-cycles/{run_id}", ("rounds.read_cycle",)),
    Route("get", "reading-cycles/{run_id}/round", ("rounds.read_cycle",)),
    Route("post", "reading-cycles/{run_id}/round", ("rounds.send_round",), {"readers": []}),
    Route("post", "reading-cycles/{run_id}/round/refresh", ("rounds.send_round",)),
    Route("get", "processes", ("work.read_tasks",)),
    Route("get", "processes/{run_id}", ("work.read_tasks",)),
    Route("post", "processes/{run_id}/steps/{step}/finish", ("work.complete_task",), {"outcome": "done"}),
    Route("post", "processes/{run_id}/steps/{step}/return", ("work.complete_task",), {"reason": "gaps"}),
    Route("post", "processes/{run_id}/steps/{step}/assign", ("work.assign_task",), {"person_id": 1}),
    Route("get", "rounds/route", ("rounds.read_route",)),
    Route("post", "rounds/sync", ("rounds.sync",), {"items": [ITEM]}),
    Route("post", "attachments", ("base.attach",)),
    Route("post", "runs/bills", ("billing.rehearse",), {"period": "2026-12"}),
    Route("get", "runs/bills", ("billing.read_runs",)),
    Route("get", "runs/bills/{id}", ("billing.read_runs",)),
    Route("post", "runs/bills/{id}/approve", ("billing.approve",), hides=True),
    Route("post", "runs/bills/{id}/issue", ("billing.issue",)),
    Route("get", "corrections", ("billing.read_runs",)),
    Route("post", "corrections/{id}/approve", ("billing.approve_correction",), hides=True),
    Route("post", "readings", ("metering.accept_readings",), {"rows": [ROW]}),
    Route("get", "terminals", ("metering.read_network",)),
    Route("get", "collection", ("metering.read_network",), query="?day=2026-12-31"),
    Route("post", "days/close", ("metering.close_day",), {"from": "2026-12-30", "to": "2026-12-31"}),
    Route("post", "findings/{id}/explain", ("metering.explain_finding",), {"reason": "true_use"}),
    Route("get", "findings", ("metering.read",)),
    Route(
        "get", "usage-points/{number}/value", ("metering.read",),
        query="?item=TOTAL&at=2026-12-31T00:00:00Z", hides=True,
    ),
    Route(
        "get", "changes", ("metering.read",), query="?since=2026-12-30T00:00:00Z&until=2026-12-31T00:00:00Z"
    ),
    Route(
        "post", "curves/edit", ("metering.correct_readings",),
        {
            "usage_point": "P0530100002", "channel": "IMPORT", "day": "2026-12-20", "first": 0,
            "values": ["1"], "words": "a walk",
        },
        hides=True,
    ),
    Route("get", "callbacks", ("satisfaction.read",)),
    Route("post", "callbacks/{id}/result", ("satisfaction.record",), {"outcome": "refused"}, hides=True),
    Route("get", "board", ("satisfaction.read",)),
    Route("get", "inbox", ("notices.read",)),
    Route("post", "inbox/{id}/read", ("notices.read",)),
    Route("get", "outbox/messages", ("notices.read_outbox",)),
    Route("get", "outbox/events", ("base.read_outbox",)),
    Route("post", "outbox/events/{id}/retry", ("base.retry",)),
    Route("get", "runs/stuck", ("base.retry",)),
    Route("post", "runs/buckets/{id}/retry", ("base.retry",)),
    Route("get", "audit", ("base.read_audit",)),
    Route(
        "post", "payments/orders", ("money.pay",), {"account": OWN, "amount": "1.00", "channel": "wechat"},
        hides=True,
    ),
    Route("get", "payments/orders/{number}", ("money.read",)),
    Route("get", "payments/receipts", ("money.read",), query=f"?account={OWN}", hides=True),
    Route("get", "payments/receipts/{number}", ("money.read",)),
    Route("get", "payments/notices", ("money.read_notices",)),
)  # fmt: skip
OPEN_TO_ALL = {
    ("post", "sign-in"),
    ("post", "customer/code"),
    ("post", "customer/sign-in"),
    ("post", "payments/notices"),
}


def call(utility: Utility, route: Route, who: str) -> Answer:
    if route.method == "get":
        return utility.get(route.path, who)
    if route.path == "attachments":
        return utility.post_file(route.path, b"\x89PNG\r\n\x1a\n a picture", who)
    return utility.post(route.path, who, route.body)


def test_the_walk_knows_every_route() -> None:
    described = {
        (method, path.removeprefix("/api/v1/"))
        for path, methods in api.get_openapi_schema()["paths"].items()
        for method in methods
    }
    assert described == {(route.method, route.template) for route in ROUTES} | OPEN_TO_ALL


@pytest.mark.parametrize("route", ROUTES, ids=[f"{route.method} {route.template}" for route in ROUTES])
def test_answers_each_role_as_the_table_says(utility: Utility, route: Route) -> None:
    nobody = call(utility, route, "")
    assert (nobody.status_code, nobody.json()["code"]) == (401, "NotSignedIn")
    for role in sorted(EVERYBODY):
        answer = call(utility, route, role)
        # What is asked for mostly does not exist: 404 comes from behind the door; 422 never does.
        expected = {200, 201, 202, 204, 404} if role in route.allowed else {404} if route.hides else {403}
        if route.hides and role not in route.allowed:
            expected = {403, 404}
        assert answer.status_code in expected, (role, answer.status_code, answer.content)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("get", "accounts/{}", None),
        ("get", "accounts/{}/bills", None),
        ("get", "accounts/{}/curve", None),
        ("get", "accounts/{}/readings", None),
        ("post", "cases", {"account": "{}", "kind": "enquiry", "words": "whose is it?"}),
    ],
)
@pytest.mark.parametrize("who", ["customer", "neighbour"])
def test_a_foreign_account_answers_exactly_as_an_unknown_one_and_is_written_down(
    utility: Utility, method: str, path: str, body: Any, who: str
) -> None:
    def answer(number: str) -> Answer:
        sent = None if body is None else body | {"account": number}
        if method == "get":
            return utility.get(path.format(number), who)
        return utility.post(path, who, sent)

    before = AuditEntry.objects.filter(target=f"account:{FOREIGN}").count()
    foreign, unknown = answer(FOREIGN), answer(UNKNOWN)
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert foreign.content.replace(FOREIGN.encode(), UNKNOWN.encode()) == unknown.content
    assert foreign.headers == unknown.headers
    written = AuditEntry.objects.filter(target=f"account:{FOREIGN}")
    assert (written.count(), written.latest("pk").verb) == (before + 1, "customers.foreign_account")
    assert not AuditEntry.objects.filter(target=f"account:{UNKNOWN}").exists()


def test_a_foreign_case_answers_exactly_as_an_unknown_one(utility: Utility) -> None:
    body = {"account": FOREIGN, "kind": "enquiry", "words": "mine alone"}
    number = utility.post("cases", "stranger", body).json()["number"]
    unknown = "2027010499999"[: len(number)].ljust(len(number), "9")
    for method, path in (("get", "cases/{}"), ("post", "cases/{}/close")):
        sent = {"outcome": "fixed"}
        pair = [
            utility.get(path.format(each), "customer")
            if method == "get"
            else utility.post(path.format(each), "customer", sent)
            for each in (number, unknown)
        ]
        assert [answer.status_code for answer in pair] == [404, 404]
        assert pair[0].content.replace(number.encode(), unknown.encode()) == pair[1].content
    assert utility.get(f"cases/{number}", "stranger").json()["closed_at"] is None
    assert AuditEntry.objects.filter(target=f"case:{number}", verb="service.foreign_case").exists()
