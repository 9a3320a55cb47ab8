"""Every visit names its point; apart from the filling, because both cannot be done in one transaction."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rounds", "0004_rounds")]

    operations = [
        migrations.AlterField(
            model_name="fieldvisit",
            name="usage_point",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="metering.usagepoint"
            ),
        ),
    ]
