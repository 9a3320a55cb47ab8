"""Cookies over HTTPS come back over HTTPS alone; plain HTTP on this machine still signs in."""

from __future__ import annotations

import pytest
from django.test import Client

from faces.small_utility import Utility

pytestmark = pytest.mark.database

SIGN_IN = "/console/sign-in/"
RIGHT = {"login": "clerk", "password": "right"}


@pytest.mark.parametrize("is_secure", [True, False])
def test_the_session_and_the_form_are_as_safe_as_the_way_they_came(utility: Utility, is_secure: bool) -> None:
    browser = Client()
    form = browser.get(SIGN_IN, secure=is_secure)
    answer = browser.post(SIGN_IN, RIGHT, secure=is_secure)
    assert answer.status_code == 302
    cookies = {**form.cookies, **answer.cookies}
    assert {"csrftoken", "sessionid"} <= set(cookies)
    assert [bool(cookie["secure"]) for cookie in cookies.values()] == [is_secure] * len(cookies)
    assert answer.cookies["sessionid"]["httponly"]
    assert browser.get("/console/", secure=is_secure).status_code == 200
