"""The audit is only ever added to: the database itself refuses anything else."""

from __future__ import annotations

from django.db import migrations

FORWARD = """
CREATE FUNCTION base_refuse_audit_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is only added to' USING ERRCODE = 'check_violation';
END $$;

CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON base_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION base_refuse_audit_change();
"""
BACKWARD = """
DROP TRIGGER audit_stays ON base_auditentry;
DROP FUNCTION base_refuse_audit_change();
"""


class Migration(migrations.Migration):
    """Guard the audit's rows by a statement trigger."""

    dependencies = [("base", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
