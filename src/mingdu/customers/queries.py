"""Looking at customers and accounts; the door behind which foreign accounts do not exist."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString

import numpy as np
import psycopg

from mingdu.base import audit
from mingdu.base.actors import Actor, Grant
from mingdu.base.database import cursor, reading_connection
from mingdu.base.permissions import require, scope
from mingdu.base.roles import Role
from mingdu.core.money import plain_text
from mingdu.core.types import Flags, Ints
from mingdu.errors import TradeError

from .models import Agreement, Customer


class UnknownAccount(TradeError):
    """There is no such account for this actor; a foreign one looks exactly the same."""

    next_step = "check the account number"


@dataclass(frozen=True)
class AccountView:
    """
    An account with its holder and latest agreement.

    usage_point_id, tariff   of the agreement that begins last; 0 and "" without one
    """

    id: int
    account_number: str
    customer_id: int
    customer_name: str
    customer_language: str
    unit_id: int
    service_location: str
    usage_point_id: int
    tariff: str


@dataclass(frozen=True)
class AgreementTerms:
    """
    Agreements that hold at a period's end, as columns; rows sorted by usage point.

    agreement_id, account_id, usage_point_id   int64 (agreement,)
    tariff, account_number, customer_class     str per agreement
    voltage_kv, capacity_kva, contract_kw      decimal text per agreement; "" when not agreed
    """

    agreement_id: Ints
    account_id: Ints
    usage_point_id: Ints
    tariff: list[str]
    account_number: list[str]
    customer_class: list[str]
    voltage_kv: list[str]
    capacity_kva: list[str]
    contract_kw: list[str]

    def __len__(self) -> int:
        return len(self.agreement_id)

    def take(self, rows: Ints | Flags) -> AgreementTerms:
        """Return the chosen rows, given by their numbers or by a mask."""
        numbers = np.arange(len(self))[rows]
        texts = (
            self.tariff, self.account_number, self.customer_class,
            self.voltage_kv, self.capacity_kva, self.contract_kw,
        )  # fmt: skip
        return AgreementTerms(
            self.agreement_id[numbers],
            self.account_id[numbers],
            self.usage_point_id[numbers],
            *([column[number] for number in numbers] for column in texts),
        )


def actor_of_customer(customer_id: int) -> Actor | None:
    """Return the frozen picture of a customer with his own accounts; None when he is gone."""
    row = cursor(reading_connection()).execute(_ACTOR, {"customer": customer_id}).fetchone()
    if row is None:
        return None
    name, language, accounts = row
    return Actor(f"customer:{customer_id}", name, (Grant(Role.CUSTOMER),), frozenset(accounts), language)


def names_of_customers(by: Actor, customer_ids: Collection[int]) -> dict[int, str]:
    """Return the names of some customers by their numbers; raises NotPermitted."""
    require(by, "customers.read")
    return dict(Customer.objects.filter(pk__in=customer_ids).values_list("pk", "name"))


def account_for(by: Actor, account_number: str, verb: str, *, now: datetime) -> AccountView:
    """
    Return an account that the actor may see under this verb.

    raises  UnknownAccount, the same for an unknown account and a foreign one; the latter leaves an audit row
    Call it outside a transaction: one that the error rolls back would take the audit row along.
    """
    account = next(iter(_views("c.account_number = %s", account_number)), None)
    seen = scope(by, verb)
    if account is not None and (account.id in seen.account_ids or seen.covers_unit(account.unit_id)):
        return account
    if account is not None:
        audit.record(
            by, "customers.foreign_account", f"account:{account_number}", at=now, details={"verb": verb}
        )
    raise UnknownAccount(f"no account {account_number}", account=account_number)


def own_accounts(by: Actor) -> list[AccountView]:
    """Return a customer's own accounts."""
    require(by, "customers.read")
    return _views("c.id = ANY(%s) ORDER BY c.account_number", list(by.account_ids))


def account_by_id(account_id: int) -> AccountView:
    """Return an account for another subject, which has asked its own door; raises UnknownAccount."""
    for account in _views("c.id = %s", account_id):
        return account
    raise UnknownAccount(f"no account with id {account_id}", account_id=account_id)


@dataclass(frozen=True)
class AccountPlace:
    """An account's number and unit."""

    account_number: str
    unit_id: int


def places_of_accounts(
    conn: psycopg.Connection[Any], account_ids: Collection[int]
) -> dict[int, AccountPlace]:
    """Return number and unit of accounts by id; for other subjects' mass work, not filtered by actor."""
    statement = "SELECT id, account_number, unit_id FROM customers_account WHERE id = ANY(%s)"
    rows = cursor(conn).execute(statement, (list(account_ids),)).fetchall()
    return {account_id: AccountPlace(number, unit_id) for account_id, number, unit_id in rows}


def account_of_point(usage_point_id: int, day: date) -> AccountView | None:
    """Return the account that is supplied at a usage point on a day, or None."""
    found = _views(
        "EXISTS (SELECT 1 FROM customers_agreement g WHERE g.account_id = c.id AND g.usage_point_id = %s"
        " AND g.valid_from <= %s AND (g.valid_to IS NULL OR g.valid_to > %s)) ORDER BY c.id LIMIT 1",
        usage_point_id, day, day,
    )  # fmt: skip
    return next(iter(found), None)


@dataclass(frozen=True)
class AgreementView:
    """What a printed bill says of the agreement; decimals as text, empty where not agreed."""

    customer_class: str
    voltage_kv: str
    capacity_kva: str
    contract_kw: str


def agreement_by_id(agreement_id: int) -> AgreementView:
    """Return an agreement for a bill that names it; agreements are never deleted."""
    found = Agreement.objects.get(pk=agreement_id)
    return AgreementView(
        found.customer_class,
        plain_text(found.voltage_kv),
        "" if found.capacity_kva is None else plain_text(found.capacity_kva),
        "" if found.contract_kw is None else plain_text(found.contract_kw),
    )


def agreement_terms(conn: psycopg.Connection[Any], agreement_id: int) -> AgreementTerms:
    """Return one agreement as columns of one row."""
    return _terms(cursor(conn).execute(f"{_TERMS} WHERE a.id = %s", (agreement_id,)).fetchall())


def agreements_of_points(
    conn: psycopg.Connection[Any], first_point: int, end_point: int, latest_day: date
) -> AgreementTerms:
    """
    Return the agreements in force on a day for usage points first_point ≤ id < end_point, sorted by point.

    conn   the transaction of the bucket; other subjects' mass work only
    """
    statement = f"""{_TERMS}
        WHERE a.usage_point_id >= %s AND a.usage_point_id < %s
          AND a.valid_from <= %s AND (a.valid_to IS NULL OR a.valid_to > %s)
        ORDER BY a.usage_point_id"""
    return _terms(
        cursor(conn).execute(statement, (first_point, end_point, latest_day, latest_day)).fetchall()
    )


def fingerprint_of_agreements(usage_point_id: int) -> int | None:
    """Return a number that changes whenever the agreements of a point change; not filtered by actor."""
    statement = "SELECT bit_xor(hash_record_extended(a, 0)) FROM customers_agreement a"
    row = (
        cursor(reading_connection())
        .execute(f"{statement} WHERE a.usage_point_id = %s", (usage_point_id,))
        .fetchone()
    )
    return row[0] if row else None


_TERMS = """
    SELECT a.id, a.account_id, a.usage_point_id, a.tariff, c.account_number, a.customer_class,
           a.voltage_kv::text, coalesce(a.capacity_kva::text, ''), coalesce(a.contract_kw::text, '')
    FROM customers_agreement a JOIN customers_account c ON c.id = a.account_id"""


def _terms(rows: list[tuple[Any, ...]]) -> AgreementTerms:
    columns = list(zip(*rows, strict=True)) if rows else [()] * 9
    ids, accounts, points = (np.array(column, dtype=np.int64) for column in columns[:3])
    return AgreementTerms(ids, accounts, points, *(list(column) for column in columns[3:]))


# Every page of a customer asks this once: his name and language, with the accounts he holds or has bound.
_ACTOR = """
    SELECT c.name, c.language, ARRAY(
        SELECT a.id FROM customers_account a WHERE a.customer_id = c.id
        UNION
        SELECT b.account_id FROM customers_binding b JOIN customers_account a ON a.id = b.account_id
        WHERE b.customer_id = c.id AND b.ended_at IS NULL AND a.customer_id = b.holder_id)
    FROM customers_customer c WHERE c.id = %(customer)s"""

_VIEW = """
    SELECT c.id, c.account_number, c.customer_id, h.name, h.language, c.unit_id, c.service_location,
           coalesce(a.usage_point_id, 0), coalesce(a.tariff, '')
    FROM customers_account c
    JOIN customers_customer h ON h.id = c.customer_id
    LEFT JOIN LATERAL (
        SELECT usage_point_id, tariff FROM customers_agreement
        WHERE account_id = c.id ORDER BY valid_from DESC LIMIT 1) a ON true
    WHERE """


def _views(condition: LiteralString, *values: object) -> list[AccountView]:
    rows = cursor(reading_connection()).execute(_VIEW + condition, values).fetchall()
    return [AccountView(*row) for row in rows]
