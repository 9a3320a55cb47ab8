"""Colleagues at their desks, and findings on their queue."""

from __future__ import annotations

from datetime import date

import numpy as np
from django.test import Client

from faces.small_utility import NOW, Answer
from mingdu.base.actors import SYSTEM
from mingdu.core.clock import day_number
from mingdu.core.findings import Severity
from mingdu.core.quality import Quality
from mingdu.core.registers import Channel
from mingdu.metering.models import Finding, UsagePoint
from mingdu.metering.operations import accept_readings, record_evidence
from mingdu.metering.readings import CurveColumns, ReadingBatch, Source

DAY = date(2026, 12, 30)
POINT = "P0530100002"
PART = {"HX-Request": "true"}


def colleague(login: str) -> Client:
    """Sign a colleague in with a browser that reads Chinese."""
    browser = Client(headers={"Accept-Language": "zh-CN"})
    browser.post("/console/sign-in/", {"login": login, "password": "right"})
    return browser


def text_of(browser: Client, path: str, status: int = 200, **headers: str) -> str:
    """Return the text of a page that answers with this status."""
    return said(browser.get(path, headers=headers), status)


def said(answer: Answer, status: int = 200) -> str:
    """Return the text of an answer of this status."""
    assert answer.status_code == status, answer.content.decode()
    return str(answer.content.decode())


def followed(browser: Client, path: str, form: dict[str, object] | None = None) -> str:
    """Post a form, follow where it leads, and return the text there."""
    return said(browser.post(path, form or {}, follow=True))


def find(
    code: str = POINT, *, rule: str = "SPIKE", day: date = DAY, severity: Severity = Severity.HOLD
) -> int:
    """Put a finding on the queue; return its number."""
    finding, _ = Finding.objects.update_or_create(
        usage_point=UsagePoint.objects.get(code=code), day=day, rule=rule,
        defaults={
            "first_interval": 32, "latest_interval": 33, "severity": severity, "figure": 18_000,
            "threshold": 2_240, "found_at": NOW,
        },
    )  # fmt: skip
    return int(finding.pk)


def draw_curve(digits: int, *, code: str = POINT, day: date = DAY, estimated: int = 0) -> None:
    """Store a day whose quarter hours are all alike; its first ones are estimated."""
    point = UsagePoint.objects.get(code=code).pk
    quality = np.zeros((1, 96), dtype=np.uint8)
    quality[:, :estimated] = Quality.ESTIMATED_LINEAR
    curves = CurveColumns(
        np.array([point]), np.array([day_number(day)]), np.array([int(Channel.IMPORT)]),
        np.full((1, 96), digits, dtype=np.int64), quality,
    )  # fmt: skip
    evidence = record_evidence("file", f"{code} {day}", by=SYSTEM, at=NOW)
    accept_readings(ReadingBatch(Source.FILE, evidence, curves), by=SYSTEM, at=NOW)
