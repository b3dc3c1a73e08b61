-- How a load writes to schema mirror. Nobody has CREATE there and no table of it can be written to, but for INSERT into a
-- generation that is not finished: a load goes through these functions, which work as tablegate_owner. Each knows only
-- names of the pattern TABLE__g<N>, makes columns of the types below and nothing else (no default, trigger, foreign key,
-- policy or child table can come in), and serves only what was sealed. Run once a mirror, as tablegate_owner, in schema
-- mirror_load, inside the transaction of `tablegate init`.

GRANT USAGE ON SCHEMA mirror_load TO tablegate_developer;
GRANT SELECT ON mirror_load.migration TO tablegate_developer;

-- Checks the names, keeps other loads of the table away until the transaction ends (the loader holds the same lock for
-- its session) and returns the generation's relation.
CREATE FUNCTION mirror_load.claim(p_table text, p_generation bigint) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF p_table IS NULL OR p_table !~ '^[a-z_][a-z0-9_]{0,47}$' OR p_table ~ '__g[0-9]+$' THEN
        RAISE EXCEPTION 'no mirrored table can have the name "%"', p_table USING ERRCODE = 'invalid_name';
    END IF;
    IF p_generation IS NULL OR p_generation NOT BETWEEN 1 AND 999999999999 THEN
        RAISE EXCEPTION 'no generation has the number %', p_generation USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtextextended('tablegate.load.' || p_table, 0)) THEN
        RAISE EXCEPTION 'table "%" is being loaded by another session', p_table USING ERRCODE = 'lock_not_available';
    END IF;
    RETURN p_table || '__g' || p_generation;
END $$;

-- The generation that a finished table is, as its comment tells; NULL for all else.
CREATE FUNCTION mirror_load.generation_of(p_relation text) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT substring(obj_description(c.oid, 'pg_class') FROM '^tablegate generation ([0-9]{1,12}), [0-9]+ rows$')::bigint
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'mirror' AND c.relname = p_relation
$$;

-- An empty table to COPY into. p_columns: [{"name","sql_type","not_null"}].
CREATE FUNCTION mirror_load.create_generation(p_table text, p_generation bigint, p_columns json) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    relation    text := mirror_load.claim(p_table, p_generation);
    item        record;
    column_list text;
BEGIN
    IF to_regclass(format('mirror.%I', relation)) IS NOT NULL THEN
        IF mirror_load.generation_of(relation) IS NOT NULL THEN
            RAISE EXCEPTION 'mirror.% is there already', relation USING ERRCODE = 'duplicate_table';
        END IF;
        EXECUTE format('DROP TABLE mirror.%I', relation);   -- of a load that did not end
    END IF;
    FOR item IN SELECT * FROM json_to_recordset(p_columns) AS c (name text, sql_type text, not_null boolean) LOOP
        IF item.sql_type IS NULL OR item.sql_type !~ ('^(smallint|integer|bigint|real|double precision|boolean|text|bytea|date'
                || '|numeric([(][0-9]{1,4}(,[0-9]{1,4})?[)])?|timestamp([(][0-6][)])?|timestamptz([(][0-6][)])?|json|jsonb|interval)$')
        THEN
            RAISE EXCEPTION 'column "%" cannot be of type "%"', item.name, item.sql_type
                USING ERRCODE = 'invalid_parameter_value';
        END IF;
        column_list := concat_ws(', ', column_list, format('%I %s%s', item.name, item.sql_type,
                                                           CASE WHEN item.not_null THEN ' NOT NULL' END));
    END LOOP;
    EXECUTE format('CREATE TABLE mirror.%I (%s)', relation, column_list);
    EXECUTE format('GRANT INSERT ON mirror.%I TO tablegate_developer', relation);
END $$;

-- Ends writing for good, then builds what readers need. p_primary_key: ["column"], p_indexes: [["column"]].
CREATE FUNCTION mirror_load.seal_generation(p_table text, p_generation bigint, p_rows bigint, p_primary_key json,
                                            p_indexes json) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    relation    text := mirror_load.claim(p_table, p_generation);
    index_item  json;
    column_list text;
BEGIN
    IF p_rows IS NULL OR p_rows < 0 THEN
        RAISE EXCEPTION 'a table cannot have % rows', p_rows USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Waits for writers of other sessions.
    EXECUTE format('LOCK TABLE ONLY mirror.%I IN ACCESS EXCLUSIVE MODE', relation);
    IF mirror_load.generation_of(relation) IS NOT NULL THEN
        RAISE EXCEPTION 'mirror.% is finished already', relation USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    EXECUTE format('REVOKE ALL ON mirror.%I FROM PUBLIC, tablegate_developer', relation);
    EXECUTE format('GRANT SELECT ON mirror.%I TO tablegate_reader', relation);
    SELECT string_agg(quote_ident(name), ', ' ORDER BY place) INTO column_list
    FROM json_array_elements_text(p_primary_key) WITH ORDINALITY AS key (name, place);
    IF column_list IS NOT NULL THEN
        EXECUTE format('ALTER TABLE mirror.%I ADD PRIMARY KEY (%s)', relation, column_list);
    END IF;
    FOR index_item IN SELECT value FROM json_array_elements(p_indexes) LOOP
        SELECT string_agg(quote_ident(name), ', ' ORDER BY place) INTO column_list
        FROM json_array_elements_text(index_item) WITH ORDINALITY AS key (name, place);
        CONTINUE WHEN column_list IS NULL;
        EXECUTE format('CREATE INDEX ON mirror.%I (%s)', relation, column_list);
    END LOOP;
    EXECUTE format('ANALYZE mirror.%I', relation);
    EXECUTE format('COMMENT ON TABLE mirror.%I IS %L', relation,
                   format('tablegate generation %s, %s rows', p_generation, p_rows));
END $$;

-- Puts a finished generation in the place of the serving one. The caller sets lock_timeout and commits at once.
CREATE FUNCTION mirror_load.swap_generation(p_table text, p_generation bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    relation text := mirror_load.claim(p_table, p_generation);
    serving  bigint;
BEGIN
    IF mirror_load.generation_of(relation) IS DISTINCT FROM p_generation THEN
        RAISE EXCEPTION 'mirror.% is no finished generation', relation USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    IF to_regclass(format('mirror.%I', p_table)) IS NOT NULL THEN
        serving := mirror_load.generation_of(p_table);
        IF serving IS NULL THEN
            RAISE EXCEPTION 'mirror.% was not made by tablegate', p_table USING ERRCODE = 'object_not_in_prerequisite_state';
        END IF;
        EXECUTE format('ALTER TABLE mirror.%I RENAME TO %I', p_table, p_table || '__g' || serving);
    END IF;
    EXECUTE format('ALTER TABLE mirror.%I RENAME TO %I', relation, p_table);
END $$;

-- Drops a generation that does not serve: the serving one has no such name.
CREATE FUNCTION mirror_load.drop_generation(p_table text, p_generation bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('DROP TABLE IF EXISTS mirror.%I', mirror_load.claim(p_table, p_generation));
END $$;

-- Drops all generations of a table that is defined no more, the serving one too. Where the catalog is in another database
-- nothing here can tell whether it is: that is left to tablegate_owner's members.
CREATE FUNCTION mirror_load.drop_table(p_table text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    used     boolean;
    relation text;
BEGIN
    PERFORM mirror_load.claim(p_table, 1);
    IF NOT pg_has_role(session_user, 'tablegate_owner', 'MEMBER') THEN
        IF to_regclass('tablegate.mirror_table') IS NULL THEN
            RAISE EXCEPTION 'only members of tablegate_owner drop tables of a mirror apart from its catalog'
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        SELECT EXISTS (SELECT FROM tablegate.mirror_table t WHERE t.name = p_table)
            OR EXISTS (SELECT FROM tablegate.published_api p JOIN tablegate.api_version v USING (api_id, version)
                       WHERE v.source ->> 'table' = p_table)
          INTO used;
        IF used THEN
            RAISE EXCEPTION 'table "%" is still defined or published', p_table USING ERRCODE = 'object_in_use';
        END IF;
    END IF;
    FOR relation IN
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'mirror' AND c.relkind = 'r' AND mirror_load.generation_of(c.relname) IS NOT NULL
          AND (c.relname = p_table OR c.relname ~ ('^' || p_table || '__g[0-9]+$'))
    LOOP
        EXECUTE format('DROP TABLE mirror.%I', relation);
    END LOOP;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA mirror_load FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mirror_load.create_generation, mirror_load.seal_generation, mirror_load.swap_generation,
    mirror_load.drop_generation, mirror_load.drop_table TO tablegate_developer;
