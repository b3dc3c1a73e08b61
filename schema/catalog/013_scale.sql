-- Indexes for the references that had none: a lookup, a deletion or a check of a reference then reads the rows that it
-- concerns, not the table. t/functional/catalog_scale.t reports a reference without an index.

CREATE INDEX business_process_of_rest_api ON tablegate.business_process (rest_api_id);
CREATE INDEX mirror_table_of_data_source ON tablegate.mirror_table (data_source_id);
CREATE INDEX api_of_workspace ON tablegate.api (workspace_id);
CREATE INDEX api_of_business_process ON tablegate.api (business_process_id);
CREATE INDEX api_of_table ON tablegate.api (table_name);
CREATE INDEX published_api_of_version ON tablegate.published_api (api_id, version);
CREATE INDEX published_api_of_canary ON tablegate.published_api (api_id, canary_version) WHERE canary_version IS NOT NULL;
-- With the number: the history of one API, the latest first.
CREATE INDEX publication_of_api ON tablegate.publication (api_id, gateway, publication);
CREATE INDEX rest_api_domain_of_rest_api ON tablegate.rest_api_domain (rest_api_id);
CREATE INDEX rest_api_domain_of_domain ON tablegate.rest_api_domain (domain);
CREATE INDEX api_key_of_consumer ON tablegate.api_key (consumer_id);
CREATE INDEX hmac_key_of_consumer ON tablegate.hmac_key (consumer_id);
CREATE INDEX authorization_of_api ON tablegate.authorization (api_id);
CREATE INDEX authorization_of_rest_api ON tablegate.authorization (rest_api_id);

-- The method and full path that callers use, with {} for each parameter: two publications of one route are found by an
-- index. Written by the trigger only_publishable (functions.sql); it stays as it is while the API is published.
ALTER TABLE tablegate.published_api DISABLE TRIGGER USER;
ALTER TABLE tablegate.published_api ADD COLUMN route text;
UPDATE tablegate.published_api p
    SET route = v.method || ' ' || r.url_base || regexp_replace(v.path, '\{[^}]*\}', '{}', 'g')
    FROM tablegate.api_version v, tablegate.api a, tablegate.business_process b, tablegate.rest_api r
    WHERE v.api_id = p.api_id AND v.version = p.version AND a.api_id = p.api_id
      AND b.business_process_id = a.business_process_id AND r.rest_api_id = b.rest_api_id;
ALTER TABLE tablegate.published_api ALTER COLUMN route SET NOT NULL;
ALTER TABLE tablegate.published_api ENABLE TRIGGER USER;
CREATE INDEX published_api_of_route ON tablegate.published_api (route, gateway);
