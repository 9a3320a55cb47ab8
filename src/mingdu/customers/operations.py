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
    """The code does not fit, is used, is too old, or was tried too often; which of them is not said."""

    next_step = "ask for a new code"


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
    """
    require(by, "customers.register")
    points = point_facts()
    units = {row["account"]: points[row["usage_point"]] for row in registry["agreements"]}
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
                unit_id=units[row["account"]].unit_id,
                service_location=location[row["account"]],
            )
            for row in registry["accounts"]
        ],
        ignore_conflicts=True, batch_size=5000,
    )  # fmt: skip
    _register_agreements(registry, units)
    audit.record(by, "customers.register", "registry", at=at, details={"accounts": len(registry["accounts"])})
    return len(registry["accounts"])


@transaction.atomic
def request_code(phone: str, *, now: datetime) -> None:
    """
    Draw a one-time code for a phone; an unknown phone gets the same answer and no code.

    raises  TooManyCodes
    """
    require(SYSTEM, "customers.sign_in")
    contact = Contact.objects.filter(channel="phone", value=phone).select_related("customer").first()
    recent = SignInCode.objects.filter(phone=phone, created_at__gt=now - timedelta(minutes=CODE_MINUTES))
    if recent.count() >= CODES_AT_ONCE:
        raise TooManyCodes("too many codes were asked for this phone", minutes=CODE_MINUTES)
    code = new_code()
    SignInCode.objects.create(
        phone=phone, code_hash=secret_hash(code, context=phone), created_at=now,
        expires_at=now + timedelta(minutes=CODE_MINUTES),
    )  # fmt: skip
    if contact is not None:
        customer = contact.customer
        publish(SignInCodeMade(customer.pk, code, CODE_MINUTES, customer.language), at=now)


def sign_in_with_code(phone: str, code: str, *, now: datetime) -> SignedIn:
    """
    Prove a phone by its code, once; every try counts, at most five a code.

    raises  WrongCode
    """
    require(SYSTEM, "customers.sign_in")
    with transaction.atomic():
        fits = _use_code(phone, code, now)
    contact = Contact.objects.filter(channel="phone", value=phone).first()
    if not fits or contact is None:
        raise WrongCode("the code does not fit this phone", phone_end=phone[-4:])
    return SignedIn(contact.customer_id, issue_token("customer", contact.customer_id, now=now))


def _use_code(phone: str, code: str, now: datetime) -> bool:
    row = (
        SignInCode.objects.select_for_update()
        .filter(phone=phone, used_at__isnull=True, expires_at__gt=now, tries__lt=CODE_TRIES)
        .order_by("-id")
        .first()
    )
    if row is None:
        return False
    row.tries += 1
    fits = compare_digest(row.code_hash, secret_hash(code, context=phone))
    row.used_at = now if fits else None
    row.save(update_fields=["tries", "used_at"])
    return fits


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
