-- Developers change the columns that the loader changes, and delete neither domains of REST APIs nor authorizations:
-- without the first an API answers any host, without the second a consumer is locked out. What goes with a deleted
-- definition goes by its references and by triggers (functions.sql).

REVOKE DELETE ON tablegate.rest_api_domain, tablegate.authorization FROM tablegate_developer;
ALTER TABLE tablegate.rest_api_domain
    DROP CONSTRAINT rest_api_domain_gateway_fkey,
    DROP CONSTRAINT rest_api_domain_rest_api_id_fkey,
    DROP CONSTRAINT rest_api_domain_domain_fkey,
    ADD FOREIGN KEY (gateway) REFERENCES tablegate.gateway_instance (name) ON DELETE CASCADE,
    ADD FOREIGN KEY (rest_api_id) REFERENCES tablegate.rest_api ON DELETE CASCADE,
    ADD FOREIGN KEY (domain) REFERENCES tablegate.domain (name) ON DELETE CASCADE;

REVOKE UPDATE ON tablegate.domain, tablegate.gateway_instance, tablegate.rest_api, tablegate.business_process,
    tablegate.data_source, tablegate.mirror_table, tablegate.api FROM tablegate_developer;
REVOKE UPDATE (definition, updated_at) ON tablegate.domain FROM tablegate_developer, tablegate_operator;
GRANT UPDATE (definition, updated_at) ON tablegate.domain, tablegate.gateway_instance, tablegate.rest_api,
    tablegate.business_process, tablegate.data_source, tablegate.mirror_table, tablegate.api TO tablegate_developer;
GRANT UPDATE (base_path) ON tablegate.rest_api TO tablegate_developer;
GRANT UPDATE (type) ON tablegate.data_source TO tablegate_developer;
GRANT UPDATE (data_source_id, columns, primary_key, time_zone, refresh_schedule, refresh_time_zone) ON tablegate.mirror_table
    TO tablegate_developer;
GRANT UPDATE (name, digest_name, business_process_id, table_name, deleted_at) ON tablegate.api TO tablegate_developer;
-- To open a published domain to calls in clear is an operator's step.
GRANT UPDATE (definition, updated_at) ON tablegate.domain TO tablegate_operator;

-- Triggers and functions that functions.sql states anew.
DROP TRIGGER IF EXISTS keep_canary_table ON tablegate.mirror_table;
DROP FUNCTION IF EXISTS tablegate.keep_canary_table();

-- ---- Nodes. A name belongs to the login role that reported it first: `reported_by` of both tables.
ALTER TABLE tablegate.usage_zone ADD COLUMN reported_by text NOT NULL DEFAULT session_user;
UPDATE tablegate.usage_zone z SET reported_by = n.reported_by FROM tablegate.node n WHERE n.gateway = z.gateway AND n.name = z.node;
UPDATE tablegate.node n SET poll = least(greatest(n.poll, interval '1 second'), interval '1 day'),
    written_revision = least(n.written_revision, c.revision), served_revision = least(n.served_revision, c.revision)
FROM tablegate.catalog_revision c;

-- ---- The locks of commands: rows that only functions of ours lock, so that no other role can hold them.
CREATE TABLE tablegate.lock (
    name text PRIMARY KEY
);
INSERT INTO tablegate.lock VALUES ('catalog');

-- Which session of `tablegate table watch` refreshes a table.
CREATE TABLE tablegate.table_watch (
    table_name text PRIMARY KEY REFERENCES tablegate.mirror_table ON DELETE CASCADE,
    pid        integer NOT NULL,
    user_name  text NOT NULL,
    renewed_at timestamptz NOT NULL
);
