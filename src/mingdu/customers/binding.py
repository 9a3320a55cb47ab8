"""Binding an account to a customer: the account number with a proof that only its household has."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest

from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac

from mingdu.base import audit
from mingdu.base.actors import Actor
from mingdu.base.outbox import publish
from mingdu.base.permissions import require
from mingdu.errors import TradeError

from .events import AccountBound
from .models import Account, Binding, BindingTry, Customer

CODE_DIGITS = 8
# A bill proves for as long as a household keeps it at hand: this month's and those of the year before.
CODE_MONTHS = 14
MISS_HOURS = 24
# So often a customer may be wrong in MISS_HOURS, and so often all of them together about one account.
MOST_MISSES = 5
MOST_MISSES_OF_ACCOUNT = 10


class ProofDoesNotFit(TradeError):
    """Account number and proof do not belong together, or there is no such account; which is not said."""

    next_step = "compare both with a printed bill"


class TooManyMisses(TradeError):
    """Too many proofs did not fit."""

    next_step = "wait a day, or bring a bill to the service desk"


class NotBound(TradeError):
    """The customer has not bound such an account; an own, a foreign and an unknown one look the same."""

    next_step = "look at the list of your accounts"


@dataclass(frozen=True)
class BindingOrder:
    """
    Which account, and the proof.

    proof   the holder's name (户名), or the code that is printed on a bill of the account
    """

    account_number: str
    proof: str


def bill_code(account_number: str, holder_id: int, period: str) -> str:
    """
    Return the code that the bill of a month carries as proof: eight digits that only our key can make.

    holder_id  with another holder the codes of older bills prove nothing
    period     "2026-12"
    """
    text = f"{account_number}:{holder_id}:{period}"
    digest = salted_hmac("mingdu.customers.bill_code", text, algorithm="sha256").digest()
    return f"{int.from_bytes(digest[:8], 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def bind_account(order: BindingOrder, *, by: Actor, at: datetime) -> None:
    """
    Let a customer see an account from now on, and tell its holder; one that he sees already stays as it is.

    raises  ProofDoesNotFit, the same for an unknown account as for a wrong proof; TooManyMisses; NotPermitted
    Every try is kept and written into the audit. Call it outside a transaction, so that both stay.
    """
    require(by, "customers.bind")
    with transaction.atomic():
        # One try of a customer at a time, or the count of misses would come too late.
        customer = Customer.objects.select_for_update(no_key=True).get(pk=_number(by))
        _refuse_too_many(customer, order.account_number, at)
        account = (
            Account.objects.filter(account_number=order.account_number).select_related("customer").first()
        )
        fits = account is not None and _proves(order.proof, account, at)
        _keep_try(customer, order.account_number, fits, by, at)
        if account is not None and fits and account.customer_id != customer.pk:
            _bind(customer, account, at)
    if not fits:
        raise ProofDoesNotFit("account number and proof do not belong together")


@transaction.atomic
def unbind_account(account_number: str, *, by: Actor, at: datetime) -> None:
    """Let a bound account go; raises NotBound, also for an account that is the customer's own."""
    require(by, "customers.bind")
    bound = Binding.objects.filter(
        customer_id=_number(by), account__account_number=account_number, ended_at__isnull=True
    )
    if not bound.update(ended_at=at):
        raise NotBound(f"account {account_number} is not bound", account=account_number)
    audit.record(by, "customers.unbind", f"account:{account_number}", at=at)


def _number(by: Actor) -> int:
    # The verb is a customer's alone, and every customer has a number.
    assert by.number is not None
    return by.number


def _refuse_too_many(customer: Customer, account_number: str, at: datetime) -> None:
    misses = BindingTry.objects.filter(fits=False, at__gt=at - timedelta(hours=MISS_HOURS))
    own = misses.filter(customer=customer).count()
    of_account = misses.filter(account_number=account_number).count()
    if own >= MOST_MISSES or of_account >= MOST_MISSES_OF_ACCOUNT:
        raise TooManyMisses("too many proofs did not fit", hours=MISS_HOURS)


def _proves(proof: str, account: Account, at: datetime) -> bool:
    if _plain(proof) == _plain(account.customer.name):
        return True
    codes = [bill_code(account.account_number, account.customer_id, period) for period in _periods(at)]
    digits = "".join(sign for sign in _plain(proof) if sign.isdecimal())
    # Every code is compared, so that the time taken does not tell which month was near.
    return any([compare_digest(code.encode(), digits.encode()) for code in codes])


def _plain(text: str) -> str:
    """Leave out what people write differently: wide letters, blanks, the case of letters."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def _periods(at: datetime) -> list[str]:
    day = at.astimezone(settings.ZONE)
    months = [day.year * 12 + day.month - 1 - back for back in range(CODE_MONTHS)]
    return [f"{month // 12}-{month % 12 + 1:02d}" for month in months]


def _keep_try(customer: Customer, account_number: str, fits: bool, by: Actor, at: datetime) -> None:
    BindingTry.objects.create(customer=customer, account_number=account_number, at=at, fits=fits)
    audit.record(by, "customers.bind", f"account:{account_number}", at=at, details={"fits": fits})


def _bind(customer: Customer, account: Account, at: datetime) -> None:
    holder = account.customer
    binding, is_new = Binding.objects.get_or_create(
        customer=customer, account=account, holder=holder, ended_at=None, defaults={"bound_at": at}
    )
    if is_new:
        shown = _masked(customer.name)
        publish(AccountBound(binding.pk, account.account_number, holder.pk, holder.language, shown), at=at)


def _masked(name: str) -> str:
    """Show the first sign of a name: enough for a household to know its own."""
    return f"{name[:1]}**"
