-- Which generation of each mirrored table serves, for gateways to read: one row a table, written in the transaction that
-- makes a generation the serving one. Run once a mirror, as tablegate_owner, inside the transaction of `tablegate init`.

CREATE TABLE IF NOT EXISTS mirror.tablegate_tables (
    table_name  text PRIMARY KEY,
    relation    text NOT NULL,         -- what to read, in schema mirror: the table's name, or NAME__gN (swap "pointer")
    generation  bigint NOT NULL,
    rows        bigint NOT NULL,
    source_time timestamptz,           -- of the newest change in the source that it holds; NULL: not told
    loaded_at   timestamptz NOT NULL   -- when it was loaded; a rollback brings back what it was
);
GRANT SELECT ON mirror.tablegate_tables TO tablegate_reader;

-- How many rows a finished table was loaded with, as its comment tells; NULL for all else.
CREATE FUNCTION mirror_load.rows_of(p_relation text) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT substring(obj_description(c.oid, 'pg_class') FROM '^tablegate generation [0-9]{1,12}, ([0-9]+) rows$')::bigint
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'mirror' AND c.relname = p_relation
$$;

-- The relation that serves as a table: where it is read now.
CREATE FUNCTION mirror_load.serving_relation(p_table text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce((SELECT t.relation FROM mirror.tablegate_tables t WHERE t.table_name = p_table), p_table)
$$;

-- What serves already.
INSERT INTO mirror.tablegate_tables (table_name, relation, generation, rows, loaded_at)
SELECT c.relname, c.relname, mirror_load.generation_of(c.relname), mirror_load.rows_of(c.relname), clock_timestamp()
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'mirror' AND c.relkind = 'r' AND c.relname !~ '__g[0-9]+$'
  AND mirror_load.generation_of(c.relname) IS NOT NULL
ON CONFLICT DO NOTHING;

DO $$ BEGIN
    IF to_regclass('tablegate.generation') IS NOT NULL THEN
        UPDATE mirror.tablegate_tables t SET loaded_at = g.finished_at FROM tablegate.generation g
        WHERE g.table_name = t.table_name AND g.generation = t.generation AND g.finished_at IS NOT NULL;
    END IF;
END $$;

-- Puts a finished generation in the place of the serving one. p_swap: 'rename', so that it is mirror.TABLE; 'pointer', so
-- that only the row above names it and no DDL is needed; NULL: as the table is swapped now. p_loaded_at NULL: now. The
-- caller sets lock_timeout and commits at once.
DROP FUNCTION mirror_load.swap_generation(text, bigint);
CREATE FUNCTION mirror_load.swap_generation(p_table text, p_generation bigint, p_source_time timestamptz DEFAULT NULL,
                                            p_loaded_at timestamptz DEFAULT NULL, p_swap text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    next      text := mirror_load.claim(p_table, p_generation);
    target    text := next;
    swap      text := coalesce(p_swap, (SELECT CASE WHEN t.relation = t.table_name THEN 'rename' ELSE 'pointer' END
                                        FROM mirror.tablegate_tables t WHERE t.table_name = p_table), 'rename');
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
    DELETE FROM mirror.tablegate_tables t WHERE t.table_name = p_table;
END $$;

REVOKE ALL ON FUNCTION mirror_load.swap_generation, mirror_load.drop_generation, mirror_load.rows_of,
    mirror_load.serving_relation FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mirror_load.swap_generation, mirror_load.drop_generation TO tablegate_developer;
