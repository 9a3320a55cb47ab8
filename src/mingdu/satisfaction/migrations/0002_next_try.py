"""When to call again whom an agent did not reach."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the instant of the next try."""

    dependencies = (("satisfaction", "0001_initial"),)

    operations = (
        migrations.AddField("callbackresult", "next_at", models.DateTimeField(null=True)),
        migrations.AddConstraint(
            "callbackresult",
            models.CheckConstraint(
                condition=models.Q(("next_at__isnull", True), ("outcome", "not_reached"), _connector="OR"),
                name="next_try_when_not_reached",
            ),
        ),
    )
