"""The two mass works of billing, one bucket of usage points in one transaction each: rehearse and issue."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from django.conf import settings

from mingdu.base import ledger
from mingdu.base.actors import SYSTEM
from mingdu.base.database import cursor, transaction_connection
from mingdu.base.ledger_work import LedgerBucket, LedgerRun
from mingdu.base.outbox import publish
from mingdu.core.types import Ints
from mingdu.errors import TradeError
from mingdu.money.operations import Journal, post

from .events import BillsIssued
from .issue_lock import lock_issue
from .models import BillRun, HeldAccount, Issue
from .period import Period
from .preparation import issued_accounts, prepare
from .rating import Rules, rate_inputs
from .rows import Heading, reserve_ids, write_bills

REHEARSE, ISSUE = "billing.rehearse", "billing.issue"


class InputsChanged(TradeError):
    """Readings, agreements, findings or rules changed after the rehearsal that was approved."""

    next_step = "rehearse again and have the new result approved"


class AlreadyIssued(TradeError):
    """Another run has issued bills of these accounts for this period."""

    next_step = "rehearse again: accounts with an issued bill are left out"


def rehearse_bucket(run: LedgerRun, bucket: LedgerBucket, now: datetime) -> dict[str, Any]:
    """Write the bills of one bucket as a rehearsal, and who was held."""
    conn = transaction_connection()
    bill_run = BillRun.objects.get(ledger_run_id=run.pk)
    prepared = prepare(conn, bill_run, bucket.bucket)
    period = Period(bill_run.period_from, bill_run.period_to)
    bills, total = 0, 0
    for rules, inputs in prepared.groups:
        _store_rules(conn, rules, now)
        rated = rate_inputs(inputs, rules.tariff)
        heading = Heading(period, bill_run.pk, bucket.bucket, rules.rules_hash)
        write_bills(conn, reserve_ids(conn, len(inputs)), inputs, rated, heading)
        bills += len(inputs)
        total += int(rated.total_fen.sum(dtype=np.int64))
    HeldAccount.objects.bulk_create(
        [
            HeldAccount(run=bill_run, account_id=held.account_id, check_name=held.check, values=held.values)
            for held in prepared.held
        ]
    )
    held_accounts = len({held.account_id for held in prepared.held})
    return {"bills": bills, "held": held_accounts, "total_fen": total, "inputs_hash": prepared.digest()}


def issue_bucket(run: LedgerRun, bucket: LedgerBucket, now: datetime) -> dict[str, Any]:
    """
    Issue the rehearsed bills of one bucket: one `Issue` record and one journal.

    raises  InputsChanged: the inputs are no longer those that were approved; AlreadyIssued
    """
    conn = transaction_connection()
    bill_run = BillRun.objects.get(pk=run.parameters["bill_run"])
    lock_issue(conn, bill_run.period_from, bucket.bucket)
    ids, accounts, totals = _rehearsed(conn, bill_run, bucket.bucket)
    _refuse_issued(conn, bill_run, accounts)
    rehearsed = _inputs_hashes(bill_run)[bucket.bucket]
    if prepare(conn, bill_run, bucket.bucket).digest(accounts) != rehearsed:
        raise InputsChanged(
            f"bucket {bucket.bucket} changed since run {bill_run.pk} was rehearsed",
            run=bill_run.pk, bucket=bucket.bucket,
        )  # fmt: skip
    journal = Journal(
        "issue",
        f"issue:{bill_run.pk}:{bucket.bucket}",
        now.astimezone(settings.ZONE).date(),
        accounts,
        ids,
        totals,
    )
    journal_id = post(conn, journal, by=SYSTEM, at=now)
    Issue.objects.create(
        run=bill_run, bucket=bucket.bucket, journal_id=journal_id, bills=len(ids),
        total_fen=journal.total_fen, by=run.created_by, at=now,
    )  # fmt: skip
    publish(
        BillsIssued(bill_run.pk, bucket.bucket, f"{bill_run.period_from}", len(ids), journal.total_fen),
        at=now,
    )
    return {"bills": len(ids), "total_fen": journal.total_fen}


def run_digest(run: BillRun) -> str:
    """Return one hash over all buckets of a rehearsal, in their order."""
    digest = hashlib.sha256()
    for number, inputs_hash in _inputs_hashes(run).items():
        digest.update(f"{number}:{inputs_hash};".encode())
    return digest.hexdigest()


def _inputs_hashes(run: BillRun) -> dict[int, str]:
    """Return the hash of each bucket of a rehearsal whose buckets are all done, by bucket."""
    numbers, results = ledger.bucket_numbers(run.ledger_run_id), ledger.results(run.ledger_run_id)
    return {number: result["inputs_hash"] for number, result in zip(numbers, results, strict=True)}


def _refuse_issued(conn: psycopg.Connection[Any], run: BillRun, accounts: Ints) -> None:
    issued = issued_accounts(conn, run, accounts)
    if len(issued):
        raise AlreadyIssued(
            f"{len(issued)} accounts have an issued bill of {run.period_from:%Y-%m}", accounts=len(issued)
        )


def _rehearsed(conn: psycopg.Connection[Any], run: BillRun, bucket: int) -> tuple[Ints, Ints, Ints]:
    statement = """
        SELECT array_agg(id ORDER BY id), array_agg(account_id ORDER BY id), array_agg(total_fen ORDER BY id)
        FROM billing_bill WHERE period_from = %s AND run_id = %s AND bucket = %s AND kind = 1"""
    row = cursor(conn).execute(statement, (run.period_from, run.pk, bucket)).fetchone()
    ids, accounts, totals = (np.array(column or [], dtype=np.int64) for column in row or ((), (), ()))
    return ids, accounts, totals


def _store_rules(conn: psycopg.Connection[Any], rules: Rules, now: datetime) -> None:
    cursor(conn).execute(
        "INSERT INTO billing_rules (rules_hash, tariff, content, stored_at) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (rules.rules_hash, rules.tariff_name, json.dumps(rules.document), now),
    )
