"""A curve's row says itself how long its intervals are and how many decimals its digits have."""

from __future__ import annotations

from django.db import migrations

# Rows of other than quarter hours and hundredths of a kilowatt-hour are found without reading the usual ones.
_ADD = """
    ALTER TABLE metering_curve
        ADD COLUMN interval_minutes smallint NOT NULL DEFAULT 15 CHECK (interval_minutes BETWEEN 1 AND 60),
        ADD COLUMN decimals smallint NOT NULL DEFAULT 2 CHECK (decimals BETWEEN 0 AND 6);
    CREATE INDEX metering_curve_unusual ON metering_curve (usage_point_id, day)
        WHERE channel <= 2 AND (interval_minutes <> 15 OR decimals <> 2)"""
_DROP = """
    DROP INDEX metering_curve_unusual;
    ALTER TABLE metering_curve DROP COLUMN interval_minutes, DROP COLUMN decimals"""


class Migration(migrations.Migration):
    """Add the two columns; what is stored is of quarter hours and hundredths of a kilowatt-hour."""

    dependencies = [("metering", "0002_bulk")]
    operations = [migrations.RunSQL(_ADD, _DROP)]
