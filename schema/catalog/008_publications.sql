-- The service of each publication, so that a rollback can restore an unpublished API; and a business process's
-- description, which is in the OpenAPI documents of the manifest.

ALTER TABLE tablegate.publication ADD COLUMN service text;   -- NULL: taken off, or older than this column
GRANT INSERT (service) ON tablegate.publication TO tablegate_operator;

CREATE CONSTRAINT TRIGGER note_change AFTER UPDATE OF definition ON tablegate.business_process DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION tablegate.note_change();
