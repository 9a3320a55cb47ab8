"""Customers, accounts, agreements, contacts, one-time codes, accounts that others follow."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func


class DaySpan(Func):
    """`daterange(from, to)`, half-open, for exclusion constraints."""

    function = "daterange"


class Customer(models.Model):
    """A person or firm (客户)."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    language = models.CharField(max_length=5, default="zh")


class Account(models.Model):
    """An account (用电户) with its number (户号) at a service location."""

    account_number = models.CharField(max_length=20, unique=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="accounts")
    unit = models.ForeignKey("base.OrgUnit", on_delete=models.PROTECT, related_name="+")
    service_location = models.CharField(max_length=200)


class Agreement(models.Model):
    """
    Supply agreement (供用电合同) of an account over a span of days.

    tariff          name of the rule file in rules/tariffs/
    capacity_kva    contract or transformer capacity; None below the two-part tariffs
    contract_kw     contract demand; None when the demand is not contracted
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="agreements")
    usage_point = models.ForeignKey("metering.UsagePoint", on_delete=models.PROTECT, related_name="+")
    tariff = models.CharField(max_length=60)
    customer_class = models.CharField(max_length=30)
    voltage_kv = models.DecimalField(max_digits=6, decimal_places=3)
    capacity_kva = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    contract_kw = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    class Meta:
        constraints = (
            ExclusionConstraint(
                name="one_agreement_an_account_at_a_time",
                expressions=(
                    ("account", RangeOperators.EQUAL),
                    (DaySpan(F("valid_from"), F("valid_to")), RangeOperators.OVERLAPS),
                ),
            ),
        )


class Contact(models.Model):
    """How a customer is reached (联系方式)."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contacts")
    channel = models.CharField(max_length=10)
    value = models.CharField(max_length=100, db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("customer", "channel", "value"), name="contact_once"),)


class SignInCode(models.Model):
    """
    A one-time code (验证码) for a phone; only its hash is stored.

    customer    who held the phone when the code was drawn; None: nobody, and no code was sent
    """

    phone = models.CharField(max_length=20, db_index=True)
    customer = models.ForeignKey(Customer, null=True, on_delete=models.CASCADE, related_name="+")
    code_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.IntegerField(default=0)
    used_at = models.DateTimeField(null=True)


class Binding(models.Model):
    """
    An account that a customer bound to himself (绑定户号) beside those that he holds.

    holder      whose account it was then; with another holder the binding holds no longer
    ended_at    he let it go; None: it still holds
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="bindings")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="bindings")
    holder = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    bound_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("customer", "account", "holder"),
                name="bound_once",
                condition=models.Q(ended_at__isnull=True),
            ),
        )


class BindingTry(models.Model):
    """One try to bind an account number, whether or not there is such an account."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    account_number = models.CharField(max_length=20, db_index=True)
    at = models.DateTimeField()
    fits = models.BooleanField()
