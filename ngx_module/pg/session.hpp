// The settings every statement of ours runs under, as SQL. Results are read as text, so
// the output formats are fixed whatever the role or database say; nothing may write.
// Pure text, no state.
#pragma once

namespace tablegate::pg {

#define TABLEGATE_PG_FORMATS(local)                                                               \
  "select set_config('DateStyle','ISO, YMD'," local "),set_config('TimeZone','UTC'," local        \
  "),set_config('IntervalStyle','postgres'," local "),set_config('extra_float_digits','1'," local \
  "),set_config('bytea_output','hex'," local ")"

// Once a connection. The role comes last: it may not be allowed to set what comes before it. $1 = role.
constexpr const char* kSessionSettings =
    TABLEGATE_PG_FORMATS("false") ",set_config('default_transaction_read_only','on',false)";
constexpr const char* kSessionSettingsWithRole = TABLEGATE_PG_FORMATS(
    "false") ",set_config('default_transaction_read_only','on',false),set_config('role',$1,false)";

// Under the Sync of every statement where a session is not ours (prepare off). $1 = timeout in ms, $2 = role.
constexpr const char* kTransactionSettings = TABLEGATE_PG_FORMATS(
    "true") ",set_config('transaction_read_only','on',true),set_config('statement_timeout',$1,true)";
constexpr const char* kTransactionSettingsWithRole = TABLEGATE_PG_FORMATS(
    "true") ",set_config('transaction_read_only','on',true),set_config('statement_timeout',$1,true)"
            ",set_config('role',$2,true)";

constexpr const char* kSetTimeout = "select set_config('statement_timeout',$1,false)";

#undef TABLEGATE_PG_FORMATS

}  // namespace tablegate::pg
