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

GRANT SELECT ON tablegate.catalog_revision, tablegate.node TO tablegate_developer, tablegate_approver, tablegate_operator,
    tablegate_node;
GRANT DELETE ON tablegate.node TO tablegate_operator;
