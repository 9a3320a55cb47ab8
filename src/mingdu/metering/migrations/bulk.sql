-- Bulk tables of readings. One row a curve (a day of one channel of one point), one row a register reading.
-- No row trigger, no row-level foreign key: a statement trigger with a transition table proves the references.
-- At an exchange two meters are read at one time, so the meter belongs to a register reading's key.
-- Version 1 is written while the day is open; after its closing a change makes the next version.

CREATE TABLE metering_curve (
    day            date        NOT NULL,
    usage_point_id bigint      NOT NULL,
    channel        smallint    NOT NULL,
    version        smallint    NOT NULL CHECK (version >= 1),
    source         smallint    NOT NULL,
    evidence_id    bigint      NOT NULL,
    recorded_at    timestamptz NOT NULL,
    digits         bytea       NOT NULL,
    quality        bytea,
    PRIMARY KEY (day, usage_point_id, channel, version)
) PARTITION BY RANGE (day);

CREATE TABLE metering_registerreading (
    read_at        timestamptz NOT NULL,
    usage_point_id bigint      NOT NULL,
    register       smallint    NOT NULL,
    version        smallint    NOT NULL CHECK (version >= 1),
    meter_id       bigint      NOT NULL,
    source         smallint    NOT NULL,
    quality        smallint    NOT NULL,
    evidence_id    bigint      NOT NULL,
    recorded_at    timestamptz NOT NULL,
    digits         bigint      NOT NULL,
    PRIMARY KEY (read_at, usage_point_id, register, meter_id, version)
) PARTITION BY RANGE (read_at);

CREATE INDEX metering_registerreading_point ON metering_registerreading (usage_point_id, register, read_at);

CREATE FUNCTION metering_make_partitions(first_month date, months integer) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    month date;
BEGIN
    FOR month IN SELECT generate_series(first_month, first_month + (months - 1) * interval '1 month', '1 month') LOOP
        EXECUTE format('CREATE TABLE IF NOT EXISTS metering_curve_%s PARTITION OF metering_curve FOR VALUES FROM (%L) TO (%L)',
            to_char(month, 'YYYYMM'), month, month + interval '1 month');
        EXECUTE format('CREATE TABLE IF NOT EXISTS metering_registerreading_%s PARTITION OF metering_registerreading FOR VALUES FROM (%L) TO (%L)',
            to_char(month, 'YYYYMM'), month::timestamp AT TIME ZONE 'UTC', (month + interval '1 month')::timestamp AT TIME ZONE 'UTC');
    END LOOP;
END $$;

CREATE FUNCTION metering_points_exist() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    unknown bigint;
BEGIN
    SELECT a.usage_point_id INTO unknown
    FROM (SELECT DISTINCT usage_point_id FROM added) a
    LEFT JOIN metering_usagepoint p ON p.id = a.usage_point_id
    WHERE p.id IS NULL LIMIT 1;
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'usage point % does not exist', unknown USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER points_exist AFTER INSERT ON metering_curve
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION metering_points_exist();
CREATE TRIGGER points_exist AFTER INSERT ON metering_registerreading
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION metering_points_exist();

SELECT metering_make_partitions('2025-10-01', 19);
