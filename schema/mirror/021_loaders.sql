-- Who loads a table of a mirror whose catalog is in another database: the first role that works on it, until a member of
-- tablegate_owner changes the row. Functions: functions.sql.
CREATE TABLE IF NOT EXISTS mirror_load.loader (
    table_name text PRIMARY KEY,
    role_name  text NOT NULL
);
