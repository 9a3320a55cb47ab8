"""Callbacks and their scores."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class Callback(models.Model):
    """A call to make (回访), with its reason and limit; open ones have no result that ends them."""

    account = models.ForeignKey("customers.Account", on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey("service.Case", null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=30)
    key = models.CharField(max_length=120, unique=True)
    task_id = models.BigIntegerField()
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()


class CallbackResult(models.Model):
    """
    What a call brought: reached with a score 1–5 and the customer's words, or not reached, refused.

    next_at   when he shall be called again, where the agent said so
    """

    callback = models.ForeignKey(Callback, on_delete=models.CASCADE, related_name="results")
    outcome = models.CharField(max_length=20)
    score = models.SmallIntegerField(null=True, validators=(MinValueValidator(1), MaxValueValidator(5)))
    words = models.TextField(default="")
    by = models.CharField(max_length=40)
    at = models.DateTimeField()
    next_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(outcome="reached", score__range=(1, 5))
                | (~models.Q(outcome="reached") & models.Q(score__isnull=True)),
                name="score_when_reached",
            ),
            models.CheckConstraint(
                condition=models.Q(next_at__isnull=True) | models.Q(outcome="not_reached"),
                name="next_try_when_not_reached",
            ),
            models.UniqueConstraint(
                fields=("callback",), name="reached_once", condition=models.Q(outcome="reached")
            ),
        )
