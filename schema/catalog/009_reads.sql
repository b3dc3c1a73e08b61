-- What a version of an API reads, and of definitions what the catalog itself looks for: each is a column, written by the
-- loader from the definition that it has read. This file is the last that looks into definitions: it fills the rows that
-- exist.

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

-- Written in the transaction that commits the version, and never again.
CREATE FUNCTION tablegate.api_version_read_is_kept() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' OR NOT EXISTS (
        SELECT FROM tablegate.api_version v WHERE v.api_id = NEW.api_id AND v.version = NEW.version
           AND v.xmin = pg_current_xact_id()::xid AND v.committed_at >= now()) THEN
        RAISE EXCEPTION 'a committed version never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION tablegate.api_version_read_is_kept() FROM PUBLIC;
CREATE TRIGGER api_version_read_is_kept BEFORE INSERT OR UPDATE OR DELETE ON tablegate.api_version_read
    FOR EACH ROW EXECUTE FUNCTION tablegate.api_version_read_is_kept();
CREATE TRIGGER api_version_read_is_never_emptied BEFORE TRUNCATE ON tablegate.api_version_read
    FOR EACH STATEMENT EXECUTE FUNCTION tablegate.api_version_read_is_kept();

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

CREATE OR REPLACE FUNCTION tablegate.api_version_is_immutable() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' OR TG_OP = 'TRUNCATE'
       OR (NEW.api_id, NEW.version, NEW.definition::text, NEW.source::text, NEW.draft_digest, NEW.message, NEW.author,
           NEW.committed_at, NEW.method, NEW.path, NEW.resource_group)
          IS DISTINCT FROM
          (OLD.api_id, OLD.version, OLD.definition::text, OLD.source::text, OLD.draft_digest, OLD.message, OLD.author,
           OLD.committed_at, OLD.method, OLD.path, OLD.resource_group)
    THEN
        RAISE EXCEPTION 'a committed version never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

-- ---- Tables: when they are refreshed. Null: they are not.
ALTER TABLE tablegate.mirror_table
    ADD COLUMN refresh_schedule text
        GENERATED ALWAYS AS (coalesce(definition #>> '{refresh,schedule}', definition ->> 'refresh')) STORED,
    ADD COLUMN refresh_time_zone text GENERATED ALWAYS AS (
        CASE WHEN definition ->> 'refresh' IS NOT NULL THEN coalesce(definition #>> '{refresh,time_zone}', time_zone) END) STORED;
ALTER TABLE tablegate.mirror_table
    ALTER COLUMN refresh_schedule DROP EXPRESSION, ALTER COLUMN refresh_time_zone DROP EXPRESSION,
    ADD CHECK ((refresh_schedule IS NULL) = (refresh_time_zone IS NULL));

-- ---- A table that a canary reads keeps its definition, as in 006.
CREATE OR REPLACE FUNCTION tablegate.keep_canary_table() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM tablegate.published_api p JOIN tablegate.api_version_read r
                   ON r.api_id = p.api_id AND r.version = p.canary_version
               WHERE r.table_name = OLD.name) THEN
        RAISE EXCEPTION 'table "%" is read by the canary of a published API', OLD.name USING ERRCODE = 'object_in_use';
    END IF;
    RETURN OLD;
END $$;

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
