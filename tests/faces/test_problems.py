"""Named errors become problem documents for programs and pages for people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from importlib import import_module
from pkgutil import walk_packages

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

import mingdu
from faces.small_utility import OWN, Utility
from mingdu.base.permissions import NotPermitted
from mingdu.errors import TradeError
from mingdu.faces.problems import STATUSES, ProblemMiddleware, problem, status_of, title_of

SUBJECTS = (
    "base", "work", "metering", "customers", "notices", "rounds", "money", "billing", "service",
    "satisfaction", "faces",
)  # fmt: skip


class ForTest(TradeError):
    """An error that no table names."""

    next_step = "read the test"


def named_errors() -> dict[str, type[TradeError]]:
    for subject in SUBJECTS:
        package = import_module(f"mingdu.{subject}")
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name:
                import_module(module.name)
    return {kind.__name__: kind for kind in _kinds(TradeError) if kind.__module__.startswith(mingdu.__name__)}


def _kinds(kind: type[TradeError]) -> Iterator[type[TradeError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _kinds(child)


def test_writes_a_problem_document() -> None:
    error = NotPermitted("no", roles=frozenset({"b", "a"}), day=date(2026, 12, 1))
    answer = problem(error)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content) == {
        "type": "urn:mingdu:problem:NotPermitted",
        "title": "The actor holds no role that allows this verb on this unit.",
        "status": 403,
        "detail": "no",
        "code": "NotPermitted",
        "values": {"roles": ["a", "b"], "day": "2026-12-01"},
        "next": "ask an administrator for the role, or a colleague who holds it",
    }


def test_names_only_errors_that_exist_each_once() -> None:
    listed = [name for names in STATUSES.values() for name in names]
    assert len(listed) == len(set(listed))
    assert sorted(set(listed) - set(named_errors())) == []


def test_says_unfit_for_every_error_that_the_table_does_not_name() -> None:
    assert status_of(ForTest("no")) == 422


def test_every_named_error_says_what_it_means() -> None:
    assert [name for name, kind in named_errors().items() if not title_of(kind).endswith(".")] == []


@pytest.mark.database
@pytest.mark.parametrize(
    ("path", "status", "code"),
    [("nowhere", 404, "UnknownAddress"), ("accounts/a%00b", 422, "BadInput"), ("tasks/0", 422, "BadInput")],
)
def test_wrong_addresses_are_problems_too(utility: Utility, path: str, status: int, code: str) -> None:
    answer = utility.get(path, "customer")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.database
def test_names_the_methods_that_an_address_takes(utility: Utility) -> None:
    answer = utility.client.delete("/api/v1/cases")
    assert (answer.status_code, answer.json()["code"]) == (405, "MethodNotAllowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "POST"}


@pytest.mark.database
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{not json", 400, "UnreadableRequest"),
        ('{"login": "clerk"}', 422, "BadInput"),
        ('{"login": "clerk", "password": "x", "extra": 1}', 422, "BadInput"),
        ('{"login": "cle\\u0000rk", "password": "x"}', 422, "BadInput"),
        ('{"login": "\\ud800", "password": "x"}', 422, "BadInput"),
        ('{"login": "' + "x" * 3_000_000 + '", "password": "x"}', 400, "UnreadableRequest"),
    ],
)
def test_refuses_what_cannot_be_read(utility: Utility, body: str, status: int, code: str) -> None:
    answer = utility.post("sign-in", body=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.database
def test_does_not_repeat_what_was_sent_wrongly(utility: Utility) -> None:
    answer = utility.post("sign-in", body={"login": "clerk", "password": "secret", "passwort": "secret"})
    assert answer.json()["values"] == {
        "errors": [{"at": "body.body.passwort", "fault": "Extra inputs are not permitted"}]
    }


def test_leaves_unexpected_failures_to_django() -> None:
    middleware = ProblemMiddleware(lambda request: HttpResponse())
    request = RequestFactory().get("/api/v1/me")
    assert middleware.process_exception(request, ValueError("a fault of the program")) is None
    answer = middleware.process_exception(request, ForTest("expected"))
    assert answer is not None and answer.status_code == 422


@pytest.mark.database
def test_shows_people_a_page_or_the_door(utility: Utility) -> None:
    browser = Client(headers={"Accept-Language": "en"})
    assert browser.get("/console/runs/").headers["Location"] == "/console/sign-in/?next=%2Fconsole%2Fruns%2F"
    assert browser.get("/m/inbox/").headers["Location"] == "/m/sign-in/?next=%2Fm%2Finbox%2F"
    browser.post("/console/sign-in/", {"login": "reader", "password": "right"})
    refused = browser.get("/console/outbox/")
    assert refused.status_code == 403
    assert "You may not do this." in refused.content.decode()
    unknown = browser.get("/m/bills/1/")
    assert unknown.status_code == 403
    assert OWN not in unknown.content.decode()
