-- What a load remembers about its source: the time of its rows, and the state of each partition, so that a refresh
-- fetches only what has changed.

ALTER TABLE tablegate.generation
    ADD COLUMN source_time  timestamptz,   -- of the newest change in the source that it holds; NULL: not told
    ADD COLUMN checked_at   timestamptz,   -- when a refresh last found that the source had not changed since
    ADD COLUMN served_until timestamptz,   -- when another took its place: the last one of these is what a rollback takes
    ADD COLUMN origin       text,          -- the partitioned table of the source that its partitions are of
    ADD COLUMN keys         json;          -- {"primary_key":[...],"indexes":[[...]],"time_zone":"..."} that it was built with

-- Of existing generations; those of others are deleted.
CREATE TABLE tablegate.generation_partition (
    table_name text NOT NULL,
    generation bigint NOT NULL,
    partition  text NOT NULL,              -- "ds=20260101,hh=01"
    modified   bigint NOT NULL,            -- the source's LastModifiedTime, seconds since 1970; 0: not told
    row_count  bigint NOT NULL,
    PRIMARY KEY (table_name, generation, partition),
    FOREIGN KEY (table_name, generation) REFERENCES tablegate.generation ON DELETE CASCADE
);
GRANT SELECT ON tablegate.generation_partition TO tablegate_developer, tablegate_approver, tablegate_operator;
GRANT INSERT, DELETE ON tablegate.generation_partition TO tablegate_developer;
