#include "script/word_lists.hpp"

#include <algorithm>
#include <iterator>

namespace tablegate::loader {

namespace {

// PostgreSQL manual, appendix C and part VI.
constexpr std::string_view kBeforeParenthesis[] = {
    "all",      "and",      "any",    "array",        "as",       "between",   "both",      "by",
    "case",     "cast",     "char",   "character",    "coalesce", "cube",      "dec",       "decimal",
    "distinct", "else",     "escape", "except",       "exists",   "extract",   "fetch",     "filter",
    "first",    "float",    "for",    "from",         "greatest", "group",     "grouping",  "groups",
    "having",   "ilike",    "in",     "intersect",    "is",       "join",      "lateral",   "leading",
    "least",    "like",     "limit",  "materialized", "next",     "not",       "nullif",    "offset",
    "on",       "or",       "over",   "overlay",      "placing",  "position",  "range",     "rollup",
    "row",      "rows",     "select", "sets",         "some",     "substring", "symmetric", "then",
    "to",       "trailing", "trim",   "union",        "using",    "values",    "varying",   "when",
    "where",    "with",     "zone"};

constexpr std::string_view kSessionValues[] = {
    "current_catalog", "current_role", "current_schema", "current_user", "session_user",
    "system_user",     "user"};

constexpr std::string_view kSchemas[] = {"information_schema", "mirror", "mirror_load", "public",
                                         "tablegate"};

constexpr std::string_view kCatalogTypes[] = {"regclass",     "regcollation", "regconfig",   "regdictionary",
                                              "regnamespace", "regoper",      "regoperator", "regproc",
                                              "regprocedure", "regrole",      "regtype"};

constexpr std::string_view kNeverCut[] = {"as", "select", "values", "with"};

constexpr std::string_view kStatements[] = {
    "abort",   "alter",   "analyze", "begin",    "call",       "checkpoint", "close",     "cluster",
    "comment", "commit",  "copy",    "create",   "deallocate", "declare",    "delete",    "discard",
    "do",      "drop",    "end",     "execute",  "explain",    "grant",      "import",    "insert",
    "listen",  "load",    "lock",    "merge",    "move",       "notify",     "prepare",   "reassign",
    "refresh", "reindex", "release", "reset",    "revoke",     "rollback",   "savepoint", "security",
    "set",     "show",    "start",   "truncate", "unlisten",   "update",     "vacuum"};

constexpr std::string_view kSetOperations[] = {"union", "intersect", "except"};

template <size_t Size>
bool is_in_list(const std::string_view (&words)[Size], std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

}  // namespace

bool may_precede_parenthesis(std::string_view word) {
  return is_in_list(kBeforeParenthesis, word);
}

bool is_session_value(std::string_view word) {
  return is_in_list(kSessionValues, word);
}

bool is_schema_name(std::string_view word) {
  return is_in_list(kSchemas, word);
}

bool is_catalog_type(std::string_view word) {
  return is_in_list(kCatalogTypes, word);
}

bool is_never_cut(std::string_view word) {
  return is_in_list(kNeverCut, word);
}

bool begins_other_statement(std::string_view word) {
  return is_in_list(kStatements, word);
}

bool is_set_operation(std::string_view word) {
  return is_in_list(kSetOperations, word);
}

}  // namespace tablegate::loader
