"""The bill (电费账单) as a document: one row of rated columns written out with clause and source a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from mingdu.core.money import BASIS_POINTS, UnitPrice, plain_text, yuan_text
from mingdu.core.power_factor import NO_POWER_FACTOR
from mingdu.core.rated import RatedBills, RatedLine
from mingdu.core.registers import Register
from mingdu.core.tariff import Provenance, Unit

SCHEMA = "mingdu/bill/1"
DEMO_PRICE = "演示价"

# What a line charges, where its rule file gives no clause of its own; found by the part before the dot.
CLAUSES = {
    "tier": "residential price by tiers (居民阶梯电价)",
    "purchase": "agency purchase price (代理购电价格)",
    "line_loss": "upstream line loss: purchase price × r / (1 − r) (上网环节线损费用)",
    "transmission": "transmission and distribution price (输配电价)",
    "system_fee": "system operation fee (系统运行费)",
    "levy": "government funds and surcharges (政府性基金及附加)",
    "capacity": "basic charge by capacity (基本电费 按容量)",
    "demand": "basic charge by demand (基本电费 按需量)",
    "power_factor": "power-factor adjustment (力调电费)",
}


@dataclass(frozen=True)
class Correction:
    """A supplement or refund (退补) carried on this bill with its reason and who approved it."""

    id: str
    kind: str
    energy_wh: int
    amount_fen: int
    clause: str
    approved_by: str


@dataclass(frozen=True)
class BillHead:
    """What a bill says besides its lines; `input` is the canonical case from which it can be recomputed."""

    account: str
    period_from: date
    period_to: date
    currency: str
    checks: Sequence[Mapping[str, Any]]
    program: str
    rules_hash: str
    input: Mapping[str, Any]


def write_bill(
    rated: RatedBills, row: int, head: BillHead, corrections: Sequence[Correction] = ()
) -> dict[str, Any]:
    """
    Write one account's bill as plain JSON values.

    rated        columns from `rate`
    row          which account of the columns
    corrections  printed after the lines, as lines `correction.<id>`
    returns      the object of CONTRACTS "bill"; amounts and quantities are decimal strings
    """
    lines = [_line(line, row) for line in rated.lines if bool(line.shown[row])]
    corrected_fen = sum(correction.amount_fen for correction in corrections)
    bill: dict[str, Any] = {
        "schema": SCHEMA,
        "account": head.account,
        "period": {"from": head.period_from.isoformat(), "to": head.period_to.isoformat()},
        "currency": head.currency,
        "determinants": _determinants(rated, row),
        "lines": lines + [_correction_line(correction) for correction in corrections],
        "total": yuan_text(int(rated.total_fen[row]) + corrected_fen),
        "checks": [dict(check) for check in head.checks],
        "program": head.program,
        "rules_hash": head.rules_hash,
        "input": dict(head.input),
    }
    if rated.included:
        bill["included"] = [_line(line, row) for line in rated.included]
    return bill


def explain_bill(bill: Mapping[str, Any]) -> list[str]:
    """Tell the calculation of a bill line by line, as a person would check it with a calculator."""
    period = bill["period"]
    words = [f"account {bill['account']}, {period['from']} to {period['to']} (end excluded)"]
    words += [f"{name} = {value}" for name, value in bill["determinants"].items()]
    words += [_explain_line(line) for line in bill["lines"]]
    words.append(f"total = sum of {len(bill['lines'])} rounded lines = {bill['total']} {bill['currency']}")
    words += [f"inside the price, not added: {_explain_line(line)}" for line in bill.get("included", ())]
    return words


def thousandths_text(amount: int) -> str:
    """Write thousandths of a unit: 310000 Wh → "310" (kWh)."""
    return plain_text(Decimal(amount) / 1000)


def _line(line: RatedLine, row: int) -> dict[str, Any]:
    quantity, price = int(line.quantity[row]), int(line.price[row])
    if line.unit is Unit.CNY:
        rate = plain_text(Decimal(price) / BASIS_POINTS)
        facts: dict[str, Any] = {"id": line.id, "base": yuan_text(quantity), "rate": rate}
    else:
        price_text = plain_text(UnitPrice(price, line.price_parts).yuan)
        facts = {"id": line.id, "quantity": thousandths_text(quantity)}
        facts |= {"unit": line.unit.value, "price": price_text}
    facts["amount"] = yuan_text(int(line.amount_fen[row]))
    return facts | _origin(line.id, line.provenance, line.registers)


def _origin(line_id: str, provenance: Provenance, registers: tuple[Register, ...]) -> dict[str, Any]:
    words = {
        "clause": provenance.clause or CLAUSES.get(line_id.partition(".")[0], line_id),
        "source": provenance.source,
        "confidence": provenance.confidence,
        "verified": provenance.verified,
        "readings": [register.name for register in registers],
    }
    return words | {"note": DEMO_PRICE} if provenance.demo_price else words


def _correction_line(correction: Correction) -> dict[str, Any]:
    return {
        "id": f"correction.{correction.id}",
        "kind": correction.kind,
        "quantity": thousandths_text(correction.energy_wh),
        "unit": Unit.KWH.value,
        "amount": yuan_text(correction.amount_fen),
        "clause": correction.clause,
        "source": f"approved by {correction.approved_by}",
        "verified": True,
        "readings": [],
    }


def _determinants(rated: RatedBills, row: int) -> dict[str, str]:
    energy = rated.energy
    words = {"energy_kwh": thousandths_text(int(energy.metered_wh[row]))}
    whole = {
        "transformer_loss_kwh": energy.transformer_loss_kwh,
        "transformer_loss_kvarh": energy.transformer_loss_kvarh,
        "line_loss_kwh": energy.line_loss_kwh,
    }
    words |= {
        name: str(int(column[row])) for name, column in whole.items() if column is not None and column[row]
    }
    if rated.power_factor_pct is not None and energy.reactive_kvarh is not None:
        words["reactive_kvarh"] = str(int(energy.reactive_kvarh[row]))
        factor = int(rated.power_factor_pct[row])
        if factor != NO_POWER_FACTOR:
            words["power_factor"] = f"{factor // 100}.{factor % 100:02d}"
    if rated.billed_demand_w is not None:
        words["billed_demand_kw"] = thousandths_text(int(rated.billed_demand_w[row]))
    return words


def _explain_line(line: Mapping[str, Any]) -> str:
    if "base" in line:
        sum_text = f"{line['base']} × {line['rate']}"
    elif "price" in line:
        sum_text = f"{line['quantity']} {line['unit']} × {line['price']}"
    else:
        sum_text = "as decided"
    marks = [line["clause"], f"source: {line['source']}", "verified" if line["verified"] else "not verified"]
    marks += [line["note"]] if "note" in line else []
    return f"{line['id']}: {sum_text} = {line['amount']}  [{'; '.join(marks)}]"
