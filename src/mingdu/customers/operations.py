"""Entering the customer file, and customers signing in by a one-time code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any

from django.db import IntegrityError, transaction

from mingdu.base import audit
from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.identity import new_code, secret_hash
from mingdu.base.operations import issue_token
from mingdu.base.outbox import publish
from mingdu.base.permissions import require
from mingdu.errors import TradeError
from mingdu.metering.queries.facts import PointFacts, point_facts
from mingdu.rulebook.document import BadDocument

from .events import SignInCodeMade
from .models import Account, Agreement, Contact, Customer, SignInCode
from .registry_part import REGISTRY, AgreementRow, CustomersPart, read_customers_part

BATCH_ROWS = 5_000
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


class AgreementsOverlap(TradeError):
    """An account would have two agreements at once."""

    next_step = "let the earlier agreement end: give it `valid_to`"


class TooManyCodes(TradeError):
    """More codes were asked for than a person needs."""

    next_step = "wait five minutes and ask again"


@dataclass(frozen=True)
class SignedIn:
    """A customer who proved his phone: his number and the secret of the session."""

    customer_id: int
    token: str


def register_customers(registry: dict[str, Any], *, by: Actor, at: datetime) -> int:
    """
    Enter customers, contacts, accounts and agreements; what is there already stays as it is.

    registry   keys customers, contacts, accounts, agreements (rows as the town's registry makes them);
               the usage points must be registered before
    returns    accounts in the registry
    raises     BadDocument, BadUnit: with the key of the mistake, and nothing is entered;
               PointsNotRegistered, AgreementsOverlap, NotPermitted (on the unit of any of the points)
    """
    require(by, "customers.register")
    part = read_customers_part(registry)
    points = _points_of(part)
    units = _units_of_accounts(part, points)
    for unit_id in set(units.values()):
        require(by, "customers.register", unit_id)
    try:
        with transaction.atomic():
            _enter(part, units)
            _enter_agreements(part.agreements, points)
            audit.record(
                by, "customers.register", "registry", at=at, details={"accounts": len(part.accounts)}
            )
    except IntegrityError as broken:
        cause = str(broken).splitlines()[0]
        raise AgreementsOverlap(f"the registry contradicts an agreement on file: {cause}") from broken
    return len(part.accounts)


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


def _points_of(part: CustomersPart) -> dict[str, PointFacts]:
    known = point_facts()
    unknown = sorted({row.usage_point for row in part.agreements} - known.keys())
    if unknown:
        raise PointsNotRegistered(
            f"{len(unknown)} usage points are not registered, first {unknown[0]}", usage_point=unknown[0]
        )
    return known


def _units_of_accounts(part: CustomersPart, points: dict[str, PointFacts]) -> dict[str, int]:
    """Return the unit of each account: that of the usage point of its latest agreement."""
    rising = sorted(part.agreements, key=lambda row: row.valid_from)
    units = {row.account: points[row.usage_point].unit_id for row in rising}
    for place, row in enumerate(part.accounts):
        if row.account not in units:
            key = f"accounts[{place}].account"
            raise BadDocument(
                f"{REGISTRY}: {key}: {row.account} has no agreement",
                file=REGISTRY,
                key=key,
                value=row.account,
            )
    return units


def _enter(part: CustomersPart, units: dict[str, int]) -> None:
    Customer.objects.bulk_create(
        [Customer(code=code, name=name) for code, name in part.customers.items()],
        ignore_conflicts=True, batch_size=BATCH_ROWS,
    )  # fmt: skip
    customers = dict(Customer.objects.values_list("code", "pk"))
    Contact.objects.bulk_create(
        [Contact(customer_id=customers[code], channel="phone", value=phone) for code, phone in part.contacts],
        ignore_conflicts=True, batch_size=BATCH_ROWS,
    )  # fmt: skip
    Account.objects.bulk_create(
        [
            Account(
                account_number=row.account,
                customer_id=customers[row.customer],
                unit_id=units[row.account],
                service_location=row.service_location,
            )
            for row in part.accounts
        ],
        ignore_conflicts=True, batch_size=BATCH_ROWS,
    )  # fmt: skip


def _enter_agreements(rows: list[AgreementRow], points: dict[str, PointFacts]) -> None:
    accounts = dict(Account.objects.values_list("account_number", "pk"))
    known = set(Agreement.objects.values_list("account_id", "valid_from"))
    Agreement.objects.bulk_create(
        [
            Agreement(
                account_id=accounts[row.account],
                usage_point_id=points[row.usage_point].id,
                tariff=row.tariff,
                customer_class=row.customer_class,
                voltage_kv=row.voltage_kv,
                capacity_kva=row.capacity_kva,
                contract_kw=row.contract_kw,
                valid_from=row.valid_from,
                valid_to=row.valid_to,
            )
            for row in rows
            if (accounts[row.account], row.valid_from) not in known
        ],
        batch_size=BATCH_ROWS,
    )
