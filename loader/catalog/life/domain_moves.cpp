#include "catalog/life/domain_moves.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "catalog/life/usage_report.hpp"

namespace tablegate::loader {
namespace {

// Of those before: "any host" is none of them.
Domains lost_domains(const Domains& before, const Domains& after) {
  Domains lost;
  if (after.empty()) return lost;
  std::set_difference(before.begin(), before.end(), after.begin(), after.end(),
                      std::inserter(lost, lost.end()));
  return lost;
}

std::string words_of(const Domains& names) {
  return names.empty() ? std::string("any host") : name_list({names.begin(), names.end()});
}

}  // namespace

Domains domains_of(Database& catalog, const std::string& gateway, const std::string& rest_api_id) {
  const std::vector<std::string> names = first_column(
      catalog.query("SELECT domain FROM tablegate.rest_api_domain WHERE gateway = $1 AND rest_api_id = $2",
                    {gateway, rest_api_id}));
  return {names.begin(), names.end()};
}

std::vector<std::string> domain_moves(Database& catalog, const std::string& gateway, const ApiRow& api,
                                      const std::vector<ApiRow>& asked, const Domains& before,
                                      const Domains& after) {
  const Rows published = catalog.query(
      "SELECT a.api_id, a.name, w.name FROM tablegate.published_api p JOIN tablegate.api a USING (api_id)"
      " JOIN tablegate.workspace w ON w.workspace_id = a.workspace_id JOIN tablegate.business_process b"
      " USING (business_process_id) WHERE p.gateway = $1 AND b.rest_api_id = $2 ORDER BY a.name, w.name",
      {gateway, api.rest_api_id});
  std::set<std::string> asked_ids;
  for (const ApiRow& one : asked) asked_ids.insert(one.id);
  const Domains lost = lost_domains(before, after);
  std::vector<int> losing;  // rows
  std::vector<std::string> losing_ids, others;
  for (int i = 0; i < published.size(); ++i) {
    if (asked_ids.count(published.string(i, 0)) == 0) {
      const bool own = published.text(i, 2) == api.workspace;
      others.push_back(fmt::format("\"{}\"{}", published.text(i, 1),
                                   own ? "" : " of workspace " + published.string(i, 2)));
    } else if (!lost.empty() || (before.empty() && !after.empty())) {
      losing.push_back(i);
      losing_ids.push_back(published.string(i, 0));
    }
  }
  const std::map<std::string, std::string> callers = recent_callers(catalog, losing_ids, gateway);
  std::vector<std::string> moves;
  moves.reserve(losing.size());
  for (const int i : losing) {
    const auto called = callers.find(published.string(i, 0));
    moves.push_back(fmt::format(
        "API \"{}\" would no longer answer on {}, only on {}; it was {}", published.text(i, 1),
        words_of(lost), words_of(after),
        called == callers.end() ? "not called in the last 7 days, as far as is known" : called->second));
  }
  if (others.empty()) return moves;
  moves.push_back(
      fmt::format("all APIs of REST API \"{}\" share their domains: {} would move from {} to {} as well",
                  api.rest_api, fmt::join(others, ", "), words_of(before), words_of(after)));
  return moves;
}

}  // namespace tablegate::loader
