DROP TABLE billing_bill;
DROP TABLE billing_rules;
DROP SEQUENCE billing_bill_id;
DROP FUNCTION billing_refuse_change();
DROP FUNCTION billing_totals_hold();
DROP FUNCTION billing_make_partitions(date, integer);
