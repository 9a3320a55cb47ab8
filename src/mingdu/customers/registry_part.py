"""The customers' part of a registry, read whole before anything is written; a mistake is named by its key."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from mingdu.rulebook.document import Node

REGISTRY = "registry"
# What the tables hold: characters of a text, and the greatest magnitude of a decimal.
MOST_CHARACTERS = {
    "customer": 20, "name": 100, "phone": 100, "account": 20, "service_location": 200, "usage_point": 20,
    "class": 30, "tariff": 60,
}  # fmt: skip
VOLTAGE_KV_END, CAPACITY_END = 1_000, 100_000_000
Row = TypeVar("Row")


@dataclass(frozen=True)
class AccountRow:
    """An account with its holder and where it is supplied."""

    account: str
    customer: str
    service_location: str


@dataclass(frozen=True)
class AgreementRow:
    """One agreement; days are half-open and `valid_to` is None while it lasts."""

    account: str
    usage_point: str
    tariff: str
    customer_class: str
    voltage_kv: Decimal
    capacity_kva: Decimal | None
    contract_kw: Decimal | None
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class CustomersPart:
    """
    What a registry says of customers.

    customers  names by code
    contacts   (customer's code, phone)
    """

    customers: dict[str, str]
    contacts: list[tuple[str, str]]
    accounts: list[AccountRow]
    agreements: list[AgreementRow]


@dataclass(frozen=True)
class _Supplied:
    """What the list of usage points says of the points that accounts are supplied at."""

    location: dict[str, str]
    customer_class: dict[str, str]


def read_customers_part(registry: dict[str, Any]) -> CustomersPart:
    """
    Read customers, contacts, accounts and agreements; they may name only what the same registry describes.

    raises  BadDocument, BadUnit: with the key of the place, such as agreements[3].valid_from
    """
    root = Node(registry, REGISTRY)
    supplied = _supplied(root)
    customers = dict(_rows(root, "customers", lambda row: (_text(row, "customer"), _text(row, "name"))))
    contacts = _rows(root, "contacts", lambda row: (_known(row, "customer", customers), _text(row, "phone")))
    accounts = _rows(root, "accounts", lambda row: _account(row, customers, supplied))
    numbers = {row.account for row in accounts}
    agreements = _rows(root, "agreements", lambda row: _agreement(row, numbers, supplied))
    return CustomersPart(customers, contacts, accounts, agreements)


def _supplied(root: Node) -> _Supplied:
    rows = [row for row in root.at("usage_points").items() if row.find("account") is not None]
    return _Supplied(
        {_text(row, "account"): _text(row, "service_location") for row in rows},
        {_text(row, "usage_point"): _text(row, "class") for row in rows},
    )


def _rows(root: Node, name: str, read: Callable[[Node], Row]) -> list[Row]:
    return [read(row) for row in root.at(name).items()]


def _account(row: Node, customers: Collection[str], supplied: _Supplied) -> AccountRow:
    account = _known(row, "account", supplied.location)
    return AccountRow(account, _known(row, "customer", customers), supplied.location[account])


def _agreement(row: Node, accounts: Collection[str], supplied: _Supplied) -> AgreementRow:
    usage_point = _known(row, "usage_point", supplied.customer_class)
    ends = row.find("valid_to")
    agreement = AgreementRow(
        _known(row, "account", accounts),
        usage_point,
        _text(row, "tariff"),
        supplied.customer_class[usage_point],
        _below(row.at("voltage_kv"), "kV", VOLTAGE_KV_END),
        _decimal(row, "capacity_kva", "kVA"),
        _decimal(row, "contract_kw", "kW"),
        row.at("valid_from").day(),
        None if ends is None else ends.day(),
    )
    if agreement.valid_to is not None and agreement.valid_to <= agreement.valid_from:
        raise row.bad("a day after valid_from is expected", "valid_to")
    return agreement


def _known(row: Node, name: str, known: Collection[str]) -> str:
    text = _text(row, name)
    if text not in known:
        raise row.bad(f"{text} is not described in this registry", name)
    return text


def _text(row: Node, name: str) -> str:
    text = row.at(name).text()
    if not 0 < len(text) <= MOST_CHARACTERS[name] or "\0" in text:
        raise row.bad(f"1 to {MOST_CHARACTERS[name]} characters are expected", name)
    return text


def _decimal(row: Node, name: str, unit: str) -> Decimal | None:
    found = row.find(name)
    return None if found is None else _below(found, unit, CAPACITY_END)


def _below(node: Node, unit: str, end: int) -> Decimal:
    number = node.decimal(unit)
    if not 0 <= number < end:
        raise node.bad(f"0 or more and less than {end} {unit} is expected")
    return number
