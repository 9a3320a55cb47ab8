"""Corrections (退补): a corrected reading makes a proposal, another person's approval a rebill."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import psycopg
from django.conf import settings
from django.db import transaction

from mingdu.base import audit
from mingdu.base.actors import SYSTEM, Actor
from mingdu.base.database import cursor, transaction_connection
from mingdu.base.outbox import publish
from mingdu.base.permissions import require
from mingdu.core.types import Ints
from mingdu.customers.queries import agreement_terms
from mingdu.errors import TradeError
from mingdu.money.operations import Journal, post

from .approvals import end_approvals, open_approval
from .checks import MATTERS_OF_JUDGEMENT, hold
from .document import stored_rules
from .events import BillCorrected, CorrectionProposed
from .inputs import Inputs
from .models import Correction
from .operations import refuse_proposer
from .period import Period
from .preparation import ground_of
from .quantities import inputs_of
from .queries import ISSUED, UnknownBill, may_see
from .rating import Rules, rate_inputs, rules_of
from .rows import REBILL, BillRow, Heading, insert_row, read_rows, reserve_ids, write_bills

# Keeps two corrections of one bill apart, whatever proposal they carry out.
_LOCK = 71_003


class NothingToCorrect(TradeError):
    """The bill made from today's readings is the bill that stands."""

    next_step = "explain the bill; nothing has to be changed"


class BillAlreadyCorrected(TradeError):
    """The bill was reversed before."""

    next_step = "look at its rebill"


class UnknownCorrection(TradeError):
    """There is no such proposal."""

    next_step = "look at the list of corrections"


class CorrectionAlreadyApproved(TradeError):
    """The proposal was carried out before."""

    next_step = "look at the rebill"


class NotBillable(TradeError):
    """Today's readings give no bill: one is missing, or they contradict each other."""

    next_step = "have the registers read again, or explain the exchange, then propose the correction"


class ProposalOutdated(TradeError):
    """Readings changed again after the proposal, so its figures no longer hold."""

    next_step = "propose the correction again"


@transaction.atomic
def propose_correction(
    bill_id: int, reason: str, *, case_id: int | None = None, by: Actor, at: datetime
) -> Correction:
    """
    Propose to bill again from the readings as they are known now; nothing changes yet.

    An approver gets a task with a limit. `reason` is told to the customer; see service.reasons for the words.
    raises  UnknownBill, BillAlreadyCorrected, NothingToCorrect, NotBillable, NotPermitted
    """
    require(by, "billing.correct")
    conn = transaction_connection()
    row = _standing_bill(conn, bill_id)
    if not may_see(by, "billing.correct", row.account_id):
        raise UnknownBill(f"no bill {bill_id}", bill=bill_id)
    new_total, _ = _rebilled(conn, row)
    if new_total == row.total_fen:
        raise NothingToCorrect(f"bill {bill_id} stands", bill=bill_id, total_fen=row.total_fen)
    correction = Correction.objects.create(
        bill_id=bill_id, account_id=row.account_id, reason=reason, case_id=case_id,
        difference_fen=new_total - row.total_fen, proposed_by=by.id, proposed_at=at,
    )  # fmt: skip
    publish(CorrectionProposed(correction.pk, row.account_id, case_id, correction.difference_fen), at=at)
    open_approval(correction, at)
    details = {"bill": bill_id, "difference_fen": correction.difference_fen}
    audit.record(by, "billing.propose_correction", f"correction:{correction.pk}", at=at, details=details)
    return correction


@transaction.atomic
def approve_correction(correction_id: int, *, by: Actor, at: datetime) -> Correction:
    """
    Carry a proposal out: reversal, rebill and their two journals, at once or not at all.

    raises  UnknownCorrection, ApprovalByProposer, CorrectionAlreadyApproved, BillAlreadyCorrected,
            NotBillable, ProposalOutdated, NotPermitted
    """
    correction = Correction.objects.select_for_update().filter(pk=correction_id).first()
    if correction is None:
        raise UnknownCorrection(f"no correction {correction_id}", correction=correction_id)
    refuse_proposer(f"correction:{correction_id}", correction.proposed_by, by=by)
    require(by, "billing.approve_correction")
    if not may_see(by, "billing.approve_correction", correction.account_id):
        raise UnknownCorrection(f"no correction {correction_id}", correction=correction_id)
    if correction.approved_at is not None:
        raise CorrectionAlreadyApproved(f"correction {correction_id} is done", correction=correction_id)
    conn = transaction_connection()
    row = _standing_bill(conn, correction.bill_id)
    new_total, (inputs, rules) = _rebilled(conn, row)
    if new_total - row.total_fen != correction.difference_fen:
        raise ProposalOutdated(
            f"the difference is now {new_total - row.total_fen} fen, not {correction.difference_fen}",
            proposed_fen=correction.difference_fen, present_fen=new_total - row.total_fen,
        )  # fmt: skip
    ids = reserve_ids(conn, 2)
    insert_row(conn, row.reversed(int(ids[0])))
    heading = Heading(
        Period(row.period_from, row.period_to), row.run_id, row.bucket, rules.rules_hash, REBILL, row.id
    )
    write_bills(conn, ids[1:], inputs, rate_inputs(inputs, rules.tariff), heading)
    _post_both(conn, row, ids, new_total, at)
    correction.approved_by, correction.approved_at = by.id, at
    correction.reversal_id, correction.rebill_id = int(ids[0]), int(ids[1])
    correction.save()
    end_approvals(correction, at)
    publish(
        BillCorrected(
            correction.pk, row.account_id, correction.case_id, row.id, int(ids[1]), row.total_fen, new_total
        ),
        at=at,
    )
    audit.record(by, "billing.approve_correction", f"correction:{correction_id}", at=at)
    return correction


def _standing_bill(conn: psycopg.Connection[object], bill_id: int) -> BillRow:
    """Return an issued bill that was not reversed; nobody else corrects it until the transaction ends."""
    cursor(conn).execute("SELECT pg_advisory_xact_lock(%s, %s)", (_LOCK, bill_id % 2**31))
    condition = f"b.account_id = (SELECT account_id FROM billing_bill WHERE id = %s LIMIT 1) AND {ISSUED}"
    rows = {row.id: row for row in read_rows(conn, condition, (bill_id,))}
    if bill_id not in rows:
        raise UnknownBill(f"no bill {bill_id}", bill=bill_id)
    if any(row.of_bill_id == bill_id for row in rows.values()):
        raise BillAlreadyCorrected(f"bill {bill_id} was reversed", bill=bill_id)
    return rows[bill_id]


def _rebilled(conn: psycopg.Connection[object], row: BillRow) -> tuple[int, tuple[Inputs, Rules]]:
    """Rate the bill's account again by the rules it was billed with and the readings known now."""
    document = stored_rules(row.rules_hash)
    rules = rules_of("stored", document)
    terms = agreement_terms(conn, row.agreement_id)
    period = Period(row.period_from, row.period_to)
    inputs = inputs_of(conn, terms, rules.tariff, period, settings.ZONE)
    hits = hold(inputs, ground_of(conn, terms, terms, terms, period))
    checks = [hit.check for hit in hits if hit.check not in MATTERS_OF_JUDGEMENT]
    if checks:
        raise NotBillable(
            f"bill {row.id} cannot be made again: {', '.join(checks)}", bill=row.id, checks=checks
        )
    return int(rate_inputs(inputs, rules.tariff).total_fen[0]), (inputs, rules)


def _post_both(
    conn: psycopg.Connection[object], row: BillRow, ids: Ints, new_total: int, at: datetime
) -> None:
    day = at.astimezone(settings.ZONE).date()
    account = np.array([row.account_id], dtype=np.int64)
    for kind, place, amount in (("reversal", 0, -row.total_fen), ("rebill", 1, new_total)):
        amounts = np.array([amount], dtype=np.int64)
        journal = Journal(kind, f"{kind}:{row.id}", day, account, ids[place : place + 1], amounts)
        post(conn, journal, by=SYSTEM, at=at)
