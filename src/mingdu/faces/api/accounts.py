"""Accounts with balance, bills, readings and curve."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field

from mingdu.billing.queries import BillView, bill_json, bills_of_account
from mingdu.core.bill import thousandths_text
from mingdu.customers.queries import AccountView, account_for, own_accounts
from mingdu.faces.energy import energy_days, register_readings
from mingdu.faces.problems import BadInput
from mingdu.faces.writing import Instant, local, yuan_text
from mingdu.money.queries import balance_fen

from .door import Request
from .fields import Day, Id, Number

router = Router(tags=["accounts"])

MOST_DAYS = 400
USUAL_DAYS = 31


class AccountLine(Schema):
    """An account with its place."""

    account: str
    holder: str
    address: str


class AccountAnswer(AccountLine):
    """An account; a positive balance is owed."""

    tariff: str
    balance: str


class BillLine(Schema):
    """An issued bill; `is_current` is false once it was reversed."""

    id: int
    period: str
    kind: str
    of_bill: int | None
    energy_kwh: str
    total: str
    is_current: bool


class CurveAnswer(Schema):
    """Energy of a civil day in kWh, interval by interval from midnight; null is missing."""

    day: date
    interval_minutes: int
    energy_kwh: list[str | None]
    quality: list[str]


class ReadingAnswer(Schema):
    """What a register showed, before the multiplier."""

    # `register` alone would hide a method of the class.
    model_config = ConfigDict(populate_by_name=True)

    register_: str = Field(alias="register")
    read_at: Instant
    value: str
    quality: str


class Span(Schema):
    """Days from … to, both included; without them the month up to today."""

    from_: Annotated[Day | None, Query(alias="from")] = None
    to: Day | None = None


@router.get("/accounts", response=list[AccountLine])
def accounts(request: Request) -> list[AccountLine]:
    """List a customer's own accounts; colleagues look an account up by its number."""
    return [_line(view) for view in own_accounts(request.auth)]


@router.get("/accounts/{number}", response=AccountAnswer)
def account(request: Request, number: Number) -> AccountAnswer:
    """Show an account with holder, address and what it owes."""
    view = account_for(request.auth, number, "customers.read", now=request.now)
    balance = balance_fen(request.auth, view.id, view.unit_id)
    return AccountAnswer(**_line(view).dict(), tariff=view.tariff, balance=yuan_text(balance))


@router.get("/accounts/{number}/bills", response=list[BillLine])
def bills(request: Request, number: Number) -> list[BillLine]:
    """List an account's issued bills, the oldest first."""
    view = account_for(request.auth, number, "billing.read", now=request.now)
    return [_bill(bill) for bill in bills_of_account(request.auth, view.id)]


@router.get("/accounts/{number}/curve", response=list[CurveAnswer])
def curve(request: Request, number: Number, span: Query[Span]) -> list[CurveAnswer]:
    """Show an account's energy through some days."""
    view = account_for(request.auth, number, "metering.read", now=request.now)
    return [
        CurveAnswer(
            day=day.day,
            interval_minutes=day.interval_minutes,
            energy_kwh=[None if energy is None else thousandths_text(energy) for energy in day.energy_wh],
            quality=[mark.name.lower() for mark in day.quality],
        )
        for day in energy_days(view.usage_point_id, *_days(request, span))
    ]


@router.get("/accounts/{number}/readings", response=list[ReadingAnswer], by_alias=True)
def readings(request: Request, number: Number, span: Query[Span]) -> list[ReadingAnswer]:
    """Show what an account's registers showed through some days."""
    view = account_for(request.auth, number, "metering.read", now=request.now)
    return [
        ReadingAnswer(
            register=reading.register.name, read_at=reading.read_at, value=f"{reading.value:f}",
            quality=reading.quality.name.lower(),
        )
        for reading in register_readings(view.usage_point_id, *_days(request, span))
    ]  # fmt: skip


@router.get("/bills/{id}", response=dict[str, Any])
def bill(request: Request, id: Id) -> dict[str, Any]:
    """Show a bill as `mingdu verify` takes it: every line with quantity, price, clause, source, readings."""
    return bill_json(request.auth, id, now=request.now)


def _line(view: AccountView) -> AccountLine:
    return AccountLine(account=view.account_number, holder=view.customer_name, address=view.service_location)


def _bill(view: BillView) -> BillLine:
    return BillLine(
        id=view.id, period=view.period, kind=view.kind, of_bill=view.of_bill_id or None,
        energy_kwh=thousandths_text(view.energy_wh), total=yuan_text(view.total_fen),
        is_current=view.is_current,
    )  # fmt: skip


def _days(request: Request, span: Span) -> tuple[date, date]:
    last = span.to or local(request.now).date()
    first = span.from_ or last - timedelta(days=USUAL_DAYS - 1)
    if not 0 <= (last - first).days < MOST_DAYS:
        raise BadInput(f"from {first} to {last}", most_days=MOST_DAYS)
    return first, last
