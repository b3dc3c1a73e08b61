-- The functions of schema mirror_load, each once, in their current form. `tablegate init` applies this file after the
-- migrations, every time, as tablegate_owner. Each change requires a migration with the next number, so that commands ask for
-- init.
--
-- How a load writes to schema mirror: these functions work as tablegate_owner. Each knows only names of the pattern
-- TABLE__g<N>, makes columns of the types below and nothing else (no default, trigger, foreign key, policy or child table can
-- come in), and serves only what was sealed.

-- Of older versions.
DROP FUNCTION IF EXISTS mirror_load.swap_generation(text, bigint);

-- ---- Who works on a table. Where the catalog is in this database: who may change what belongs to the table's workspace.
-- Where it is not, the workspace is not known here: the first role that works on a table is recorded (mirror_load.loader),
-- and only its members and members of tablegate_owner do so later. The user who signed in counts.
CREATE OR REPLACE FUNCTION mirror_load.require_own(p_table text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    holder text;
BEGIN
    IF p_table IS NULL OR p_table !~ '^[a-z_][a-z0-9_]{0,47}$' THEN
        RAISE EXCEPTION 'no mirrored table can have the name "%"', p_table USING ERRCODE = 'invalid_name';
    END IF;
    IF to_regclass('tablegate.mirror_table') IS NOT NULL THEN
        PERFORM tablegate.require_member((SELECT t.workspace_id FROM tablegate.mirror_table t WHERE t.name = p_table));
        RETURN;
    END IF;
    SELECT l.role_name INTO holder FROM mirror_load.loader l WHERE l.table_name = p_table;
    IF NOT FOUND THEN
        INSERT INTO mirror_load.loader VALUES (p_table, session_user) ON CONFLICT DO NOTHING;
        SELECT l.role_name INTO holder FROM mirror_load.loader l WHERE l.table_name = p_table;
    END IF;
    IF NOT pg_has_role(session_user, 'tablegate_owner', 'MEMBER')
       AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = holder AND pg_has_role(session_user, r.oid, 'MEMBER')) THEN
        RAISE EXCEPTION 'table "%" is loaded by %, not by %', p_table, holder, session_user USING ERRCODE = 'insufficient_privilege',
            HINT = format('a member of tablegate_owner can change that: UPDATE mirror_load.loader SET role_name = %L WHERE table_name = %L',
                          session_user, p_table);
    END IF;
END $$;

-- ---- Locks of loads: rows of mirror_load.lock, which nobody else can lock. `load TABLE` is held for the whole of a load, by
-- a session of its own; `step TABLE` by each transaction that works on generations.

-- Held until the transaction ends. Ten minutes are the longest wait; false: another session has it.
CREATE OR REPLACE FUNCTION mirror_load.take_lock(lock_name text, may_wait boolean) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before text := current_setting('lock_timeout');
BEGIN
    IF lock_name ~ '^(load|step) ' THEN
        PERFORM mirror_load.require_own(substr(lock_name, 6));
    ELSIF NOT pg_has_role(session_user, 'tablegate_owner', 'MEMBER') THEN
        RAISE EXCEPTION 'only members of tablegate_owner take the lock "%"', lock_name USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NOT may_wait THEN
        PERFORM FROM mirror_load.lock l WHERE l.name = lock_name FOR UPDATE SKIP LOCKED;
        RETURN FOUND;
    END IF;
    PERFORM set_config('lock_timeout', '10min', true);
    PERFORM FROM mirror_load.lock l WHERE l.name = lock_name FOR UPDATE;
    PERFORM set_config('lock_timeout', before, true);
    RETURN true;
END $$;

-- Who holds a lock; null: nobody.
CREATE OR REPLACE FUNCTION mirror_load.lock_holder(lock_name text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT format('process %s, user %s, application "%s"', a.pid, a.usename, a.application_name)
            FROM mirror_load.lock l JOIN pg_locks h ON h.locktype = 'transactionid' AND h.granted AND h.transactionid = l.xmax
            JOIN pg_stat_activity a ON a.pid = h.pid WHERE l.name = lock_name);
END $$;

-- Makes the locks of a table, to be committed before they are taken.
CREATE OR REPLACE FUNCTION mirror_load.add_locks(p_table text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM mirror_load.require_own(p_table);
    INSERT INTO mirror_load.lock (name) VALUES ('load ' || p_table), ('step ' || p_table) ON CONFLICT DO NOTHING;
END $$;

-- Checks the names and who calls, keeps other transactions away from the table's generations until this one ends, and returns the
-- generation's relation.
CREATE OR REPLACE FUNCTION mirror_load.claim(p_table text, p_generation bigint) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM mirror_load.require_own(p_table);
    IF p_table ~ '__g[0-9]+$' THEN
        RAISE EXCEPTION 'no mirrored table can have the name "%"', p_table USING ERRCODE = 'invalid_name';
    END IF;
    IF p_generation IS NULL OR p_generation NOT BETWEEN 1 AND 999999999999 THEN
        RAISE EXCEPTION 'no generation has the number %', p_generation USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO mirror_load.lock (name) VALUES ('step ' || p_table) ON CONFLICT DO NOTHING;
    PERFORM FROM mirror_load.lock l WHERE l.name = 'step ' || p_table FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'table "%" is being loaded by another session', p_table USING ERRCODE = 'lock_not_available';
    END IF;
    RETURN p_table || '__g' || p_generation;
END $$;

-- The generation that a finished table is, as its comment says; NULL for all else.
CREATE OR REPLACE FUNCTION mirror_load.generation_of(p_relation text) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT substring(obj_description(c.oid, 'pg_class') FROM '^tablegate generation ([0-9]{1,12}), [0-9]+ rows$')::bigint
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'mirror' AND c.relname = p_relation
$$;

-- An empty table to COPY into. p_columns: [{"name","sql_type","not_null"}].
CREATE OR REPLACE FUNCTION mirror_load.create_generation(p_table text, p_generation bigint, p_columns json) RETURNS void
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
CREATE OR REPLACE FUNCTION mirror_load.seal_generation(p_table text, p_generation bigint, p_rows bigint, p_primary_key json,
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
    EXECUTE format('GRANT SELECT ON mirror.%I TO tablegate_reader, tablegate_tester', relation);
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

-- Who may read a relation besides its owner: a role or PUBLIC, quoted, and a column, quoted, or NULL for all of them.
CREATE OR REPLACE FUNCTION mirror_load.readers_of(p_relation text)
RETURNS TABLE (reader text, attribute text, grantable boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN item.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(item.grantee)) END, given.attribute, item.is_grantable
    FROM (SELECT c.relacl, NULL, c.relowner FROM pg_class c WHERE c.oid = to_regclass(format('mirror.%I', p_relation))
          UNION ALL
          SELECT a.attacl, quote_ident(a.attname), c.relowner FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
          WHERE c.oid = to_regclass(format('mirror.%I', p_relation)) AND a.attnum > 0 AND NOT a.attisdropped) AS given (acl, attribute, relowner),
         aclexplode(given.acl) AS item
    WHERE item.privilege_type = 'SELECT' AND item.grantee <> given.relowner
$$;

-- Gives a generation the readers of the one that serves: a GRANT is made on a table, not on one of its generations. Columns
-- that it does not have are left out. p_exactly: nobody else keeps what he was granted.
CREATE OR REPLACE FUNCTION mirror_load.carry_readers(p_serving text, p_next text, p_exactly boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    item record;
BEGIN
    FOR item IN SELECT n.reader, n.attribute FROM mirror_load.readers_of(p_next) n
                WHERE p_exactly AND NOT EXISTS (SELECT FROM mirror_load.readers_of(p_serving) s
                                                WHERE s.reader = n.reader AND s.attribute IS NOT DISTINCT FROM n.attribute) LOOP
        EXECUTE format('REVOKE SELECT %s ON mirror.%I FROM %s', '(' || item.attribute || ')', p_next, item.reader);
    END LOOP;
    FOR item IN SELECT s.reader, s.attribute, s.grantable FROM mirror_load.readers_of(p_serving) s
                WHERE s.attribute IS NULL
                   OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass(format('mirror.%I', p_next))
                                                           AND quote_ident(a.attname) = s.attribute AND NOT a.attisdropped) LOOP
        EXECUTE format('GRANT SELECT %s ON mirror.%I TO %s%s', '(' || item.attribute || ')', p_next, item.reader,
                       CASE WHEN item.grantable THEN ' WITH GRANT OPTION' END);
    END LOOP;
END $$;

-- Puts a finished generation in the place of the serving one. p_swap: 'rename', so that it is mirror.TABLE; 'pointer', so
-- that only the row in mirror.tablegate_tables names it and no DDL is needed; NULL: as the table is swapped now. p_loaded_at
-- NULL: now. The caller sets lock_timeout and commits at once.
CREATE OR REPLACE FUNCTION mirror_load.swap_generation(p_table text, p_generation bigint, p_source_time timestamptz DEFAULT NULL,
                                            p_loaded_at timestamptz DEFAULT NULL, p_swap text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    next      text := mirror_load.claim(p_table, p_generation);
    target    text := next;
    swap      text := coalesce(p_swap, (SELECT CASE WHEN t.relation = t.table_name THEN 'rename' ELSE 'pointer' END
                                        FROM mirror.tablegate_tables t WHERE t.table_name = p_table), 'rename');
    before    text := mirror_load.serving_relation(p_table);
    row_count bigint;
    serving   bigint;
BEGIN
    IF swap NOT IN ('rename', 'pointer') THEN
        RAISE EXCEPTION 'no swap is called "%"', swap USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF mirror_load.generation_of(next) IS DISTINCT FROM p_generation THEN
        RAISE EXCEPTION 'mirror.% is no finished generation', next USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    row_count := mirror_load.rows_of(next);
    serving := mirror_load.generation_of(before);
    IF serving IS NOT NULL THEN
        -- An older generation may have readers who have lost the right since.
        PERFORM mirror_load.carry_readers(before, next, p_generation < serving);
    END IF;
    IF to_regclass(format('mirror.%I', p_table)) IS NOT NULL THEN
        serving := mirror_load.generation_of(p_table);
        IF serving IS NULL THEN
            RAISE EXCEPTION 'mirror.% was not made by tablegate', p_table USING ERRCODE = 'object_not_in_prerequisite_state';
        END IF;
        -- With 'pointer' too, once: nobody shall find an old generation under the table's name.
        EXECUTE format('ALTER TABLE mirror.%I RENAME TO %I', p_table, p_table || '__g' || serving);
    END IF;
    IF swap = 'rename' THEN
        target := p_table;
        EXECUTE format('ALTER TABLE mirror.%I RENAME TO %I', next, target);
    END IF;
    INSERT INTO mirror.tablegate_tables AS t (table_name, relation, generation, rows, source_time, loaded_at)
    VALUES (p_table, target, p_generation, row_count, p_source_time, coalesce(p_loaded_at, clock_timestamp()))
    ON CONFLICT (table_name) DO UPDATE SET relation = excluded.relation, generation = excluded.generation,
        rows = excluded.rows, source_time = excluded.source_time, loaded_at = excluded.loaded_at;
    IF to_regclass('tablegate.audit') IS NOT NULL THEN
        -- Whoever calls: what the loader records in the catalog is no part of a swap by hand.
        PERFORM tablegate.write_audit('Table', p_table, 'swapped', (SELECT t.workspace_id FROM tablegate.mirror_table t WHERE t.name = p_table),
            NULL, jsonb_build_object('generation', p_generation, 'rows', row_count));
    END IF;
END $$;

-- Drops a generation that does not serve.
CREATE OR REPLACE FUNCTION mirror_load.drop_generation(p_table text, p_generation bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    candidate text := mirror_load.claim(p_table, p_generation);
BEGIN
    IF EXISTS (SELECT FROM mirror.tablegate_tables t WHERE t.table_name = p_table AND t.relation = candidate) THEN
        RAISE EXCEPTION 'mirror.% serves', candidate USING ERRCODE = 'object_in_use';
    END IF;
    EXECUTE format('DROP TABLE IF EXISTS mirror.%I', candidate);
END $$;

-- Drops all generations of a table that is defined no more, the serving one and its row too. Where the catalog is in another
-- database nothing here can tell whether it is: that is left to tablegate_owner's members.
CREATE OR REPLACE FUNCTION mirror_load.drop_table(p_table text) RETURNS void
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
            OR EXISTS (SELECT FROM tablegate.published_api p JOIN tablegate.api_version_read r
                           ON r.api_id = p.api_id AND r.version IN (p.version, p.canary_version)
                       WHERE r.table_name = p_table)
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
    DELETE FROM mirror.tablegate_tables t WHERE t.table_name = p_table;
    DELETE FROM mirror_load.loader l WHERE l.table_name = p_table;
END $$;

-- How many rows a finished table was loaded with, as its comment says; NULL for all else.
CREATE OR REPLACE FUNCTION mirror_load.rows_of(p_relation text) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT substring(obj_description(c.oid, 'pg_class') FROM '^tablegate generation [0-9]{1,12}, ([0-9]+) rows$')::bigint
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'mirror' AND c.relname = p_relation
$$;

-- The relation that serves as a table: where it is read now.
CREATE OR REPLACE FUNCTION mirror_load.serving_relation(p_table text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce((SELECT t.relation FROM mirror.tablegate_tables t WHERE t.table_name = p_table), p_table)
$$;

-- ---- Loads that bring a part of a table: what else the new generation holds is copied from the serving one, inside the
-- database. Whole rows of one table into a generation of it that is not finished, chosen by values of columns; no SQL comes in.

-- The new generation's relation, the serving one's, and the columns, quoted; both are there, the new one is not finished.
CREATE OR REPLACE FUNCTION mirror_load.carrying(p_table text, p_generation bigint, OUT relation text, OUT serving text, OUT column_list text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    relation := mirror_load.claim(p_table, p_generation);
    IF to_regclass(format('mirror.%I', relation)) IS NULL OR mirror_load.generation_of(relation) IS NOT NULL THEN
        RAISE EXCEPTION 'mirror.% is no generation that is being loaded', relation
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    serving := mirror_load.serving_relation(p_table);
    IF to_regclass(format('mirror.%I', serving)) IS NULL OR mirror_load.generation_of(serving) IS NULL THEN
        RAISE EXCEPTION 'mirror.% has no generation that serves', p_table USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO column_list
    FROM pg_attribute WHERE attrelid = format('mirror.%I', relation)::regclass AND attnum > 0 AND NOT attisdropped;
END $$;

-- Rows whose values of p_columns are among p_values ([["20260101","01"]], as text), or are not. Returns how many.
CREATE OR REPLACE FUNCTION mirror_load.carry_over(p_table text, p_generation bigint, p_columns json, p_values json, p_among boolean)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    place     record := mirror_load.carrying(p_table, p_generation);
    condition text;
    known     bigint;
    copied    bigint;
BEGIN
    SELECT string_agg(format('old.%I = (item ->> %s)::%s', a.attname, key.place - 1, format_type(a.atttypid, a.atttypmod)), ' AND '),
           count(*)
      INTO condition, known
    FROM json_array_elements_text(p_columns) WITH ORDINALITY AS key (name, place)
    JOIN pg_attribute a ON a.attrelid = format('mirror.%I', place.relation)::regclass AND a.attname = key.name
                       AND a.attnum > 0 AND NOT a.attisdropped;
    IF known = 0 OR known <> json_array_length(p_columns) OR p_among IS NULL OR json_typeof(p_values) IS DISTINCT FROM 'array' THEN
        RAISE EXCEPTION 'rows are chosen by columns of the table and their values' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format('INSERT INTO mirror.%I (%s) SELECT %s FROM mirror.%I AS old WHERE %s EXISTS'
                   ' (SELECT FROM json_array_elements($1) AS chosen (item) WHERE %s)',
                   place.relation, place.column_list, place.column_list, place.serving, CASE WHEN NOT p_among THEN 'NOT' END, condition)
        USING p_values;
    GET DIAGNOSTICS copied = ROW_COUNT;
    RETURN copied;
END $$;

-- Rows whose key the new generation does not have yet. Returns how many.
CREATE OR REPLACE FUNCTION mirror_load.carry_over_other_keys(p_table text, p_generation bigint, p_primary_key json)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    place     record := mirror_load.carrying(p_table, p_generation);
    condition text;
    copied    bigint;
BEGIN
    SELECT string_agg(format('new.%I = old.%I', name, name), ' AND ') INTO condition
    FROM json_array_elements_text(p_primary_key) AS key (name);
    IF condition IS NULL THEN
        RAISE EXCEPTION 'rows are merged by a primary key' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format('INSERT INTO mirror.%I (%s) SELECT %s FROM mirror.%I AS old WHERE NOT EXISTS'
                   ' (SELECT FROM mirror.%I AS new WHERE %s)',
                   place.relation, place.column_list, place.column_list, place.serving, place.relation, condition);
    GET DIAGNOSTICS copied = ROW_COUNT;
    RETURN copied;
END $$;

-- ---- Indexes of the generation that serves.

-- Builds an index as a load does: whole or not at all. Readers do not wait for it: CREATE INDEX keeps writers away, and a
-- finished generation has none. p_columns: ["column"].
CREATE OR REPLACE FUNCTION mirror_load.build_index(p_table text, p_generation bigint, p_columns json) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    serving     text;
    column_list text;
    known       bigint;
BEGIN
    PERFORM mirror_load.claim(p_table, p_generation);
    serving := mirror_load.serving_relation(p_table);
    IF mirror_load.generation_of(serving) IS DISTINCT FROM p_generation THEN
        RAISE EXCEPTION 'generation % of table "%" does not serve', p_generation, p_table
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY key.place), count(*) INTO column_list, known
    FROM json_array_elements_text(p_columns) WITH ORDINALITY AS key (name, place)
    JOIN pg_attribute a ON a.attrelid = format('mirror.%I', serving)::regclass AND a.attname = key.name AND a.attnum > 0
                       AND NOT a.attisdropped;
    IF known = 0 OR known <> json_array_length(p_columns) THEN
        RAISE EXCEPTION 'an index is built on columns of the table, not on %', p_columns USING ERRCODE = 'undefined_column';
    END IF;
    EXECUTE format('CREATE INDEX ON mirror.%I (%s)', serving, column_list);
END $$;

-- ---- The stamp of mirror.tablegate_tables (024_change_stamp.sql).

-- Runs when a transaction commits that changed a row, so that loads of other tables wait for it as briefly as can be.
CREATE OR REPLACE FUNCTION mirror_load.note_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET lock_timeout = '1min' AS $$
BEGIN
    -- 64 bits of a random UUID; four of them say its kind.
    UPDATE mirror.tablegate_change SET stamp = ('x' || translate(left(gen_random_uuid()::text, 18), '-', ''))::bit(64)::bigint | 1;
    RETURN NULL;
END $$;

DO $$ BEGIN
    -- Not made anew each time: that would wait for loads.
    IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'mirror.tablegate_tables'::regclass AND tgname = 'note_change') THEN
        CREATE CONSTRAINT TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON mirror.tablegate_tables
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION mirror_load.note_change();
        CREATE TRIGGER note_truncate AFTER TRUNCATE ON mirror.tablegate_tables
            FOR EACH STATEMENT EXECUTE FUNCTION mirror_load.note_change();
    END IF;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA mirror_load FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mirror_load.create_generation, mirror_load.seal_generation, mirror_load.swap_generation,
    mirror_load.drop_generation, mirror_load.drop_table, mirror_load.carry_over, mirror_load.carry_over_other_keys,
    mirror_load.build_index, mirror_load.add_locks, mirror_load.take_lock, mirror_load.lock_holder
    TO tablegate_developer;
