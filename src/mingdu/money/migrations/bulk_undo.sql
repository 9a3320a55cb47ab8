DROP TABLE money_entry;
DROP TABLE money_journal;
DROP FUNCTION money_refuse_change();
DROP FUNCTION money_journals_balance();
DROP FUNCTION money_make_partitions(date, integer);
