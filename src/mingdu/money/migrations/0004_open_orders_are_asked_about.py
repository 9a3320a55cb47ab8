"""Orders from before the worker asked by itself are asked about too; notices in question name their transaction."""

from __future__ import annotations

from django.db import migrations

FORWARD = """
    UPDATE money_paymentorder o SET next_ask_at = o.ordered_at + interval '30 seconds'
    WHERE o.closed_at IS NULL AND NOT EXISTS (SELECT 1 FROM money_payment p WHERE p.order_id = o.id);
    UPDATE money_paymentnotice SET transaction = convert_from(body, 'UTF8')::jsonb ->> 'transaction'
    WHERE verdict IN ('wrong_amount', 'contradicts')"""


class Migration(migrations.Migration):
    """Fill what the columns before this one were made for."""

    dependencies = [("money", "0003_open_payments")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
