-- Canaries, deprecation of what is published, and who called what.

-- A second version beside the published one, for a part of its callers.
ALTER TABLE tablegate.published_api
    ADD COLUMN canary_version integer,
    ADD COLUMN canary_weight  integer CHECK (canary_weight BETWEEN 1 AND 99),   -- percent of consumers
    ADD CHECK ((canary_version IS NULL) = (canary_weight IS NULL)),
    ADD CHECK (canary_version <> version),
    ADD FOREIGN KEY (api_id, canary_version) REFERENCES tablegate.api_version (api_id, version);

-- `version` of a publication stays the one that most callers get.
ALTER TABLE tablegate.publication ADD COLUMN canary_version integer, ADD COLUMN canary_weight integer;
GRANT INSERT (canary_version, canary_weight) ON tablegate.publication TO tablegate_operator;

-- When a published API ends; gone with the publication.
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
