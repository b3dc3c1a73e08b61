-- What the catalog looks for in definitions, as columns that are generated from them: whoever writes a row without the
-- loader cannot let them differ. They take the place of columns that the loader wrote (009_reads.sql).

ALTER TABLE tablegate.api_version DROP COLUMN method, DROP COLUMN path, DROP COLUMN resource_group;
ALTER TABLE tablegate.api_version
    ADD COLUMN method text NOT NULL GENERATED ALWAYS AS (coalesce(definition ->> 'method', 'GET')) STORED,
    ADD COLUMN path text NOT NULL GENERATED ALWAYS AS (definition ->> 'path') STORED,
    ADD COLUMN resource_group text NOT NULL GENERATED ALWAYS AS (coalesce(definition ->> 'resource_group', 'default')) STORED,
    -- The table of the definition, and the one whose columns it was compiled against.
    ADD COLUMN table_names text[] GENERATED ALWAYS AS (ARRAY[definition ->> 'table', source ->> 'table']) STORED;

-- Resource groups by service.
ALTER TABLE tablegate.gateway_instance
    ADD COLUMN services jsonb NOT NULL
        GENERATED ALWAYS AS (coalesce(definition ->> 'services', '{"default": ["default"]}')::jsonb) STORED;
