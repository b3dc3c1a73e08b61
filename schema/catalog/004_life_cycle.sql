-- Versions of REST APIs, approval of versions, the audit, and the old names of renamed APIs.

-- ---- REST API versions: how the versioning scheme changes URL and requests. Derived from the definition, so that
-- they always agree.

ALTER TABLE tablegate.rest_api
    -- The prefix of each API's path: base path and, with scheme path, the version; '' for "/".
    ADD COLUMN url_base text GENERATED ALWAYS AS (
        rtrim(base_path, '/') ||
        CASE WHEN definition #>> '{versioning,scheme}' = 'path' THEN '/' || version ELSE '' END) STORED,
    -- With the schemes header and query: where a request names the version; else null.
    ADD COLUMN version_in text GENERATED ALWAYS AS (
        CASE WHEN definition #>> '{versioning,scheme}' IN ('header', 'query')
             THEN definition #>> '{versioning,scheme}' END) STORED,
    ADD COLUMN version_name text GENERATED ALWAYS AS (
        CASE WHEN definition #>> '{versioning,scheme}' IN ('header', 'query')
             THEN definition #>> '{versioning,name}' END) STORED;

-- ---- Renamed APIs. A draft's digest uses the first name of its API: a new name does not change the draft.
ALTER TABLE tablegate.api ADD COLUMN digest_name text;

-- Columns that never change (arguments of the trigger). An API that moved to another workspace could evade the
-- approval of the first one.
CREATE FUNCTION tablegate.stays_where_it_is() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    place integer;
BEGIN
    FOR place IN 0 .. TG_NARGS - 1 LOOP
        IF to_jsonb(NEW) -> TG_ARGV[place] IS DISTINCT FROM to_jsonb(OLD) -> TG_ARGV[place] THEN
            RAISE EXCEPTION '% of a row in % never changes', TG_ARGV[place], TG_TABLE_NAME
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER stays_where_it_is BEFORE UPDATE ON tablegate.api
    FOR EACH ROW EXECUTE FUNCTION tablegate.stays_where_it_is('workspace_id');
CREATE TRIGGER stays_where_it_is BEFORE UPDATE ON tablegate.business_process
    FOR EACH ROW EXECUTE FUNCTION tablegate.stays_where_it_is('workspace_id', 'rest_api_id');

-- ---- Approval: Pending for Application -> submit -> Pending for Approval -> approve | reject -> Publishable |
-- Rejected, which may be submitted again. Only the functions below change a status; the trigger applies to every
-- user, also to the owner of the tables. Messages with an SQLSTATE of class TG are shown to users unchanged.

ALTER TABLE tablegate.api_version
    ADD COLUMN submitted_by text,                 -- in whose name; the audit has who really did it
    ADD COLUMN decided_by   text,
    ADD COLUMN note         text NOT NULL DEFAULT '';   -- of the latest step
REVOKE UPDATE (status) ON tablegate.api_version FROM tablegate_approver;

CREATE FUNCTION tablegate.status_by_the_rules() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    approval boolean;
BEGIN
    IF TG_OP = 'INSERT' THEN
        -- The lock keeps the setting unchanged while a version is inserted.
        SELECT w.approval INTO approval FROM tablegate.api a JOIN tablegate.workspace w USING (workspace_id)
            WHERE a.api_id = NEW.api_id FOR SHARE OF w;
        IF NEW.status <> (CASE WHEN approval THEN 'Pending for Application' ELSE 'Publishable' END)
           OR NEW.submitted_by IS NOT NULL OR NEW.decided_by IS NOT NULL THEN
            RAISE EXCEPTION 'a new version of this workspace cannot be %', NEW.status USING ERRCODE = 'TG001';
        END IF;
    ELSIF (OLD.status, OLD.submitted_by, OLD.decided_by) IS NOT DISTINCT FROM
          (NEW.status, NEW.submitted_by, NEW.decided_by) THEN
        RETURN NEW;
    ELSIF NEW.status = 'Pending for Approval' THEN
        IF OLD.status NOT IN ('Pending for Application', 'Rejected') OR NEW.submitted_by IS NULL
           OR NEW.decided_by IS NOT NULL THEN
            RAISE EXCEPTION 'a version that is % cannot be submitted', OLD.status USING ERRCODE = 'TG001';
        END IF;
    ELSIF NEW.status IN ('Publishable', 'Rejected') THEN
        IF OLD.status <> 'Pending for Approval' OR NEW.submitted_by IS DISTINCT FROM OLD.submitted_by
           OR NEW.decided_by IS NULL OR NEW.decided_by = OLD.submitted_by THEN
            RAISE EXCEPTION 'a version that is % cannot become %', OLD.status, NEW.status USING ERRCODE = 'TG001';
        END IF;
    ELSE
        RAISE EXCEPTION 'a version that is % cannot become %', OLD.status, NEW.status USING ERRCODE = 'TG001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER status_by_the_rules BEFORE INSERT OR UPDATE ON tablegate.api_version
    FOR EACH ROW EXECUTE FUNCTION tablegate.status_by_the_rules();
-- Helpers that must not depend on the caller's search_path.
ALTER FUNCTION tablegate.only_publishable() SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION tablegate.api_version_is_immutable() SET search_path = pg_catalog, pg_temp;

-- The acting user: the one who signed in (session_user, which SET ROLE does not change), or a user in whose name the
-- catalog's owner may act.
CREATE FUNCTION tablegate.take_step(step text, wanted_api bigint, wanted_version integer, step_note text, as_user text)
    RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    actor     text := coalesce(as_user, session_user::text);
    the_role  text := CASE step WHEN 'submit' THEN 'tablegate_developer' ELSE 'tablegate_approver' END;
    before    tablegate.api_version;
    new_status text;
BEGIN
    IF as_user IS NOT NULL THEN
        IF NOT pg_has_role(session_user, 'tablegate_owner', 'MEMBER') THEN
            RAISE EXCEPTION 'only superusers and members of tablegate_owner may act in the name of somebody else'
                USING ERRCODE = 'TG003';
        ELSIF as_user = '' OR length(as_user) > 63 THEN
            RAISE EXCEPTION 'a user''s name has 1 to 63 characters' USING ERRCODE = 'TG003';
        ELSIF EXISTS (SELECT FROM pg_roles WHERE rolname = as_user)
              AND NOT pg_has_role(as_user::name, the_role, 'MEMBER') THEN
            RAISE EXCEPTION '% is no member of %', as_user, the_role USING ERRCODE = 'TG003';
        END IF;
    END IF;
    SELECT * INTO before FROM tablegate.api_version v
        WHERE v.api_id = wanted_api AND v.version = wanted_version FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no such version' USING ERRCODE = 'TG004';
    ELSIF step = 'submit' AND before.status NOT IN ('Pending for Application', 'Rejected')
          OR step <> 'submit' AND before.status <> 'Pending for Approval' THEN
        RAISE EXCEPTION 'it is %', before.status USING ERRCODE = 'TG001';
    ELSIF step <> 'submit' AND before.submitted_by = actor THEN
        RAISE EXCEPTION '% submitted it, and who submits a version does not decide about it', actor
            USING ERRCODE = 'TG002';
    END IF;
    new_status := CASE step WHEN 'submit' THEN 'Pending for Approval' WHEN 'approve' THEN 'Publishable'
                            ELSE 'Rejected' END;
    UPDATE tablegate.api_version v
        SET status = new_status, note = step_note,
            submitted_by = CASE step WHEN 'submit' THEN actor ELSE v.submitted_by END,
            decided_by = CASE step WHEN 'submit' THEN NULL ELSE actor END
        WHERE v.api_id = wanted_api AND v.version = wanted_version;
    RETURN new_status;
END $$;
CREATE FUNCTION tablegate.submit_version(bigint, integer, text, text) RETURNS text LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$ SELECT tablegate.take_step('submit', $1, $2, $3, $4) $$;
CREATE FUNCTION tablegate.approve_version(bigint, integer, text, text) RETURNS text LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$ SELECT tablegate.take_step('approve', $1, $2, $3, $4) $$;
CREATE FUNCTION tablegate.reject_version(bigint, integer, text, text) RETURNS text LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$ SELECT tablegate.take_step('reject', $1, $2, $3, $4) $$;

-- ---- The audit: who did what and when. Written by triggers, so that it covers manual SQL too; never changed. Names
-- and ids only, no secret and no digest.

CREATE TABLE tablegate.audit (
    audit_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    user_name text NOT NULL DEFAULT session_user,  -- who signed in
    as_user   text,                                -- in whose name, where it is another one
    kind      text NOT NULL,                       -- of definitions, or Workspace, Consumer, Setting
    name      text NOT NULL,
    action    text NOT NULL,
    workspace text,                                -- null: the catalog's
    api_id    bigint,                              -- what concerns an API; a deleted or renamed one is found by it
    details   jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_at ON tablegate.audit (at);
CREATE INDEX audit_api ON tablegate.audit (api_id);

CREATE FUNCTION tablegate.audit_is_kept() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'the audit never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    -- Always the real user and time, whoever inserts.
    NEW.at := clock_timestamp();
    NEW.user_name := session_user;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_is_kept BEFORE INSERT OR UPDATE OR DELETE ON tablegate.audit
    FOR EACH ROW EXECUTE FUNCTION tablegate.audit_is_kept();
CREATE TRIGGER audit_is_never_emptied BEFORE TRUNCATE ON tablegate.audit
    FOR EACH STATEMENT EXECUTE FUNCTION tablegate.audit_is_kept();

CREATE FUNCTION tablegate.write_audit(kind text, name text, action text, workspace_id bigint, api_id bigint, details jsonb,
                               as_user text DEFAULT NULL)
    RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO tablegate.audit (kind, name, action, workspace, api_id, details, as_user)
    SELECT $1, $2, $3, (SELECT w.name FROM tablegate.workspace w WHERE w.workspace_id = $4), $5,
           jsonb_strip_nulls($6), nullif($7, session_user::text)
$$;

-- Definitions; the trigger's argument is the kind. A change records the names of the changed fields.
CREATE FUNCTION tablegate.audit_definition() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before  jsonb := CASE TG_OP WHEN 'INSERT' THEN '{}'::jsonb ELSE to_jsonb(OLD) - 'updated_at' - 'publication' END;
    after   jsonb := CASE TG_OP WHEN 'DELETE' THEN '{}'::jsonb ELSE to_jsonb(NEW) - 'updated_at' - 'publication' END;
    thing   jsonb := CASE TG_OP WHEN 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
    action  text := CASE TG_OP WHEN 'INSERT' THEN 'created' WHEN 'DELETE' THEN 'deleted' ELSE 'changed' END;
    details jsonb := CASE TG_ARGV[0] WHEN 'RestApi' THEN jsonb_build_object('version', nullif(thing ->> 'version', ''))
                                     ELSE '{}' END;
    workspace bigint := thing ->> 'workspace_id';
BEGIN
    IF before = after THEN RETURN NULL; END IF;
    IF TG_ARGV[0] = 'Table' THEN
        SELECT d.workspace_id INTO workspace FROM tablegate.data_source d
            WHERE d.data_source_id = (thing ->> 'data_source_id')::bigint;
    END IF;
    IF TG_OP = 'UPDATE' AND before ->> 'deleted_at' IS NULL AND after ->> 'deleted_at' IS NOT NULL THEN
        action := 'deleted';
    ELSIF TG_OP = 'UPDATE' AND before ->> 'name' <> after ->> 'name' THEN
        action := 'renamed';
        details := details || jsonb_build_object('from', before ->> 'name');
    ELSIF TG_OP = 'UPDATE' THEN
        details := details || jsonb_build_object('fields', (
            SELECT jsonb_agg(field ORDER BY field) FROM (
                SELECT key AS field FROM jsonb_object_keys((before -> 'definition') || (after -> 'definition')) key
                    WHERE before -> 'definition' -> key IS DISTINCT FROM after -> 'definition' -> key
                UNION
                SELECT key FROM jsonb_object_keys(after) key
                    WHERE key <> 'definition' AND before -> key IS DISTINCT FROM after -> key) f));
    END IF;
    PERFORM tablegate.write_audit(TG_ARGV[0], thing ->> 'name', action, workspace, (thing ->> 'api_id')::bigint, details);
    RETURN NULL;
END $$;

-- The life of an API's versions: tested, committed, submitted, approved, rejected, published, unpublished.
CREATE FUNCTION tablegate.audit_version() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    thing   jsonb := CASE TG_OP WHEN 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
    step    text;
    details jsonb := '{}';
    actor   text;
    api     tablegate.api;
BEGIN
    SELECT * INTO api FROM tablegate.api a WHERE a.api_id = (thing ->> 'api_id')::bigint;
    IF NOT FOUND THEN RETURN NULL; END IF;  -- deleted with its API
    CASE TG_TABLE_NAME
    WHEN 'api_test' THEN
        IF TG_OP = 'DELETE' THEN RETURN NULL; END IF;
        step := 'tested';
        details := jsonb_build_object('passed', (thing ->> 'http_status')::integer = 200, 'status', thing -> 'http_status');
    WHEN 'api_version' THEN
        step := CASE WHEN TG_OP = 'INSERT' THEN 'committed'
                     ELSE CASE thing ->> 'status' WHEN 'Pending for Approval' THEN 'submitted'
                                                  WHEN 'Publishable' THEN 'approved' ELSE 'rejected' END END;
        actor := CASE step WHEN 'committed' THEN NULL WHEN 'submitted' THEN thing ->> 'submitted_by'
                           ELSE thing ->> 'decided_by' END;
        details := jsonb_build_object('version', thing -> 'version', 'status', thing -> 'status', 'message',
                   nullif(CASE step WHEN 'committed' THEN thing ->> 'message' ELSE thing ->> 'note' END, ''));
    ELSE  -- published_api
        step := CASE WHEN TG_OP = 'DELETE' THEN 'unpublished'
                     WHEN current_setting('tablegate.step', true) = 'rollback' THEN 'rolled back' ELSE 'published' END;
        details := thing - 'api_id' - 'published_by' - 'published_at';
    END CASE;
    PERFORM tablegate.write_audit('Api', api.name, step, api.workspace_id, api.api_id, details, actor);
    RETURN NULL;
END $$;

-- Loads of tables, domains of REST APIs, workspaces, settings.
CREATE FUNCTION tablegate.audit_other() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before jsonb := CASE TG_OP WHEN 'INSERT' THEN '{}'::jsonb ELSE to_jsonb(OLD) END;
    thing  jsonb := CASE TG_OP WHEN 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
    made   text := CASE TG_OP WHEN 'INSERT' THEN 'created' WHEN 'DELETE' THEN 'deleted' ELSE 'changed' END;
    step   text;
    space  bigint;
    owner  tablegate.rest_api;
BEGIN
    CASE TG_TABLE_NAME
    WHEN 'generation' THEN
        IF TG_OP = 'DELETE' OR before ->> 'status' = thing ->> 'status' THEN RETURN NULL; END IF;
        step := CASE thing ->> 'status'
                    WHEN 'loading' THEN 'load started' WHEN 'failed' THEN 'load failed'
                    WHEN 'current' THEN CASE before ->> 'status' WHEN 'previous' THEN 'rolled back' ELSE 'loaded' END END;
        IF step IS NULL THEN RETURN NULL; END IF;  -- an older one made room
        SELECT d.workspace_id INTO space FROM tablegate.mirror_table t JOIN tablegate.data_source d USING (data_source_id)
            WHERE t.name = thing ->> 'table_name';
        PERFORM tablegate.write_audit('Table', thing ->> 'table_name', step, space, NULL, jsonb_build_object(
            'generation', thing -> 'generation', 'rows', thing -> 'row_count', 'source', thing -> 'source'));
    WHEN 'rest_api_domain' THEN
        SELECT * INTO owner FROM tablegate.rest_api r WHERE r.rest_api_id = (thing ->> 'rest_api_id')::bigint;
        PERFORM tablegate.write_audit('RestApi', owner.name, CASE TG_OP WHEN 'DELETE' THEN 'domain removed' ELSE 'domain added' END,
            NULL, NULL, jsonb_build_object('version', nullif(owner.version, ''), 'gateway', thing -> 'gateway',
                                           'domain', thing -> 'domain'));
    WHEN 'workspace' THEN
        PERFORM tablegate.write_audit('Workspace', thing ->> 'name', made, (thing ->> 'workspace_id')::bigint, NULL,
            jsonb_build_object('approval', thing -> 'approval'));
    ELSE  -- setting: the value is none of the audit's business
        PERFORM tablegate.write_audit('Setting', thing ->> 'name', made, NULL, NULL, '{}');
    END CASE;
    RETURN NULL;
END $$;

-- Consumers, their credentials and authorisations.
CREATE FUNCTION tablegate.audit_consumer() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before  jsonb := CASE TG_OP WHEN 'INSERT' THEN '{}'::jsonb ELSE to_jsonb(OLD) END;
    thing   jsonb := CASE TG_OP WHEN 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
    sealed  text[] := ARRAY['sealed_secret', 'sealed_keys', 'updated_at'];
    step    text;
    whose   text := thing ->> 'name';
    details jsonb := '{}';
BEGIN
    IF TG_TABLE_NAME <> 'consumer' THEN
        SELECT c.name INTO whose FROM tablegate.consumer c WHERE c.consumer_id = (thing ->> 'consumer_id')::bigint;
        IF NOT FOUND THEN RETURN NULL; END IF;  -- deleted with its consumer
    END IF;
    CASE TG_TABLE_NAME
    WHEN 'consumer' THEN
        step := CASE TG_OP WHEN 'INSERT' THEN 'created' WHEN 'DELETE' THEN 'deleted' ELSE
                    CASE WHEN before -> 'enabled' = thing -> 'enabled' THEN 'changed'
                         WHEN (thing ->> 'enabled')::boolean THEN 'enabled' ELSE 'disabled' END END;
    WHEN 'authorization' THEN
        step := CASE TG_OP WHEN 'DELETE' THEN 'deauthorized' ELSE 'authorized' END;
        details := jsonb_build_object(
            'api', (SELECT a.name FROM tablegate.api a WHERE a.api_id = (thing ->> 'api_id')::bigint),
            'rest_api', (SELECT concat_ws(' ', r.name, nullif(r.version, '')) FROM tablegate.rest_api r
                         WHERE r.rest_api_id = (thing ->> 'rest_api_id')::bigint));
    WHEN 'jwt_setting' THEN
        step := CASE WHEN TG_OP = 'DELETE' THEN 'jwt unset' WHEN TG_OP = 'UPDATE' AND before - sealed = thing - sealed
                     THEN 'sealed anew' ELSE 'jwt set' END;
        details := jsonb_build_object('issuer', nullif(thing ->> 'issuer', ''), 'audience', nullif(thing ->> 'audience', ''));
    ELSE  -- api_key, hmac_key
        step := CASE WHEN TG_OP = 'INSERT' THEN 'key added' WHEN TG_OP = 'DELETE' THEN 'key revoked'
                     WHEN before - sealed = thing - sealed THEN 'sealed anew' ELSE 'key changed' END;
        details := jsonb_build_object('id', thing -> 'key_id', 'type',
            CASE TG_TABLE_NAME WHEN 'hmac_key' THEN 'hmac' ELSE 'api_key' END, 'label', nullif(thing ->> 'label', ''),
            'not_before', thing -> 'not_before', 'expires', thing -> 'expires');
    END CASE;
    PERFORM tablegate.write_audit('Consumer', whose, step, (thing ->> 'workspace_id')::bigint, (thing ->> 'api_id')::bigint, details);
    RETURN NULL;
END $$;

CREATE FUNCTION tablegate.audit_truncate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM tablegate.write_audit('Setting', 'table ' || TG_TABLE_NAME, 'emptied', NULL, NULL, '{}');
    RETURN NULL;
END $$;

DO $$
DECLARE
    pair record;
BEGIN
    FOR pair IN SELECT * FROM (VALUES
        ('domain', 'audit_definition(''Domain'')'), ('gateway_instance', 'audit_definition(''GatewayInstance'')'),
        ('rest_api', 'audit_definition(''RestApi'')'), ('business_process', 'audit_definition(''BusinessProcess'')'),
        ('data_source', 'audit_definition(''DataSource'')'), ('mirror_table', 'audit_definition(''Table'')'),
        ('api', 'audit_definition(''Api'')'), ('api_test', 'audit_version()'), ('api_version', 'audit_version()'),
        ('published_api', 'audit_version()'), ('generation', 'audit_other()'), ('rest_api_domain', 'audit_other()'),
        ('workspace', 'audit_other()'), ('setting', 'audit_other()'), ('consumer', 'audit_consumer()'),
        ('api_key', 'audit_consumer()'), ('hmac_key', 'audit_consumer()'), ('jwt_setting', 'audit_consumer()'),
        ('authorization', 'audit_consumer()')) v (table_name, function)
    LOOP
        EXECUTE format('CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON tablegate.%I'
                       ' FOR EACH ROW EXECUTE FUNCTION tablegate.%s', pair.table_name, pair.function);
        EXECUTE format('CREATE TRIGGER audit_emptied AFTER TRUNCATE ON tablegate.%I'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION tablegate.audit_truncate()', pair.table_name);
    END LOOP;
END $$;

-- All roles read it, and only the triggers write it, as the owner. Each step of a version is a function with its own
-- role; only the owner changes the approval setting of a workspace, except when it is created.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA tablegate FROM PUBLIC;
GRANT SELECT ON tablegate.audit TO tablegate_developer, tablegate_approver, tablegate_operator;
GRANT EXECUTE ON FUNCTION tablegate.submit_version(bigint, integer, text, text) TO tablegate_developer;
GRANT EXECUTE ON FUNCTION tablegate.approve_version(bigint, integer, text, text),
    tablegate.reject_version(bigint, integer, text, text) TO tablegate_approver;
GRANT INSERT (approval) ON tablegate.workspace TO tablegate_operator;
