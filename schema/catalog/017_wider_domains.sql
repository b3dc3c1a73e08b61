-- domain_widened() of functions.sql takes its place: it looks at "cors" as well.

DROP FUNCTION IF EXISTS tablegate.opened_in_clear(text, json, json);
