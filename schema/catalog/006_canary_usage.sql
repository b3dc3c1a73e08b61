-- Canaries, deprecation of what is published, and who called what.

-- A second version beside the published one, for a part of its callers.
ALTER TABLE tablegate.published_api
    ADD COLUMN canary_version integer,
    ADD COLUMN canary_weight  integer CHECK (canary_weight BETWEEN 1 AND 99),   -- percent of consumers
    ADD CHECK ((canary_version IS NULL) = (canary_weight IS NULL)),
    ADD CHECK (canary_version <> version),
    ADD FOREIGN KEY (api_id, canary_version) REFERENCES tablegate.api_version (api_id, version);

CREATE FUNCTION tablegate.only_publishable_canary() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM tablegate.api_version v
                   WHERE v.api_id = NEW.api_id AND v.version = NEW.canary_version AND v.status = 'Publishable') THEN
        RAISE EXCEPTION 'version % is not Publishable', NEW.canary_version USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER only_publishable_canary BEFORE INSERT OR UPDATE ON tablegate.published_api
    FOR EACH ROW WHEN (NEW.canary_version IS NOT NULL) EXECUTE FUNCTION tablegate.only_publishable_canary();

-- `version` of a publication remains the one that most callers get.
ALTER TABLE tablegate.publication ADD COLUMN canary_version integer, ADD COLUMN canary_weight integer;
GRANT INSERT (canary_version, canary_weight) ON tablegate.publication TO tablegate_operator;

-- mirror_load.drop_table() drops tables without a definition: a table that a canary reads keeps its definition.
CREATE FUNCTION tablegate.keep_canary_table() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM tablegate.published_api p JOIN tablegate.api_version v
                   ON v.api_id = p.api_id AND v.version = p.canary_version
               WHERE v.source ->> 'table' = OLD.name) THEN
        RAISE EXCEPTION 'table "%" is read by the canary of a published API', OLD.name USING ERRCODE = 'object_in_use';
    END IF;
    RETURN OLD;
END $$;
REVOKE EXECUTE ON FUNCTION tablegate.keep_canary_table() FROM PUBLIC;
CREATE TRIGGER keep_canary_table BEFORE DELETE ON tablegate.mirror_table
    FOR EACH ROW EXECUTE FUNCTION tablegate.keep_canary_table();

-- When a published API ends; deleted with the publication.
CREATE TABLE tablegate.api_deprecation (
    gateway       text NOT NULL,
    api_id        bigint NOT NULL,
    since         timestamptz NOT NULL,
    sunset        timestamptz NOT NULL,
    deprecated_by text NOT NULL DEFAULT session_user,
    deprecated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (gateway, api_id),
    FOREIGN KEY (gateway, api_id) REFERENCES tablegate.published_api (gateway, api_id) ON DELETE CASCADE,
    CHECK (since <= sunset)                 -- RFC 9745 section 4
);
GRANT SELECT ON tablegate.api_deprecation TO tablegate_developer, tablegate_approver, tablegate_operator, tablegate_node;
GRANT INSERT (gateway, api_id, since, sunset), UPDATE, DELETE ON tablegate.api_deprecation TO tablegate_operator;

-- Who called what, by the hour of the last call that a node reported. consumer '': no consumer was proved (open
-- APIs).
CREATE TABLE tablegate.usage (
    hour      timestamptz NOT NULL,
    gateway   text NOT NULL,
    api_id    bigint NOT NULL REFERENCES tablegate.api ON DELETE CASCADE,
    consumer  text NOT NULL,
    requests  bigint NOT NULL,
    last_call timestamptz NOT NULL,
    PRIMARY KEY (hour, gateway, api_id, consumer)
);
CREATE INDEX usage_by_api ON tablegate.usage (api_id, hour);

-- What nodes have reported so far: their counters only grow within one memory (epoch) of nginx.
CREATE TABLE tablegate.usage_zone (
    zone_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gateway     text NOT NULL,
    node        text NOT NULL,
    epoch       text NOT NULL,
    reported_at timestamptz NOT NULL,
    UNIQUE (gateway, node, epoch)
);
CREATE TABLE tablegate.usage_seen (
    zone_id  bigint NOT NULL REFERENCES tablegate.usage_zone ON DELETE CASCADE,
    api_id   bigint NOT NULL,
    consumer text NOT NULL,
    instance bigint NOT NULL,                -- another one: the pair was forgotten meanwhile and began again
    requests bigint NOT NULL,
    PRIMARY KEY (zone_id, api_id, consumer)
);
GRANT SELECT ON tablegate.usage, tablegate.usage_zone, tablegate.usage_seen
    TO tablegate_developer, tablegate_approver, tablegate_operator;

-- Adds what a node's nginx has counted since its last report; returns the number of these requests. p_report is the
-- answer of tablegate_status with the argument `usage`. Nodes cannot write to these tables in any other way.
CREATE FUNCTION tablegate.record_usage(p_gateway text, p_node text, p_report json) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    zone bigint;
    added bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM tablegate.gateway_instance WHERE name = p_gateway) THEN
        RAISE EXCEPTION 'there is no gateway instance "%"', p_gateway USING ERRCODE = 'no_data_found';
    END IF;
    IF p_report ->> 'gateway' IS DISTINCT FROM p_gateway OR p_report ->> 'epoch' IS NULL THEN
        RAISE EXCEPTION 'this is no report of gateway instance "%"', p_gateway USING ERRCODE = 'invalid_parameter_value';
    END IF;
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
        WHERE r.consumer IS NOT NULL AND EXISTS (SELECT FROM tablegate.api a WHERE a.api_id = r.api_id)
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

    -- Pairs that nginx no longer has; hours and zones of 90 days ago.
    DELETE FROM tablegate.usage_seen s WHERE s.zone_id = zone AND NOT EXISTS (
        SELECT FROM json_to_recordset(p_report -> 'usage') AS r (api_id bigint, consumer text)
        WHERE r.api_id = s.api_id AND r.consumer = s.consumer);
    DELETE FROM tablegate.usage WHERE hour < now() - interval '90 days';
    DELETE FROM tablegate.usage_zone WHERE reported_at < now() - interval '90 days';
    RETURN added;
END $$;
REVOKE EXECUTE ON FUNCTION tablegate.record_usage(text, text, json) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tablegate.record_usage(text, text, json) TO tablegate_node;
