-- Loads that bring a part of a table: what else the new generation holds is copied from the serving one, inside the database.
-- Whole rows of one table into a generation of it that is not finished, chosen by values of columns; no SQL comes in.

-- The new generation's relation, the serving one's, and the columns, quoted; both are there, the new one is not finished.
CREATE FUNCTION mirror_load.carrying(p_table text, p_generation bigint, OUT relation text, OUT serving text, OUT column_list text)
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
CREATE FUNCTION mirror_load.carry_over(p_table text, p_generation bigint, p_columns json, p_values json, p_among boolean)
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
CREATE FUNCTION mirror_load.carry_over_other_keys(p_table text, p_generation bigint, p_primary_key json)
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

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA mirror_load FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mirror_load.carry_over, mirror_load.carry_over_other_keys TO tablegate_developer;
