-- Nobody but tablegate_owner has UPDATE, DELETE or TRUNCATE on a whole table: each of them also permits LOCK TABLE ... IN
-- ACCESS EXCLUSIVE MODE, with which one open session stops all readers, nodes included. People have UPDATE on columns, and
-- delete rows with delete_as_developer() and delete_as_operator() (functions.sql).

DO $$
DECLARE
    held record;
BEGIN
    FOR held IN
        SELECT c.relname, r.rolname, bool_or(a.privilege_type = 'UPDATE') AS updates,
               (SELECT string_agg(quote_ident(t.attname), ', ') FROM pg_attribute t
                WHERE t.attrelid = c.oid AND t.attnum > 0 AND NOT t.attisdropped AND t.attgenerated = '' AND t.attidentity = '') AS columns
        FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
        WHERE c.relnamespace = 'tablegate'::regnamespace AND a.privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE')
          AND r.rolname IN ('tablegate_developer', 'tablegate_approver', 'tablegate_operator', 'tablegate_node', 'tablegate_reader')
        GROUP BY c.oid, c.relname, r.rolname
    LOOP
        EXECUTE format('REVOKE DELETE, TRUNCATE ON tablegate.%I FROM %I', held.relname, held.rolname);
        IF held.updates THEN
            EXECUTE format('REVOKE UPDATE ON tablegate.%I FROM %I', held.relname, held.rolname);
            EXECUTE format('GRANT UPDATE (%s) ON tablegate.%I TO %I', held.columns, held.relname, held.rolname);
        END IF;
    END LOOP;
END $$;
