"""What a printed bill says, as plain values: every word and figure of the page, none of its looks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from mingdu.core.bill import thousandths_text
from mingdu.core.money import plain_text, yuan_text
from mingdu.core.registers import Register
from mingdu.rulebook.billing_terms import billing_terms
from mingdu.rulebook.promises import case_promises

from .compare import Comparison
from .line_words import REGISTERS, in_own_words, line_words
from .months import Month
from .rows import BILL, REVERSAL, BillRow

CLASSES = {
    "residential": _("households"),
    "commercial": _("commerce and small industry"),
    "large_industry": _("large industry"),
}
QUALITIES = {
    "measured": _("measured"),
    "estimated": _("estimated"),
    "edited": _("edited"),
    "provisional": _("provisional"),
}
UNITS = {Register.REACTIVE_FORWARD: "kvarh", Register.REACTIVE_REVERSE: "kvarh", Register.DEMAND: "kW"}
HUNDRED = 100


@dataclass(frozen=True)
class Holder:
    """Whose bill it is, and the code that proves to have it in hand."""

    account_number: str
    name: str
    service_location: str
    bill_code: str


@dataclass(frozen=True)
class Printed:
    """
    Everything that a page is made from.

    document     the bill as the object of CONTRACTS
    replaces     the bill that this one reverses or replaces
    replaced_by  the bill that was made in the place of this one
    months       thirteen, the latest is the bill's own
    """

    row: BillRow
    document: dict[str, Any]
    holder: Holder
    issued_at: datetime
    replaces: BillRow | None
    replaced_by: BillRow | None
    months: tuple[Month, ...]
    comparison: Comparison | None


def page_of(printed: Printed) -> dict[str, Any]:
    """Return what the page says in the language in force; every value is text, a number or a list of them."""
    row, document = printed.row, printed.document
    return {
        "language": "zh" if _is_chinese() else "en",
        "title": _title(row),
        "period": _period(row),
        "amount_label": gettext("Amount credited") if row.kind == REVERSAL else gettext("Amount due"),
        "amount": _signed(f"¥{_fen(abs(row.total_fen))}", row.total_fen),
        "due": _due(printed),
        "is_withdrawn": printed.replaced_by is not None,
        "notes": _notes(printed),
        "facts": _facts(printed),
        "registers": _registers(row, document),
        "lines": _lines(document),
        "months": _chart(printed.months),
        "why": _why(printed),
        "ask": _ask(row, _day(printed)),
        "foot": _foot(printed),
        "issued": [_day(printed).year, _day(printed).month, _day(printed).day],
    }


def _title(row: BillRow) -> str:
    if row.kind == REVERSAL:
        return gettext("Reversal of an electricity bill")
    return gettext("Electricity bill") if row.kind == BILL else gettext("Corrected electricity bill")


def _period(row: BillRow) -> str:
    latest = date.fromordinal(row.period_to.toordinal() - 1)
    return gettext("%(month)s, from %(first)s to %(latest)s") % {
        "month": f"{row.period_from:%Y-%m}", "first": f"{row.period_from}", "latest": f"{latest}",
    }  # fmt: skip


def _due(printed: Printed) -> str:
    if printed.replaced_by is not None:
        return gettext("do not pay this bill")
    if printed.row.total_fen <= 0:
        return gettext("nothing to pay")
    due = billing_terms(settings.RULES_FOLDER).due_day(_day(printed))
    return gettext("to be paid by %(day)s") % {"day": f"{due}"}


def _notes(printed: Printed) -> list[str]:
    """What a reader must know before he reads anything else: reversed, corrected, replaced, provisional."""
    row, notes = printed.row, []
    if printed.replaced_by is not None:
        notes.append(
            gettext("This bill was withdrawn. Bill %(number)s of ¥%(amount)s holds in its place.")
            % {"number": printed.replaced_by.id, "amount": _fen(printed.replaced_by.total_fen)}
        )
    if printed.replaces is not None:
        figures = {"number": printed.replaces.id, "amount": _fen(printed.replaces.total_fen)}
        difference = row.total_fen - printed.replaces.total_fen
        figures["difference"] = _signed(_fen(abs(difference)), difference, plus="+")
        if row.kind == REVERSAL:
            notes.append(gettext("This page takes back bill %(number)s of ¥%(amount)s as a whole.") % figures)
        else:
            notes.append(
                gettext(
                    "This bill replaces bill %(number)s of ¥%(amount)s, a difference of %(difference)s yuan."
                )
                % figures
            )
    return notes


def _facts(printed: Printed) -> list[list[str]]:
    """Who and where, as pairs of label and value."""
    holder, account = printed.holder, _account(printed.document)
    supply = [str(CLASSES.get(account["class"], account["class"])), f"{account['voltage_kv']} kV"]
    supply += [f"{account['capacity_kva']} kVA"] if "capacity_kva" in account else []
    if "contract_kw" in account:
        supply.append(gettext("contract %(kw)s kW") % {"kw": account["contract_kw"]})
    return [
        [gettext("Account number"), holder.account_number],
        [gettext("Holder"), holder.name],
        [gettext("Supplied at"), holder.service_location],
        [gettext("Supply"), gettext(", ").join(supply)],
    ]


def _registers(row: BillRow, document: dict[str, Any]) -> dict[str, Any]:
    heads = [
        gettext("Register"), f"{row.period_from} 00:00", f"{row.period_to} 00:00",
        gettext("Multiplier"), gettext("Used"), gettext("Unit"), gettext("Quality"),
    ]  # fmt: skip
    rows = [_register(reading) for reading in document["input"]["readings"]]
    return {"title": gettext("Registers of the meter"), "heads": heads, "rows": rows}


def _register(reading: dict[str, Any]) -> list[str]:
    register, multiplier = Register[reading["register"]], int(reading["multiplier"])
    # A register that fell makes no bill, so the difference is what was used.
    used = Decimal(reading["to"]) - Decimal(reading["from"])
    unit = UNITS.get(register) or gettext("kWh")
    shown = "" if register is Register.DEMAND else reading["from"]
    quality = str(QUALITIES.get(reading["quality"], reading["quality"]))
    name = str(REGISTERS.get(register, register.name))
    return [name, shown, reading["to"], f"{multiplier}", _grouped(used * multiplier), unit, quality]


def _lines(document: dict[str, Any]) -> dict[str, Any]:
    """The lines, and once each the sources that stand behind them; a line names its source by number."""
    charged, included = document["lines"], document.get("included", ())
    steps = (document["input"]["tariff"].get("tiers") or {}).get("steps", ())
    sources = list(dict.fromkeys(_source(line) for line in (*charged, *included) if "note" not in line))
    heads = [
        gettext("Charge and its ground"), gettext("Quantity"),
        gettext("Price (yuan)"), gettext("Amount (yuan)"),
    ]  # fmt: skip
    return {
        "title": gettext("What is charged"),
        "heads": heads,
        "rows": [_line(line, steps, sources) for line in charged],
        "total": [gettext("Total"), _yuan(document["total"])],
        "included": [_line(line, steps, sources) for line in included],
        "included_label": gettext("inside the price, not added"),
        "sources_label": gettext("Sources"),
        "sources": [f"[{number}] {source}" for number, source in enumerate(sources, 1)],
    }


def _line(line: dict[str, Any], steps: Sequence[dict[str, Any]], sources: list[str]) -> dict[str, str]:
    if "base" in line:
        quantity = f"{_yuan(line['base'])} {gettext('yuan')}"
        price = f"{_minus(plain_text(Decimal(line['rate']) * HUNDRED))}%"
    else:
        unit = gettext("kWh") if line["unit"] == "kWh" else line["unit"]
        quantity, price = f"{_grouped(Decimal(line['quantity']))} {unit}", _price(line)
    return {
        "name": line_words(line["id"]),
        "ground": _tier_span(line["id"], steps) or _ground(line),
        "source": f"[{sources.index(_source(line)) + 1}]" if "note" not in line else "",
        "mark": _mark(line),
        "quantity": quantity,
        "price": price,
        "amount": _yuan(line["amount"]),
    }


def _price(line: dict[str, Any]) -> str:
    """A price with all its decimals, and never fewer than prices of its kind are published with."""
    decimals = 4 if line["unit"] == "kWh" else 2
    whole, _point, rest = str(line["price"]).partition(".")
    return f"{whole}.{rest:0<{decimals}}"


def _tier_span(line_id: str, steps: Sequence[dict[str, Any]]) -> str:
    """Between which bounds a tier lies; empty for other lines, and where one tier holds for everything."""
    name, _dot, number = line_id.partition(".")
    if name != "tier" or len(steps) == 1:
        return ""
    bounds = ["0", *(step.get("upto_kwh") for step in steps)]
    low, high = bounds[int(number) - 1], bounds[int(number)]
    if high is None:
        return gettext("above %(low)s kWh a month") % {"low": low}
    return gettext("%(low)s to %(high)s kWh a month") % {"low": low, "high": high}


def _ground(line: dict[str, Any]) -> str:
    """The clause of a line, where it says more than the line's name."""
    clause = in_own_words(str(line["clause"]))
    said, new = (re.sub(r"\W", "", text) for text in (line_words(line["id"]), clause))
    return "" if said in new or new in said else clause


def _source(line: dict[str, Any]) -> str:
    return in_own_words(str(line["source"]))


def _mark(line: dict[str, Any]) -> str:
    if "note" in line:
        return gettext("demonstration price")
    return "" if line["verified"] else gettext("not verified")


def _chart(months: tuple[Month, ...]) -> dict[str, Any]:
    return {
        "title": gettext("Thirteen months, in kWh"),
        "bars": [
            {
                "label": f"{month.first_day:%y-%m}",
                "wh": month.energy_wh or 0,
                "value": "–" if month.energy_wh is None else _rounded(month.energy_wh),
                "is_estimated": month.is_estimated,
            }
            for month in months
        ],
        "estimated": gettext("estimated") if any(month.is_estimated for month in months) else "",
        "alternative": ", ".join(
            f"{month.first_day:%Y-%m}: {'–' if month.energy_wh is None else _rounded(month.energy_wh)}"
            for month in months
        ),
    }


def _why(printed: Printed) -> dict[str, Any]:
    title, found = gettext("Compared with the month before"), printed.comparison
    if found is None:
        return {"title": title, "words": _why_not(printed), "rows": []}
    difference = found.after_fen - found.before_fen
    figures = {"before": _fen(found.before_fen), "difference": _fen(abs(difference))}
    if difference > 0:
        words = gettext("¥%(difference)s more than ¥%(before)s the month before:") % figures
    elif difference < 0:
        words = gettext("¥%(difference)s less than ¥%(before)s the month before:") % figures
    else:
        words = gettext("The same amount as the month before, ¥%(before)s.") % figures
    rows = [
        [cause.words, _signed(f"¥{_fen(abs(cause.amount_fen))}", cause.amount_fen, plus="+")]
        for cause in found.causes
    ]
    return {"title": title, "words": words, "rows": rows}


def _why_not(printed: Printed) -> str:
    """Why nothing is compared; where the registers of the month before were read, its energy at least."""
    before = printed.months[-2]
    if printed.row.kind == REVERSAL:
        return ""
    if before.energy_wh is None:
        return gettext("There is no bill of the month before to compare with.")
    figures = {
        "month": f"{before.first_day:%Y-%m}",
        "before": _rounded(before.energy_wh),
        "after": _rounded(printed.row.energy_wh),
    }
    words = gettext(
        "There is no bill for %(month)s, so amounts are not compared. By its registers %(before)s kWh were"
        " used then, and %(after)s kWh in this month."
    )
    return words % figures


def _ask(row: BillRow, day: date) -> dict[str, str]:
    promises = case_promises(day, settings.RULES_FOLDER)
    words = gettext(
        "Open this bill on your phone and ask from there, or show it at the counter with its number"
        " %(number)s. We answer within %(days)s working days. If a reading was wrong, this bill is taken back"
        " and made again; a bill is never changed behind your back."
    )
    figures = {"number": row.id, "days": promises.of("bill_too_high").answer_working_days}
    return {"title": gettext("A question about this bill?"), "words": words % figures}


def _foot(printed: Printed) -> list[str]:
    return [
        gettext("Bill %(number)s") % {"number": printed.row.id},
        gettext("Code %(code)s") % {"code": printed.holder.bill_code},
        gettext("issued %(day)s") % {"day": f"{_day(printed)}"},
        gettext("Rules %(hash)s") % {"hash": printed.row.rules_hash.rpartition(":")[2][:10]},
    ]


def _account(document: dict[str, Any]) -> dict[str, Any]:
    account: dict[str, Any] = document["input"]["account"]
    return account


def _day(printed: Printed) -> date:
    return printed.issued_at.astimezone(settings.ZONE).date()


def _is_chinese() -> bool:
    return (get_language() or "").startswith("zh")


def _signed(text: str, amount: int, plus: str = "") -> str:
    return f"−{text}" if amount < 0 else f"{plus}{text}"


def _fen(amount_fen: int) -> str:
    return _yuan(yuan_text(amount_fen))


def _yuan(text: str) -> str:
    """An amount of yuan with its thousands apart and a true minus."""
    return _minus(f"{Decimal(text):,}")


def _grouped(quantity: Decimal) -> str:
    text = plain_text(quantity)
    whole, point, rest = text.partition(".")
    return _minus(f"{int(whole):,}{point}{rest}")


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _rounded(energy_wh: int) -> str:
    """Whole kWh, half up; below one as it is."""
    return f"{(energy_wh + 500) // 1000:,}" if energy_wh >= 1000 else thousandths_text(energy_wh)
