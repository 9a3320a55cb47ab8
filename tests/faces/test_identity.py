"""Signing in: staff by password, customers by a one-time code, browsers by a session."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from faces.small_utility import NOW, OWN, PHONE, Utility, set_code
from mingdu.base.models import AccessToken, Person
from mingdu.customers.models import SignInCode

pytestmark = pytest.mark.database


def test_signs_staff_in_and_tells_who_it_is(utility: Utility) -> None:
    token = utility.post("sign-in", body={"login": "clerk", "password": "right"}).json()["token"]
    utility.tokens["fresh"] = token
    me = utility.get("me", "fresh").json()
    assert (me["name"], me["roles"], me["accounts"]) == ("clerk 员工", ["clerk"], [])


@pytest.mark.parametrize(("login", "password"), [("clerk", "wrong"), ("nobody", "right")])
def test_refuses_a_wrong_password_as_an_unknown_login(utility: Utility, login: str, password: str) -> None:
    answer = utility.post("sign-in", body={"login": login, "password": password})
    assert (answer.status_code, answer.json()["code"]) == (401, "WrongSignIn")
    assert login not in answer.content.decode()


def test_passwords_cannot_be_tried_out(utility: Utility) -> None:
    sent = {"login": "inspector", "password": "wrong"}
    answers = [utility.post("sign-in", body=sent) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    refused = answers[-1]
    assert refused.json()["code"] == "TooManyTries"
    assert refused.headers["Retry-After"] == str(refused.json()["values"]["wait_seconds"])
    page = Client().post("/console/sign-in/", {"login": "inspector", "password": "right"})
    assert page.status_code == 429
    acts = utility.get("audit?target=login:inspector", "manager").json()
    assert [act["verb"] for act in acts] == ["base.sign_in_slowed"]


def test_signs_a_customer_in_by_the_code_of_his_phone(utility: Utility) -> None:
    assert utility.post("customer/code", body={"phone": PHONE}).json() == {"valid_minutes": 5}
    utility.work()
    newest = utility.get("outbox/messages", "administrator").json()[0]
    code = "".join(sign for sign in newest["body"] if sign.isdigit())[:6]
    token = utility.post("customer/sign-in", body={"phone": PHONE, "code": code}).json()["token"]
    utility.tokens["signed in"] = token
    assert utility.get("me", "signed in").json()["accounts"] == [OWN]
    again = utility.post("customer/sign-in", body={"phone": PHONE, "code": code})
    assert (again.status_code, again.json()["code"]) == (401, "WrongCode")


def test_answers_an_unknown_phone_like_a_known_one(utility: Utility) -> None:
    unknown = utility.post("customer/code", body={"phone": "13999999999"})
    assert (unknown.status_code, unknown.json()) == (200, {"valid_minutes": 5})
    assert SignInCode.objects.filter(phone="13999999999").count() == 1


def test_refuses_more_codes_than_a_person_needs(utility: Utility) -> None:
    answers = [utility.post("customer/code", body={"phone": "13988888888"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]


@pytest.mark.parametrize("header", ["Bearer wrong", "Basic dXNlcjpwYXNz", "Bearer", ""])
def test_refuses_what_is_no_token(utility: Utility, header: str) -> None:
    answer = utility.client.get("/api/v1/me", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "NotSignedIn")


def test_refuses_a_token_whose_time_is_over(utility: Utility) -> None:
    token = utility.post("sign-in", body={"login": "agent", "password": "right"}).json()["token"]
    latest = AccessToken.objects.latest("pk")
    latest.expires_at = NOW - timedelta(seconds=1)
    latest.save()
    utility.tokens["old"] = token
    assert utility.get("me", "old").status_code == 401


def test_takes_a_browser_session_only_with_the_page_own_proof(utility: Utility) -> None:
    browser = Client(enforce_csrf_checks=True)
    page = browser.get("/console/sign-in/")
    proof = page.cookies["csrftoken"].value
    browser.post("/console/sign-in/", {"login": "agent", "password": "right", "csrfmiddlewaretoken": proof})
    assert browser.get("/api/v1/me").json()["roles"] == ["agent"]
    body = {"outcome": "reached", "score": 5}
    forged = browser.post("/api/v1/callbacks/999999/result", body, content_type="application/json")
    assert (forged.status_code, forged.json()["code"]) == (403, "ForgedRequest")
    headers = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    honest = browser.post(
        "/api/v1/callbacks/999999/result", body, content_type="application/json", headers=headers
    )
    assert (honest.status_code, honest.json()["code"]) == (404, "UnknownCallback")


def test_a_person_who_left_is_nobody_at_once(utility: Utility) -> None:
    utility.tokens["leaver"] = utility.post("sign-in", body={"login": "cashier", "password": "right"}).json()[
        "token"
    ]
    Person.objects.filter(login="cashier").update(is_active=False)
    assert utility.get("me", "leaver").status_code == 401
    Person.objects.filter(login="cashier").update(is_active=True)


def test_a_known_code_is_needed_for_a_customer_session(utility: Utility) -> None:
    browser = Client()
    browser.post("/m/sign-in/", {"phone": PHONE})
    set_code(PHONE, "123456")
    wrong = browser.post("/m/code/", {"phone": PHONE, "code": "654321"})
    assert wrong.status_code == 401
    assert browser.post("/m/code/", {"phone": PHONE, "code": "123456"}).headers["Location"] == "/m/"
    assert OWN in browser.get("/m/").content.decode()
