-- The service of each publication, so that a rollback can restore an unpublished API. A business
-- process's description counts as a change of the catalog: it is part of the OpenAPI documents (functions.sql).

ALTER TABLE tablegate.publication ADD COLUMN service text;   -- NULL: taken off, or older than this column
GRANT INSERT (service) ON tablegate.publication TO tablegate_operator;
