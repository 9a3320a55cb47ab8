"""Cases: one record whatever the channel; what happened to them as events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models

from mingdu.base.actors import Actor


class Case(models.Model):
    """A customer's case (工单). Open cases are those without a closure."""

    number = models.CharField(max_length=20, unique=True)
    account = models.ForeignKey("customers.Account", on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey("base.OrgUnit", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=30)
    channel = models.CharField(max_length=10)
    words = models.TextField()
    bill_id = models.BigIntegerField(null=True)
    task_id = models.BigIntegerField()
    opened_by = models.CharField(max_length=40)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()

    def note(self, what: str, *, by: Actor, at: datetime, details: dict[str, Any] | None = None) -> CaseEvent:
        """Write one thing that happened to the case."""
        return CaseEvent.objects.create(case=self, what=what, at=at, by=by.id, details=details or {})

    def close(self, outcome: str, words: str, *, by: Actor, at: datetime) -> CaseClosure:
        """End the case by the customer's own word."""
        self.note("closed", by=by, at=at, details={"outcome": outcome})
        return CaseClosure.objects.create(case=self, outcome=outcome, words=words, by=by.id, at=at)


class CaseEvent(models.Model):
    """One thing that happened to a case, in order."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="events")
    what = models.CharField(max_length=30)
    at = models.DateTimeField()
    by = models.CharField(max_length=40)
    details = models.JSONField(default=dict)


class CaseClosure(models.Model):
    """The customer's own word that ends a case: fixed, partly, not_fixed."""

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="closure")
    outcome = models.CharField(max_length=10)
    words = models.TextField(default="")
    by = models.CharField(max_length=40)
    at = models.DateTimeField()
