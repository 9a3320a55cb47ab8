"""Bulk tables of metering, in SQL."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

FOLDER = Path(__file__).parent


class Migration(migrations.Migration):
    """Run bulk.sql."""

    dependencies = [("metering", "0001_initial")]
    operations = [
        migrations.RunSQL((FOLDER / "bulk.sql").read_text(), (FOLDER / "bulk_undo.sql").read_text())
    ]
