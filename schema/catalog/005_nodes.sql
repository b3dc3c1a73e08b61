-- The number that `--wait` waits for, and the nodes that report what they serve. A revision is a state of everything
-- from which manifests and domains.conf are made: a transaction that changes a part of it increments the number by
-- one. A node reports the revision that it has applied; it reads the number in the snapshot of the manifest, so that
-- the number is never newer than the manifest.

CREATE TABLE tablegate.catalog_revision (
    only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    revision   bigint NOT NULL DEFAULT 1,
    changed_in xid8 NOT NULL DEFAULT pg_current_xact_id(),   -- one transaction counts once, however much it changes
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO tablegate.catalog_revision DEFAULT VALUES;

-- Increments the number and wakes `tablegate sync --watch`. A row and not a sequence: it must become visible together
-- with the change.
CREATE FUNCTION tablegate.changed(about text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE tablegate.catalog_revision
       SET revision = revision + 1, changed_in = pg_current_xact_id(), changed_at = clock_timestamp()
     WHERE changed_in <> pg_current_xact_id();
    PERFORM pg_notify('tablegate_publication', about);
END $$;
REVOKE ALL ON FUNCTION tablegate.changed(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tablegate.changed(text) TO tablegate_developer, tablegate_approver, tablegate_operator;

CREATE FUNCTION tablegate.note_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM tablegate.changed('');
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION tablegate.note_change() FROM PUBLIC;

-- Deferred: the number's row is locked at the very end of a transaction, which prevents deadlocks.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['domain', 'gateway_instance', 'rest_api', 'published_api', 'rest_api_domain', 'publication',
                                'consumer', 'api_key', 'hmac_key', 'jwt_setting', 'authorization'] LOOP
        EXECUTE format('CREATE CONSTRAINT TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON tablegate.%I'
                       ' DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tablegate.note_change()', name);
    END LOOP;
END $$;
-- The manifest holds an API's name, but not its draft.
CREATE CONSTRAINT TRIGGER note_change AFTER UPDATE OF name ON tablegate.api DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION tablegate.note_change();

CREATE TABLE tablegate.node (
    gateway             text NOT NULL REFERENCES tablegate.gateway_instance (name) ON DELETE CASCADE,
    name                text NOT NULL CHECK (length(name) BETWEEN 1 AND 512),
    watching            boolean NOT NULL DEFAULT false,   -- sync --watch runs; else: as the last one-shot sync left it
    poll                interval NOT NULL DEFAULT '10 s', -- how often a watching one reports
    written_publication bigint,                           -- in the folder's files
    written_revision    bigint,
    served_publication  bigint,                           -- what nginx says that it has taken over; null: nothing
    served_revision     bigint NOT NULL DEFAULT 0,
    served_sha256       text,
    master_pid          integer,
    loader_version      text NOT NULL DEFAULT '',
    last_error          text NOT NULL DEFAULT '',
    last_seen           timestamptz NOT NULL DEFAULT clock_timestamp(),
    reported_by         text NOT NULL DEFAULT session_user,
    PRIMARY KEY (gateway, name)
);

-- All that nodes may write. Members that are missing in `state` keep their values; a node that has not reported for a
-- week is deleted.
CREATE FUNCTION tablegate.report_node(gateway_name text, node_name text, state jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM tablegate.node WHERE last_seen < now() - interval '7 days';
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
        last_seen = clock_timestamp(),
        reported_by = session_user
     WHERE n.gateway = gateway_name AND n.name = node_name;
END $$;
REVOKE ALL ON FUNCTION tablegate.report_node(text, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tablegate.report_node(text, text, jsonb) TO tablegate_node;

GRANT SELECT ON tablegate.catalog_revision, tablegate.node TO tablegate_developer, tablegate_approver, tablegate_operator,
    tablegate_node;
GRANT DELETE ON tablegate.node TO tablegate_operator;
