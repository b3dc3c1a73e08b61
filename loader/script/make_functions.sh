#!/bin/sh
# Writes to standard output the functions that a script may call (loader/script/functions.txt), from the catalog of a
# PostgreSQL 15 that psql reaches by its usual variables (PGHOST, ...). t/functional/script_functions.t compares the two.
# One line a name: NAME VOLATILITY [KINDS]
#   VOLATILITY: i immutable, s stable (the result depends on the time or a setting, such as now())
#   KINDS, where there is one: a aggregate, w window function, r returns rows
#   NAME - : no script may call it, and t.NAME must not be written either: PostgreSQL reads that as NAME(t), with the whole
#            row of t, where the table has no such column
# Usage: loader/script/make_functions.sh >loader/script/functions.txt
set -eu
psql -XAtq -v ON_ERROR_STOP=1 -F ' ' <<'SQL'
\o /dev/null
SET search_path = pg_catalog;
\o
WITH
-- What only PostgreSQL itself calls: the functions behind operators, index methods, aggregates, types, ranges.
machinery AS (
  SELECT oid FROM pg_proc p WHERE obj_description(oid, 'pg_proc') LIKE 'implementation of %'
  UNION SELECT amproc FROM pg_amproc
  UNION SELECT unnest(ARRAY[aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn,
                            aggmfinalfn]::oid[]) FROM pg_aggregate
  UNION SELECT unnest(ARRAY[typinput, typoutput, typreceive, typsend, typmodin, typmodout, typanalyze, typsubscript]::oid[])
        FROM pg_type
  UNION SELECT unnest(ARRAY[rngcanonical, rngsubdiff]::oid[]) FROM pg_range
  UNION SELECT prosupport FROM pg_proc
),
-- Types that no function of a script takes or gives. Pseudo-types: such functions cannot be called in SQL. The others name
-- objects, transactions, rows on disk or rights, or are written by a setting (money). xml: reads and writes documents of
-- any size with a parser of its own. record: its columns are not known when the script is read.
bad_type AS (
  SELECT oid FROM pg_type
  WHERE typnamespace = 'pg_catalog'::regnamespace
    AND (typname ~ '^reg' AND typname <> 'regconfig'  -- regconfig: the language of a text search
         OR typname ~ '^_?(internal|cstring|void|trigger|event_trigger|.*_handler|pg_.*|oid|oidvector|xid8?|cid|tid|int2vector)$'
         OR typname ~ '^_?(aclitem|refcursor|txid_snapshot|money|xml|unknown|"char"|char|record|gtsvector)$')
    OR typrelid <> 0
),
named (pattern, reason) AS (VALUES
  ('^(current|session|user|getpgusername|row_security_active)', 'who asks: the same for all callers, and of no use'),
  ('_privilege$', 'rights of roles'),
  ('^inet_(client|server)_', 'addresses of the connection'),
  ('^(current_setting|getdatabaseencoding|get_current_ts_config|version)$', 'settings and version of the server'),
  ('^(pg_(?!size_(pretty|bytes)$))', 'the server: files, sessions, locks, statistics, catalogs'),
  ('^(txid_|mxid_|age$|xid)', 'transactions; age() of a time is added below'),
  ('^(col|obj|shobj)_description$|^format_type$|^to_reg', 'names of objects in the catalogs'),
  ('^(query|table|cursor|schema|database)_to_xml|^(xml|xpath)', 'SQL in a text, or whole tables'),
  ('^ts_(stat|debug|parse|token_type|lexize|rewrite)$', 'SQL in a text, or settings of the text search'),
  ('^(lo_|lowrite|loread)', 'large objects'),
  ('_validator$|^satisfies_hash_partition$|^(gin|gist|spg|brin)_|_(send|larger|smaller)$', 'machinery without a mark'),
  ('^hash|^record_|^json(b)?_(populate|to)_record', 'machinery, or rows of any type')
),
-- Left out by a rule above, although the manual documents them for queries.
reviewed (name) AS (VALUES ('age'), ('starts_with'), ('array_cat'), ('inet_merge'), ('inet_same_family')),
allowed AS (
  SELECT proname AS name,
         CASE WHEN bool_or(provolatile = 's') THEN 's' ELSE 'i' END AS volatility,
         CASE WHEN bool_or(prokind = 'a') THEN 'a' ELSE '' END || CASE WHEN bool_or(prokind = 'w') THEN 'w' ELSE '' END ||
           CASE WHEN bool_or(proretset) THEN 'r' ELSE '' END AS kinds
  FROM pg_proc p
  WHERE pronamespace = 'pg_catalog'::regnamespace AND provolatile IN ('i', 's') AND prokind IN ('f', 'a', 'w')
    AND (proname IN (SELECT name FROM reviewed) OR oid NOT IN (SELECT oid FROM machinery WHERE oid IS NOT NULL))
    -- The columns of a record are known where they are output arguments.
    AND NOT EXISTS (SELECT FROM unnest(coalesce(proallargtypes, proargtypes::oid[] || prorettype)) t
                    WHERE t IN (SELECT oid FROM bad_type))
    AND (proname IN (SELECT name FROM reviewed) OR NOT EXISTS (SELECT FROM named WHERE proname ~ pattern))
    -- Another function of this name that changes something would be called too.
    AND NOT EXISTS (SELECT FROM pg_proc o WHERE o.proname = p.proname AND o.pronamespace = p.pronamespace AND o.provolatile = 'v')
  GROUP BY proname
),
-- Functions that take one row of any table: those that are called by t.NAME too. Without those that cannot be called so
-- (they require OVER or WITHIN GROUP) or only count: columns have such names.
row_taking AS (
  SELECT DISTINCT proname AS name
  FROM pg_proc p
  WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind IN ('f', 'a')
    AND proname NOT IN ('count', 'num_nulls', 'num_nonnulls')
    AND NOT EXISTS (SELECT FROM pg_aggregate a WHERE a.aggfnoid = p.oid AND a.aggkind <> 'n')
    AND pronargs - pronargdefaults <= 1 AND pronargs >= 1
    AND (SELECT typname FROM pg_type t WHERE t.oid = proargtypes[0])
        IN ('record', 'any', 'anyelement', 'anynonarray', 'anycompatible', 'anycompatiblenonarray')
)
SELECT line FROM (
  SELECT name || ' ' || volatility || CASE WHEN kinds = '' THEN '' ELSE ' ' || kinds END FROM allowed
  UNION ALL
  SELECT name || ' -' FROM row_taking
) lines(line)
ORDER BY line COLLATE "C";
SQL
