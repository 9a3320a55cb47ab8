"""Words for the codes that pages show; what is not listed is shown as it is."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

WORDS = {
    # kinds of tasks
    "process_step": _("process step"),
    "reading_conflict": _("contradicting readings"),
    "finding": _("finding"),
    "reread": _("re-read"),
    "round_reading": _("meter to be read on the spot"),
    "case": _("case"),
    "held_account": _("held account"),
    "correction": _("correction"),
    "callback": _("callback"),
    "unknown_terminal": _("unknown terminal"),
    "payment_mismatch": _("payment that does not fit its order"),
    "backup_failed": _("backup that has failed"),
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
    "answered": _("answered in words"),
    "correction_proposed": _("a correction was proposed"),
    "not_billable": _("the readings give no bill yet"),
    # what a call brought
    "reached": _("reached"),
    "not_reached": _("not reached"),
    "refused": _("did not want to answer"),
    "case_closed": _("a case was closed"),
    # how a case came, how somebody is reached
    "app": _("on the phone page"),
    "phone": _("phone"),
    "sms": _("text message"),
    # steps of a message's way
    "delivered": _("delivered"),
    # processes
    "worker": _("worker"),
    "headend": _("head end"),
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
    # rules of the day close
    "GAP": _("gap"),
    "SPIKE": _("spike"),
    "NEGATIVE": _("negative energy"),
    "STUCK": _("stuck at zero"),
    "OVER_CAPACITY": _("over capacity"),
    "ROLL_OVER": _("register rolled over"),
    "TOTAL_AGAINST_PERIODS": _("total against periods"),
    # what a finding does
    "notice": _("notice"),
    "task": _("to be worked on"),
    "hold": _("holds the bill"),
    # what turned out to be behind a finding
    "true_use": _("the energy was really used"),
    "rolled_over": _("the register rolled over"),
    "meter_replaced": _("the meter was replaced"),
    "meter_fault": _("the meter is faulty"),
    "wiring_fault": _("the wiring is faulty"),
    "communication_fault": _("the communication failed"),
    "theft": _("theft of energy"),
    "reading_error": _("the reading was wrong"),
    "no_longer_found": _("no longer found after the day was closed again"),
    # checks that hold an account
    "missing_reading": _("a reading is missing"),
    "suspect_reading": _("a reading is suspect"),
    "meter_exchanged": _("the meter was exchanged"),
    "agreement_changed": _("the agreement changed"),
    "agreement_ended": _("the agreement ended"),
    "agreement_incomplete": _("the agreement lacks capacity or demand"),
    "point_shared": _("the point has two agreements"),
    "open_finding": _("a finding is not explained"),
    "register_fell": _("a register fell"),
    "above_capacity": _("more than the capacity allows"),
    "variance_gate": _("far more than the month before"),
    "total_against_periods": _("total against periods"),
    "no_price": _("no rules give a price"),
    # what came out of a task
    "done": _("done"),
    "not_needed": _("not needed any more"),
    "not_possible": _("not possible"),
    "no_access": _("no access to the meter"),
    "meter_missing": _("no meter there"),
    "arrived": _("the reading came by itself"),
    # steps of the reading cycle
    "prepare": _("prepare the list"),
    "read": _("read"),
    "enter": _("enter"),
    "check": _("check"),
    "returned": _("returned"),
    # channels of payment
    "wechat": _("WeChat Pay"),
    "alipay": _("Alipay"),
    # how a payment that does not fit its order was settled
    "booked": _("booked as it came"),
    "returned_to_payer": _("sent back to the payer"),
    "unfounded": _("no money came in"),
    # ledgers
    "BANK": _("bank deposits"),
    "RECEIVABLE": _("electricity receivable"),
    "REVENUE": _("electricity revenue"),
}
