#include "catalog/life/domain_moves.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "base/sql_array.hpp"
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

// "*.b.example" and "*.example" of "a.b.example", and of "*.a.b.example" as well "*.a.b.example" without
// itself.
std::vector<std::string> wildcards_above(const std::string& domain) {
  std::vector<std::string> names;
  const size_t first = domain.find('.');
  const bool wildcard = domain.front() == '*';
  for (size_t dot = wildcard ? domain.find('.', first + 1) : first; dot != std::string::npos;
       dot = domain.find('.', dot + 1))
    names.push_back("*" + domain.substr(dot));
  return names;
}

// The wildcards above the domains of $2 and $3, the nearest first: domain, wildcard, its workspace, published
// APIs that answer by it. Not for a domain that the gateway serves already.
constexpr const char* kWildcards =
    "SELECT n.domain, x.name, w.name, (SELECT count(*) FROM tablegate.rest_api_domain r JOIN"
    " tablegate.business_process b USING (rest_api_id) JOIN tablegate.api a USING (business_process_id) JOIN"
    " tablegate.published_api p ON p.api_id = a.api_id AND p.gateway = r.gateway"
    " WHERE r.gateway = $1 AND r.domain = x.name AND r.rest_api_id <> ALL ($4::bigint[]))"
    " FROM unnest($2::text[], $3::text[]) AS n (domain, wildcard)"
    " JOIN tablegate.domain x ON x.name = n.wildcard JOIN tablegate.workspace w USING (workspace_id)"
    " WHERE NOT EXISTS (SELECT FROM tablegate.rest_api_domain r JOIN tablegate.business_process b USING"
    " (rest_api_id) JOIN tablegate.api a USING (business_process_id) JOIN tablegate.published_api p ON"
    " p.api_id = a.api_id AND p.gateway = r.gateway WHERE r.gateway = $1 AND r.domain = n.domain)"
    " ORDER BY n.domain, length(x.name) DESC";

}  // namespace

std::vector<std::string> hosts_taken(Database& catalog, const std::string& gateway,
                                     const std::vector<ApiRow>& asked, const Domains& added) {
  SqlArray domains, wildcards, rest_apis;
  for (const std::string& domain : added) {
    for (const std::string& wildcard : wildcards_above(domain)) {
      domains.add(domain);
      wildcards.add(wildcard);
    }
  }
  for (const ApiRow& api : asked) rest_apis.add(api.rest_api_id);
  const Rows rows = catalog.query(kWildcards, {gateway, domains.take(), wildcards.take(), rest_apis.take()});
  std::vector<std::string> taken;
  std::string done;  // the nearest wildcard that answers there is the one that loses the host
  for (int i = 0; i < rows.size(); ++i) {
    const long long losing = rows.integer(i, 3);
    const bool own = std::all_of(asked.begin(), asked.end(),
                                 [&](const ApiRow& api) { return api.workspace == rows.text(i, 2); });
    const std::string domain = rows.string(i, 0);
    if (domain == done || (losing == 0 && own)) continue;
    if (losing > 0) done = domain;
    taken.push_back(fmt::format("domain \"{}\" is beneath \"{}\"{}{}", domain, rows.text(i, 1),
                                own ? "" : " of workspace " + rows.string(i, 2),
                                losing == 0
                                    ? ""
                                    : fmt::format(": {} published there would no longer answer on it",
                                                  losing == 1 ? "1 API" : fmt::format("{} APIs", losing))));
  }
  return taken;
}

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
