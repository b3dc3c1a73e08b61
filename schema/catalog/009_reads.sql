-- What a version of an API reads, and of definitions what the catalog itself looks for: each is a column, written by the
-- loader from the definition that it has read. This file is the last that looks into definitions: it fills the rows that
-- exist. Functions and triggers: functions.sql.

-- ---- Versions: one row a column that a version reads, with the type that it was compiled against; one row without a
-- column for a table of which it reads none. No reference to mirror_table: a version outlives its tables.
CREATE TABLE tablegate.api_version_read (
    api_id      bigint NOT NULL,
    version     integer NOT NULL,
    table_name  text NOT NULL,
    column_name text,
    column_type text,
    FOREIGN KEY (api_id, version) REFERENCES tablegate.api_version (api_id, version),
    CHECK ((column_name IS NULL) = (column_type IS NULL))
);
CREATE UNIQUE INDEX api_version_read_of_version
    ON tablegate.api_version_read (api_id, version, table_name, coalesce(column_name, ''));
CREATE INDEX api_version_read_of_table ON tablegate.api_version_read (table_name);
GRANT SELECT ON tablegate.api_version_read TO tablegate_developer, tablegate_approver, tablegate_operator, tablegate_node;
GRANT INSERT ON tablegate.api_version_read TO tablegate_developer;

INSERT INTO tablegate.api_version_read (api_id, version, table_name, column_name, column_type)
SELECT v.api_id, v.version, v.source ->> 'table', c.item ->> 'name', c.item ->> 'type'
FROM tablegate.api_version v CROSS JOIN LATERAL json_array_elements(v.source -> 'columns') AS c (item)
WHERE EXISTS (
    SELECT FROM json_array_elements(coalesce(v.definition -> 'request_parameters', '[]')) AS r (item)
    WHERE coalesce(r.item ->> 'column', r.item ->> 'name') = c.item ->> 'name'
    UNION ALL
    SELECT FROM json_array_elements(coalesce(v.definition -> 'response_parameters', '[]')) AS r (item)
    WHERE coalesce(r.item ->> 'column', r.item ->> 'name') = c.item ->> 'name');

-- ---- Versions: route and resource group, which publications are checked by. Generated, so that the rows are filled
-- without an UPDATE that the audit would record; then plain columns.
ALTER TABLE tablegate.api_version
    ADD COLUMN method text GENERATED ALWAYS AS (coalesce(definition ->> 'method', 'GET')) STORED,
    ADD COLUMN path text GENERATED ALWAYS AS (definition ->> 'path') STORED,
    ADD COLUMN resource_group text GENERATED ALWAYS AS (coalesce(definition ->> 'resource_group', 'default')) STORED;
ALTER TABLE tablegate.api_version
    ALTER COLUMN method DROP EXPRESSION, ALTER COLUMN method SET NOT NULL,
    ALTER COLUMN path DROP EXPRESSION, ALTER COLUMN path SET NOT NULL,
    ALTER COLUMN resource_group DROP EXPRESSION, ALTER COLUMN resource_group SET NOT NULL;
GRANT INSERT (method, path, resource_group) ON tablegate.api_version TO tablegate_developer;

-- ---- Tables: when they are refreshed. Null: they are not.
ALTER TABLE tablegate.mirror_table
    ADD COLUMN refresh_schedule text
        GENERATED ALWAYS AS (coalesce(definition #>> '{refresh,schedule}', definition ->> 'refresh')) STORED,
    ADD COLUMN refresh_time_zone text GENERATED ALWAYS AS (
        CASE WHEN definition ->> 'refresh' IS NOT NULL THEN coalesce(definition #>> '{refresh,time_zone}', time_zone) END) STORED;
ALTER TABLE tablegate.mirror_table
    ALTER COLUMN refresh_schedule DROP EXPRESSION, ALTER COLUMN refresh_time_zone DROP EXPRESSION,
    ADD CHECK ((refresh_schedule IS NULL) = (refresh_time_zone IS NULL));

-- ---- JWT settings: where the token is, one column each.
ALTER TABLE tablegate.jwt_setting
    ADD COLUMN source_in text GENERATED ALWAYS AS (source ->> 'in') STORED,
    ADD COLUMN source_name text GENERATED ALWAYS AS (source ->> 'name') STORED,
    ADD COLUMN source_prefix text GENERATED ALWAYS AS (coalesce(source ->> 'prefix', '')) STORED;
ALTER TABLE tablegate.jwt_setting
    ALTER COLUMN source_in DROP EXPRESSION, ALTER COLUMN source_in SET NOT NULL,
    ALTER COLUMN source_name DROP EXPRESSION, ALTER COLUMN source_name SET NOT NULL,
    ALTER COLUMN source_prefix DROP EXPRESSION, ALTER COLUMN source_prefix SET NOT NULL,
    DROP COLUMN source;
GRANT SELECT (source_in, source_name, source_prefix) ON tablegate.jwt_setting TO tablegate_developer, tablegate_approver;
