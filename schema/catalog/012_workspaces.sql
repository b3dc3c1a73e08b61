-- Every Domain, GatewayInstance, RestApi and Table belongs to one workspace, as DataSources do. Other workspaces use only what
-- is shared. Existing objects belong to the only workspace that uses them; what several workspaces use, or could use because
-- nobody does yet, is shared, so that everything keeps working. `init` reports it. The rules are in functions.sql.

ALTER TABLE tablegate.workspace
    ADD COLUMN members name;               -- a role: only its members change what belongs to the workspace; NULL: every developer
GRANT DELETE ON tablegate.workspace TO tablegate_operator;   -- an empty one: everything in it refers to it
GRANT UPDATE (members) ON tablegate.workspace TO tablegate_operator;

ALTER TABLE tablegate.domain
    ADD COLUMN workspace_id bigint REFERENCES tablegate.workspace, ADD COLUMN shared boolean NOT NULL DEFAULT false;
ALTER TABLE tablegate.gateway_instance
    ADD COLUMN workspace_id bigint REFERENCES tablegate.workspace, ADD COLUMN shared boolean NOT NULL DEFAULT true CHECK (shared);
ALTER TABLE tablegate.rest_api
    ADD COLUMN workspace_id bigint REFERENCES tablegate.workspace, ADD COLUMN shared boolean NOT NULL DEFAULT false;
ALTER TABLE tablegate.mirror_table
    ADD COLUMN workspace_id bigint REFERENCES tablegate.workspace, ADD COLUMN shared boolean NOT NULL DEFAULT false;
ALTER TABLE tablegate.data_source
    ADD COLUMN shared boolean NOT NULL DEFAULT false;

-- No entries of the audit and no new revision: nothing that callers or nodes notice changes.
DO $$
DECLARE
    kind text;
BEGIN
    FOREACH kind IN ARRAY ARRAY['domain', 'gateway_instance', 'rest_api', 'mirror_table'] LOOP
        EXECUTE format('ALTER TABLE tablegate.%I DISABLE TRIGGER USER', kind);
    END LOOP;

    UPDATE tablegate.rest_api r SET workspace_id = o.first, shared = o.number > 1
    FROM (SELECT r.rest_api_id, coalesce(u.first, w.first) AS first, coalesce(u.number, w.number) AS number
          FROM tablegate.rest_api r
          CROSS JOIN (SELECT min(workspace_id) AS first, count(*) AS number FROM tablegate.workspace) w
          LEFT JOIN (SELECT rest_api_id, min(workspace_id) AS first, count(DISTINCT workspace_id) AS number
                     FROM tablegate.business_process GROUP BY rest_api_id) u USING (rest_api_id)) o
    WHERE o.rest_api_id = r.rest_api_id;

    -- Workspaces with APIs under a REST API that has the domain.
    UPDATE tablegate.domain d SET workspace_id = o.first, shared = o.number > 1
    FROM (SELECT d.name, coalesce(u.first, w.first) AS first, coalesce(u.number, w.number) AS number
          FROM tablegate.domain d
          CROSS JOIN (SELECT min(workspace_id) AS first, count(*) AS number FROM tablegate.workspace) w
          LEFT JOIN (SELECT x.domain AS name, min(b.workspace_id) AS first, count(DISTINCT b.workspace_id) AS number
                     FROM tablegate.rest_api_domain x JOIN tablegate.business_process b USING (rest_api_id)
                     GROUP BY x.domain) u USING (name)) o
    WHERE o.name = d.name;

    UPDATE tablegate.gateway_instance g SET workspace_id = coalesce(
        (SELECT min(a.workspace_id) FROM tablegate.published_api p JOIN tablegate.api a USING (api_id) WHERE p.gateway = g.name),
        (SELECT min(workspace_id) FROM tablegate.workspace));

    UPDATE tablegate.mirror_table t SET workspace_id = d.workspace_id, shared = EXISTS (
        SELECT FROM tablegate.api a WHERE a.table_name = t.name AND a.workspace_id <> d.workspace_id)
    FROM tablegate.data_source d WHERE d.data_source_id = t.data_source_id;

    -- Definitions say it too: left out in a file that is applied, it stays as it is.
    FOREACH kind IN ARRAY ARRAY['domain', 'rest_api', 'mirror_table'] LOOP
        EXECUTE format($s$UPDATE tablegate.%I SET definition = (left(definition::text, -1) || ',"shared":true}')::json
                          WHERE shared$s$, kind);
    END LOOP;

    FOREACH kind IN ARRAY ARRAY['domain', 'gateway_instance', 'rest_api', 'mirror_table'] LOOP
        EXECUTE format('ALTER TABLE tablegate.%I ENABLE TRIGGER USER', kind);
        EXECUTE format('ALTER TABLE tablegate.%I ALTER COLUMN workspace_id SET NOT NULL', kind);
        EXECUTE format('CREATE INDEX %I ON tablegate.%I (workspace_id)', kind || '_workspace', kind);
    END LOOP;
END $$;
