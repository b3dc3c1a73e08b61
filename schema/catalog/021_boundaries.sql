-- Each table of a version is in api_version_read: rows that versions inserted without the loader do not have. From now on the
-- catalog writes them (functions.sql).
ALTER TABLE tablegate.api_version_read DISABLE TRIGGER USER;
INSERT INTO tablegate.api_version_read (api_id, version, table_name)
SELECT DISTINCT v.api_id, v.version, of.name FROM tablegate.api_version v CROSS JOIN LATERAL unnest(v.table_names) of (name)
WHERE of.name IS NOT NULL AND NOT EXISTS (SELECT FROM tablegate.api_version_read r
    WHERE r.api_id = v.api_id AND r.version = v.version AND r.table_name = of.name);
ALTER TABLE tablegate.api_version_read ENABLE TRIGGER USER;

-- It checks deleted rows too (functions.sql).
DROP TRIGGER IF EXISTS within_workspace ON tablegate.api_test;
