"""One bucket of usage points made ready for its bills: agreements, rules, inputs and what the checks hold."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import psycopg
from django.conf import settings

from mingdu.base.database import cursor
from mingdu.core.curve_quantity import IntervalAcrossPeriods
from mingdu.core.types import Ints
from mingdu.customers.queries import AgreementTerms, agreements_of_points
from mingdu.metering.queries import BUCKET_POINTS, points_on_hold
from mingdu.rounds.queries import points_of_book
from mingdu.rulebook.billing_checks import billing_checks
from mingdu.rulebook.rule_files import NoPriceForDay, UnknownTariff

from .checks import Ground, hold
from .inputs import Inputs, read_terms
from .models import BillRun
from .period import Period
from .quantities import inputs_of
from .rating import Rules, TiersNotMonthly, rules_for

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class Held:
    """An account that waits for a person: which check, and its figures."""

    account_id: int
    check: str
    values: dict[str, Any]


@dataclass
class Prepared:
    """What one bucket comes to: groups by tariff that may be billed, and what was held."""

    groups: list[tuple[Rules, Inputs]] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)

    def digest(self, accounts: Ints | None = None) -> str:
        """
        Return a hash of what decides the bills of some accounts, of all when none are given.

        An account that is held meanwhile is not among the groups, so its absence changes the hash; readings
        that come in for accounts that were held do not.
        """
        digest = hashlib.sha256()
        for rules, inputs in self.groups:
            asked = inputs if accounts is None else inputs.take(np.isin(inputs.terms.account_id, accounts))
            if len(asked):
                digest.update(rules.rules_hash.encode() + asked.content_hash())
        return digest.hexdigest()


def prepare(conn: psycopg.Connection[Any], run: BillRun, bucket: int) -> Prepared:
    """Fetch and check one bucket; the same inputs give the same groups and hits."""
    period = Period(run.period_from, run.period_to)
    first = bucket * BUCKET_POINTS
    at_end = read_terms(conn, first, first + BUCKET_POINTS, period)
    at_start = agreements_of_points(conn, first, first + BUCKET_POINTS, period.first)
    is_open = _Open.of(conn, run, np.union1d(at_end.account_id, at_start.account_id))
    terms, gone = is_open.among(at_end), is_open.among(at_start)
    ground = ground_of(conn, terms, at_start, at_end, period)
    prepared = Prepared()
    for tariff_name, rows in sorted(_by_tariff(terms).items()):
        _take_group(conn, prepared, tariff_name, terms.take(rows), (period, ground))
    ended = np.setdiff1d(gone.account_id, at_end.account_id)
    prepared.held += [Held(account, "agreement_ended", {}) for account in ended.tolist()]
    return prepared


def ground_of(
    conn: psycopg.Connection[Any],
    terms: AgreementTerms,
    at_start: AgreementTerms,
    at_end: AgreementTerms,
    period: Period,
) -> Ground:
    """Return what the checks of some agreements need, given all that hold at both ends of the period."""
    starts_at, ends_at = period.instants(settings.ZONE)
    held_ids = points_on_hold(conn, terms.usage_point_id, period.first, period.end)
    points, agreements = np.unique(at_end.usage_point_id, return_counts=True)
    return Ground(
        on_hold=np.array(held_ids, dtype=np.int64),
        whole_terms=at_start.agreement_id,
        shared=points[agreements > 1],
        hours=int((ends_at - starts_at).total_seconds()) // SECONDS_PER_HOUR,
        rules=billing_checks(),
    )


def issued_accounts(conn: psycopg.Connection[Any], run: BillRun, accounts: Ints) -> Ints:
    """Return those accounts that have an issued bill of the period from another run."""
    statement = """
        SELECT DISTINCT b.account_id FROM billing_bill b
        JOIN billing_issue i ON i.run_id = b.run_id AND i.bucket = b.bucket
        WHERE b.period_from = %s AND b.kind = 1 AND b.run_id <> %s AND b.account_id = ANY(%s)"""
    rows = cursor(conn).execute(statement, (run.period_from, run.pk, accounts.tolist())).fetchall()
    return np.array([row[0] for row in rows], dtype=np.int64)


@dataclass(frozen=True)
class _Open:
    """What this run may still bill: the points of its book, and accounts without an issued bill."""

    points: Ints | None
    issued: Ints

    @classmethod
    def of(cls, conn: psycopg.Connection[Any], run: BillRun, accounts: Ints) -> _Open:
        points = points_of_book(run.book_code) if run.book_code else None
        return cls(points, issued_accounts(conn, run, accounts))

    def among(self, terms: AgreementTerms) -> AgreementTerms:
        is_open = ~np.isin(terms.account_id, self.issued)
        if self.points is not None:
            is_open &= np.isin(terms.usage_point_id, self.points)
        return terms.take(is_open)


def _take_group(
    conn: psycopg.Connection[Any],
    prepared: Prepared,
    tariff_name: str,
    terms: AgreementTerms,
    frame: tuple[Period, Ground],
) -> None:
    """Add the agreements of one tariff; where no rules can price them, all of them are held."""
    period, ground = frame
    try:
        rules = rules_for(tariff_name, period.first, period.end, settings.RULES_FOLDER)
        inputs = inputs_of(conn, terms, rules.tariff, period, settings.ZONE)
    except (UnknownTariff, NoPriceForDay, TiersNotMonthly, IntervalAcrossPeriods) as cause:
        values = {"error": type(cause).__name__, "tariff": tariff_name}
        prepared.held += [Held(account, "no_price", values) for account in terms.account_id.tolist()]
        return
    hits = hold(inputs, ground)
    accounts = terms.account_id.tolist()
    prepared.held += [Held(accounts[hit.row], hit.check, hit.values) for hit in hits]
    clean = np.ones(len(inputs), dtype=np.bool_)
    clean[[hit.row for hit in hits]] = False
    prepared.groups.append((rules, inputs.take(clean)))


def _by_tariff(terms: AgreementTerms) -> dict[str, Ints]:
    rows: dict[str, list[int]] = defaultdict(list)
    for row, name in enumerate(terms.tariff):
        rows[name].append(row)
    return {name: np.array(numbers, dtype=np.int64) for name, numbers in rows.items()}
