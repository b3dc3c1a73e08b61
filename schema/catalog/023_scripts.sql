-- Scripts: an API in mode script reads several tables. Its draft names them in script_tables (a wizard's API has table_name
-- instead), and each version in its source; table_names has those of either draft. What PostgreSQL says of the columns of a
-- script's statement is kept with the test, and with the version. Functions: functions.sql.
ALTER TABLE tablegate.api
    DROP CONSTRAINT api_check,
    ADD COLUMN script_tables text[],
    ADD COLUMN table_names text[] GENERATED ALWAYS AS (coalesce(script_tables, ARRAY[table_name])) STORED,
    ADD CONSTRAINT api_check CHECK (deleted_at IS NOT NULL
        OR (business_process_id IS NOT NULL AND (table_name IS NULL) <> (script_tables IS NULL)));
CREATE INDEX api_of_tables ON tablegate.api USING gin (table_names);
GRANT UPDATE (script_tables) ON tablegate.api TO tablegate_developer;

ALTER TABLE tablegate.api_test ADD COLUMN described json;   -- [{"name","type","sql_type","not_null"}]
GRANT INSERT (described), UPDATE (described) ON tablegate.api_test TO tablegate_developer;

-- Which tables a version reads is found by source_tables() (functions.sql).
ALTER TABLE tablegate.api_version DROP COLUMN table_names;
