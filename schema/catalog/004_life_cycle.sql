-- Versions of REST APIs, approval of versions, the audit, and the old names of renamed APIs. Functions and triggers:
-- functions.sql.

-- ---- REST API versions: what the versioning scheme makes of URL and requests. Derived from the definition, so that
-- nothing has to be kept in step.

ALTER TABLE tablegate.rest_api
    -- Before the path of each API: base path and, by scheme path, the version; '' for "/".
    ADD COLUMN url_base text GENERATED ALWAYS AS (
        rtrim(base_path, '/') ||
        CASE WHEN definition #>> '{versioning,scheme}' = 'path' THEN '/' || version ELSE '' END) STORED,
    -- By schemes header and query: where a request names the version; else null.
    ADD COLUMN version_in text GENERATED ALWAYS AS (
        CASE WHEN definition #>> '{versioning,scheme}' IN ('header', 'query')
             THEN definition #>> '{versioning,scheme}' END) STORED,
    ADD COLUMN version_name text GENERATED ALWAYS AS (
        CASE WHEN definition #>> '{versioning,scheme}' IN ('header', 'query')
             THEN definition #>> '{versioning,name}' END) STORED;

-- ---- Renamed APIs. A draft's digest is made with the name that its API had first: a new name makes no new draft.
ALTER TABLE tablegate.api ADD COLUMN digest_name text;

-- ---- Approval: Pending for Application -> submit -> Pending for Approval -> approve | reject -> Publishable | Rejected,
-- which may be submitted again. Only functions change a status (functions.sql); the trigger holds for everybody, the owner
-- of the tables included. SQLSTATEs of class TG are told to people as they are.

ALTER TABLE tablegate.api_version
    ADD COLUMN submitted_by text,                 -- in whose name; the audit has who really did it
    ADD COLUMN decided_by   text,
    ADD COLUMN note         text NOT NULL DEFAULT '';   -- of the latest step
REVOKE UPDATE (status) ON tablegate.api_version FROM tablegate_approver;

-- ---- The audit: who did what when. Written by triggers, so that hand-written SQL is in it too; never changed. Names
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

-- Everybody reads it, nobody writes it: the triggers do, as the owner. A workspace's approval is the owner's to set, only a
-- new one comes with what its maker says.
GRANT SELECT ON tablegate.audit TO tablegate_developer, tablegate_approver, tablegate_operator;
GRANT INSERT (approval) ON tablegate.workspace TO tablegate_operator;
