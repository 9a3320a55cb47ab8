"""Django's entry for the subject metering."""

from __future__ import annotations

from django.apps import AppConfig


class MeteringConfig(AppConfig):
    """Registers the models of metering and the work that the run ledger hands to it."""

    name = "mingdu.metering"
    label = "metering"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the ledger who closes days, seals months and imports files; listen to corrected registers."""
        from mingdu.base.ledger import register_work
        from mingdu.base.outbox import subscribe

        from .closing.bucket import KIND, close_bucket
        from .consumers import close_again
        from .events import ReadingsCorrected
        from .jobs import work_import
        from .operations.file_imports import KIND as IMPORT_KIND
        from .sealing.bucket import SEAL_KIND, UNSEAL_KIND, seal_bucket, unseal_bucket

        register_work(KIND, close_bucket)
        register_work(SEAL_KIND, seal_bucket)
        register_work(UNSEAL_KIND, unseal_bucket)
        register_work(IMPORT_KIND, work_import)
        subscribe(ReadingsCorrected, "metering", close_again)
