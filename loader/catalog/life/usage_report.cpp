#include "catalog/life/usage_report.hpp"

#include <fmt/format.h>

#include "catalog/since.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kRecent = "7 days";
constexpr size_t kNamed = 5;  // callers that a refusal names

}  // namespace

std::vector<UsageSum> find_usage(Database& catalog, const UsageQuestion& question) {
  if (!question.api.empty() &&
      catalog.query("SELECT FROM tablegate.api WHERE name = $1 LIMIT 1", {question.api}).empty()) {
    throw Refused(fmt::format("there is no API \"{}\"", question.api), Hint::command({"api", "list"}));
  }
  const Rows rows = catalog.query(
      fmt::format("SELECT u.gateway, a.name, u.consumer, sum(u.requests),"
                  " to_char(max(u.last_call) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
                  " FROM tablegate.usage u JOIN tablegate.api a USING (api_id) JOIN tablegate.workspace w "
                  "USING (workspace_id)"
                  " WHERE u.last_call >= {} AND ($1 = '' OR w.name = $1) AND ($2 = '' OR u.gateway = $2)"
                  " AND ($3 = '' OR a.name = $3) AND ($4 = '' OR u.consumer = $4)"
                  " GROUP BY u.gateway, u.api_id, a.name, u.consumer ORDER BY 4 DESC, 2, 3, 1",
                  since_moment(question.since)),
      {question.workspace, question.gateway, question.api, question.consumer});
  std::vector<UsageSum> sums;
  sums.reserve(static_cast<size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row) {
    sums.push_back({rows.string(row, 0), rows.string(row, 1), rows.string(row, 2), rows.integer(row, 3),
                    rows.string(row, 4)});
  }
  return sums;
}

std::string recent_callers(Database& catalog, const std::string& api_id, const std::string& gateway) {
  const Rows rows = catalog.query(
      "SELECT consumer, sum(requests), to_char(max(last_call) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')"
      " FROM tablegate.usage WHERE gateway = $1 AND api_id = $2 AND last_call > now() - $3::interval"
      " GROUP BY consumer ORDER BY 2 DESC, 1",
      {gateway, api_id, kRecent});
  if (rows.empty()) return {};
  std::string callers;
  for (int row = 0; row < rows.size() && static_cast<size_t>(row) < kNamed; ++row) {
    const std::string who = rows.text(row, 0).empty() ? "callers without a credential" : rows.string(row, 0);
    callers += fmt::format("{}{} ({} times, the last {} UTC)", row == 0 ? "" : ", ", who, rows.text(row, 1),
                           rows.text(row, 2));
  }
  if (static_cast<size_t>(rows.size()) > kNamed)
    callers += fmt::format(" and {} more", static_cast<size_t>(rows.size()) - kNamed);
  return fmt::format("called on {} in the last {} by {}", gateway, kRecent, callers);
}

void refuse_while_called(Database& catalog, const std::vector<ApiRow>& apis, const std::string& gateway) {
  const Rows called = catalog.query(
      "SELECT x.place FROM unnest($2::bigint[]) WITH ORDINALITY AS x (api_id, place) WHERE EXISTS (SELECT "
      "FROM "
      "tablegate.usage u WHERE u.api_id = x.api_id AND u.gateway = $1 AND u.last_call > now() - $3::interval)"
      " ORDER BY x.place",
      {gateway, id_array(apis), kRecent});
  if (called.empty()) return;
  std::string lines;
  for (int row = 0; row < called.size(); ++row) {
    const ApiRow& api = apis[static_cast<size_t>(called.integer(row, 0) - 1)];
    lines += fmt::format("API \"{}\" was {}\n", api.name, recent_callers(catalog, api.id, gateway));
  }
  throw Refused(lines + "--yes takes it offline all the same", Hint::again().flag("--yes"));
}

}  // namespace tablegate::loader
