"""Curves of other channels are found without reading those of energy; estimates say how far they may be wrong."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

_ADD = "CREATE INDEX metering_curve_other ON metering_curve (usage_point_id, day, channel) WHERE channel > 2"
_DROP = "DROP INDEX metering_curve_other"


class Migration(migrations.Migration):
    """Add an index that the rows of energy are not in, and the table of estimates."""

    dependencies = [("metering", "0004_finding_interval")]
    operations = [
        migrations.RunSQL(_ADD, _DROP),
        migrations.CreateModel(
            name="Estimate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("first_interval", models.SmallIntegerField()),
                ("latest_interval", models.SmallIntegerField()),
                ("interval_minutes", models.SmallIntegerField()),
                ("method", models.SmallIntegerField()),
                ("anchor", models.SmallIntegerField()),
                ("energy_wh", models.BigIntegerField()),
                ("low_wh", models.BigIntegerField()),
                ("high_wh", models.BigIntegerField()),
                (
                    "usage_point",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="metering.usagepoint",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("usage_point", "day", "first_interval"), name="estimate_once"
                    )
                ]
            },
        ),
    ]
