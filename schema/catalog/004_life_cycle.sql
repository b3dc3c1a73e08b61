-- Versions of REST APIs, approval of versions, the audit, and the old names of renamed APIs. Functions and triggers:
-- functions.sql.

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

-- ---- Approval: Pending for Application -> submit -> Pending for Approval -> approve | reject -> Publishable |
-- Rejected, which may be submitted again. Only functions change a status (functions.sql); the trigger applies to every
-- user, also to the owner of the tables. Messages with an SQLSTATE of class TG are shown to users unchanged.

ALTER TABLE tablegate.api_version
    ADD COLUMN submitted_by text,                 -- in whose name; the audit has who really did it
    ADD COLUMN decided_by   text,
    ADD COLUMN note         text NOT NULL DEFAULT '';   -- of the latest step
REVOKE UPDATE (status) ON tablegate.api_version FROM tablegate_approver;

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

-- All roles read it, and only the triggers write it, as the owner. Only the owner changes the approval setting of a
-- workspace, except when it is created.
GRANT SELECT ON tablegate.audit TO tablegate_developer, tablegate_approver, tablegate_operator;
GRANT INSERT (approval) ON tablegate.workspace TO tablegate_operator;
