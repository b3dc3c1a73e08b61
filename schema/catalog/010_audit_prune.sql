-- The audit can be made shorter from its old end, by age, and says so itself: entries of the last 30 days never go, whoever
-- deletes, so that nobody removes the traces of what was just done.

CREATE OR REPLACE FUNCTION tablegate.audit_is_kept() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.at < now() - interval '30 days' THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'the audit never changes, only entries older than 30 days can be removed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'the audit never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    -- Nobody else's name and no other time, whoever may insert.
    NEW.at := clock_timestamp();
    NEW.user_name := session_user;
    RETURN NEW;
END $$;

-- However they were deleted.
CREATE FUNCTION tablegate.audit_of_pruning() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM tablegate.write_audit('Setting', 'audit', 'pruned', NULL, NULL,
        jsonb_build_object('entries', count(*), 'oldest', min(d.at), 'newest', max(d.at)))
        FROM deleted d HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE TRIGGER audit_of_pruning AFTER DELETE ON tablegate.audit REFERENCING OLD TABLE AS deleted
    FOR EACH STATEMENT EXECUTE FUNCTION tablegate.audit_of_pruning();

-- For operators, and members of tablegate_owner. Returns how many entries were removed.
CREATE FUNCTION tablegate.prune_audit(days integer) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
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
REVOKE EXECUTE ON FUNCTION tablegate.prune_audit(integer), tablegate.audit_of_pruning() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tablegate.prune_audit(integer) TO tablegate_operator;
