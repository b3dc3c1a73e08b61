-- HMAC key pairs and JWT settings of consumers. Secrets that must stay readable (HMAC secrets, symmetric JWKs) are
-- sealed with the master key (loader/catalog/credentials/seal.hpp): a dump of the catalog gives no access.

CREATE TABLE tablegate.hmac_key (
    key_id        text PRIMARY KEY,          -- public id, shown by `consumer show`
    consumer_id   bigint NOT NULL REFERENCES tablegate.consumer ON DELETE CASCADE,
    access_key    text NOT NULL UNIQUE,      -- what callers send as x-ca-key
    sealed_secret text NOT NULL,             -- base64, sealed for ('hmac_key', key_id)
    profile       text NOT NULL DEFAULT 'classic' CHECK (profile IN ('classic', 'raw-query')),
    label         text NOT NULL DEFAULT '',
    not_before    timestamptz,
    expires       timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CHECK (not_before IS NULL OR expires IS NULL OR not_before < expires)
);

CREATE TABLE tablegate.jwt_setting (
    consumer_id bigint PRIMARY KEY REFERENCES tablegate.consumer ON DELETE CASCADE,
    source      json NOT NULL,               -- {"in","name","prefix"}
    issuer      text NOT NULL DEFAULT '',    -- '': any
    audience    text NOT NULL DEFAULT '',    -- '': any
    claim       json,                        -- {"name","value"}; null: no condition
    leeway      integer NOT NULL DEFAULT 60 CHECK (leeway BETWEEN 0 AND 3600),
    require_exp boolean NOT NULL DEFAULT false,
    keys        json NOT NULL,               -- list of JWKs, symmetric ones without their "k"
    sealed_keys json NOT NULL,               -- for each of them: base64 of "k", sealed for ('jwt_key', consumer_id:place), or null
    updated_at  timestamptz NOT NULL DEFAULT now()
);

-- Operators write, nodes put them into the manifest; developers and approvers see what `consumer show` prints.
GRANT SELECT, INSERT, UPDATE, DELETE ON tablegate.hmac_key, tablegate.jwt_setting TO tablegate_operator;
GRANT SELECT ON tablegate.hmac_key, tablegate.jwt_setting TO tablegate_node;
GRANT SELECT (key_id, consumer_id, access_key, profile, label, not_before, expires, created_at) ON tablegate.hmac_key
    TO tablegate_developer, tablegate_approver;
GRANT SELECT (consumer_id, source, issuer, audience, claim, leeway, require_exp, keys, updated_at) ON tablegate.jwt_setting
    TO tablegate_developer, tablegate_approver;
