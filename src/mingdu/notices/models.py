"""Messages to people and customers, with proof of what became of them."""

from __future__ import annotations

from django.db import models


class Message(models.Model):
    """
    One message (通知) to one recipient over one channel.

    recipient   actor id: "customer:42" or "person:7"
    key         what makes it unique: the same event never tells twice
    """

    recipient = models.CharField(max_length=40, db_index=True)
    channel = models.CharField(max_length=10)
    template = models.CharField(max_length=40)
    language = models.CharField(max_length=5)
    variables = models.JSONField(default=dict)
    title = models.CharField(max_length=200)
    body = models.TextField()
    key = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField()


class Delivery(models.Model):
    """Proof of one step of a message's way: accepted, delivered, read, failed."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="deliveries")
    step = models.CharField(max_length=10)
    at = models.DateTimeField()
    proof = models.CharField(max_length=200, default="")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("message", "step"), name="delivery_step_once"),)
