"""A person with a token: calls the running system over HTTP only."""

from __future__ import annotations

from typing import Any

import httpx

from mingdu.errors import TradeError

from .waiting import until

WAIT_SECONDS = 60.0


class CallFailed(TradeError):
    """The running system answered with an error."""


class Caller:
    """One signed-in person, or nobody."""

    def __init__(self, base_url: str, token: str = "") -> None:
        """Keep a connection to the system at this address."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.Client(base_url=base_url, headers=headers, timeout=WAIT_SECONDS)

    def get(self, path: str, **query: str) -> Any:
        """Return the JSON answer; raises CallFailed."""
        return self._answer(self._client.get(f"/api/v1/{path}", params=query))

    def post(self, path: str, body: Any = None) -> Any:
        """Return the JSON answer; raises CallFailed."""
        return self._answer(self._client.post(f"/api/v1/{path}", json={} if body is None else body))

    def refused(self, path: str, body: Any = None) -> str:
        """Post what must be refused, and return the error's name; an empty text when it was not refused."""
        answer = self._client.post(f"/api/v1/{path}", json={} if body is None else body)
        return str(answer.json().get("code", "")) if answer.status_code >= 400 else ""

    def page(self, path: str) -> httpx.Response:
        """Return a page as a browser would get it."""
        return self._client.get(path)

    def _answer(self, answer: httpx.Response) -> Any:
        if answer.status_code >= 400:
            raise CallFailed(
                f"{answer.request.method} {answer.request.url.path}: {answer.status_code}",
                status=answer.status_code, body=answer.text[:400],
            )  # fmt: skip
        return answer.json() if answer.content else None


def sign_in(base_url: str, login: str, password: str) -> Caller:
    """Return a signed-in member of staff."""
    token = Caller(base_url).post("sign-in", {"login": login, "password": password})["token"]
    return Caller(base_url, token)


def sign_in_customer(base_url: str, phone: str, admin: Caller) -> Caller:
    """Return a signed-in customer; the one-time code is read off the outbox page, as a person would."""
    nobody = Caller(base_url)
    before = {message["id"] for message in admin.get("outbox/messages")}
    nobody.post("customer/code", {"phone": phone})
    code = _await_code(admin, before)
    return Caller(base_url, nobody.post("customer/sign-in", {"phone": phone, "code": code})["token"])


def _await_code(admin: Caller, before: set[int]) -> str:
    def fresh() -> str:
        for message in admin.get("outbox/messages"):
            if message["template"] == "sign_in_code" and message["id"] not in before:
                return "".join(character for character in message["body"] if character.isdigit())[:6]
        return ""

    return until(fresh, "the one-time code", seconds=30)
