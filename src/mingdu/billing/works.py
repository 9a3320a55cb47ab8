"""The two mass works of billing, one bucket of usage points in one transaction each: rehearse and issue."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from django.conf import settings

from mingdu.base.actors import SYSTEM
from mingdu.base.database import cursor, transaction_connection
from mingdu.base.models import Run, RunBucket
from mingdu.base.outbox import publish
from mingdu.core.types import Ints
from mingdu.customers.queries import AgreementTerms
from mingdu.errors import TradeError
from mingdu.metering.queries import BUCKET_POINTS, points_on_hold
from mingdu.money.operations import Journal, post
from mingdu.rounds.queries import points_of_book
from mingdu.rulebook.billing_checks import billing_checks

from .checks import Hit, hold
from .events import BillsIssued
from .inputs import Inputs, read_inputs, read_terms
from .models import BillRun, HeldAccount, Issue
from .period import Period
from .rating import Rules, rate_inputs, rules_for
from .rows import Heading, reserve_ids, write_bills

REHEARSE, ISSUE = "billing.rehearse", "billing.issue"
# Keeps two issues of one bucket and period apart, whatever run they belong to.
_LOCK = 71_001


class InputsChanged(TradeError):
    """Readings, agreements or rules changed after the rehearsal that was approved."""

    next_step = "rehearse again and have the new result approved"


class AlreadyIssued(TradeError):
    """Another run has issued bills of these accounts for this period."""

    next_step = "rehearse again: accounts with an issued bill are left out"


@dataclass
class Prepared:
    """What one bucket comes to: groups by tariff that may be billed, and what was held."""

    groups: list[tuple[Rules, Inputs]] = field(default_factory=list)
    held: list[tuple[int, Hit]] = field(default_factory=list)
    digest: Any = field(default_factory=hashlib.sha256)


def prepare(conn: psycopg.Connection[Any], run: BillRun, bucket: int) -> Prepared:
    """Fetch and check one bucket; the same inputs give the same groups, hits and digest."""
    period = Period(run.period_from, run.period_to)
    terms = _open_terms(conn, run, bucket, period)
    starts_at, ends_at = period.instants(settings.ZONE)
    hours = int((ends_at - starts_at).total_seconds()) // 3600
    held_ids = points_on_hold(conn, terms.usage_point_id, period.first, period.end)
    on_hold = np.array(held_ids, dtype=np.int64)
    prepared = Prepared()
    for tariff_name, rows in sorted(_by_tariff(terms).items()):
        rules = rules_for(tariff_name, period.first, period.end, settings.RULES_FOLDER)
        inputs = read_inputs(conn, terms.take(rows), rules.tariff, period, settings.ZONE)
        hits = hold(inputs, on_hold, hours, billing_checks())
        prepared.digest.update(rules.rules_hash.encode() + inputs.content_hash())
        prepared.held += [(int(inputs.terms.account_id[hit.row]), hit) for hit in hits]
        clean = np.ones(len(inputs), dtype=np.bool_)
        clean[[hit.row for hit in hits]] = False
        prepared.groups.append((rules, inputs.take(clean)))
    return prepared


def rehearse_bucket(run: Run, bucket: RunBucket, now: datetime) -> dict[str, Any]:
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
            HeldAccount(run=bill_run, account_id=account, check_name=hit.check, values=hit.values)
            for account, hit in prepared.held
        ]
    )
    held = len({account for account, _ in prepared.held})
    return {"bills": bills, "held": held, "total_fen": total, "inputs_hash": prepared.digest.hexdigest()}


def issue_bucket(run: Run, bucket: RunBucket, now: datetime) -> dict[str, Any]:
    """
    Issue the rehearsed bills of one bucket: one `Issue` record and one journal.

    raises  InputsChanged: the inputs are no longer those that were approved; AlreadyIssued
    """
    conn = transaction_connection()
    bill_run = BillRun.objects.get(pk=run.parameters["bill_run"])
    _lock(conn, bill_run, bucket.bucket)
    rehearsed = RunBucket.objects.get(run_id=bill_run.ledger_run_id, bucket=bucket.bucket)
    _refuse_issued(conn, bill_run, bucket.bucket)
    if prepare(conn, bill_run, bucket.bucket).digest.hexdigest() != rehearsed.result["inputs_hash"]:
        raise InputsChanged(
            f"bucket {bucket.bucket} changed since run {bill_run.pk} was rehearsed",
            run=bill_run.pk, bucket=bucket.bucket,
        )  # fmt: skip
    ids, accounts, totals = _rehearsed(conn, bill_run, bucket.bucket)
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
    buckets = RunBucket.objects.filter(run_id=run.ledger_run_id).order_by("bucket")
    digest = hashlib.sha256()
    for number, result in buckets.values_list("bucket", "result"):
        digest.update(f"{number}:{result.get('inputs_hash')};".encode())
    return digest.hexdigest()


def _open_terms(conn: psycopg.Connection[Any], run: BillRun, bucket: int, period: Period) -> AgreementTerms:
    first = bucket * BUCKET_POINTS
    terms = read_terms(conn, first, first + BUCKET_POINTS, period)
    if run.book_code:
        terms = terms.take(np.isin(terms.usage_point_id, points_of_book(run.book_code)))
    return terms.take(~np.isin(terms.account_id, _issued_accounts(conn, run, terms.account_id)))


def _issued_accounts(conn: psycopg.Connection[Any], run: BillRun, accounts: Ints) -> Ints:
    """Accounts that have an issued bill of the period from another run."""
    statement = """
        SELECT DISTINCT b.account_id FROM billing_bill b
        JOIN billing_issue i ON i.run_id = b.run_id AND i.bucket = b.bucket
        WHERE b.period_from = %s AND b.kind = 1 AND b.run_id <> %s AND b.account_id = ANY(%s)"""
    rows = cursor(conn).execute(statement, (run.period_from, run.pk, accounts.tolist())).fetchall()
    return np.array([row[0] for row in rows], dtype=np.int64)


def _refuse_issued(conn: psycopg.Connection[Any], run: BillRun, bucket: int) -> None:
    _, accounts, _ = _rehearsed(conn, run, bucket)
    issued = _issued_accounts(conn, run, accounts)
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


def _lock(conn: psycopg.Connection[Any], run: BillRun, bucket: int) -> None:
    key = run.period_from.toordinal() * 100_000 + bucket
    cursor(conn).execute("SELECT pg_advisory_xact_lock(%s, %s)", (_LOCK, key % 2**31))


def _by_tariff(terms: AgreementTerms) -> dict[str, Ints]:
    rows: dict[str, list[int]] = defaultdict(list)
    for row, name in enumerate(terms.tariff):
        rows[name].append(row)
    return {name: np.array(numbers, dtype=np.int64) for name, numbers in rows.items()}


def _store_rules(conn: psycopg.Connection[Any], rules: Rules, now: datetime) -> None:
    cursor(conn).execute(
        "INSERT INTO billing_rules (rules_hash, tariff, content, stored_at) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (rules.rules_hash, rules.tariff_name, json.dumps(rules.document), now),
    )
