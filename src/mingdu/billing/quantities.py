"""Inputs of bills by what their tariff takes the quantity from: registers or the curve."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from mingdu.core.tariff import QuantityFrom, Tariff
from mingdu.customers.queries import AgreementTerms

from .curve_inputs import read_curve_inputs
from .inputs import Inputs, read_inputs
from .period import Period


def inputs_of(
    conn: psycopg.Connection[Any], terms: AgreementTerms, tariff: Tariff, period: Period, zone: ZoneInfo
) -> Inputs:
    """Fetch what the bills of agreements of one tariff are made from; raises IntervalAcrossPeriods."""
    read = read_curve_inputs if tariff.quantity_from is QuantityFrom.CURVE else read_inputs
    return read(conn, terms, tariff, period, zone)
