-- Bills. The lines of a bill are arrays in its row; all bills of one tariff share the order of lines.
-- kind: 1 bill, 2 reversal, 3 rebill; of_bill_id names the bill that 2 and 3 replace, 0 for 1.
-- Quantities are thousandths of the line's unit (Wh, W, VA) or fen, prices nano-yuan a unit (of demand: tenths).
-- A bill is never edited; a rehearsal nobody approved is simply not issued.

CREATE SEQUENCE billing_bill_id;

CREATE TABLE billing_rules (
    rules_hash text PRIMARY KEY,
    tariff     text        NOT NULL,
    content    jsonb       NOT NULL,
    stored_at  timestamptz NOT NULL
);

CREATE TABLE billing_bill (
    period_from    date     NOT NULL,
    id             bigint   NOT NULL DEFAULT nextval('billing_bill_id'),
    period_to      date     NOT NULL,
    run_id         bigint   NOT NULL,
    bucket         integer  NOT NULL,
    account_id     bigint   NOT NULL,
    agreement_id   bigint   NOT NULL,
    usage_point_id bigint   NOT NULL,
    kind           smallint NOT NULL CHECK (kind IN (1, 2, 3)),
    of_bill_id     bigint   NOT NULL,
    rules_hash     text     NOT NULL,
    registers      smallint[] NOT NULL,
    from_digits    bigint[]   NOT NULL,
    to_digits      bigint[]   NOT NULL,
    from_versions  bigint[]   NOT NULL,
    to_versions    bigint[]   NOT NULL,
    multiplier     integer    NOT NULL,
    register_range bigint     NOT NULL,
    quality        smallint   NOT NULL,
    energy_wh      bigint     NOT NULL,
    line_ids       text[]     NOT NULL,
    quantities     bigint[]   NOT NULL,
    prices         bigint[]   NOT NULL,
    amounts_fen    bigint[]   NOT NULL,
    total_fen      bigint     NOT NULL,
    PRIMARY KEY (period_from, id),
    CHECK (period_from < period_to),
    CHECK ((kind = 1) = (of_bill_id = 0))
) PARTITION BY RANGE (period_from);

CREATE INDEX billing_bill_account ON billing_bill (account_id, period_from);
CREATE INDEX billing_bill_run ON billing_bill (run_id, bucket);

CREATE FUNCTION billing_totals_hold() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    wrong bigint;
BEGIN
    SELECT a.id INTO wrong FROM added a
    WHERE a.total_fen <> (SELECT coalesce(sum(amount), 0) FROM unnest(a.amounts_fen) amount)
       OR cardinality(a.amounts_fen) <> cardinality(a.line_ids) LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'bill %: its total is not the sum of its lines', wrong USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER totals_hold AFTER INSERT ON billing_bill
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION billing_totals_hold();

CREATE FUNCTION billing_refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'bills and the rules they were made by are never edited; reverse the bill and bill again' USING ERRCODE = 'check_violation';
END $$;

CREATE TRIGGER bills_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON billing_bill
    FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_change();
CREATE TRIGGER rules_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON billing_rules
    FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_change();

-- A statement that names a partition fires only the partition's own triggers, so each has both.
CREATE FUNCTION billing_make_partitions(first_month date, months integer) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    month date;
    partition text;
BEGIN
    FOR month IN SELECT generate_series(first_month, first_month + (months - 1) * interval '1 month', '1 month') LOOP
        partition := 'billing_bill_' || to_char(month, 'YYYYMM');
        EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF billing_bill FOR VALUES FROM (%L) TO (%L)',
            partition, month, month + interval '1 month');
        EXECUTE format('CREATE OR REPLACE TRIGGER totals_hold AFTER INSERT ON %I
            REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION billing_totals_hold()', partition);
        EXECUTE format('CREATE OR REPLACE TRIGGER bills_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
            FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_change()', partition);
    END LOOP;
END $$;

SELECT billing_make_partitions('2025-12-01', 18);
