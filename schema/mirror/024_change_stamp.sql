-- One number that is another one after each change of mirror.tablegate_tables. A gateway reads it in the transaction of a
-- query, and so knows whether the rows are those of the generations that it has read before. Function and triggers:
-- functions.sql.
CREATE TABLE IF NOT EXISTS mirror.tablegate_change (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    stamp    bigint NOT NULL    -- random, never 0: two clusters do not have the same one for different tables
);
INSERT INTO mirror.tablegate_change (stamp)
VALUES (('x' || translate(left(gen_random_uuid()::text, 18), '-', ''))::bit(64)::bigint | 1) ON CONFLICT DO NOTHING;
GRANT SELECT ON mirror.tablegate_change TO tablegate_reader, tablegate_tester;
