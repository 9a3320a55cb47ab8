-- Journals and entries. An entry that belongs to no account or bill (a counter entry) says 0.
-- A journal's entries sum to zero, always: proven when the statement that adds them ends.

CREATE TABLE money_journal (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text        NOT NULL,
    reference   text        NOT NULL UNIQUE,
    posted_on   date        NOT NULL,
    posted_at   timestamptz NOT NULL,
    posted_by   text        NOT NULL,
    entries     integer     NOT NULL,
    content_hash bytea      NOT NULL
);

CREATE TABLE money_entry (
    posted_on   date     NOT NULL,
    journal_id  bigint   NOT NULL,
    line        integer  NOT NULL,
    ledger      smallint NOT NULL,
    account_id  bigint   NOT NULL,
    bill_id     bigint   NOT NULL,
    amount_fen  bigint   NOT NULL,
    PRIMARY KEY (posted_on, journal_id, line)
) PARTITION BY RANGE (posted_on);

CREATE INDEX money_entry_account ON money_entry (account_id) WHERE account_id <> 0;

CREATE FUNCTION money_journals_balance() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT a.journal_id, sum(a.amount_fen) AS total, count(j.id) AS known INTO wrong
    FROM added a LEFT JOIN money_journal j ON j.id = a.journal_id
    GROUP BY a.journal_id HAVING sum(a.amount_fen) <> 0 OR count(j.id) = 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'journal % does not balance: its entries sum to % fen', wrong.journal_id, wrong.total
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER journals_balance AFTER INSERT ON money_entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION money_journals_balance();

CREATE FUNCTION money_refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries and journals are never changed; post a reversal' USING ERRCODE = 'check_violation';
END $$;

CREATE TRIGGER entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON money_entry
    FOR EACH STATEMENT EXECUTE FUNCTION money_refuse_change();
CREATE TRIGGER journals_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON money_journal
    FOR EACH STATEMENT EXECUTE FUNCTION money_refuse_change();

-- A statement that names a partition fires only the partition's own triggers, so each has both.
CREATE FUNCTION money_make_partitions(first_month date, months integer) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    month date;
    partition text;
BEGIN
    FOR month IN SELECT generate_series(first_month, first_month + (months - 1) * interval '1 month', '1 month') LOOP
        partition := 'money_entry_' || to_char(month, 'YYYYMM');
        EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF money_entry FOR VALUES FROM (%L) TO (%L)',
            partition, month, month + interval '1 month');
        EXECUTE format('CREATE OR REPLACE TRIGGER journals_balance AFTER INSERT ON %I
            REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION money_journals_balance()', partition);
        EXECUTE format('CREATE OR REPLACE TRIGGER entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
            FOR EACH STATEMENT EXECUTE FUNCTION money_refuse_change()', partition);
    END LOOP;
END $$;

SELECT money_make_partitions('2025-12-01', 18);
