-- tablegate_tester, the role of `api test`, reads what tablegate_reader reads. `tablegate init` gives it the tables that
-- exist; functions.sql gives it each new one.
GRANT SELECT ON mirror.tablegate_tables TO tablegate_tester;

-- The locks of loads: rows that only functions of ours lock.
CREATE TABLE mirror_load.lock (
    name text PRIMARY KEY
);
INSERT INTO mirror_load.lock VALUES ('init');
