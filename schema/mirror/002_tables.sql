-- Which generation of each mirrored table serves, for gateways to read: one row a table, written in the transaction that
-- makes a generation the serving one. Run once a mirror, as tablegate_owner, inside the transaction of `tablegate init`.

CREATE TABLE IF NOT EXISTS mirror.tablegate_tables (
    table_name  text PRIMARY KEY,
    relation    text NOT NULL,         -- what to read, in schema mirror: the table's name, or NAME__gN (swap "pointer")
    generation  bigint NOT NULL,
    rows        bigint NOT NULL,
    source_time timestamptz,           -- of the newest change in the source that it holds; NULL: not told
    loaded_at   timestamptz NOT NULL   -- when it was loaded; a rollback brings back what it was
);
GRANT SELECT ON mirror.tablegate_tables TO tablegate_reader;

-- What serves already, as the comments of the tables tell.
INSERT INTO mirror.tablegate_tables (table_name, relation, generation, rows, loaded_at)
SELECT relname, relname, told[1]::bigint, told[2]::bigint, clock_timestamp()
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
     regexp_match(obj_description(c.oid, 'pg_class'), '^tablegate generation ([0-9]{1,12}), ([0-9]+) rows$') AS told
WHERE n.nspname = 'mirror' AND c.relkind = 'r' AND c.relname !~ '__g[0-9]+$' AND told IS NOT NULL
ON CONFLICT DO NOTHING;

DO $$ BEGIN
    IF to_regclass('tablegate.generation') IS NOT NULL THEN
        UPDATE mirror.tablegate_tables t SET loaded_at = g.finished_at FROM tablegate.generation g
        WHERE g.table_name = t.table_name AND g.generation = t.generation AND g.finished_at IS NOT NULL;
    END IF;
END $$;
