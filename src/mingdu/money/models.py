"""Payment orders, payments and what the gateway said; journals and entries are bulk tables in SQL."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class PaymentOrder(models.Model):
    """
    An order to the payment gateway (支付订单): a customer wants to pay this much on an account.

    number      the merchant's order number (商户订单号), printed on the receipt
    bill_ids    the bills that the amount would settle, the oldest first, as they stood at the order
    ordered_by  actor id of the payer
    closed_at   when the gateway said that it was closed unpaid
    asked_at    when the gateway was asked latest, because its notice was awaited
    asks        how often the worker has asked
    next_ask_at  when it asks again; None: nothing is awaited any more
    """

    number = models.CharField(max_length=32, unique=True)
    account_id = models.BigIntegerField(db_index=True)
    unit_id = models.BigIntegerField()
    amount_fen = models.BigIntegerField()
    bill_ids = ArrayField(models.BigIntegerField())
    channel = models.CharField(max_length=10)
    ordered_by = models.CharField(max_length=40)
    ordered_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    asks = models.IntegerField(default=0)
    next_ask_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(amount_fen__gt=0), name="order_of_something"),
        )
        indexes = (
            models.Index(
                fields=("next_ask_at",),
                name="orders_to_ask_about",
                condition=models.Q(next_ask_at__isnull=False),
            ),
        )


class Payment(models.Model):
    """
    Money that came in for an order (收款), posted with its journal; it is the receipt (收据).

    transaction  the gateway's own number of it (交易单号)
    credit_fen   the part that nothing was owed for; it stands in the account's favour
    paid_at      when the customer paid, as the gateway says; received_at: when Mingdu learned it
    """

    order = models.OneToOneField(PaymentOrder, on_delete=models.PROTECT, related_name="payment")
    transaction = models.CharField(max_length=64, unique=True)
    amount_fen = models.BigIntegerField()
    credit_fen = models.BigIntegerField()
    paid_at = models.DateTimeField()
    received_at = models.DateTimeField()
    journal_id = models.BigIntegerField()
    posted_on = models.DateField()


class PaymentNotice(models.Model):
    """
    What came in as the gateway's word (支付通知), genuine or not, with what was made of it.

    body          the bytes as they came, cut after a limit
    came_by       "notice": it was sent to us; "query": we had asked
    order_number, transaction  as the body names them; empty where it cannot be read or trusted
    taken_nonce   the nonce of a genuine notice; taken once. None for all that was refused
    """

    body = models.BinaryField()
    headers = models.JSONField()
    came_by = models.CharField(max_length=10)
    verdict = models.CharField(max_length=30)
    order_number = models.CharField(max_length=32, blank=True, db_index=True)
    transaction = models.CharField(max_length=64, blank=True, default="")
    taken_nonce = models.CharField(max_length=64, null=True, unique=True)
    received_at = models.DateTimeField()


class NoticeRefusals(models.Model):
    """
    How many notices of one day were refused for one fault, whether or not they were kept.

    window_at, in_window  the minute that is counted for the limit: when it began, how many it holds
    """

    day = models.DateField()
    verdict = models.CharField(max_length=30)
    total = models.BigIntegerField()
    window_at = models.DateTimeField()
    in_window = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("day", "verdict"), name="refusals_of_a_day_once"),)


class MismatchSettlement(models.Model):
    """
    What a colleague made of a payment that did not fit its order (错账处理); one a transaction.

    order    the order in question; booked_on: the order on which the money was posted, None: nothing was
    """

    order = models.ForeignKey(PaymentOrder, on_delete=models.PROTECT, related_name="settlements")
    transaction = models.CharField(max_length=64, unique=True)
    outcome = models.CharField(max_length=20)
    reason = models.TextField()
    booked_on = models.ForeignKey(PaymentOrder, null=True, on_delete=models.PROTECT, related_name="+")
    settled_by = models.CharField(max_length=40)
    settled_at = models.DateTimeField()
