"""A registry of two customers in two units: one with a home, one with a home and a firm."""

from __future__ import annotations

from typing import Any

import pytest

Row = dict[str, Any]
# Account number, unit, class, contract kW of the agreement.
HOME, FLAT, FIRM = "0530100001", "0530100002", "0531100001"


def point_of(account: str) -> str:
    """Name the usage point of an account."""
    return f"P{account}"


@pytest.fixture
def registry() -> Row:
    """Rows in the form of the town's registry."""
    return {
        "units": [{"unit": "0530", "name": "东站"}, {"unit": "0531", "name": "西站"}],
        "areas": [], "terminals": [], "meters": [], "installations": [],
        "usage_points": [
            _usage_point(HOME, "residential"), _usage_point(FLAT, "residential"),
            _usage_point(FIRM, "large_industry"),
            {**_usage_point("check", ""), "kind": "area", "class": None, "account": None},
        ],
        "customers": [{"customer": "C1", "name": "林娜"}, {"customer": "C2", "name": "郑勇"}],
        "contacts": [{"customer": "C1", "phone": "13800000001"}, {"customer": "C2", "phone": "13800000002"}],
        "accounts": [
            {"account": HOME, "customer": "C1"}, {"account": FLAT, "customer": "C2"},
            {"account": FIRM, "customer": "C2"},
        ],
        "agreements": [
            _agreement(HOME, "yunnan-residential"), _agreement(FLAT, "yunnan-residential"),
            {**_agreement(FIRM, "yunnan-two-part-10kv"), "voltage_kv": "10", "capacity_kva": 1000,
             "contract_kw": "700.5"},
        ],
    }  # fmt: skip


def _usage_point(account: str, customer_class: str) -> Row:
    return {
        "usage_point": point_of(account), "kind": "customer", "class": customer_class, "area": None,
        "unit": "0531" if account == FIRM else "0530", "capacity_w": 8_000, "account": account,
        "service_location": f"青柳路 {account[-1]} 号",
    }  # fmt: skip


def _agreement(account: str, tariff: str) -> Row:
    return {
        "account": account, "usage_point": point_of(account), "tariff": tariff, "voltage_kv": "0.22",
        "capacity_kva": None, "contract_kw": None, "valid_from": "2025-12-01", "valid_to": None,
    }  # fmt: skip
