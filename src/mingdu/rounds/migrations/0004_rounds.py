"""Rounds of cycles: who walks a book, the stops that readers were sent to; a visit knows its point."""

from __future__ import annotations

from typing import Any

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


def fill_points(apps: Any, schema_editor: Any) -> None:
    """Let the visits that are there name the point that their task names."""
    visits = apps.get_model("rounds", "FieldVisit")
    codes = dict(visits.objects.values_list("pk", "task__details__usage_point"))
    found = apps.get_model("metering", "UsagePoint").objects.filter(code__in=codes.values())
    points = dict(found.values_list("code", "pk"))
    rows = [visits(pk=pk, usage_point_id=points[code]) for pk, code in codes.items()]
    visits.objects.bulk_update(rows, ["usage_point"], batch_size=1000)


class Migration(migrations.Migration):
    dependencies = [
        ("base", "0003_tries"),
        ("metering", "0002_bulk"),
        ("rounds", "0003_field_visit"),
        ("work", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="fieldvisit", name="taken_at", field=models.DateTimeField(db_index=True)
        ),
        migrations.AddField(
            model_name="fieldvisit",
            name="usage_point",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="metering.usagepoint",
            ),
        ),
        migrations.RunPython(fill_points, migrations.RunPython.noop),
        migrations.CreateModel(
            name="BookReader",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "book",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="readers", to="rounds.book"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="base.person"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("book", "person"), name="book_reader_once")],
            },
        ),
        migrations.CreateModel(
            name="RoundStop",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.IntegerField()),
                (
                    "registers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.SmallIntegerField(), size=None
                    ),
                ),
                ("was_read", models.BooleanField()),
                ("sent_by", models.CharField(max_length=40)),
                ("sent_at", models.DateTimeField()),
                (
                    "cycle",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stops",
                        to="rounds.readingcycle",
                    ),
                ),
                (
                    "task",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="work.task"
                    ),
                ),
                (
                    "usage_point",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="metering.usagepoint",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("cycle", "usage_point"), name="round_stop_once")
                ],
            },
        ),
    ]
