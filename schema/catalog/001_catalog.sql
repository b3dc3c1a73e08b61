-- The catalog: what is defined, tested, committed and published. Owned by tablegate_owner; never read while requests
-- are served. Run once, inside the transaction and under the advisory lock of `tablegate init`. Definitions are
-- stored as normalised JSON text (members in the order of the schema, omitted defaults omitted), so that a digest of
-- the bytes shows a change. What other rows refer to, and what must be unique, is a column.
-- Functions and triggers: functions.sql, which is applied after the migrations.

CREATE TABLE tablegate.setting (
    name  text PRIMARY KEY,
    value text NOT NULL
);
COMMENT ON TABLE tablegate.setting IS 'One value a name: master_key_fingerprint (hex SHA-256 of the key file''s key)';

CREATE TABLE tablegate.workspace (
    workspace_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL UNIQUE,
    approval     boolean NOT NULL DEFAULT false,
    created_at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE tablegate.domain (
    name       text PRIMARY KEY,
    definition json NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE tablegate.gateway_instance (
    name        text PRIMARY KEY,
    definition  json NOT NULL,
    publication bigint NOT NULL DEFAULT 0,   -- number of the latest publication
    updated_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE tablegate.rest_api (
    rest_api_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL,
    version     text NOT NULL DEFAULT '',    -- '' where the versioning scheme is none
    base_path   text NOT NULL,
    definition  json NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (name, version)
);

CREATE TABLE tablegate.business_process (
    business_process_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id        bigint NOT NULL REFERENCES tablegate.workspace,
    name                text NOT NULL,
    rest_api_id         bigint NOT NULL REFERENCES tablegate.rest_api,   -- for ever: apply refuses a change
    definition          json NOT NULL,
    updated_at          timestamptz NOT NULL DEFAULT now(),
    UNIQUE (workspace_id, name)
);

CREATE TABLE tablegate.data_source (
    data_source_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id   bigint NOT NULL REFERENCES tablegate.workspace,
    name           text NOT NULL,
    type           text NOT NULL,
    definition     json NOT NULL,
    updated_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (workspace_id, name)
);

CREATE TABLE tablegate.mirror_table (
    name           text PRIMARY KEY,
    data_source_id bigint NOT NULL REFERENCES tablegate.data_source,
    definition     json NOT NULL,
    columns        json NOT NULL,            -- [{"name","type","sql_type","not_null"}], types as the manifest names them
    primary_key    json NOT NULL DEFAULT '[]',   -- names; the definition's or the DDL's
    time_zone      text NOT NULL DEFAULT 'UTC',
    updated_at     timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE tablegate.generation (
    table_name  text NOT NULL REFERENCES tablegate.mirror_table ON DELETE CASCADE,
    generation  bigint NOT NULL,
    status      text NOT NULL CHECK (status IN ('loading', 'current', 'previous', 'pruned', 'failed')),
    row_count   bigint,
    source      text NOT NULL,               -- as given, without credentials
    columns     json NOT NULL,               -- what was loaded
    loaded_by   text NOT NULL DEFAULT session_user,
    started_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    PRIMARY KEY (table_name, generation)
);
CREATE UNIQUE INDEX generation_one_current ON tablegate.generation (table_name) WHERE status = 'current';

-- A deleted API that has versions keeps its row, without references, because versions are kept for ever; its name can
-- be used again.
CREATE TABLE tablegate.api (
    api_id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id        bigint NOT NULL REFERENCES tablegate.workspace,
    business_process_id bigint REFERENCES tablegate.business_process,
    name                text NOT NULL,
    table_name          text REFERENCES tablegate.mirror_table,
    definition          json NOT NULL,       -- the draft
    updated_at          timestamptz NOT NULL DEFAULT now(),
    deleted_at          timestamptz,
    CHECK (deleted_at IS NOT NULL OR (business_process_id IS NOT NULL AND table_name IS NOT NULL))
);
CREATE UNIQUE INDEX api_name ON tablegate.api (workspace_id, name) WHERE deleted_at IS NULL;

-- Tests of drafts. draft_digest is SHA-256 over the draft's definition and the columns that it is compiled against: a
-- test is valid for exactly this draft.
CREATE TABLE tablegate.api_test (
    api_id       bigint NOT NULL REFERENCES tablegate.api ON DELETE CASCADE,
    draft_digest bytea NOT NULL,
    passed       boolean NOT NULL,
    http_status  integer NOT NULL,
    duration_ms  double precision NOT NULL,
    tested_by    text NOT NULL DEFAULT session_user,
    tested_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (api_id, draft_digest)
);

CREATE TABLE tablegate.api_version (
    api_id       bigint NOT NULL REFERENCES tablegate.api,
    version      integer NOT NULL CHECK (version > 0),
    status       text NOT NULL CHECK (status IN ('Pending for Application', 'Pending for Approval', 'Publishable',
                                                 'Rejected')),
    definition   json NOT NULL,
    source       json NOT NULL,              -- the table as compiled against: {"table","time_zone","primary_key","columns"}
    draft_digest bytea NOT NULL,
    message      text NOT NULL DEFAULT '',
    author       text NOT NULL DEFAULT session_user,
    committed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (api_id, version)
);

-- What each gateway serves now: one version of an API.
CREATE TABLE tablegate.published_api (
    gateway      text NOT NULL REFERENCES tablegate.gateway_instance (name),
    api_id       bigint NOT NULL,
    version      integer NOT NULL,
    service      text NOT NULL DEFAULT 'default',
    published_by text NOT NULL DEFAULT session_user,
    published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (gateway, api_id),
    FOREIGN KEY (api_id, version) REFERENCES tablegate.api_version (api_id, version)
);

-- The domains of a REST API on a gateway, shared by all its APIs; no row: any host.
CREATE TABLE tablegate.rest_api_domain (
    gateway     text NOT NULL REFERENCES tablegate.gateway_instance (name),
    rest_api_id bigint NOT NULL REFERENCES tablegate.rest_api,
    domain      text NOT NULL REFERENCES tablegate.domain (name),
    PRIMARY KEY (gateway, rest_api_id, domain)
);

-- All publications in order: who published which version where, or unpublished it (version null). Kept when the
-- gateway is deleted: a new gateway with the same name continues the numbers.
CREATE TABLE tablegate.publication (
    gateway      text NOT NULL,
    publication  bigint NOT NULL,
    api_id       bigint NOT NULL REFERENCES tablegate.api,
    version      integer,
    published_by text NOT NULL DEFAULT session_user,
    published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (gateway, publication)
);

CREATE TABLE tablegate.consumer (
    consumer_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL UNIQUE,
    workspace_id bigint UNIQUE REFERENCES tablegate.workspace,   -- set: the workspace's own, authorised for all its APIs
    enabled      boolean NOT NULL DEFAULT true,
    created_at   timestamptz NOT NULL DEFAULT now()
);

-- Only the digests of API keys are stored: a dump of the catalog gives no access.
CREATE TABLE tablegate.api_key (
    key_id      text PRIMARY KEY,            -- public id, shown by `consumer list`
    consumer_id bigint NOT NULL REFERENCES tablegate.consumer ON DELETE CASCADE,
    digest      bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
    label       text NOT NULL DEFAULT '',
    not_before  timestamptz,
    expires     timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CHECK (not_before IS NULL OR expires IS NULL OR not_before < expires)
);

-- Either one API or all APIs of a REST API.
CREATE TABLE tablegate.authorization (
    consumer_id bigint NOT NULL REFERENCES tablegate.consumer ON DELETE CASCADE,
    api_id      bigint REFERENCES tablegate.api ON DELETE CASCADE,
    rest_api_id bigint REFERENCES tablegate.rest_api ON DELETE CASCADE,
    granted_at  timestamptz NOT NULL DEFAULT now(),
    CHECK ((api_id IS NULL) <> (rest_api_id IS NULL)),
    UNIQUE (consumer_id, api_id),
    UNIQUE (consumer_id, rest_api_id)
);
