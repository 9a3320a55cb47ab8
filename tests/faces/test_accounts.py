"""Accounts over the API: bills that can be verified, readings, curve."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from faces.small_utility import MOVED, NOW, OWN, Utility
from mingdu.base.actors import SYSTEM
from mingdu.core.bill_check import verify_bill
from mingdu.core.clock import day_number
from mingdu.core.quality import Quality
from mingdu.core.registers import Channel, Register
from mingdu.metering.operations import accept_readings, record_evidence
from mingdu.metering.queries.facts import point_facts
from mingdu.metering.readings import CurveColumns, ReadingBatch, Source

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def billed(utility: Utility) -> Utility:
    utility.issue_december()
    return utility


def test_shows_holder_address_and_what_is_owed(billed: Utility) -> None:
    account = billed.get(f"accounts/{OWN}", "customer").json()
    bill = billed.get(f"accounts/{OWN}/bills", "customer").json()[0]
    assert account["account"] == OWN and account["holder"] and account["address"]
    assert account["balance"] == bill["total"]
    assert billed.get("accounts", "customer").json() == [
        {name: account[name] for name in ("account", "holder", "address")}
    ]


def test_lists_the_issued_bill_of_the_month(billed: Utility) -> None:
    bills = billed.get(f"accounts/{OWN}/bills", "customer").json()
    assert [(bill["period"], bill["kind"], bill["energy_kwh"], bill["is_current"]) for bill in bills] == [
        ("2026-12", "bill", "310", True)
    ]
    # 170 kWh at 0.45, 90 at 0.50, 50 at 0.80: the residential tiers of Yunnan in the dry season.
    assert bills[0]["total"] == "161.50"


def test_a_bill_over_the_api_is_verified_by_recomputing_it(billed: Utility) -> None:
    bill = billed.get(f"bills/{billed.bill_of(OWN)}", "customer").json()
    assert verify_bill(bill) == {"ok": True}
    assert [line["id"] for line in bill["lines"]] == ["tier.1", "tier.2", "tier.3"]
    assert all(line["clause"] and line["source"] and line["readings"] == ["TOTAL"] for line in bill["lines"])
    bill["lines"][0]["amount"] = "76.51"
    assert verify_bill(bill)["line"] == "tier.1"


def test_a_foreign_bill_answers_exactly_as_an_unknown_one(billed: Utility) -> None:
    number = billed.bill_of(OWN)
    foreign, unknown = billed.get(f"bills/{number}", "stranger"), billed.get("bills/999999", "stranger")
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert foreign.content.replace(str(number).encode(), b"999999") == unknown.content


def test_shows_register_readings_with_the_offset_of_the_zone(billed: Utility) -> None:
    readings = billed.get(f"accounts/{OWN}/readings?from=2026-12-01&to=2026-12-31", "customer").json()
    total = [reading for reading in readings if reading["register"] == "TOTAL"]
    assert [reading["read_at"] for reading in total] == [
        "2026-12-01T00:00:00+08:00",
        "2027-01-01T00:00:00+08:00",
    ]
    first, last = (round(float(reading["value"]) * 100) for reading in total)
    assert last - first == MOVED[Register.TOTAL]
    assert {reading["quality"] for reading in readings} == {"measured"}


def test_shows_the_usual_month_when_no_days_are_named(billed: Utility) -> None:
    readings = billed.get(f"accounts/{OWN}/readings", "customer").json()
    assert {reading["read_at"][:10] for reading in readings} == {"2027-01-01"}


def test_shows_energy_interval_by_interval_and_what_is_missing(billed: Utility) -> None:
    day = day_number(date(2026, 12, 20))
    values, quality = np.full((1, 96), 25, dtype=np.int64), np.zeros((1, 96), dtype=np.uint8)
    quality[0, 95] = Quality.MISSING
    one = np.array([point_facts()["P0530100002"].id])
    curves = CurveColumns(one, np.array([day]), np.array([int(Channel.IMPORT)]), values, quality)
    evidence = record_evidence("file", "curves", by=SYSTEM, at=NOW)
    accept_readings(ReadingBatch(Source.FILE, evidence, curves), by=SYSTEM, at=NOW)
    shown = billed.get(f"accounts/{OWN}/curve?from=2026-12-19&to=2026-12-20", "customer").json()
    assert [each["day"] for each in shown] == ["2026-12-19", "2026-12-20"]
    assert shown[0]["energy_kwh"] == [None] * 96
    assert shown[1]["energy_kwh"] == ["0.25"] * 95 + [None]
    assert shown[1]["quality"][94:] == ["measured", "missing"]
    assert shown[1]["interval_minutes"] == 15


@pytest.mark.parametrize(
    "span", ["from=2026-12-02&to=2026-12-01", "from=2025-01-01&to=2026-12-01", "from=1999-12-31", "from=soon"]
)
def test_refuses_days_that_make_no_span(billed: Utility, span: str) -> None:
    answer = billed.get(f"accounts/{OWN}/curve?{span}", "customer")
    assert (answer.status_code, answer.json()["code"]) == (422, "BadInput")


def test_serves_its_own_description(utility: Utility) -> None:
    description = utility.client.get("/api/v1/openapi.json").json()
    assert description["info"]["title"] == "Mingdu"
    reading = description["components"]["schemas"]["ReadingAnswer"]["properties"]
    assert list(reading) == ["register", "read_at", "value", "quality"]


def test_the_clock_of_the_tests_stands_near_demo_time(utility: Utility) -> None:
    opened = utility.post("cases", "customer", {"account": OWN, "kind": "enquiry", "words": "when?"}).json()
    away = datetime.fromisoformat(opened["opened_at"]).astimezone(UTC) - NOW
    assert 0 <= away.total_seconds() < 600
