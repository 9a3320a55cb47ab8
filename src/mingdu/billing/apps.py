"""Django's entry for the subject billing."""

from __future__ import annotations

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Registers the models and mass works of billing."""

    name = "mingdu.billing"
    label = "billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Offer the ledger what billing can do by buckets."""
        from mingdu.base.ledger import register_work
        from mingdu.metering.operations.withdraw import register_use

        from . import uses, works

        register_use(uses.is_billed_for_good)
        register_work(works.REHEARSE, works.rehearse_bucket)
        register_work(works.ISSUE, works.issue_bucket)
