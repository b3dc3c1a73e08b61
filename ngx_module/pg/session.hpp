// The settings that every statement of ours runs under, as SQL: all that decides what a statement means, what
// its result looks like and how long it may wait, whatever role and database set. Results are read as text.
// Nothing may write. search_path comes first, and set_config is qualified: no function or operator of another
// schema is ever found. Settings of locale and planner stay the database's. Pure text, no state.
#pragma once

namespace tablegate::pg {

#define TABLEGATE_PG_SET(name, value, local) "pg_catalog.set_config('" name "'," value "," local ")"
#define TABLEGATE_PG_AND(name, value, local) "," TABLEGATE_PG_SET(name, value, local)
// clang-format off
#define TABLEGATE_PG_PINS(local)                                   \
  "select " TABLEGATE_PG_SET("search_path", "'pg_catalog'", local) \
  TABLEGATE_PG_AND("DateStyle", "'ISO, YMD'", local)               \
  TABLEGATE_PG_AND("TimeZone", "'UTC'", local)                     \
  TABLEGATE_PG_AND("IntervalStyle", "'postgres'", local)           \
  TABLEGATE_PG_AND("extra_float_digits", "'1'", local)             \
  TABLEGATE_PG_AND("bytea_output", "'hex'", local)                 \
  TABLEGATE_PG_AND("client_encoding", "'UTF8'", local)             \
  TABLEGATE_PG_AND("standard_conforming_strings", "'on'", local)   \
  TABLEGATE_PG_AND("transform_null_equals", "'off'", local)        \
  TABLEGATE_PG_AND("array_nulls", "'on'", local)                   \
  TABLEGATE_PG_AND("row_security", "'on'", local)                  \
  TABLEGATE_PG_AND("lock_timeout", "'0'", local)
// clang-format on

// Once a connection. The role comes last: it may not be allowed to set what comes before it. $1 = role.
#define TABLEGATE_PG_SESSION                                                     \
  TABLEGATE_PG_PINS("false")                                                     \
  TABLEGATE_PG_AND("default_transaction_isolation", "'read committed'", "false") \
  TABLEGATE_PG_AND("default_transaction_read_only", "'on'", "false")
constexpr const char* kSessionSettings = TABLEGATE_PG_SESSION;
constexpr const char* kSessionSettingsWithRole = TABLEGATE_PG_SESSION TABLEGATE_PG_AND("role", "$1", "false");

// Under the Sync of every statement where a session is not ours (prepare off). $1 = timeout in ms, $2 = role.
#define TABLEGATE_PG_TRANSACTION                            \
  TABLEGATE_PG_PINS("true")                                 \
  TABLEGATE_PG_AND("transaction_read_only", "'on'", "true") \
  TABLEGATE_PG_AND("statement_timeout", "$1", "true")
constexpr const char* kTransactionSettings = TABLEGATE_PG_TRANSACTION;
constexpr const char* kTransactionSettingsWithRole =
    TABLEGATE_PG_TRANSACTION TABLEGATE_PG_AND("role", "$2", "true");

// Under the Sync of one statement, before it: a trace that the session shows meanwhile. $1 = its text.
constexpr const char* kSetTrace = "select " TABLEGATE_PG_SET("application_name", "$1", "true");

constexpr const char* kSetTimeout = "select " TABLEGATE_PG_SET("statement_timeout", "$1", "false");

#undef TABLEGATE_PG_TRANSACTION
#undef TABLEGATE_PG_SESSION
#undef TABLEGATE_PG_PINS
#undef TABLEGATE_PG_AND
#undef TABLEGATE_PG_SET

}  // namespace tablegate::pg
