"""A catalog of any size in seconds: rows by SQL, without triggers and without checks of references, copied from one published API.

    p.serve()                        # the tutorial's API: the pattern of all others
    fill(p, apis=10000, consumers=10000, grants=10)

Names: API "api 1" ... in business processes "process 1" ... (kProcess APIs each, REST APIs "rest-1" ...), consumers "consumer-1" ...
Each API has a tested, committed and published version; each consumer has one API key and `grants` authorisations, one of them for a
REST API."""

kProcess = 100  # APIs of one business process

_kFill = """
SET session_replication_role = replica;
CREATE TEMP TABLE pattern AS
    SELECT a.api_id, a.workspace_id, a.table_name, a.definition::text AS draft, v.source::text AS source, v.resource_group, p.gateway
    FROM tablegate.api a JOIN tablegate.api_version v USING (api_id) JOIN tablegate.published_api p USING (api_id) LIMIT 1;
INSERT INTO tablegate.rest_api (workspace_id, name, base_path, definition)
    SELECT p.workspace_id, 'rest-' || i, '/rest' || i, json_build_object('kind', 'RestApi', 'name', 'rest-' || i, 'base_path', '/rest' || i)
    FROM pattern p, generate_series(1, ({apis} + {process} - 1) / {process}) i;
INSERT INTO tablegate.business_process (workspace_id, name, rest_api_id, definition)
    SELECT p.workspace_id, replace(r.name, 'rest-', 'process '), r.rest_api_id,
           json_build_object('kind', 'BusinessProcess', 'name', replace(r.name, 'rest-', 'process '), 'rest_api', r.name)
    FROM pattern p, tablegate.rest_api r WHERE r.name LIKE 'rest-%';
CREATE TEMP TABLE made AS
    SELECT i, 'api ' || i AS name, '/path' || i AS path, 'process ' || (i - 1) / {process} + 1 AS process,
           (jsonb_build_object('kind', 'Api', 'name', 'api ' || i, 'business_process', 'process ' || (i - 1) / {process} + 1,
                               'path', '/path' || i) || p.rest)::text AS draft
    FROM (SELECT draft::jsonb - ARRAY['kind', 'name', 'business_process', 'path'] AS rest FROM pattern) p,
         generate_series(1, {apis}) i;
INSERT INTO tablegate.api (workspace_id, business_process_id, name, table_name, definition)
    SELECT p.workspace_id, b.business_process_id, m.name, p.table_name, m.draft::json
    FROM pattern p, made m JOIN tablegate.business_process b ON b.name = m.process ORDER BY m.i;
ANALYZE made, tablegate.api;
INSERT INTO tablegate.api_version (api_id, version, status, definition, source, draft_digest)
    SELECT a.api_id, 1, 'Publishable', a.definition, p.source::json,
           sha256(convert_to(a.definition::text || E'\\n' || p.source, 'UTF8'))
    FROM pattern p, tablegate.api a JOIN made m USING (name);
INSERT INTO tablegate.api_version_read (api_id, version, table_name, column_name, column_type)
    SELECT a.api_id, 1, r.table_name, r.column_name, r.column_type
    FROM tablegate.api a JOIN made m USING (name), (SELECT * FROM tablegate.api_version_read WHERE api_id = (SELECT api_id FROM pattern)) r;
ANALYZE tablegate.api_version;
INSERT INTO tablegate.api_test (api_id, draft_digest, passed, http_status, duration_ms)
    SELECT v.api_id, v.draft_digest, true, 200, 1 FROM tablegate.api_version v JOIN tablegate.api a USING (api_id) JOIN made m USING (name);
INSERT INTO tablegate.published_api (gateway, api_id, version, route)
    SELECT p.gateway, a.api_id, 1, 'GET /rest' || (m.i - 1) / {process} + 1 || m.path FROM pattern p, tablegate.api a JOIN made m USING (name);
INSERT INTO tablegate.publication (gateway, publication, api_id, version, service)
    SELECT p.gateway, 1000 + row_number() OVER (ORDER BY a.api_id), a.api_id, 1, 'default'
    FROM pattern p, tablegate.api a JOIN made m USING (name);
UPDATE tablegate.gateway_instance SET publication = 1000 + {apis};
INSERT INTO tablegate.consumer (name) SELECT 'consumer-' || i FROM generate_series(1, {consumers}) i;
INSERT INTO tablegate.api_key (key_id, consumer_id, digest)
    SELECT 'ak_' || left(md5(name), 16), consumer_id, sha256(convert_to(name, 'UTF8')) FROM tablegate.consumer WHERE name LIKE 'consumer-%';
INSERT INTO tablegate.authorization (consumer_id, api_id)
    SELECT c.consumer_id, a.api_id
    FROM (SELECT consumer_id, row_number() OVER (ORDER BY consumer_id) AS place FROM tablegate.consumer WHERE name LIKE 'consumer-%') c
    CROSS JOIN generate_series(1, {grants} - 1) g
    JOIN (SELECT a.api_id, m.i FROM tablegate.api a JOIN made m USING (name)) a ON a.i = (c.place * 7 + g * 131) % {apis} + 1;
INSERT INTO tablegate.authorization (consumer_id, rest_api_id)
    SELECT c.consumer_id, r.rest_api_id
    FROM (SELECT consumer_id, row_number() OVER (ORDER BY consumer_id) AS place FROM tablegate.consumer WHERE name LIKE 'consumer-%') c
    JOIN (SELECT rest_api_id, row_number() OVER (ORDER BY rest_api_id) - 1 AS place, count(*) OVER () AS all FROM tablegate.rest_api
          WHERE name LIKE 'rest-%') r ON r.place = c.place % r.all;
ANALYZE;
"""


def fill(p, apis, consumers, grants=10):
    """Into the catalog of a project whose first API is published. grants: of each consumer, at least 2."""
    p.postgres.psql(_kFill.format(apis=apis, consumers=consumers, grants=grants, process=kProcess))
