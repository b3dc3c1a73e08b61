#include "mirror/dependent_views.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "core/text/ascii.hpp"
#include "mirror/mirror_tables.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kViewsSql =
    "SELECT DISTINCT format('%s.%I', v.relnamespace::regnamespace, v.relname), regexp_replace(c.relname, "
    "'__g[0-9]+$', ''), c.relname,"
    " substring(obj_description(c.oid, 'pg_class') FROM '^tablegate generation ([0-9]{1,12}),')::bigint,"
    " c.relname = coalesce((SELECT t.relation FROM mirror.tablegate_tables t WHERE t.table_name = "
    "regexp_replace(c.relname, '__g[0-9]+$', '')), regexp_replace(c.relname, '__g[0-9]+$', '')), v.relkind = "
    "'m'"
    " FROM pg_depend d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid"
    " JOIN pg_class v ON v.oid = r.ev_class"
    " JOIN pg_class c ON d.refclassid = 'pg_class'::regclass AND c.oid = d.refobjid AND c.oid <> v.oid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'mirror' AND c.relkind = 'r' AND v.relkind IN ('v', 'm')"
    " AND obj_description(c.oid, 'pg_class') ~ '^tablegate generation [0-9]{1,12},'"
    " AND ($1 = '' OR c.relname = $1 OR c.relname ~ ('^' || $1 || '__g[0-9]+$')) ORDER BY 2, 1";

bool is_name_character(char c) {
  return core::is_letter(c) || core::is_digit(c) || c == '_' || c == '$' || c == '"' || c == '.' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// The end of a text or of a quoted name that begins at `at`; a doubled quote begins another one.
size_t end_of_quoted(std::string_view text, size_t at) {
  const size_t close = text.find(text[at], at + 1);
  return close == std::string_view::npos ? text.size() : close + 1;
}

// What CREATE OR REPLACE VIEW would take away: " WITH (security_barrier=true)".
std::string options_of(const Rows& row) {
  return row.text(0, 1).empty() ? "" : fmt::format(" WITH ({})", row.text(0, 1));
}

// Two forms: a view that was made over the table's own name calls the relation by that name since the swap,
// a view over a generation's name has no such alias yet.
void replace_view(Database& mirror, const DependentView& view, const std::string& serving) {
  const Rows row = mirror.query(
      "SELECT pg_get_viewdef(c.oid), array_to_string(c.reloptions, ', ') FROM pg_class c WHERE c.oid = "
      "$1::regclass",
      {view.name});
  for (const bool alias : {false, true}) {
    try {
      Transaction transaction(mirror);
      mirror.script("SET LOCAL lock_timeout = '5s'");
      mirror.script(fmt::format(
          "CREATE OR REPLACE VIEW {}{} AS {}", view.name, options_of(row),
          with_relation(row.string(0, 0), view.relation, serving, alias ? view.relation : std::string())));
      transaction.commit();
      return;
    } catch (const DatabaseError& error) {
      // undefined_table: the columns have the old name before them
      if (alias || error.sqlstate != "42P01") throw;
    }
  }
}

}  // namespace

std::vector<DependentView> dependent_views(Database& mirror, const std::string& table) {
  const Rows rows = mirror.query(kViewsSql, {table});
  std::vector<DependentView> views;
  for (int row = 0; row < rows.size(); ++row)
    views.push_back({rows.string(row, 0), rows.string(row, 1), rows.string(row, 2), rows.integer(row, 3),
                     rows.boolean(row, 4), rows.boolean(row, 5)});
  return views;
}

std::vector<std::string> stale_view_lines(const std::vector<DependentView>& views) {
  std::vector<std::string> lines;
  for (const DependentView& view : views) {
    if (view.serving) continue;
    lines.push_back(
        fmt::format("view {} still reads generation {} of \"{}\" and keeps it from being dropped: {}",
                    view.name, view.generation, view.table,
                    view.materialized ? "drop it and make it again"
                                      : fmt::format("tablegate table views {} --rebind", view.table)));
  }
  return lines;
}

std::vector<ReboundView> rebind_views(Database& mirror, const std::string& table) {
  // All names in definitions are written with their schema.
  mirror.query("SELECT set_config('search_path', 'pg_catalog', false)");
  const std::optional<GenerationTable> serving = serving_generation(list_generations(mirror, table));
  std::vector<ReboundView> rebound;
  for (const DependentView& view : dependent_views(mirror, table)) {
    if (view.serving || !serving) continue;
    ReboundView one{view.name, {}};
    try {
      if (view.materialized)
        one.fault = "it is a materialized view: drop it and make it again";
      else
        replace_view(mirror, view, serving->relation);
    } catch (const DatabaseError& error) {
      one.fault = error.what();
    }
    rebound.push_back(one);
  }
  return rebound;
}

std::string with_relation(const std::string& definition, const std::string& from, const std::string& to,
                          const std::string& alias) {
  const std::string name = "mirror." + from;
  const std::string replacement = fmt::format("mirror.{}{}{}", to, alias.empty() ? "" : " ", alias);
  std::string out;
  for (size_t at = 0; at < definition.size();) {
    const char c = definition[at];
    if (c == '\'' || c == '"') {
      const size_t end = end_of_quoted(definition, at);
      out.append(definition, at, end - at);
      at = end;
      continue;
    }
    const size_t end = at + name.size();
    const bool found = definition.compare(at, name.size(), name) == 0 &&
                       (at == 0 || !is_name_character(definition[at - 1])) &&
                       (end == definition.size() || !is_name_character(definition[end]));
    out += found ? replacement : std::string(1, c);
    at = found ? end : at + 1;
  }
  return out;
}

}  // namespace tablegate::loader
