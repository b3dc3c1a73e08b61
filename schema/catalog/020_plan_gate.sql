-- What the plan gate of `api commit` found: the tables that calls of a version may read from end to end, because whoever
-- committed it allowed that, and the plan of each path of its statement (null: the mirror could not be asked). Functions:
-- functions.sql.
ALTER TABLE tablegate.api_version
    ADD COLUMN allow_scan text[] NOT NULL DEFAULT '{}',
    ADD COLUMN plan json;   -- [{"with","statement","samples","generic"}]
GRANT INSERT (allow_scan, plan) ON tablegate.api_version TO tablegate_developer;
