-- The privileges of each role in the catalog (`tablegate init` creates the roles, which belong to the cluster).
-- tablegate_reader, nginx's role, has none: it cannot even see the schema.

GRANT USAGE ON SCHEMA tablegate TO tablegate_developer, tablegate_approver, tablegate_operator, tablegate_node;
GRANT SELECT ON ALL TABLES IN SCHEMA tablegate TO tablegate_developer, tablegate_approver, tablegate_operator;

-- Developers: definitions, loads, tests, commits.
GRANT INSERT, UPDATE, DELETE ON tablegate.domain, tablegate.gateway_instance, tablegate.rest_api, tablegate.business_process,
    tablegate.data_source, tablegate.mirror_table, tablegate.generation, tablegate.api TO tablegate_developer;
GRANT INSERT, UPDATE, DELETE ON tablegate.api_test TO tablegate_developer;
GRANT INSERT (api_id, version, status, definition, source, draft_digest, message) ON tablegate.api_version
    TO tablegate_developer;
-- Deleting a definition also deletes the domains and authorizations that refer to it.
GRANT DELETE ON tablegate.rest_api_domain, tablegate.authorization TO tablegate_developer;
-- Columns of keys that `consumer show` prints; no digests.
REVOKE SELECT ON tablegate.api_key FROM tablegate_developer, tablegate_approver;
GRANT SELECT (key_id, consumer_id, label, not_before, expires, created_at) ON tablegate.api_key
    TO tablegate_developer, tablegate_approver;

-- Approvers: only the status of a version.
GRANT UPDATE (status) ON tablegate.api_version TO tablegate_approver;

-- Operators: publications, consumers, keys, authorizations. This includes the number of the latest publication.
GRANT INSERT, UPDATE, DELETE ON tablegate.published_api, tablegate.rest_api_domain, tablegate.consumer,
    tablegate.api_key, tablegate.authorization TO tablegate_operator;
GRANT INSERT (gateway, publication, api_id, version) ON tablegate.publication TO tablegate_operator;
GRANT INSERT (name) ON tablegate.workspace TO tablegate_operator;
GRANT UPDATE (publication) ON tablegate.gateway_instance TO tablegate_operator;

-- Nodes: what `tablegate sync` reads.
GRANT SELECT ON tablegate.migration, tablegate.setting, tablegate.workspace, tablegate.domain, tablegate.gateway_instance,
    tablegate.rest_api, tablegate.business_process, tablegate.api, tablegate.api_version, tablegate.published_api,
    tablegate.rest_api_domain, tablegate.publication, tablegate.consumer, tablegate.api_key, tablegate.authorization,
    tablegate.mirror_table, tablegate.generation TO tablegate_node;
