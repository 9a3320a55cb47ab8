"""Verify a bill (账单核对) without the program's kernels, rules or database: from the case it carries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from json import dumps
from typing import Any

from mingdu.core.bill_recompute import PlainLine, recompute
from mingdu.errors import TradeError

CENTS = ("amount", "base")


class BillNotVerifiable(TradeError):
    """The document is not a bill that can be recomputed."""

    next_step = "take the JSON as `mingdu bill` or `mingdu export` wrote it, with its input"


def verify_bill(bill: Mapping[str, Any]) -> dict[str, Any]:
    """
    Recompute a bill from its `input` and report the first difference.

    bill     JSON object as `make_bill` returns it
    returns  {"ok": True}, or {"ok": False, "line", "stated", "computed"}; `field` is added where the
             difference is not in an amount
    raises   BillNotVerifiable
    """
    try:
        differences = _differences(bill)
        return next(differences, {"ok": True})
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise BillNotVerifiable(
            f"the bill cannot be recomputed: {type(error).__name__} {error}", reason=type(error).__name__
        ) from None


def _differences(bill: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    case = bill["input"]
    plain = recompute(case)
    yield from _line_differences(bill["lines"], plain.lines)
    yield from _line_differences(bill.get("included") or (), plain.included)
    if _number(bill["total"]) != plain.total:
        yield _difference("total", bill["total"], f"{plain.total:.2f}")
    stated = bill["determinants"]
    for name in [*plain.determinants, *(stated.keys() - plain.determinants.keys())]:
        computed = plain.determinants.get(name)
        if _number(stated.get(name)) != computed:
            yield _difference(f"determinants.{name}", stated.get(name), _text(computed))
    yield from _head_differences(bill, case)


def _line_differences(
    stated: Sequence[Mapping[str, Any]], computed: list[PlainLine]
) -> Iterator[dict[str, Any]]:
    by_id = {line["id"]: line for line in reversed(stated)}
    for line in computed:
        other = by_id.get(line.id)
        if other is None:
            yield _difference(line.id, None, f"{line.amount:.2f}")
            continue
        for name in ("amount", "quantity", "price", "base", "rate"):
            value: Decimal | None = getattr(line, name)
            if _number(other.get(name)) != value:
                text = f"{value:.2f}" if name in CENTS and value is not None else _text(value)
                yield _difference(line.id, other.get(name), text, name)
    known = [line.id for line in computed]
    for line_stated in stated:
        if line_stated["id"] in known:
            known.remove(line_stated["id"])
            continue
        yield _difference(line_stated["id"], line_stated["amount"], None)


def _head_differences(bill: Mapping[str, Any], case: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    canonical = dumps(case["tariff"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    computed = {
        "account": case["account"]["number"],
        "period": case["period"],
        "rules_hash": f"sha256:{sha256(canonical.encode()).hexdigest()}",
    }
    for name, value in computed.items():
        if bill[name] != value:
            yield _difference(name, bill[name], value)


def _difference(line: str, stated: Any, computed: Any, name: str = "amount") -> dict[str, Any]:
    facts = {"ok": False, "line": line, "stated": stated, "computed": computed}
    return facts if name == "amount" else facts | {"field": name}


def _number(text: Any) -> Decimal | None:
    """The number stated, or None for nothing and for what is not a number: it then differs."""
    try:
        return None if text is None else Decimal(str(text))
    except InvalidOperation:
        return Decimal("NaN")


def _text(value: Decimal | None) -> str | None:
    if value is None:
        return None
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text
