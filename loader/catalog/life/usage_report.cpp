#include "catalog/life/usage_report.hpp"

#include <fmt/format.h>

#include "base/sql_array.hpp"
#include "catalog/near_object.hpp"
#include "catalog/since.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kRecent = "7 days";
constexpr size_t kNamed = 5;  // callers that a refusal names

}  // namespace

bool is_usage_reported(Database& catalog, const std::string& gateway) {
  return !catalog.query("SELECT FROM tablegate.usage WHERE $1 = '' OR gateway = $1 LIMIT 1", {gateway})
              .empty();
}

std::vector<UsageSum> find_usage(Database& catalog, const UsageQuestion& question) {
  if (!question.api.empty() &&
      catalog.query("SELECT FROM tablegate.api WHERE name = $1 LIMIT 1", {question.api}).empty()) {
    throw Refused(missing_object(catalog, Kind::api, question.api), Hint::command({"api", "list"}));
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

std::map<std::string, std::string> recent_callers(Database& catalog, const std::vector<std::string>& api_ids,
                                                  const std::string& gateway) {
  const Rows rows = catalog.query(
      "SELECT api_id, consumer, sum(requests), to_char(max(last_call) AT TIME ZONE 'UTC', 'YYYY-MM-DD "
      "HH24:MI')"
      " FROM tablegate.usage WHERE gateway = $1 AND api_id = ANY ($2::bigint[]) AND last_call > now() - "
      "$3::interval GROUP BY api_id, consumer ORDER BY api_id, 3 DESC, 2",
      {gateway, sql_array(api_ids), kRecent});
  std::map<std::string, std::string> callers;
  for (int row = 0; row < rows.size();) {
    const std::string id = rows.string(row, 0);
    std::string text;
    size_t count = 0;
    for (; row < rows.size() && rows.text(row, 0) == id; ++row, ++count) {
      if (count >= kNamed) continue;
      const std::string who =
          rows.text(row, 1).empty() ? "callers without a credential" : rows.string(row, 1);
      text += fmt::format("{}{} ({} times, the last {} UTC)", count == 0 ? "" : ", ", who, rows.text(row, 2),
                          rows.text(row, 3));
    }
    if (count > kNamed) text += fmt::format(" and {} more", count - kNamed);
    callers[id] = fmt::format("called on {} in the last {} by {}", gateway, kRecent, text);
  }
  return callers;
}

void refuse_while_called(Database& catalog, const std::vector<ApiRow>& apis, const std::string& gateway) {
  std::vector<std::string> ids;
  ids.reserve(apis.size());
  for (const ApiRow& api : apis) ids.push_back(api.id);
  const std::map<std::string, std::string> callers = recent_callers(catalog, ids, gateway);
  if (callers.empty()) return;
  std::string lines;
  for (const ApiRow& api : apis) {
    if (const auto called = callers.find(api.id); called != callers.end())
      lines += fmt::format("API \"{}\" was {}\n", api.name, called->second);
  }
  throw Refused(lines + "--yes takes it offline all the same", Hint::again().flag("--yes"));
}

}  // namespace tablegate::loader
