-- How a load writes to schema mirror. Nobody has CREATE there, and no table of it can be written to except for INSERT into a
-- generation that is not finished: a load uses the functions of schema mirror_load (functions.sql). Run once a mirror, as
-- tablegate_owner, inside the transaction of `tablegate init`.

GRANT USAGE ON SCHEMA mirror_load TO tablegate_developer;
GRANT SELECT ON mirror_load.migration TO tablegate_developer;
