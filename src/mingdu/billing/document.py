"""A stored bill as the JSON of CONTRACTS: rebuilt from row and stored rules, and proven against the row."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from mingdu.base.database import cursor, reading_connection
from mingdu.core.money import yuan_text
from mingdu.core.quality import Quality
from mingdu.core.registers import Register
from mingdu.core.tariff import QuantityFrom
from mingdu.customers.queries import account_by_id, agreement_by_id
from mingdu.errors import TradeError
from mingdu.rulebook.bill_case import SCHEMA, make_bill

from .rows import KIND_WORDS, REVERSAL, BillRow

HUNDREDTHS = Decimal("0.01")
TEN_THOUSANDTHS = Decimal("0.0001")
THOUSANDTHS = Decimal("0.001")


class BillNotReproduced(TradeError):
    """The bill computed from the stored inputs is not the stored bill."""

    next_step = "keep both and look for a changed program or a damaged row; no bill is silently replaced"


def bill_document(row: BillRow) -> dict[str, Any]:
    """
    Return the bill of a row, with number, kind and the case from which `mingdu verify` recomputes it.

    A reversal is the same document with every amount's sign turned; it carries no case.
    raises  BillNotReproduced
    """
    document = make_bill(bill_case(row))
    _prove(row, document)
    document |= {"bill": row.id, "kind": KIND_WORDS[row.kind], "of_bill": row.of_bill_id or None}
    return _turned(document) if row.kind == REVERSAL else document


def bill_case(row: BillRow) -> dict[str, Any]:
    """Return the case of a stored bill: account, period, rules as they were, readings in register digits."""
    agreement = agreement_by_id(row.agreement_id)
    account: dict[str, Any] = {
        "number": account_by_id(row.account_id).account_number,
        "class": agreement.customer_class,
        "voltage_kv": agreement.voltage_kv,
    }
    account |= {
        name: value
        for name, value in (("capacity_kva", agreement.capacity_kva), ("contract_kw", agreement.contract_kw))
        if value
    }
    rules = stored_rules(row.rules_hash)
    case: dict[str, Any] = {
        "schema": SCHEMA,
        "account": account,
        "period": {"from": f"{row.period_from}", "to": f"{row.period_to}"},
        "tariff": rules,
        "readings": [],
    }
    if rules.get("quantity_from") == QuantityFrom.CURVE:
        return case | {"curve": _curve(row)}
    return case | {"readings": [_reading(row, place) for place in range(len(row.registers))]}


def stored_rules(rules_hash: str) -> dict[str, Any]:
    """Return the content of rules that were used, by their hash."""
    statement = "SELECT content FROM billing_rules WHERE rules_hash = %s"
    found = cursor(reading_connection()).execute(statement, (rules_hash,)).fetchone()
    # A bill is only ever written in the transaction that stores its rules.
    assert found is not None
    content: dict[str, Any] = found[0] if isinstance(found[0], dict) else json.loads(found[0])
    return content


def _reading(row: BillRow, place: int) -> dict[str, Any]:
    register = Register(row.registers[place])
    step = TEN_THOUSANDTHS if register is Register.DEMAND else HUNDREDTHS
    return {
        "register": register.name,
        "from": f"{row.from_digits[place] * step}",
        "to": f"{row.to_digits[place] * step}",
        "multiplier": row.multiplier,
        "digits": len(str(row.register_range)) - 1 - 2,
        "quality": _quality_word(Quality(row.quality)),
    }


def _curve(row: BillRow) -> dict[str, Any]:
    """Sums of the curve in place of registers: a digit of such a row is a watt-hour."""
    sums = zip(row.registers, row.to_digits, strict=True)
    energy = {Register(register).name: f"{energy_wh * THOUSANDTHS}" for register, energy_wh in sums}
    return {"energy": energy, "quality": _quality_word(Quality(row.quality))}


def _quality_word(quality: Quality) -> str:
    return "estimated" if quality.name.startswith("ESTIMATED") else quality.name.lower()


def _prove(row: BillRow, document: dict[str, Any]) -> None:
    sign = -1 if row.kind == REVERSAL else 1
    stored = {
        name: yuan_text(sign * amount)
        for name, amount in zip(row.line_ids, row.amounts_fen, strict=True)
        if amount
    }
    computed = {line["id"]: line["amount"] for line in document["lines"] if Decimal(line["amount"])}
    if stored != computed or document["total"] != yuan_text(sign * row.total_fen):
        raise BillNotReproduced(
            f"bill {row.id} is not reproduced", bill=row.id, stored=stored, computed=computed
        )


def _turned(document: dict[str, Any]) -> dict[str, Any]:
    """Turn the sign of every quantity, base and amount."""
    lines = [
        {
            name: _minus(value) if name in ("quantity", "base", "amount") else value
            for name, value in line.items()
        }
        for line in document["lines"]
    ]
    turned = {name: value for name, value in document.items() if name not in ("input", "included")}
    return turned | {"lines": lines, "total": _minus(document["total"])}


def _minus(text: str) -> str:
    return text[1:] if text.startswith("-") else text if not Decimal(text) else f"-{text}"
