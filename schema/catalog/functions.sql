-- The functions and triggers of schema tablegate, each once, in their current form. `tablegate init` applies this file after
-- the migrations, every time, as tablegate_owner. Each change requires a migration with the next number, so that commands
-- ask for init; that migration also drops a trigger that changes, or a function whose arguments change.

CREATE OR REPLACE FUNCTION tablegate.api_version_is_immutable() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' OR TG_OP = 'TRUNCATE'
       OR (NEW.api_id, NEW.version, NEW.definition::text, NEW.source::text, NEW.draft_digest, NEW.message, NEW.author,
           NEW.committed_at, NEW.allow_scan, NEW.plan::text)
          IS DISTINCT FROM
          (OLD.api_id, OLD.version, OLD.definition::text, OLD.source::text, OLD.draft_digest, OLD.message, OLD.author,
           OLD.committed_at, OLD.allow_scan, OLD.plan::text)
    THEN
        RAISE EXCEPTION 'a committed version never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

-- What a version reads: written in the transaction that commits the version, and never again.
CREATE OR REPLACE FUNCTION tablegate.api_version_read_is_kept() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' OR NOT EXISTS (
        SELECT FROM tablegate.api_version v WHERE v.api_id = NEW.api_id AND v.version = NEW.version
           AND v.xmin = pg_current_xact_id()::xid AND v.committed_at >= now()) THEN
        RAISE EXCEPTION 'a committed version never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (SELECT FROM tablegate.api_version v WHERE v.api_id = NEW.api_id AND v.version = NEW.version
               AND v.status = 'Publishable' AND tablegate.first_status(v.api_id, ARRAY[NEW.table_name]) <> v.status) THEN
        RAISE EXCEPTION 'a new version that reads table "%" requires approval', NEW.table_name USING ERRCODE = 'TG001';
    END IF;
    RETURN NEW;
END $$;

-- The tables of a version by its definition and what it was compiled against: of a script those of its source; else the
-- table of the definition and the one whose columns it was compiled against.
CREATE OR REPLACE FUNCTION tablegate.source_tables(definition json, source json) RETURNS text[] LANGUAGE sql IMMUTABLE
    SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN definition ->> 'mode' = 'script'
                THEN ARRAY(SELECT t.item ->> 'table' FROM json_array_elements(source -> 'tables') t (item))
                ELSE ARRAY[definition ->> 'table', source ->> 'table'] END
$$;

-- At commit: each table of a version is in api_version_read, whoever wrote the version. What a table must not lose and who
-- uses it is decided by these rows.
CREATE OR REPLACE FUNCTION tablegate.reads_are_complete() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO tablegate.api_version_read (api_id, version, table_name)
    SELECT DISTINCT NEW.api_id, NEW.version, of.name FROM unnest(tablegate.source_tables(NEW.definition, NEW.source)) of (name)
    WHERE NOT EXISTS (SELECT FROM tablegate.api_version_read r
                      WHERE r.api_id = NEW.api_id AND r.version = NEW.version AND r.table_name = of.name);
    RETURN NULL;
END $$;

-- The tables exist, and each belongs to the workspace or is shared. They are locked, so that they stay there and stay shared.
CREATE OR REPLACE FUNCTION tablegate.require_readable_in(space bigint, tables text[]) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    one text;
BEGIN
    FOR one IN SELECT DISTINCT of.name FROM unnest(tables) of (name) ORDER BY 1 LOOP
        PERFORM FROM tablegate.mirror_table t WHERE t.name = one AND t.workspace_id = space FOR KEY SHARE;
        CONTINUE WHEN FOUND;
        PERFORM FROM tablegate.mirror_table t WHERE t.name = one AND t.shared FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'table "%" does not exist, or belongs to another workspace and is not shared', one USING ERRCODE = 'TG006';
        END IF;
    END LOOP;
END $$;

-- The same for an API of that workspace.
CREATE OR REPLACE FUNCTION tablegate.require_readable(wanted_api bigint, tables text[]) RETURNS void LANGUAGE sql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT tablegate.require_readable_in((SELECT a.workspace_id FROM tablegate.api a WHERE a.api_id = $1), $2)
$$;

-- All tables that a version reads: those of its definition, and what was stored with it.
CREATE OR REPLACE FUNCTION tablegate.tables_of_version(wanted_api bigint, wanted_version integer) RETURNS text[] LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT array(SELECT unnest(tablegate.source_tables(v.definition, v.source)) FROM tablegate.api_version v WHERE v.api_id = $1 AND v.version = $2
                 UNION SELECT r.table_name FROM tablegate.api_version_read r WHERE r.api_id = $1 AND r.version = $2)
$$;

-- The status that a new version of an API begins with: it requires approval where its workspace does, or that of a table
-- that it reads. The lock keeps the setting unchanged while a version is inserted.
CREATE OR REPLACE FUNCTION tablegate.first_status(wanted_api bigint, tables text[]) RETURNS text LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    status text;
BEGIN
    SELECT CASE WHEN bool_or(one.approval) THEN 'Pending for Application' ELSE 'Publishable' END INTO status FROM (
        SELECT w.approval FROM tablegate.workspace w WHERE w.workspace_id IN (
            SELECT a.workspace_id FROM tablegate.api a WHERE a.api_id = wanted_api
            UNION ALL
            SELECT t.workspace_id FROM tablegate.mirror_table t WHERE t.name = ANY (tables))
        FOR SHARE OF w) one;
    RETURN status;
END $$;

CREATE OR REPLACE FUNCTION tablegate.begins_by_the_rules() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.status <> tablegate.first_status(NEW.api_id, tablegate.source_tables(NEW.definition, NEW.source))
       OR NEW.submitted_by IS NOT NULL OR NEW.decided_by IS NOT NULL THEN
        RAISE EXCEPTION 'a new version of this workspace cannot be %', NEW.status USING ERRCODE = 'TG001';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION tablegate.only_publishable() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    SELECT v.method || ' ' || r.url_base || regexp_replace(v.path, '\{[^}]*\}', '{}', 'g') INTO NEW.route
        FROM tablegate.api_version v JOIN tablegate.api a USING (api_id)
        JOIN tablegate.business_process b USING (business_process_id) JOIN tablegate.rest_api r USING (rest_api_id)
        WHERE v.api_id = NEW.api_id AND v.version = NEW.version AND v.status = 'Publishable';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'version % is not Publishable', NEW.version USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    PERFORM tablegate.require_readable(NEW.api_id, tablegate.tables_of_version(NEW.api_id, NEW.version));
    RETURN NEW;
END $$;

-- Columns that never change (arguments of the trigger). An API that moved to another workspace could evade the
-- approval of the first one.
CREATE OR REPLACE FUNCTION tablegate.stays_where_it_is() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
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

CREATE OR REPLACE FUNCTION tablegate.status_by_the_rules() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (OLD.status, OLD.submitted_by, OLD.decided_by) IS NOT DISTINCT FROM
          (NEW.status, NEW.submitted_by, NEW.decided_by) THEN
        RETURN NEW;
    ELSIF NEW.status = 'Pending for Approval' THEN
        IF OLD.status NOT IN ('Pending for Application', 'Rejected') OR NEW.submitted_by IS NULL
           OR NEW.decided_by IS NOT NULL THEN
            RAISE EXCEPTION 'a version that is % cannot be submitted', OLD.status USING ERRCODE = 'TG001';
        END IF;
    ELSIF NEW.status = 'Publishable' AND NOT tablegate.requires_approval(NEW.api_id, NEW.version) THEN
        -- Committed when approval was on.
        IF OLD.status NOT IN ('Pending for Application', 'Pending for Approval')
           OR NEW.submitted_by IS DISTINCT FROM OLD.submitted_by OR NEW.decided_by IS NULL THEN
            RAISE EXCEPTION 'a version that is % cannot become %', OLD.status, NEW.status USING ERRCODE = 'TG001';
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

-- Whether a version that exists requires approval now: where its workspace does, or that of a table that it reads. The lock
-- keeps the setting unchanged while a version becomes Publishable.
CREATE OR REPLACE FUNCTION tablegate.requires_approval(wanted_api bigint, wanted_version integer) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    required boolean;
BEGIN
    SELECT bool_or(s.approval) INTO required FROM (
        SELECT w.approval FROM tablegate.workspace w WHERE w.workspace_id IN (
            SELECT a.workspace_id FROM tablegate.api a WHERE a.api_id = wanted_api
            UNION ALL
            SELECT t.workspace_id FROM tablegate.mirror_table t
                WHERE t.name = ANY (tablegate.tables_of_version(wanted_api, wanted_version)))
        FOR SHARE OF w) s;
    RETURN required;
END $$;

-- The acting user: the one who signed in (session_user, which SET ROLE does not change), or a user in whose name the
-- catalog's owner may act.
CREATE OR REPLACE FUNCTION tablegate.take_step(step text, wanted_api bigint, wanted_version integer, step_note text, as_user text)
    RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    actor     text := coalesce(as_user, session_user::text);
    the_role  text := CASE step WHEN 'submit' THEN 'tablegate_developer' WHEN 'release' THEN 'tablegate_operator'
                                ELSE 'tablegate_approver' END;
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
    END IF;
    IF step = 'submit' THEN
        PERFORM tablegate.require_member((SELECT a.workspace_id FROM tablegate.api a WHERE a.api_id = wanted_api));
    END IF;
    IF step = 'submit' AND before.status NOT IN ('Pending for Application', 'Rejected')
          OR step = 'release' AND before.status NOT IN ('Pending for Application', 'Pending for Approval')
          OR step IN ('approve', 'reject') AND before.status <> 'Pending for Approval' THEN
        RAISE EXCEPTION 'it is %', before.status USING ERRCODE = 'TG001';
    ELSIF step = 'release' AND tablegate.requires_approval(wanted_api, wanted_version) THEN
        RAISE EXCEPTION 'its workspace, or that of a table that it reads, requires approval' USING ERRCODE = 'TG001';
    ELSIF step IN ('approve', 'reject') AND before.submitted_by = actor THEN
        RAISE EXCEPTION '% submitted it, and who submits a version does not decide about it', actor
            USING ERRCODE = 'TG002';
    END IF;
    new_status := CASE step WHEN 'submit' THEN 'Pending for Approval' WHEN 'reject' THEN 'Rejected' ELSE 'Publishable' END;
    UPDATE tablegate.api_version v
        SET status = new_status, note = step_note,
            submitted_by = CASE step WHEN 'submit' THEN actor ELSE v.submitted_by END,
            decided_by = CASE step WHEN 'submit' THEN NULL ELSE actor END
        WHERE v.api_id = wanted_api AND v.version = wanted_version;
    RETURN new_status;
END $$;

CREATE OR REPLACE FUNCTION tablegate.submit_version(bigint, integer, text, text) RETURNS text LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$ SELECT tablegate.take_step('submit', $1, $2, $3, $4) $$;

CREATE OR REPLACE FUNCTION tablegate.approve_version(bigint, integer, text, text) RETURNS text LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$ SELECT tablegate.take_step('approve', $1, $2, $3, $4) $$;

CREATE OR REPLACE FUNCTION tablegate.reject_version(bigint, integer, text, text) RETURNS text LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$ SELECT tablegate.take_step('reject', $1, $2, $3, $4) $$;

-- An operator's word for a version that waits although its workspace requires no approval any more.
CREATE OR REPLACE FUNCTION tablegate.release_version(bigint, integer, text, text) RETURNS text LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$ SELECT tablegate.take_step('release', $1, $2, $3, $4) $$;

CREATE OR REPLACE FUNCTION tablegate.audit_is_kept() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        -- Whoever deletes: the traces of recent actions cannot be removed.
        IF OLD.at < now() - interval '30 days' THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'the audit never changes, only entries older than 30 days can be removed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'the audit never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    -- Always the real user and time, whoever inserts.
    NEW.at := clock_timestamp();
    NEW.user_name := session_user;
    RETURN NEW;
END $$;

-- In plpgsql, which keeps the plan for the session: a function in sql would be parsed and planned for each row.
CREATE OR REPLACE FUNCTION tablegate.write_audit(kind text, name text, action text, workspace_id bigint, api_id bigint, details jsonb,
                               as_user text DEFAULT NULL)
    RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO tablegate.audit (kind, name, action, workspace, api_id, details, as_user)
    VALUES ($1, $2, $3, (SELECT w.name FROM tablegate.workspace w WHERE w.workspace_id = $4), $5,
            jsonb_strip_nulls($6), nullif($7, session_user::text));
END $$;

-- Records in the audit that entries were removed from it, by whatever means.
CREATE OR REPLACE FUNCTION tablegate.audit_of_pruning() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM tablegate.write_audit('Setting', 'audit', 'pruned', NULL, NULL,
        jsonb_build_object('entries', count(*), 'oldest', min(d.at), 'newest', max(d.at)))
        FROM deleted d HAVING count(*) > 0;
    RETURN NULL;
END $$;

-- For operators, and members of tablegate_owner. Returns how many entries were removed.
CREATE OR REPLACE FUNCTION tablegate.prune_audit(days integer) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    removed bigint;
BEGIN
    IF days IS NULL OR days < 30 THEN
        RAISE EXCEPTION 'the audit keeps at least 30 days' USING ERRCODE = 'TG001';
    END IF;
    DELETE FROM tablegate.audit WHERE at < now() - make_interval(days => days);
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END $$;

-- Definitions; the trigger's argument is the kind. A change records the names of the changed fields.
CREATE OR REPLACE FUNCTION tablegate.audit_definition() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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
CREATE OR REPLACE FUNCTION tablegate.audit_version() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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
        IF step = 'committed' AND thing -> 'allow_scan' <> '[]' THEN
            details := details || jsonb_build_object('allow_scan', thing -> 'allow_scan');
        END IF;
    ELSE  -- published_api
        step := CASE WHEN TG_OP = 'DELETE' THEN 'unpublished'
                     WHEN current_setting('tablegate.step', true) = 'rollback' THEN 'rolled back' ELSE 'published' END;
        details := thing - ARRAY['api_id', 'published_by', 'published_at', 'route'];
    END CASE;
    PERFORM tablegate.write_audit('Api', api.name, step, api.workspace_id, api.api_id, details, actor);
    RETURN NULL;
END $$;

-- Loads of tables, domains of REST APIs, workspaces, settings.
CREATE OR REPLACE FUNCTION tablegate.audit_other() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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
        SELECT t.workspace_id INTO space FROM tablegate.mirror_table t WHERE t.name = thing ->> 'table_name';
        PERFORM tablegate.write_audit('Table', thing ->> 'table_name', step, space, NULL, jsonb_build_object(
            'generation', thing -> 'generation', 'rows', thing -> 'row_count', 'source', thing -> 'source'));
    WHEN 'rest_api_domain' THEN
        SELECT * INTO owner FROM tablegate.rest_api r WHERE r.rest_api_id = (thing ->> 'rest_api_id')::bigint;
        IF NOT FOUND THEN RETURN NULL; END IF;  -- deleted with its REST API
        PERFORM tablegate.write_audit('RestApi', owner.name, CASE TG_OP WHEN 'DELETE' THEN 'domain removed' ELSE 'domain added' END,
            owner.workspace_id, NULL, jsonb_build_object('version', nullif(owner.version, ''), 'gateway', thing -> 'gateway',
                                           'domain', thing -> 'domain'));
    WHEN 'workspace' THEN
        PERFORM tablegate.write_audit('Workspace', thing ->> 'name', made, (thing ->> 'workspace_id')::bigint, NULL,
            jsonb_build_object('approval', thing -> 'approval', 'members', thing -> 'members'));
    WHEN 'gateway_key' THEN
        IF before ->> 'created_at' = thing ->> 'created_at' THEN RETURN NULL; END IF;  -- the same key, sealed with another master key
        PERFORM tablegate.write_audit('Setting', (thing ->> 'name') || ' key', made, NULL, NULL, '{}');
    ELSE  -- setting: the value is none of the audit's business
        PERFORM tablegate.write_audit('Setting', thing ->> 'name', made, NULL, NULL, '{}');
    END CASE;
    RETURN NULL;
END $$;

-- Consumers, their credentials and authorisations.
CREATE OR REPLACE FUNCTION tablegate.audit_consumer() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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

CREATE OR REPLACE FUNCTION tablegate.audit_truncate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM tablegate.write_audit('Setting', 'table ' || TG_TABLE_NAME, 'emptied', NULL, NULL, '{}');
    RETURN NULL;
END $$;

-- ---- Locks of commands: rows of tablegate.lock, which nobody else can lock. Held until the transaction ends. Ten minutes
-- are the longest wait; false: another session has it.
CREATE OR REPLACE FUNCTION tablegate.take_lock(lock_name text, may_wait boolean) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before text := current_setting('lock_timeout');
BEGIN
    IF NOT may_wait THEN
        PERFORM FROM tablegate.lock l WHERE l.name = lock_name FOR UPDATE SKIP LOCKED;
        RETURN FOUND;
    END IF;
    PERFORM set_config('lock_timeout', '10min', true);
    PERFORM FROM tablegate.lock l WHERE l.name = lock_name FOR UPDATE;
    PERFORM set_config('lock_timeout', before, true);
    RETURN true;
END $$;

-- Who holds a lock; null: nobody.
CREATE OR REPLACE FUNCTION tablegate.lock_holder(lock_name text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT format('process %s, user %s, application "%s"', a.pid, a.usename, a.application_name)
            FROM tablegate.lock l JOIN pg_locks h ON h.locktype = 'transactionid' AND h.granted AND h.transactionid = l.xmax
            JOIN pg_stat_activity a ON a.pid = h.pid WHERE l.name = lock_name);
END $$;

-- Which `tablegate table watch` refreshes a table: true for the session that has it, until that session ends, or has not
-- asked again for three minutes. Who may not load a table does not refresh it.
CREATE OR REPLACE FUNCTION tablegate.watch_table(wanted text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT tablegate.acts_in((SELECT t.workspace_id FROM tablegate.mirror_table t WHERE t.name = wanted)) THEN
        RETURN false;
    END IF;
    INSERT INTO tablegate.table_watch AS w (table_name, pid, user_name, renewed_at)
    VALUES (wanted, pg_backend_pid(), session_user, clock_timestamp())
    ON CONFLICT (table_name) DO UPDATE
        SET pid = excluded.pid, user_name = excluded.user_name, renewed_at = excluded.renewed_at
        WHERE (w.pid = excluded.pid AND w.user_name = excluded.user_name) OR w.renewed_at < clock_timestamp() - interval '3 minutes'
           OR NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = w.pid AND a.usename = w.user_name);
    RETURN FOUND;
END $$;

CREATE OR REPLACE FUNCTION tablegate.unwatch_table(wanted text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM tablegate.table_watch w WHERE w.table_name = wanted AND w.pid = pg_backend_pid() AND w.user_name = session_user;
END $$;

-- Increments the number and wakes `tablegate sync --watch`. A row and not a sequence: it must become visible together
-- with the change.
CREATE OR REPLACE FUNCTION tablegate.changed(about text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE tablegate.catalog_revision
       SET revision = revision + 1, changed_in = pg_current_xact_id(), changed_at = clock_timestamp()
     WHERE changed_in <> pg_current_xact_id();
    PERFORM pg_notify('tablegate_publication', about);
END $$;

-- For each row that changes; the first one of a transaction is enough.
CREATE OR REPLACE FUNCTION tablegate.note_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM tablegate.catalog_revision WHERE changed_in <> pg_current_xact_id()) THEN
        PERFORM tablegate.changed('');
    END IF;
    RETURN NULL;
END $$;

-- A node's name belongs to the login role that reported it first, until an operator forgets the node. Members of
-- tablegate_owner may report any, without a change of whose it is.
CREATE OR REPLACE FUNCTION tablegate.require_own_node(gateway_name text, node_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    holder text := coalesce(
        (SELECT n.reported_by FROM tablegate.node n WHERE n.gateway = gateway_name AND n.name = node_name),
        (SELECT z.reported_by FROM tablegate.usage_zone z WHERE z.gateway = gateway_name AND z.node = node_name
         ORDER BY z.reported_at DESC LIMIT 1));
BEGIN
    IF holder <> session_user AND NOT pg_has_role(session_user, 'tablegate_owner', 'MEMBER') THEN
        RAISE EXCEPTION 'node "%" of gateway instance "%" is reported by %, not by %', node_name, gateway_name, holder, session_user
            USING ERRCODE = 'TG005', HINT = 'choose another name with sync --node, or an operator runs tablegate gateway forget';
    END IF;
END $$;

-- All that nodes may write. Members that are missing in `state` keep their values; a node that has not reported for a
-- week is deleted, and after a day one that was synced by hand and whose files no nginx has read.
CREATE OR REPLACE FUNCTION tablegate.report_node(gateway_name text, node_name text, state jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    newest  bigint := (SELECT c.revision FROM tablegate.catalog_revision c);
    latest  bigint := (SELECT g.publication FROM tablegate.gateway_instance g WHERE g.name = gateway_name);
    at_most integer := 100;
BEGIN
    DELETE FROM tablegate.node WHERE last_seen < now() - CASE
        WHEN NOT watching AND served_publication IS NULL THEN interval '1 day' ELSE interval '7 days' END;
    PERFORM tablegate.require_own_node(gateway_name, node_name);
    IF (state ->> 'poll')::interval NOT BETWEEN interval '1 second' AND interval '1 day'
       OR (state ->> 'written_revision')::bigint NOT BETWEEN 0 AND newest OR (state ->> 'served_revision')::bigint NOT BETWEEN 0 AND newest
       OR (state ->> 'written_publication')::bigint NOT BETWEEN 0 AND latest OR (state ->> 'served_publication')::bigint NOT BETWEEN 0 AND latest
       OR (state ->> 'master_pid')::integer < 1 THEN
        RAISE EXCEPTION 'node "%" of gateway instance "%" reports a state that cannot be: %', node_name, gateway_name,
            left((state - 'last_error')::text, 500) USING ERRCODE = 'TG005';
    END IF;
    IF NOT EXISTS (SELECT FROM tablegate.node n WHERE n.gateway = gateway_name AND n.name = node_name)
       AND (SELECT count(*) FROM tablegate.node n WHERE n.reported_by = session_user) >= at_most THEN
        RAISE EXCEPTION '% reports % nodes already, which is the most that one login role can', session_user, at_most
            USING ERRCODE = 'TG005', HINT = 'use another role, or an operator runs tablegate gateway forget';
    END IF;
    INSERT INTO tablegate.node AS n (gateway, name) VALUES (gateway_name, node_name) ON CONFLICT DO NOTHING;
    UPDATE tablegate.node n SET
        watching = coalesce((state ->> 'watching')::boolean, n.watching),
        poll = coalesce((state ->> 'poll')::interval, n.poll),
        written_publication = coalesce((state ->> 'written_publication')::bigint, n.written_publication),
        written_revision = coalesce((state ->> 'written_revision')::bigint, n.written_revision),
        served_publication = CASE WHEN state ? 'served_publication' THEN (state ->> 'served_publication')::bigint
                                  ELSE n.served_publication END,
        served_revision = coalesce((state ->> 'served_revision')::bigint, n.served_revision),
        served_sha256 = CASE WHEN state ? 'served_sha256' THEN left(state ->> 'served_sha256', 64) ELSE n.served_sha256 END,
        master_pid = CASE WHEN state ? 'master_pid' THEN (state ->> 'master_pid')::integer ELSE n.master_pid END,
        loader_version = coalesce(left(state ->> 'loader_version', 64), n.loader_version),
        last_error = coalesce(left(state ->> 'last_error', 4000), n.last_error),
        last_seen = clock_timestamp()
     WHERE n.gateway = gateway_name AND n.name = node_name;
END $$;

CREATE OR REPLACE FUNCTION tablegate.only_publishable_canary() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM tablegate.api_version v
                   WHERE v.api_id = NEW.api_id AND v.version = NEW.canary_version AND v.status = 'Publishable') THEN
        RAISE EXCEPTION 'version % is not Publishable', NEW.canary_version USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    PERFORM tablegate.require_readable(NEW.api_id, tablegate.tables_of_version(NEW.api_id, NEW.canary_version));
    RETURN NEW;
END $$;

-- ---- What the loader rejects, no role can do by SQL either.

-- Whether published APIs have the domain.
CREATE OR REPLACE FUNCTION tablegate.domain_is_served(domain_name text) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM tablegate.rest_api_domain d JOIN tablegate.business_process b USING (rest_api_id)
                   JOIN tablegate.api a USING (business_process_id)
                   JOIN tablegate.published_api p ON p.api_id = a.api_id AND p.gateway = d.gateway
                   WHERE d.domain = domain_name)
$$;

-- Which change of a domain lets in more than before, calls in clear or web pages of more origins, as a JSON pointer; null:
-- none, or published APIs do not have the domain, or the calling role may.
CREATE OR REPLACE FUNCTION tablegate.domain_widened(domain_name text, before json, after json) RETURNS text LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN before ->> 'protocol' = 'HTTPS' AND after ->> 'protocol' IS DISTINCT FROM 'HTTPS' THEN '/protocol'
                WHEN before ->> 'force_https' = 'true' AND after ->> 'force_https' IS DISTINCT FROM 'true' THEN '/force_https'
                WHEN after #> '{cors,origins}' IS NOT NULL
                     AND (before::jsonb #> '{cors,origins}' @> '["*"]'
                          OR before::jsonb #> '{cors,origins}' @> (after::jsonb #> '{cors,origins}')) IS NOT TRUE THEN '/cors' END
    WHERE tablegate.domain_is_served(domain_name) AND NOT pg_has_role(current_user, 'tablegate_operator', 'MEMBER')
      AND NOT pg_has_role(current_user, 'tablegate_owner', 'MEMBER')
$$;

-- As the calling role, which decides what it may. Without a row of rest_api_domain an API answers on any host.
CREATE OR REPLACE FUNCTION tablegate.domain_is_kept() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF tablegate.domain_is_served(OLD.name) THEN
            RAISE EXCEPTION 'domain "%" is the domain of published APIs', OLD.name USING ERRCODE = 'object_in_use';
        END IF;
        RETURN OLD;
    END IF;
    IF (SELECT count(*) <> count(DISTINCT key) FROM json_object_keys(NEW.definition) key)
       OR (SELECT count(*) <> count(DISTINCT (m.key, k)) FROM json_each(NEW.definition) m,
                  json_object_keys(CASE WHEN json_typeof(m.value) = 'object' THEN m.value ELSE '{}' END) k) THEN
        RAISE EXCEPTION 'the definition of domain "%" repeats a member', NEW.name USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF tablegate.domain_widened(OLD.name, OLD.definition, NEW.definition) IS NOT NULL THEN
        RAISE EXCEPTION 'only members of tablegate_operator open domain "%", which published APIs have, to calls in clear or to pages of more origins', OLD.name
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION tablegate.rest_api_is_kept() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (OLD.name, OLD.version, OLD.base_path, coalesce(OLD.definition #>> '{versioning,scheme}', 'none'), OLD.definition #>> '{versioning,name}')
       IS DISTINCT FROM
       (NEW.name, NEW.version, NEW.base_path, coalesce(NEW.definition #>> '{versioning,scheme}', 'none'), NEW.definition #>> '{versioning,name}')
       AND EXISTS (SELECT FROM tablegate.business_process b JOIN tablegate.api a USING (business_process_id)
                   JOIN tablegate.published_api p USING (api_id) WHERE b.rest_api_id = OLD.rest_api_id) THEN
        RAISE EXCEPTION 'base path and versioning of REST API "%" stay while APIs of it are published', OLD.name
            USING ERRCODE = 'object_in_use';
    END IF;
    RETURN NEW;
END $$;

-- An API with versions stays with its REST API. A deleted one stays deleted, and takes its authorizations along.
CREATE OR REPLACE FUNCTION tablegate.api_is_kept() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS NULL THEN
        RAISE EXCEPTION 'API "%" was deleted', OLD.name USING ERRCODE = 'integrity_constraint_violation';
    ELSIF OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL THEN
        IF EXISTS (SELECT FROM tablegate.published_api p WHERE p.api_id = OLD.api_id) THEN
            RAISE EXCEPTION 'API "%" is published', OLD.name USING ERRCODE = 'object_in_use';
        END IF;
        DELETE FROM tablegate.authorization z WHERE z.api_id = OLD.api_id;
    ELSIF (SELECT b.rest_api_id FROM tablegate.business_process b WHERE b.business_process_id = OLD.business_process_id)
          IS DISTINCT FROM
          (SELECT b.rest_api_id FROM tablegate.business_process b WHERE b.business_process_id = NEW.business_process_id)
          AND EXISTS (SELECT FROM tablegate.api_version v WHERE v.api_id = OLD.api_id) THEN
        RAISE EXCEPTION 'API "%" has versions: it stays with its REST API', OLD.name USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

-- mirror_load.drop_table() drops tables without a definition: a table that a published version or a canary reads keeps its
-- definition. So does one that the draft of a script reads; a wizard's draft refers to its table.
CREATE OR REPLACE FUNCTION tablegate.table_is_kept() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM tablegate.api_version_read r JOIN tablegate.published_api p
                   ON p.api_id = r.api_id AND r.version IN (p.version, p.canary_version)
               WHERE r.table_name = OLD.name) THEN
        RAISE EXCEPTION 'table "%" is read by a published version or the canary of an API', OLD.name USING ERRCODE = 'object_in_use';
    END IF;
    IF EXISTS (SELECT FROM tablegate.api a WHERE a.table_names @> ARRAY[OLD.name] AND a.script_tables IS NOT NULL) THEN
        RAISE EXCEPTION 'table "%" is read by the script of an API', OLD.name USING ERRCODE = 'object_in_use';
    END IF;
    RETURN OLD;
END $$;

-- A gateway continues the numbers of a deleted one of its name.
CREATE OR REPLACE FUNCTION tablegate.gateway_continues() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.publication := (SELECT coalesce(max(p.publication), 0) FROM tablegate.publication p WHERE p.gateway = NEW.name);
    RETURN NEW;
END $$;

-- A gateway keeps the services of what is published on it.
CREATE OR REPLACE FUNCTION tablegate.gateway_is_kept() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM tablegate.published_api p JOIN tablegate.api_version v ON v.api_id = p.api_id
                   AND v.version IN (p.version, p.canary_version)
               WHERE p.gateway = OLD.name AND jsonb_exists(NEW.services -> p.service, v.resource_group) IS NOT TRUE) THEN
        RAISE EXCEPTION 'gateway instance "%" keeps the services and resource groups of what is published on it', OLD.name
            USING ERRCODE = 'object_in_use';
    END IF;
    RETURN NULL;
END $$;

-- Adds what a node's nginx has counted since its last report; returns the number of these requests. p_report is the
-- answer of tablegate_status with the argument `usage`. Nodes cannot write to these tables in any other way. Calls of a
-- consumer that does not exist are not counted, unless this nginx reported the consumer while it existed.
CREATE OR REPLACE FUNCTION tablegate.record_usage(p_gateway text, p_node text, p_report json) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    zone      bigint;
    added     numeric;
    last_time timestamptz;
    most      numeric;
    at_most   integer := 100;
BEGIN
    IF NOT EXISTS (SELECT FROM tablegate.gateway_instance WHERE name = p_gateway) THEN
        RAISE EXCEPTION 'there is no gateway instance "%"', p_gateway USING ERRCODE = 'no_data_found';
    END IF;
    IF p_report ->> 'gateway' IS DISTINCT FROM p_gateway OR p_report ->> 'epoch' IS NULL THEN
        RAISE EXCEPTION 'this is no report of gateway instance "%"', p_gateway USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM tablegate.require_own_node(p_gateway, p_node);
    IF length(p_node) NOT BETWEEN 1 AND 512 OR length(p_report ->> 'epoch') > 256 OR EXISTS (
        SELECT FROM json_to_recordset(p_report -> 'usage') AS r (consumer text, requests bigint, last_call double precision)
        WHERE r.requests IS NULL OR r.requests < 0 OR (r.last_call BETWEEN 0 AND 1e11) IS NOT TRUE OR length(r.consumer) > 256) THEN
        RAISE EXCEPTION 'node "%" of gateway instance "%" reports calls that cannot be', left(p_node, 512), p_gateway USING ERRCODE = 'TG005';
    END IF;
    -- Of all starts of its nginx: another epoch gives a node no more calls.
    SELECT max(z.reported_at) INTO last_time FROM tablegate.usage_zone z WHERE z.gateway = p_gateway AND z.node = p_node;
    IF last_time IS NULL AND (SELECT count(DISTINCT (z.gateway, z.node)) FROM tablegate.usage_zone z
                      WHERE z.reported_by = session_user AND (z.gateway, z.node) <> (p_gateway, p_node)) >= at_most THEN
        RAISE EXCEPTION '% reports the calls of % nodes already, which is the most that one login role can', session_user, at_most
            USING ERRCODE = 'TG005';
    END IF;
    -- No nginx answers a million calls a second. What it counted before its first report may be 90 days old.
    most := 1000000 * (1 + greatest(0, extract(epoch FROM now() - coalesce(last_time, now() - interval '90 days'))));
    -- Also a lock: two reports of one nginx are added one after the other.
    INSERT INTO tablegate.usage_zone AS z (gateway, node, epoch, reported_at)
    VALUES (p_gateway, p_node, p_report ->> 'epoch', now())
    ON CONFLICT (gateway, node, epoch) DO UPDATE SET reported_at = greatest(z.reported_at, excluded.reported_at)
    RETURNING zone_id INTO zone;

    WITH reported AS (
        SELECT DISTINCT ON (r.api_id, r.consumer) r.api_id, r.consumer, r.requests, r.instance,
               least(to_timestamp(r.last_call), now()) AS last_call
        FROM json_to_recordset(p_report -> 'usage')
             AS r (api_id bigint, consumer text, requests bigint, last_call double precision, instance bigint)
        WHERE EXISTS (SELECT FROM tablegate.api a WHERE a.api_id = r.api_id)
          AND (r.consumer = '' OR EXISTS (SELECT FROM tablegate.consumer c WHERE c.name = r.consumer)
               OR EXISTS (SELECT FROM tablegate.usage_seen s
                          WHERE s.zone_id = zone AND s.api_id = r.api_id AND s.consumer = r.consumer))
        ORDER BY r.api_id, r.consumer, r.instance DESC
    ), fresh AS (
        SELECT r.*, r.requests - CASE WHEN s.instance = r.instance AND s.requests <= r.requests THEN s.requests ELSE 0 END
                    AS delta
        FROM reported r LEFT JOIN tablegate.usage_seen s
            ON s.zone_id = zone AND s.api_id = r.api_id AND s.consumer = r.consumer
    ), counted AS (
        INSERT INTO tablegate.usage AS u (hour, gateway, api_id, consumer, requests, last_call)
        SELECT date_trunc('hour', last_call, 'UTC'), p_gateway, api_id, consumer, delta, last_call FROM fresh WHERE delta > 0
        ON CONFLICT (hour, gateway, api_id, consumer) DO UPDATE
            SET requests = u.requests + excluded.requests, last_call = greatest(u.last_call, excluded.last_call)
    ), kept AS (
        INSERT INTO tablegate.usage_seen AS s (zone_id, api_id, consumer, instance, requests)
        SELECT zone, api_id, consumer, instance, requests FROM fresh
        ON CONFLICT (zone_id, api_id, consumer) DO UPDATE SET instance = excluded.instance, requests = excluded.requests
            WHERE (s.instance, s.requests) <> (excluded.instance, excluded.requests)
    )
    SELECT coalesce(sum(delta), 0) INTO added FROM fresh;
    IF added > most THEN
        RAISE EXCEPTION 'node "%" of gateway instance "%" reports % calls since its last report, more than there can be',
            p_node, p_gateway, added USING ERRCODE = 'TG005';
    END IF;

    -- Pairs that nginx no longer has; hours and zones of 90 days ago.
    DELETE FROM tablegate.usage_seen s WHERE s.zone_id = zone AND NOT EXISTS (
        SELECT FROM json_to_recordset(p_report -> 'usage') AS r (api_id bigint, consumer text)
        WHERE r.api_id = s.api_id AND r.consumer = s.consumer);
    DELETE FROM tablegate.usage WHERE hour < now() - interval '90 days';
    DELETE FROM tablegate.usage_zone WHERE reported_at < now() - interval '90 days';
    DELETE FROM tablegate.usage_zone WHERE zone_id IN (
        SELECT z.zone_id FROM tablegate.usage_zone z WHERE z.gateway = p_gateway AND z.node = p_node
        ORDER BY z.reported_at DESC, z.zone_id DESC OFFSET at_most);
    RETURN added;
END $$;

-- ---- Workspaces are a boundary. Who may change what belongs to one: every developer, or where the workspace names a role,
-- only that role's members. The user who signed in counts, which SET ROLE does not change.
CREATE OR REPLACE FUNCTION tablegate.acts_in(workspace bigint) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
    SELECT NOT EXISTS (SELECT FROM tablegate.workspace w WHERE w.workspace_id = $1 AND w.members IS NOT NULL)
        OR pg_has_role(session_user, 'tablegate_owner', 'MEMBER')
        OR EXISTS (SELECT FROM tablegate.workspace w JOIN pg_roles r ON r.rolname = w.members
                   WHERE w.workspace_id = $1 AND pg_has_role(session_user, r.oid, 'MEMBER'))
$$;

CREATE OR REPLACE FUNCTION tablegate.require_member(workspace bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT tablegate.acts_in($1) THEN
        RAISE EXCEPTION '% does not belong to the members of workspace %', session_user,
            (SELECT w.name FROM tablegate.workspace w WHERE w.workspace_id = $1) USING ERRCODE = 'TG006';
    END IF;
END $$;

CREATE OR REPLACE FUNCTION tablegate.within_workspace() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    thing record;
    space bigint;
BEGIN
    IF TG_OP = 'DELETE' THEN thing := OLD; ELSE thing := NEW; END IF;
    IF TG_TABLE_NAME IN ('api_version', 'api_test') THEN
        SELECT a.workspace_id INTO space FROM tablegate.api a WHERE a.api_id = thing.api_id;
    ELSIF TG_TABLE_NAME IN ('generation', 'generation_partition') THEN
        SELECT t.workspace_id INTO space FROM tablegate.mirror_table t WHERE t.name = thing.table_name;
    ELSE
        space := thing.workspace_id;
    END IF;
    PERFORM tablegate.require_member(space);
    RETURN thing;
END $$;

-- Names of the workspaces, other than its own, that use an object. `kind`: its table here, `id`: its key.
CREATE OR REPLACE FUNCTION tablegate.other_users(kind text, id text) RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
    SELECT w.name FROM tablegate.workspace w WHERE w.workspace_id IN (
        SELECT b.workspace_id FROM tablegate.rest_api r JOIN tablegate.business_process b USING (rest_api_id)
            WHERE kind = 'rest_api' AND r.rest_api_id::text = id AND b.workspace_id <> r.workspace_id
        UNION ALL
        SELECT b.workspace_id FROM tablegate.domain d JOIN tablegate.rest_api_domain x ON x.domain = d.name
            JOIN tablegate.business_process b USING (rest_api_id)
            WHERE kind = 'domain' AND d.name = id AND b.workspace_id <> d.workspace_id
        UNION ALL
        SELECT t.workspace_id FROM tablegate.data_source d JOIN tablegate.mirror_table t USING (data_source_id)
            WHERE kind = 'data_source' AND d.data_source_id::text = id AND t.workspace_id <> d.workspace_id
        UNION ALL
        SELECT a.workspace_id FROM tablegate.mirror_table t JOIN tablegate.api a ON a.table_names @> ARRAY[t.name]
            WHERE kind = 'mirror_table' AND t.name = id AND a.workspace_id <> t.workspace_id
        UNION ALL
        SELECT a.workspace_id FROM tablegate.mirror_table t JOIN tablegate.api_version_read r ON r.table_name = t.name
            JOIN tablegate.published_api p ON p.api_id = r.api_id AND r.version IN (p.version, p.canary_version)
            JOIN tablegate.api a ON a.api_id = r.api_id
            WHERE kind = 'mirror_table' AND t.name = id AND a.workspace_id <> t.workspace_id)
    ORDER BY w.name
$$;

-- The trigger's argument is the column with the object's key. An operator decides what is shared; what other workspaces use stays shared.
CREATE OR REPLACE FUNCTION tablegate.shared_by_operator() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before boolean := false;
    users  text;
BEGIN
    IF TG_OP = 'UPDATE' THEN before := OLD.shared; END IF;
    IF NEW.shared = before THEN RETURN NEW; END IF;
    IF NOT pg_has_role(session_user, 'tablegate_operator', 'MEMBER') AND NOT pg_has_role(session_user, 'tablegate_owner', 'MEMBER') THEN
        RAISE EXCEPTION 'only members of tablegate_operator decide what is shared' USING ERRCODE = 'TG006';
    END IF;
    IF before THEN
        SELECT string_agg(u, ', ') INTO users FROM tablegate.other_users(TG_TABLE_NAME, to_jsonb(NEW) ->> TG_ARGV[0]) u;
        IF users IS NOT NULL THEN
            RAISE EXCEPTION 'it stays shared while other workspaces use it: %', users USING ERRCODE = 'TG006';
        END IF;
    END IF;
    RETURN NEW;
END $$;

-- What a row refers to belongs to its workspace or is shared. The row that is shared is locked, so that it stays shared.
CREATE OR REPLACE FUNCTION tablegate.uses_own_or_shared() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    used    record;
    foreign_one text;
    tables  text[];
BEGIN
    CASE TG_TABLE_NAME
    WHEN 'business_process' THEN
        SELECT r.workspace_id, r.name INTO used FROM tablegate.rest_api r WHERE r.rest_api_id = NEW.rest_api_id;
        IF used.workspace_id <> NEW.workspace_id THEN
            PERFORM FROM tablegate.rest_api r WHERE r.rest_api_id = NEW.rest_api_id AND r.shared FOR SHARE;
            IF NOT FOUND THEN foreign_one := format('REST API "%s"', used.name); END IF;
        END IF;
    WHEN 'mirror_table' THEN
        SELECT d.workspace_id, d.name INTO used FROM tablegate.data_source d WHERE d.data_source_id = NEW.data_source_id;
        IF used.workspace_id <> NEW.workspace_id THEN
            PERFORM FROM tablegate.data_source d WHERE d.data_source_id = NEW.data_source_id AND d.shared FOR SHARE;
            IF NOT FOUND THEN foreign_one := format('data source "%s"', used.name); END IF;
        END IF;
    WHEN 'rest_api_domain' THEN
        -- Workspaces that put a REST API on a domain: its own, and those that have APIs under it.
        SELECT d.name INTO used FROM tablegate.domain d WHERE d.name = NEW.domain AND NOT EXISTS (
            SELECT FROM tablegate.rest_api r WHERE r.rest_api_id = NEW.rest_api_id AND r.workspace_id = d.workspace_id
            UNION ALL
            SELECT FROM tablegate.business_process b WHERE b.rest_api_id = NEW.rest_api_id AND b.workspace_id = d.workspace_id);
        IF FOUND THEN
            PERFORM FROM tablegate.domain d WHERE d.name = NEW.domain AND d.shared FOR SHARE;
            IF NOT FOUND THEN foreign_one := format('domain "%s"', used.name); END IF;
        END IF;
    WHEN 'api_version' THEN
        -- Of a member that is repeated, readers of JSON take different values.
        IF (SELECT count(*) <> count(DISTINCT key) FROM json_object_keys(NEW.definition) key)
           OR (SELECT count(*) <> count(DISTINCT key) FROM json_object_keys(NEW.source) key)
           OR EXISTS (SELECT FROM json_array_elements(NEW.source -> 'tables') t (item)
                      WHERE (SELECT count(*) <> count(DISTINCT key) FROM json_object_keys(t.item) key)) THEN
            RAISE EXCEPTION 'the definition of a version repeats a member' USING ERRCODE = 'invalid_parameter_value';
        END IF;
        tables := tablegate.source_tables(NEW.definition, NEW.source);
        IF NEW.definition ->> 'mode' = 'script' THEN
            IF cardinality(tables) = 0 OR array_position(tables, NULL) IS NOT NULL
               OR num_nonnulls(NEW.definition ->> 'table', NEW.source ->> 'table') > 0 THEN
                RAISE EXCEPTION 'a version of a script is compiled for the tables of its source' USING ERRCODE = 'TG006';
            END IF;
        ELSIF (tables[1] = tables[2]) IS NOT TRUE THEN
            RAISE EXCEPTION 'a version is compiled for the table of its definition, "%", not for "%"', tables[1], tables[2]
                USING ERRCODE = 'TG006';
        END IF;
        PERFORM tablegate.require_readable(NEW.api_id, tables);
    ELSE  -- api; a deleted one refers to nothing
        IF EXISTS (SELECT FROM tablegate.business_process b
                   WHERE b.business_process_id = NEW.business_process_id AND b.workspace_id <> NEW.workspace_id) THEN
            RAISE EXCEPTION 'an API and its business process belong to one workspace' USING ERRCODE = 'TG006';
        END IF;
        SELECT t.workspace_id, t.name INTO used FROM tablegate.mirror_table t WHERE t.name = NEW.table_name;
        IF used.workspace_id <> NEW.workspace_id THEN
            PERFORM FROM tablegate.mirror_table t WHERE t.name = NEW.table_name AND t.shared FOR SHARE;
            IF NOT FOUND THEN foreign_one := format('table "%s"', used.name); END IF;
        END IF;
        PERFORM tablegate.require_readable_in(NEW.workspace_id, NEW.script_tables);
    END CASE;
    IF foreign_one IS NOT NULL THEN
        RAISE EXCEPTION '% belongs to another workspace and is not shared', foreign_one USING ERRCODE = 'TG006';
    END IF;
    RETURN NEW;
END $$;

-- Deletes the rows with these keys, [{"column":value}], and returns the keys of those that were there. People do not have
-- DELETE on a table, because that also permits LOCK TABLE. The triggers check session_user, who deletes. Each key is looked up
-- by its index: the planner knows nothing of how many keys there are, and would read the whole table for one of them.
CREATE OR REPLACE FUNCTION tablegate.delete_rows(wanted text, keys json, allowed text[]) RETURNS SETOF jsonb LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    same_key text := (SELECT string_agg(format('t.%1$I = k.%1$I', name), ' AND ') FROM json_object_keys(keys -> 0) name);
BEGIN
    IF (wanted = ANY (allowed)) IS NOT TRUE THEN
        RAISE EXCEPTION 'permission denied to delete rows of table "%"', wanted USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF same_key IS NOT NULL THEN
        RETURN QUERY EXECUTE format(
            'DELETE FROM tablegate.%1$I t USING json_populate_recordset(NULL::tablegate.%1$I, $1) k WHERE %2$s'
            ' RETURNING jsonb_strip_nulls(to_jsonb(k))', wanted, same_key) USING keys;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION tablegate.delete_as_developer(wanted text, keys json) RETURNS SETOF jsonb LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
    SELECT tablegate.delete_rows($1, $2, ARRAY['domain', 'gateway_instance', 'rest_api', 'business_process', 'data_source',
                                               'mirror_table', 'generation', 'generation_partition', 'api', 'api_test'])
$$;

CREATE OR REPLACE FUNCTION tablegate.delete_as_operator(wanted text, keys json) RETURNS SETOF jsonb LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
    SELECT tablegate.delete_rows($1, $2, ARRAY['published_api', 'rest_api_domain', 'api_deprecation', 'consumer', 'api_key',
                                               'hmac_key', 'jwt_setting', 'authorization', 'workspace', 'node'])
$$;

-- ---- Triggers: created if they are missing, so that an init without changes takes no lock.
DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT format('CREATE %s %I %s ON tablegate.%I %s', kind, v.name, event, v.table_name, action) AS statement
        FROM (
            VALUES
            ('api_version', 'api_version_is_immutable', 'TRIGGER', 'BEFORE UPDATE OR DELETE',
             'FOR EACH ROW EXECUTE FUNCTION tablegate.api_version_is_immutable()'),
            ('api_version', 'api_version_is_kept', 'TRIGGER', 'BEFORE TRUNCATE',
             'FOR EACH STATEMENT EXECUTE FUNCTION tablegate.api_version_is_immutable()'),
            ('api_version_read', 'api_version_read_is_kept', 'TRIGGER', 'BEFORE INSERT OR UPDATE OR DELETE',
             'FOR EACH ROW EXECUTE FUNCTION tablegate.api_version_read_is_kept()'),
            ('api_version_read', 'api_version_read_is_never_emptied', 'TRIGGER', 'BEFORE TRUNCATE',
             'FOR EACH STATEMENT EXECUTE FUNCTION tablegate.api_version_read_is_kept()'),
            ('api_version', 'reads_are_complete', 'CONSTRAINT TRIGGER', 'AFTER INSERT',
             'DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tablegate.reads_are_complete()'),
            ('api_version', 'uses_own_or_shared', 'TRIGGER', 'AFTER INSERT',
             'FOR EACH ROW EXECUTE FUNCTION tablegate.uses_own_or_shared()'),
            ('api_version', 'begins_by_the_rules', 'TRIGGER', 'AFTER INSERT',
             'FOR EACH ROW EXECUTE FUNCTION tablegate.begins_by_the_rules()'),
            ('api_version', 'status_by_the_rules', 'TRIGGER', 'BEFORE UPDATE',
             'FOR EACH ROW EXECUTE FUNCTION tablegate.status_by_the_rules()'),
            ('published_api', 'only_publishable', 'TRIGGER', 'BEFORE INSERT OR UPDATE',
             'FOR EACH ROW EXECUTE FUNCTION tablegate.only_publishable()'),
            ('published_api', 'only_publishable_canary', 'TRIGGER', 'BEFORE INSERT OR UPDATE',
             'FOR EACH ROW WHEN (NEW.canary_version IS NOT NULL) EXECUTE FUNCTION tablegate.only_publishable_canary()'),
            ('mirror_table', 'table_is_kept', 'TRIGGER', 'BEFORE DELETE',
             'FOR EACH ROW EXECUTE FUNCTION tablegate.table_is_kept()'),
            ('domain', 'domain_is_kept', 'TRIGGER', 'BEFORE UPDATE OF definition OR DELETE',
             'FOR EACH ROW EXECUTE FUNCTION tablegate.domain_is_kept()'),
            ('rest_api', 'rest_api_is_kept', 'TRIGGER', 'BEFORE UPDATE',
             'FOR EACH ROW EXECUTE FUNCTION tablegate.rest_api_is_kept()'),
            ('api', 'api_is_kept', 'TRIGGER', 'BEFORE UPDATE OF business_process_id, deleted_at',
             'FOR EACH ROW EXECUTE FUNCTION tablegate.api_is_kept()'),
            ('gateway_instance', 'gateway_continues', 'TRIGGER', 'BEFORE INSERT',
             'FOR EACH ROW EXECUTE FUNCTION tablegate.gateway_continues()'),
            ('gateway_instance', 'gateway_is_kept', 'TRIGGER', 'AFTER UPDATE OF definition',
             'FOR EACH ROW EXECUTE FUNCTION tablegate.gateway_is_kept()'),
            ('api', 'stays_where_it_is', 'TRIGGER', 'BEFORE UPDATE',
             'FOR EACH ROW EXECUTE FUNCTION tablegate.stays_where_it_is(''workspace_id'')'),
            ('business_process', 'stays_where_it_is', 'TRIGGER', 'BEFORE UPDATE',
             'FOR EACH ROW EXECUTE FUNCTION tablegate.stays_where_it_is(''workspace_id'', ''rest_api_id'')'),
            -- A node's or operator's counters of a gateway are no change of it.
            ('gateway_instance', 'within_workspace', 'TRIGGER', 'BEFORE INSERT OR UPDATE OF name, definition OR DELETE',
             'FOR EACH ROW EXECUTE FUNCTION tablegate.within_workspace()'),
            ('api_version', 'within_workspace', 'TRIGGER', 'BEFORE INSERT', 'FOR EACH ROW EXECUTE FUNCTION tablegate.within_workspace()'),
            ('api_test', 'within_workspace', 'TRIGGER', 'BEFORE INSERT OR UPDATE OR DELETE',
             'FOR EACH ROW EXECUTE FUNCTION tablegate.within_workspace()'),
            ('audit', 'audit_is_kept', 'TRIGGER', 'BEFORE INSERT OR UPDATE OR DELETE',
             'FOR EACH ROW EXECUTE FUNCTION tablegate.audit_is_kept()'),
            ('audit', 'audit_is_never_emptied', 'TRIGGER', 'BEFORE TRUNCATE',
             'FOR EACH STATEMENT EXECUTE FUNCTION tablegate.audit_is_kept()'),
            ('audit', 'audit_of_pruning', 'TRIGGER', 'AFTER DELETE',
             'REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION tablegate.audit_of_pruning()'),
            -- The manifest holds an API's name and a business process's description, but no draft.
            ('api', 'note_change', 'CONSTRAINT TRIGGER', 'AFTER UPDATE OF name',
             'DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tablegate.note_change()'),
            ('business_process', 'note_change', 'CONSTRAINT TRIGGER', 'AFTER UPDATE OF definition',
             'DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tablegate.note_change()')
            UNION ALL
            -- Deferred: the row of the revision is locked at the very end of a transaction, which prevents deadlocks.
            SELECT name, 'note_change', 'CONSTRAINT TRIGGER', 'AFTER INSERT OR UPDATE OR DELETE',
                   'DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tablegate.note_change()'
            FROM unnest(ARRAY['domain', 'gateway_instance', 'rest_api', 'published_api', 'rest_api_domain', 'publication',
                              'consumer', 'api_key', 'hmac_key', 'jwt_setting', 'authorization', 'gateway_key']) name
            UNION ALL
            SELECT name, 'within_workspace', 'TRIGGER', 'BEFORE INSERT OR UPDATE OR DELETE',
                   'FOR EACH ROW EXECUTE FUNCTION tablegate.within_workspace()'
            FROM unnest(ARRAY['domain', 'rest_api', 'business_process', 'data_source', 'mirror_table', 'api', 'generation',
                              'generation_partition']) name
            UNION ALL
            SELECT name, 'stays_in_its_workspace', 'TRIGGER', 'BEFORE UPDATE',
                   'FOR EACH ROW EXECUTE FUNCTION tablegate.stays_where_it_is(''workspace_id'')'
            FROM unnest(ARRAY['domain', 'gateway_instance', 'rest_api', 'data_source', 'mirror_table']) name
            UNION ALL
            SELECT name, 'uses_own_or_shared', 'TRIGGER', 'BEFORE INSERT OR UPDATE',
                   'FOR EACH ROW EXECUTE FUNCTION tablegate.uses_own_or_shared()'
            FROM unnest(ARRAY['business_process', 'mirror_table', 'rest_api_domain', 'api']) name
            UNION ALL
            SELECT name, 'shared_by_operator', 'TRIGGER', 'BEFORE INSERT OR UPDATE',
                   format('FOR EACH ROW EXECUTE FUNCTION tablegate.shared_by_operator(%L)', key)
            FROM (VALUES ('domain', 'name'), ('rest_api', 'rest_api_id'), ('data_source', 'data_source_id'), ('mirror_table', 'name')) s (name, key)
            UNION ALL
            SELECT a.table_name, t.name, 'TRIGGER', t.event, t.action
            FROM (VALUES
                ('domain', 'audit_definition(''Domain'')'), ('gateway_instance', 'audit_definition(''GatewayInstance'')'),
                ('rest_api', 'audit_definition(''RestApi'')'), ('business_process', 'audit_definition(''BusinessProcess'')'),
                ('data_source', 'audit_definition(''DataSource'')'), ('mirror_table', 'audit_definition(''Table'')'),
                ('api', 'audit_definition(''Api'')'), ('api_test', 'audit_version()'), ('api_version', 'audit_version()'),
                ('published_api', 'audit_version()'), ('generation', 'audit_other()'), ('rest_api_domain', 'audit_other()'),
                ('workspace', 'audit_other()'), ('setting', 'audit_other()'), ('gateway_key', 'audit_other()'), ('consumer', 'audit_consumer()'),
                ('api_key', 'audit_consumer()'), ('hmac_key', 'audit_consumer()'), ('jwt_setting', 'audit_consumer()'),
                ('authorization', 'audit_consumer()')) a (table_name, function)
            CROSS JOIN LATERAL (VALUES
                ('audit', 'AFTER INSERT OR UPDATE OR DELETE', 'FOR EACH ROW EXECUTE FUNCTION tablegate.' || a.function),
                ('audit_emptied', 'AFTER TRUNCATE', 'FOR EACH STATEMENT EXECUTE FUNCTION tablegate.audit_truncate()')
            ) t (name, event, action)
        ) v (table_name, name, kind, event, action)
        WHERE NOT EXISTS (SELECT FROM pg_trigger p WHERE p.tgrelid = format('tablegate.%I', v.table_name)::regclass
                                                     AND p.tgname = v.name)
    LOOP
        EXECUTE wanted.statement;
    END LOOP;
END $$;

-- ---- Who may call what. Steps of versions are functions with a role each.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA tablegate FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tablegate.submit_version(bigint, integer, text, text), tablegate.first_status(bigint, text[])
    TO tablegate_developer;
GRANT EXECUTE ON FUNCTION tablegate.domain_widened(text, json, json), tablegate.domain_is_served(text)
    TO tablegate_developer, tablegate_operator;
GRANT EXECUTE ON FUNCTION tablegate.approve_version(bigint, integer, text, text),
    tablegate.reject_version(bigint, integer, text, text) TO tablegate_approver;
GRANT EXECUTE ON FUNCTION tablegate.changed(text) TO tablegate_developer, tablegate_approver, tablegate_operator;
GRANT EXECUTE ON FUNCTION tablegate.report_node(text, text, jsonb), tablegate.record_usage(text, text, json) TO tablegate_node;
GRANT EXECUTE ON FUNCTION tablegate.prune_audit(integer) TO tablegate_operator;
GRANT EXECUTE ON FUNCTION tablegate.delete_as_developer(text, json) TO tablegate_developer;
GRANT EXECUTE ON FUNCTION tablegate.delete_as_operator(text, json) TO tablegate_operator;
GRANT EXECUTE ON FUNCTION tablegate.take_lock(text, boolean), tablegate.lock_holder(text)
    TO tablegate_developer, tablegate_approver, tablegate_operator;
GRANT EXECUTE ON FUNCTION tablegate.watch_table(text), tablegate.unwatch_table(text) TO tablegate_developer;
GRANT EXECUTE ON FUNCTION tablegate.acts_in(bigint), tablegate.other_users(text, text) TO tablegate_developer, tablegate_operator;
GRANT EXECUTE ON FUNCTION tablegate.release_version(bigint, integer, text, text), tablegate.require_readable(bigint, text[]),
    tablegate.tables_of_version(bigint, integer) TO tablegate_operator;
GRANT EXECUTE ON FUNCTION tablegate.requires_approval(bigint, integer) TO tablegate_developer, tablegate_approver, tablegate_operator;
