-- Keys that all gateways of this catalog share and that no caller has. `init` makes them. Sealed with the master key, as
-- secrets of consumers are.

CREATE TABLE tablegate.gateway_key (
    name       text PRIMARY KEY,             -- cursor: what encrypts the cursors of pages; mask: the key of hash masks
    sealed     text NOT NULL,                -- base64, sealed for ('gateway_key', name): 64 hexadecimal digits
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE tablegate.gateway_key IS 'Keys of the gateways, made by init; the values are sealed with the master key';

GRANT SELECT ON tablegate.gateway_key TO tablegate_node;

-- The keys that a version requires.
ALTER TABLE tablegate.api_version ADD COLUMN gateway_keys text[] NOT NULL GENERATED ALWAYS AS (array_remove(ARRAY[
    CASE WHEN definition -> 'pagination' IS NOT NULL AND coalesce(definition -> 'pagination' ->> 'enabled', 'true') = 'true' THEN 'cursor' END,
    CASE WHEN jsonb_path_exists(definition::text::jsonb, '$.response_parameters[*] ? (@.mask == "hash")') THEN 'mask' END], NULL)) STORED;
CREATE INDEX api_version_gateway_keys ON tablegate.api_version (api_id, version) WHERE gateway_keys <> '{}';
