"""The running number of cases."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Make the sequence."""

    dependencies = [("service", "0001_initial")]
    operations = [
        migrations.RunSQL("CREATE SEQUENCE service_case_number", "DROP SEQUENCE service_case_number")
    ]
