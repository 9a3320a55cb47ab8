"""Bill runs with approval, issue and withdrawal as records; bills are a bulk table in SQL."""

from __future__ import annotations

from django.db import models


class BillRun(models.Model):
    """
    One rehearsal of bills (电费核算批次) for a period and book; never changed after it is made.

    ledger_run_id   the run of the ledger whose buckets write the bills
    """

    period_from = models.DateField()
    period_to = models.DateField()
    book_code = models.CharField(max_length=20, default="")
    attempt = models.IntegerField()
    ledger_run_id = models.BigIntegerField()
    proposed_by = models.CharField(max_length=40)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("period_from", "book_code", "attempt"), name="bill_run_once"),
        )


class BillRunApproval(models.Model):
    """Another person approved what was rehearsed (复核), by the hash of its inputs and totals."""

    run = models.OneToOneField(BillRun, on_delete=models.CASCADE, related_name="approval")
    inputs_hash = models.CharField(max_length=64)
    total_fen = models.BigIntegerField()
    bills = models.IntegerField()
    by = models.CharField(max_length=40)
    at = models.DateTimeField()


class Issue(models.Model):
    """A bucket of an approved run was issued (发行) with its journal."""

    run = models.ForeignKey(BillRun, on_delete=models.CASCADE, related_name="issues")
    bucket = models.IntegerField()
    journal_id = models.BigIntegerField()
    bills = models.IntegerField()
    total_fen = models.BigIntegerField()
    by = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("run", "bucket"), name="issued_once"),)


class HeldAccount(models.Model):
    """An account that a check held back from a run, with the check's name and figures."""

    run = models.ForeignKey(BillRun, on_delete=models.CASCADE, related_name="held")
    account_id = models.BigIntegerField()
    check_name = models.CharField(max_length=40)
    values = models.JSONField(default=dict)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("run", "account_id", "check_name"), name="held_once"),)


class Correction(models.Model):
    """
    Proposal of reversal and rebill (退补) of one bill; carried out once it is approved by another person.

    bill_id, reversal_id, rebill_id   ids of rows of billing_bill
    """

    bill_id = models.BigIntegerField(db_index=True)
    account_id = models.BigIntegerField(db_index=True)
    reason = models.CharField(max_length=40)
    case_id = models.BigIntegerField(null=True)
    difference_fen = models.BigIntegerField()
    proposed_by = models.CharField(max_length=40)
    proposed_at = models.DateTimeField()
    approved_by = models.CharField(max_length=40, default="")
    approved_at = models.DateTimeField(null=True)
    reversal_id = models.BigIntegerField(null=True)
    rebill_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("bill_id",),
                name="one_correction_a_bill",
                condition=models.Q(approved_at__isnull=False),
            ),
        )
