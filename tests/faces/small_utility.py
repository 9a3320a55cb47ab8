"""A small utility with six accounts and one person a role, reached over HTTP alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.test import Client, override_settings

from mingdu.base import ledger, outbox
from mingdu.base.actors import SYSTEM
from mingdu.base.identity import secret_hash
from mingdu.base.models import OrgUnit
from mingdu.base.operations import create_person, create_unit, grant_role, issue_token
from mingdu.base.roles import Role
from mingdu.core.quality import Quality
from mingdu.core.registers import Register
from mingdu.customers.models import Customer
from mingdu.customers.operations import register_customers
from mingdu.main.catalogues import compile_catalogues
from mingdu.main.clock import set_demo_clock
from mingdu.metering.operations import accept_readings, record_evidence
from mingdu.metering.operations.network import register_network
from mingdu.metering.queries.facts import point_facts
from mingdu.metering.readings import WHICHEVER_METER, ReadingBatch, RegisterColumns, Source
from mingdu.rounds.operations import register_books
from mingdu.town.model import Town
from mingdu.town.registry import registry_of

# The test client's response: an HttpResponse with `json()` and `context`.
Answer = Any
NOW = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
OWN, FOREIGN, UNKNOWN = "0530100002", "0530100003", "0530999999"
PHONE = "13800000002"
STAFF = tuple(role for role in Role if role not in (Role.CUSTOMER, Role.SYSTEM))
# What every register moved in December, in its digits; the periods sum to the total.
MOVED = {
    Register.TOTAL: 31_000, Register.PEAK: 12_000, Register.FLAT: 10_000, Register.VALLEY: 9_000,
}  # fmt: skip

compile_catalogues()


@dataclass
class Utility:
    """Asks over HTTP as whoever is named: a role, "customer", "neighbour" (other unit) or "" (nobody)."""

    tokens: dict[str, str] = field(default_factory=dict)
    client: Client = field(default_factory=Client)

    def get(self, path: str, who: str = "") -> Answer:
        return self.client.get(f"/api/v1/{path}", headers=self._headers(who))

    def post(self, path: str, who: str = "", body: Any = None) -> Answer:
        text = body if isinstance(body, str) else json.dumps(body if body is not None else {})
        return self.client.post(
            f"/api/v1/{path}", text, content_type="application/json", headers=self._headers(who)
        )

    def post_file(self, path: str, content: bytes, who: str = "") -> Answer:
        from django.core.files.uploadedfile import SimpleUploadedFile

        file = SimpleUploadedFile("photo", content)
        return self.client.post(f"/api/v1/{path}", {"file": file}, headers=self._headers(who))

    def issue_december(self) -> None:
        """Rehearse, approve and issue the bills of December, with the workers' part done here."""
        run = self.post("runs/bills", "clerk", {"period": "2026-12"}).json()["id"]
        self.work()
        assert self.post(f"runs/bills/{run}/approve", "approver").status_code == 200
        assert self.post(f"runs/bills/{run}/issue", "clerk").status_code == 200
        self.work()

    def work(self) -> None:
        """Do what the workers do: buckets, then events."""
        # A little later than any request of the test, whose clock started at NOW.
        later = NOW + timedelta(minutes=10)
        while ledger.work_one(later):
            pass
        outbox.deliver_all(later)

    def bill_of(self, account: str, who: str = "clerk") -> int:
        return int(self.get(f"accounts/{account}/bills", who).json()[0]["id"])

    def _headers(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}


@contextmanager
def http_settings(folder: Path) -> Iterator[None]:
    """The clock stands near NOW, files lie in a folder of their own, hashing passwords costs no time."""
    environment = replace(settings.ENVIRONMENT, data_folder=folder)
    set_demo_clock(environment, NOW)
    with override_settings(
        ENVIRONMENT=environment,
        ATTACHMENTS_FOLDER=folder / "attachments",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ):
        yield


def build_utility() -> Utility:
    """The utility with its people and its December readings."""
    registry = registry_of(Town(20, points=6, first_day=date(2026, 12, 1)))
    register_network(registry, by=SYSTEM, at=NOW)
    register_customers(registry, by=SYSTEM, at=NOW)
    register_books(registry, by=SYSTEM, at=NOW)
    _read_december(registry)
    made = Utility()
    home = OrgUnit.objects.get(code="0530")
    away = create_unit("0531", "邻所", parent=None, by=SYSTEM, at=NOW)
    for role in STAFF:
        made.tokens[role.value] = employ(role, role, home)
    made.tokens["neighbour"] = employ("neighbour", Role.AGENT, away)
    for name, account in (("customer", OWN), ("stranger", FOREIGN)):
        customer = Customer.objects.get(accounts__account_number=account)
        made.tokens[name] = issue_token("customer", customer.pk, now=NOW)
    return made


def employ(login: str, role: Role, unit: OrgUnit) -> str:
    person = create_person(login, f"{login} 员工", password="right", unit=unit, by=SYSTEM, at=NOW)
    grant_role(person, role, unit=unit, by=SYSTEM, at=NOW)
    return issue_token("person", person.pk, now=NOW)


def _read_december(registry: dict[str, Any]) -> None:
    points = point_facts()
    rows = [
        (points[row["usage_point"]].id, int(register), row["first_digits"][register.name] + moved)
        for row in registry["installations"]
        for register, moved in MOVED.items()
        if register.name in row["first_digits"]
    ]
    columns = np.array(rows, dtype=np.int64)
    end = np.datetime64("2026-12-31T16:00", "us")
    registers = RegisterColumns(
        columns[:, 0], np.full(len(rows), WHICHEVER_METER), columns[:, 1], np.full(len(rows), end),
        columns[:, 2], np.full(len(rows), Quality.MEASURED, dtype=np.uint8),
    )  # fmt: skip
    evidence = record_evidence("file", "december", by=SYSTEM, at=NOW)
    acceptance = accept_readings(ReadingBatch(Source.FILE, evidence, registers=registers), by=SYSTEM, at=NOW)
    assert acceptance.accepted == len(rows)


def set_code(phone: str, code: str) -> None:
    """Make the code that a phone was sent a known one; only its hash is stored."""
    from mingdu.customers.models import SignInCode

    latest = SignInCode.objects.filter(phone=phone).latest("pk")
    latest.code_hash = secret_hash(code, context=phone)
    latest.save()
