"""Entering the customer file, and customers signing in by a one-time code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from hmac import compare_digest
from typing import Any

from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.identity import new_code, secret_hash
from mingdu.base.operations import issue_token
from mingdu.base.outbox import publish
from mingdu.base.permissions import require
from mingdu.errors import TradeError
from mingdu.metering.queries.facts import point_facts

from .events import SignInCodeMade
from .models import Account, Agreement, Contact, Customer, SignInCode

CODE_MINUTES = 5
CODE_TRIES = 5
# A phone may ask for so many codes in one code's lifetime; more is someone else's bell-ringing.
CODES_AT_ONCE = 5


class WrongCode(TradeError):
    """The code does not fit, is used, replaced, too old or tried too often; which of them is not said."""

    next_step = "ask for a new code"


class PointsNotRegistered(TradeError):
    """An agreement names a usage point that is not there yet."""

    next_step = "register the network before its customers"


class TooManyCodes(TradeError):
    """More codes were asked for than a person needs."""

    next_step = "wait five minutes and ask again"


@dataclass(frozen=True)
class SignedIn:
    """A customer who proved his phone: his number and the secret of the session."""

    customer_id: int
    token: str


@transaction.atomic
def register_customers(registry: dict[str, Any], *, by: Actor, at: datetime) -> int:
    """
    Enter customers, contacts, accounts and agreements; what is there already stays as it is.

    registry   keys customers, contacts, accounts, agreements (rows as the town's registry makes them);
               the usage points must be registered before
    returns    accounts in the registry
    raises     PointsNotRegistered, NotPermitted (on the unit of any of the points)
    """
    require(by, "customers.register")
    points = _points_of_accounts(registry)
    for unit_id in {point.unit_id for point in points.values()}:
        require(by, "customers.register", unit_id)
    location = {row["account"]: row["service_location"] for row in registry["usage_points"] if row["account"]}
    Customer.objects.bulk_create(
        [Customer(code=row["customer"], name=row["name"]) for row in registry["customers"]],
        ignore_conflicts=True, batch_size=5000,
    )  # fmt: skip
    customers = dict(Customer.objects.values_list("code", "pk"))
    Contact.objects.bulk_create(
        [
            Contact(customer_id=customers[row["customer"]], channel="phone", value=str(row["phone"]))
            for row in registry["contacts"]
        ],
        ignore_conflicts=True, batch_size=5000,
    )  # fmt: skip
    Account.objects.bulk_create(
        [
            Account(
                account_number=row["account"],
                customer_id=customers[row["customer"]],
                unit_id=points[row["account"]].unit_id,
                service_location=location[row["account"]],
            )
            for row in registry["accounts"]
        ],
        ignore_conflicts=True, batch_size=5000,
    )  # fmt: skip
    _register_agreements(registry, points)
    audit.record(by, "customers.register", "registry", at=at, details={"accounts": len(registry["accounts"])})
    return len(registry["accounts"])


@transaction.atomic
def request_code(phone: str, *, now: datetime) -> None:
    """
    Draw a one-time code for a phone, which replaces the one before; an unknown phone gets the same answer
    and no code.

    raises  TooManyCodes
    """
    require(SYSTEM, "customers.sign_in")
    customer = _holder_of(phone)
    recent = SignInCode.objects.filter(phone=phone, created_at__gt=now - timedelta(minutes=CODE_MINUTES))
    if recent.count() >= CODES_AT_ONCE:
        raise TooManyCodes("too many codes were asked for this phone", minutes=CODE_MINUTES)
    code = new_code()
    row = SignInCode.objects.create(
        phone=phone, customer=customer, code_hash=secret_hash(code, context=phone), created_at=now,
        expires_at=now + timedelta(minutes=CODE_MINUTES),
    )  # fmt: skip
    if customer is not None:
        publish(SignInCodeMade(row.pk, customer.pk, code, CODE_MINUTES, customer.language), at=now)


def sign_in_with_code(phone: str, code: str, *, now: datetime) -> SignedIn:
    """
    Prove a phone by its latest code, once; every try counts, at most five a code.

    A phone that changed hands (二次放号) opens no account with a code drawn for the holder before.
    raises  WrongCode
    """
    require(SYSTEM, "customers.sign_in")
    with transaction.atomic():
        customer = _holder_of(phone)
        fits = customer is not None and _use_code(customer, phone, code, now)
    if customer is None or not fits:
        raise WrongCode("the code does not fit this phone", phone_end=phone[-4:])
    who = Actor(f"customer:{customer.pk}", customer.name)
    audit.record(who, "customers.sign_in", who.id, at=now)
    return SignedIn(customer.pk, issue_token("customer", customer.pk, now=now))


def _holder_of(phone: str) -> Customer | None:
    """Return whose phone it is by the latest contact; the lock lets requests for one phone wait in line."""
    contact = (
        Contact.objects.select_for_update(of=("self",))
        .filter(channel="phone", value=phone)
        .select_related("customer")
        .order_by("-id")
        .first()
    )
    return contact.customer if contact else None


def _use_code(customer: Customer, phone: str, code: str, now: datetime) -> bool:
    row = (
        SignInCode.objects.select_for_update()
        .filter(phone=phone, customer=customer, expires_at__gt=now)
        .order_by("-id")
        .first()
    )
    if row is None or row.used_at is not None or row.tries >= CODE_TRIES:
        return False
    row.tries += 1
    fits = compare_digest(row.code_hash, secret_hash(code, context=phone))
    row.used_at = now if fits else None
    row.save(update_fields=["tries", "used_at"])
    return fits


def _points_of_accounts(registry: dict[str, Any]) -> dict[str, Any]:
    known = point_facts()
    unknown = sorted({row["usage_point"] for row in registry["agreements"]} - known.keys())
    if unknown:
        raise PointsNotRegistered(
            f"{len(unknown)} usage points are not registered, first {unknown[0]}", usage_point=unknown[0]
        )
    return {row["account"]: known[row["usage_point"]] for row in registry["agreements"]}


def _register_agreements(registry: dict[str, Any], points: dict[str, Any]) -> None:
    accounts = dict(Account.objects.values_list("account_number", "pk"))
    known = set(Agreement.objects.values_list("account_id", flat=True))
    classes = {row["usage_point"]: row["class"] for row in registry["usage_points"]}
    Agreement.objects.bulk_create(
        [
            Agreement(
                account_id=accounts[row["account"]],
                usage_point_id=points[row["account"]].id,
                tariff=row["tariff"],
                customer_class=classes[row["usage_point"]],
                voltage_kv=Decimal(str(row["voltage_kv"])),
                capacity_kva=_decimal(row["capacity_kva"]),
                contract_kw=_decimal(row["contract_kw"]),
                valid_from=date.fromisoformat(row["valid_from"]),
                valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            )
            for row in registry["agreements"]
            if accounts[row["account"]] not in known
        ],
        batch_size=5000,
    )


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))
