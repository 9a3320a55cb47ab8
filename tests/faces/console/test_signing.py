"""Signing in to the desks and out, the menu, the outbox."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from faces.console.desk import colleague, followed, text_of
from faces.small_utility import Utility

pytestmark = pytest.mark.database


def test_a_sign_in_leads_to_the_days_work(utility: Utility) -> None:
    answer = Client().post("/console/sign-in/", {"login": "clerk", "password": "right"})
    assert answer.headers["Location"] == "/console/"


def test_a_wrong_password_is_told_without_saying_which(utility: Utility) -> None:
    form = {"login": "clerk", "password": "wrong", "next": "/console/runs/"}
    answer = Client(headers={"Accept-Language": "zh-CN"}).post("/console/sign-in/", form)
    page = answer.content.decode()
    assert answer.status_code == 401 and "登录名或密码不对。" in page
    assert 'value="clerk"' in page and 'value="/console/runs/"' in page and "wrong" not in page


@pytest.mark.parametrize(
    ("wanted", "goes_to"),
    [
        ("/console/runs/", "/console/runs/"),
        ("https://elsewhere.example/", "/console/"),
        ("//elsewhere.example", "/console/"),
    ],
)
def test_a_sign_in_leads_on_only_to_our_own_pages(utility: Utility, wanted: str, goes_to: str) -> None:
    form = {"login": "clerk", "password": "right", "next": wanted}
    assert Client().post("/console/sign-in/", form).headers["Location"] == goes_to


def test_signing_out_ends_the_session(utility: Utility) -> None:
    clerk = colleague("clerk")
    assert clerk.post("/console/sign-out/").headers["Location"] == "/console/sign-in/"
    assert clerk.get("/console/").headers["Location"].startswith("/console/sign-in/")


def test_a_form_of_a_foreign_page_is_refused(utility: Utility) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/console/sign-in/", {"login": "clerk", "password": "right"}).status_code == 403


def test_the_menu_shows_what_one_may_open(utility: Utility) -> None:
    def menu(login: str) -> set[str]:
        return set(
            re.findall(r'class="menu-link" href="/console/([^"]*)"', text_of(colleague(login), "/console/"))
        )

    assert menu("clerk") == {
        "", "tasks/", "board/", "readings/", "cycles/", "visits/", "rules/", "imports/", "runs/", "bills/",
        "payments/", "cases/",
    }  # fmt: skip
    assert menu("reader") == {"", "tasks/", "board/", "cycles/", "imports/"}
    assert menu("administrator") >= {"", "tasks/", "outbox/", "people/", "audit/"}
    assert not menu("administrator") & {"runs/", "cases/", "callbacks/"}


def test_an_administrator_sees_codes_on_the_outbox(utility: Utility) -> None:
    administrator = colleague("administrator")
    utility.post("customer/code", body={"phone": "13800000004"})
    utility.work()
    newest = utility.get("outbox/messages", "administrator").json()[0]
    assert newest["template"] == "sign_in_code"
    assert newest["body"] in text_of(administrator, "/console/outbox/")


def test_the_desks_speak_english_too(utility: Utility) -> None:
    clerk = colleague("clerk")
    followed(clerk, "/language/", {"language": "en", "next": "/console/"})
    page = text_of(clerk, "/console/")
    assert '<html lang="en">' in page and "work" in page
