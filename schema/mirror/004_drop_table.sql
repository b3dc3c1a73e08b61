-- What published versions read is a table of the catalog (tablegate.api_version_read): mirror_load.drop_table() asks there.

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
END $$;
