"""`mingdu export bills` and `mingdu export ledger`: a month as CSV or JSON lines, with its totals."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from mingdu.core.bill import thousandths_text
from mingdu.core.money import yuan_text
from mingdu.errors import TradeError

from .readings import By, export_group
from .staff import staff_or_system
from .starting import ready
from .whole_file import whole_file

if TYPE_CHECKING:
    from mingdu.billing.exporting import ExportedBill, ExportedEntry

BILL_COLUMNS = (
    "bill", "period_from", "period_to", "account", "kind", "of_bill", "energy_kwh", "total", "rules_hash",
)  # fmt: skip
ENTRY_COLUMNS = (
    "journal", "kind", "reference", "posted_on", "line", "ledger", "account", "bill", "amount",
)  # fmt: skip

Period = Annotated[str, typer.Option(help="Month of the bills, such as 2026-12.")]
Out = Annotated[Path, typer.Option(help="File to write: .csv or .jsonl.")]
Record = dict[str, Any]
Write = Callable[[Record], None]


class UnknownEnding(TradeError):
    """The file's name does not tell in which form to write it."""

    next_step = "let the name end in .csv or .jsonl"


def register(app: typer.Typer) -> None:
    """Add the commands to the group `export`."""
    export_group(app).command("bills")(export_bills)
    export_group(app).command("ledger")(export_ledger)


def export_bills(period: Period, out: Out, by: By = "") -> None:
    """Write the issued bills of a month, reversals and rebills among them, by their number."""
    form = _form(out)
    at = ready()
    from mingdu.billing import exporting
    from mingdu.billing.period import Period as Month

    actor, month = staff_or_system(by), Month.named(period)
    rows, total_fen, energy_wh = 0, 0, 0
    with whole_file(out) as file, exporting.one_snapshot():
        write = form(file, BILL_COLUMNS)
        for bill in exporting.exported_bills(actor, month):
            write(_bill(bill))
            rows, total_fen, energy_wh = rows + 1, total_fen + bill.total_fen, energy_wh + bill.energy_wh
    figures = {"rows": rows, "energy_kwh": thousandths_text(energy_wh), "total": yuan_text(total_fen)}
    exporting.record_export("bills", month, figures, by=actor, at=at)
    _tell(figures, out)


def export_ledger(period: Period, out: Out, by: By = "") -> None:
    """Write the entries that a month's bills made, journal by journal; those of a journal sum to zero."""
    form = _form(out)
    at = ready()
    from mingdu.billing import exporting
    from mingdu.billing.period import Period as Month

    actor, month = staff_or_system(by), Month.named(period)
    rows, sum_fen, owed_fen = 0, 0, 0
    with whole_file(out) as file, exporting.one_snapshot():
        write = form(file, ENTRY_COLUMNS)
        for exported in exporting.exported_entries(actor, month):
            write(_entry(exported))
            amount = exported.entry.amount_fen
            rows, sum_fen = rows + 1, sum_fen + amount
            owed_fen += amount if exported.account_number else 0
    figures = {"rows": rows, "receivable": yuan_text(owed_fen), "sum": yuan_text(sum_fen)}
    exporting.record_export("ledger", month, figures, by=actor, at=at)
    _tell(figures, out)


def _bill(bill: ExportedBill) -> Record:
    return {
        "bill": bill.id,
        "period_from": f"{bill.period_from}",
        "period_to": f"{bill.period_to}",
        "account": bill.account_number,
        "kind": bill.kind,
        "of_bill": bill.of_bill or None,
        "energy_kwh": thousandths_text(bill.energy_wh),
        "total": yuan_text(bill.total_fen),
        "rules_hash": bill.rules_hash,
        # Only JSON lines carry what a table has no columns for.
        "lines": [{"id": name, "amount": yuan_text(amount)} for name, amount in bill.lines],
    }


def _entry(exported: ExportedEntry) -> Record:
    entry = exported.entry
    return {
        "journal": entry.journal_id,
        "kind": entry.kind,
        "reference": entry.reference,
        "posted_on": f"{entry.posted_on}",
        "line": entry.line,
        "ledger": entry.ledger,
        "account": exported.account_number or None,
        "bill": entry.bill_id or None,
        "amount": yuan_text(entry.amount_fen),
    }


def _form(out: Path) -> Callable[[TextIO, Iterable[str]], Write]:
    forms = {".csv": _csv, ".jsonl": _json_lines}
    ending = out.suffix.lower()
    if ending not in forms:
        raise UnknownEnding(f"{out.name} ends neither in .csv nor in .jsonl", file=out.name)
    return forms[ending]


def _csv(file: TextIO, columns: Iterable[str]) -> Write:
    table = csv.DictWriter(file, list(columns), extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    return table.writerow


def _json_lines(file: TextIO, columns: Iterable[str]) -> Write:
    def write(record: Record) -> None:
        file.write(json.dumps(record, ensure_ascii=False) + "\n")

    return write


def _tell(figures: Record, out: Path) -> None:
    typer.echo(" ".join(f"{name}={value}" for name, value in figures.items()) + f" file={out}")
