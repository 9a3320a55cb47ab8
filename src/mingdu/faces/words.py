"""Words for the codes that pages show; what is not listed is shown as it is."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

WORDS = {
    # kinds of tasks
    "process_step": _("process step"),
    "reading_conflict": _("contradicting readings"),
    "finding": _("finding"),
    "reread": _("re-read"),
    "case": _("case"),
    "held_account": _("held account"),
    "correction": _("correction"),
    "callback": _("callback"),
    "unknown_terminal": _("unknown terminal"),
    # roles
    "reader": _("reader"),
    "clerk": _("clerk"),
    "approver": _("approver"),
    "cashier": _("cashier"),
    "agent": _("agent"),
    "engineer": _("engineer"),
    "inspector": _("inspector"),
    "manager": _("manager"),
    "administrator": _("administrator"),
    "customer": _("customer"),
    # states of a bill run
    "rehearsing": _("rehearsing"),
    "rehearsed": _("rehearsed"),
    "approved": _("approved"),
    "issuing": _("issuing"),
    "issued": _("issued"),
    # kinds of bills
    "bill": _("bill"),
    "reversal": _("reversal"),
    "rebill": _("rebill"),
    # kinds of cases
    "bill_too_high": _("the bill is too high"),
    "reading_wrong": _("the reading is wrong"),
    "repair_request": _("repair request"),
    "enquiry": _("enquiry"),
    # the customer's own word
    "fixed": _("solved"),
    "partly": _("partly solved"),
    "not_fixed": _("not solved"),
    # what happened to a case
    "opened": _("opened"),
    "reread_ordered": _("a reader was sent"),
    "reread_in": _("the re-read is in"),
    "reread_failed": _("the re-read failed"),
    "closed": _("closed"),
    "corrected": _("corrected"),
    "explained": _("explained"),
    # registers
    "TOTAL": _("total"),
    "SHARP": _("sharp"),
    "PEAK": _("peak"),
    "FLAT": _("flat"),
    "VALLEY": _("valley"),
    "DEEP": _("deep valley"),
    "REACTIVE_FORWARD": _("reactive, forward"),
    "REACTIVE_REVERSE": _("reactive, reverse"),
    "DEMAND": _("demand"),
    # quality of readings
    "measured": _("measured"),
    "estimated": _("estimated"),
    "edited": _("edited"),
    "provisional": _("provisional"),
}
