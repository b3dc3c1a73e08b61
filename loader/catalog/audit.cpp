#include "catalog/audit.hpp"

#include <fmt/format.h>

#include "catalog/since.hpp"
#include "model/definition.hpp"

namespace tablegate::loader {
namespace {

std::optional<std::string> text_or_none(const Rows& rows, int row, int column) {
  return rows.null(row, column) ? std::nullopt : std::optional(rows.string(row, column));
}

}  // namespace

std::vector<AuditEntry> find_audit(Database& catalog, const AuditQuestion& question) {
  const std::string since = question.since ? "at >= " + since_moment(*question.since) : "true";
  const Rows rows = catalog.query(
      fmt::format(
          "SELECT * FROM (SELECT audit_id, to_char(at, 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), user_name, "
          "as_user, action, kind, name, workspace, details::text FROM tablegate.audit WHERE {}"
          " AND ($1::text IS NULL OR (kind = 'Api' AND name = $1) OR api_id IN (SELECT a.api_id FROM "
          "tablegate.api a WHERE a.name = $1)) AND ($2::text IS NULL OR user_name = $2 OR as_user = $2)"
          " AND ($3::text IS NULL OR lower(kind) = $3) AND ($4 = '' OR workspace IS NULL OR workspace = $4)"
          " ORDER BY audit_id DESC LIMIT $5) l ORDER BY audit_id",
          since),
      {question.api, question.user, question.kind ? Parameter(kind_word(*question.kind)) : std::nullopt,
       question.workspace, std::to_string(question.limit)});
  std::vector<AuditEntry> entries;
  entries.reserve(static_cast<size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row) {
    entries.push_back({rows.string(row, 1), rows.string(row, 2), text_or_none(rows, row, 3),
                       rows.string(row, 4), rows.string(row, 5), rows.string(row, 6),
                       text_or_none(rows, row, 7), rows.string(row, 8)});
  }
  return entries;
}

int64_t prune_audit(Database& catalog, int days) {
  return catalog.query("SELECT tablegate.prune_audit($1)", {std::to_string(days)}).integer(0, 0);
}

}  // namespace tablegate::loader
