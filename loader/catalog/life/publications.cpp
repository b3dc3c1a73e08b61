#include "catalog/life/publications.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "catalog/domains_in_use.hpp"
#include "catalog/life/approval.hpp"
#include "catalog/life/canary.hpp"
#include "catalog/life/usage_report.hpp"
#include "catalog/life/version_reads.hpp"
#include "catalog/life/versions.hpp"
#include "core/route/router.hpp"
#include "model/gateway_definition.hpp"

namespace tablegate::loader {
namespace {

using Domains = std::set<std::string>;

Domains domains_of(Database& catalog, const std::string& gateway, const std::string& rest_api_id) {
  const std::vector<std::string> names = first_column(
      catalog.query("SELECT domain FROM tablegate.rest_api_domain WHERE gateway = $1 AND rest_api_id = $2",
                    {gateway, rest_api_id}));
  return {names.begin(), names.end()};
}

// "/user/{id}" and "/user/{name}" are the same route.
std::string route_of(const std::string& path) {
  std::string route;
  bool inside = false;
  for (const char c : path) {
    if (!inside) route += c;
    if (c == '{') inside = true;
    if (c == '}') {
      inside = false;
      route += c;
    }
  }
  return route;
}

// Refuses two published APIs that one request could mean (interface: unique per method among what a domain
// serves).
void refuse_conflicts(Database& catalog, const std::string& gateway) {
  const Rows rows = catalog.query(
      "SELECT a.name, r.url_base, v.path, v.method, d.domain, r.version_in, r.version_name, r.version"
      " FROM tablegate.published_api p JOIN tablegate.api_version v USING (api_id, version) JOIN "
      "tablegate.api a USING (api_id)"
      " JOIN tablegate.business_process b USING (business_process_id) JOIN tablegate.rest_api r USING "
      "(rest_api_id)"
      " LEFT JOIN tablegate.rest_api_domain d ON d.gateway = p.gateway AND d.rest_api_id = r.rest_api_id"
      " WHERE p.gateway = $1 ORDER BY a.api_id",
      {gateway});
  std::map<std::string, std::vector<int>> taken;  // rows of a route
  for (int i = 0; i < rows.size(); ++i) {
    const std::string path = join_path(rows.string(i, 1), rows.string(i, 2));
    std::vector<int>& others =
        taken[fmt::format("{} {} {}", rows.text(i, 4), rows.text(i, 3), route_of(path))];
    for (const int other : others) {
      if (!core::could_mean_both(read_version_key(rows, other, 5), read_version_key(rows, i, 5))) continue;
      throw Refused(fmt::format("APIs \"{}\" and \"{}\" both answer {} {} on {}", rows.text(other, 0),
                                rows.text(i, 0), rows.text(i, 3), path,
                                rows.null(i, 4) ? std::string("any host") : "domain " + rows.string(i, 4)),
                    fmt::format("tablegate api unpublish \"{}\"", rows.text(other, 0)));
    }
    others.push_back(i);
  }
}

}  // namespace

long long next_publication(Database& catalog, const std::string& gateway, const std::string& api_id,
                           const Parameter& version) {
  const Rows number = catalog.query(
      "UPDATE tablegate.gateway_instance SET publication = publication + 1 WHERE name = $1 RETURNING "
      "publication",
      {gateway});
  catalog.query(
      "INSERT INTO tablegate.publication (gateway, publication, api_id, version, service, canary_version, "
      "canary_weight)"
      " SELECT $1::text, $2::bigint, $3::bigint, $4::integer, p.service, p.canary_version, p.canary_weight "
      "FROM "
      "(SELECT) one LEFT JOIN tablegate.published_api p"
      " ON p.gateway = $1::text AND p.api_id = $3::bigint",
      {gateway, number.string(0, 0), api_id, version});
  return number.integer(0, 0);
}

long long publication_of(Database& catalog, const std::string& gateway) {
  return catalog.query("SELECT publication FROM tablegate.gateway_instance WHERE name = $1", {gateway})
      .integer(0, 0);
}

namespace {

class Publisher {
 public:
  Publisher(Database& catalog, const std::vector<ApiRow>& apis, const PublishRequest& request)
      : catalog_(catalog), apis_(apis), request_(request) {}

  std::vector<Published> run() {
    Transaction transaction(catalog_);
    lock_catalog(catalog_);
    for (const std::string& domain : request_.domains) check_domain(domain);
    const bool differed = !socket_fault(catalog_, request_.gateway).empty();
    std::vector<Published> published;
    std::map<std::string, bool> moved;  // REST APIs whose domains this command changed
    for (const ApiRow& api : apis_) {
      const auto [entry, first] = moved.try_emplace(api.rest_api_id, false);
      if (first) entry->second = set_domains(api);
      published.push_back(publish(api, entry->second));
    }
    refuse_conflicts(catalog_, request_.gateway);
    if (const std::string fault = socket_fault(catalog_, request_.gateway); !differed && !fault.empty())
      throw Refused(fault + "; nothing was published", "tablegate get Domain -o json");
    const bool changed =
        std::any_of(published.begin(), published.end(), [](const Published& one) { return !one.unchanged; });
    if (changed) notify_change(catalog_, request_.gateway);
    transaction.commit();
    return published;
  }

 private:
  // It is there, and shared or the workspace's of these APIs.
  void check_domain(const std::string& domain) {
    const Rows rows = catalog_.query(
        "SELECT w.name, d.shared FROM tablegate.domain d JOIN tablegate.workspace w USING (workspace_id) "
        "WHERE "
        "d.name = $1",
        {domain});
    if (rows.empty())
      throw Refused(fmt::format("there is no domain \"{}\"", domain), "tablegate get domains");
    const bool own = std::all_of(apis_.begin(), apis_.end(),
                                 [&](const ApiRow& api) { return api.workspace == rows.text(0, 0); });
    if (!own && !rows.boolean(0, 1)) {
      throw Refused(
          fmt::format("domain \"{}\" belongs to workspace {} and is not shared", domain, rows.text(0, 0)),
          "tablegate get domains");
    }
  }

  // True when the domains of the API's REST API changed.
  bool set_domains(const ApiRow& api) {
    if (request_.domains.empty() && !request_.no_domain) return false;
    const Domains before = domains_of(catalog_, request_.gateway, api.rest_api_id);
    const Domains after(request_.domains.begin(), request_.domains.end());
    if (before == after) return false;
    refuse_silent_move(api, before, after);
    catalog_.query("DELETE FROM tablegate.rest_api_domain WHERE gateway = $1 AND rest_api_id = $2",
                   {request_.gateway, api.rest_api_id});
    for (const std::string& domain : after) {
      catalog_.query(
          "INSERT INTO tablegate.rest_api_domain (gateway, rest_api_id, domain) VALUES ($1, $2, $3)",
          {request_.gateway, api.rest_api_id, domain});
    }
    return true;
  }

  // Domains are shared: who else would move must be said before it happens.
  void refuse_silent_move(const ApiRow& api, const Domains& before, const Domains& after) {
    if (request_.yes) return;
    const Rows published = catalog_.query(
        "SELECT a.api_id, a.name, w.name FROM tablegate.published_api p JOIN tablegate.api a USING (api_id) "
        "JOIN "
        "tablegate.workspace w ON w.workspace_id = a.workspace_id JOIN tablegate.business_process b"
        " USING (business_process_id) WHERE p.gateway = $1 AND b.rest_api_id = $2 ORDER BY a.name, w.name",
        {request_.gateway, api.rest_api_id});
    std::vector<std::string> others;
    for (int i = 0; i < published.size(); ++i) {
      const bool asked = std::any_of(apis_.begin(), apis_.end(),
                                     [&](const ApiRow& one) { return one.id == published.text(i, 0); });
      const bool same_workspace = published.text(i, 2) == api.workspace;
      if (!asked)
        others.push_back(fmt::format("\"{}\"{}", published.text(i, 1),
                                     same_workspace ? "" : " of workspace " + published.string(i, 2)));
    }
    if (others.empty()) return;
    const auto words = [](const Domains& names) {
      return names.empty() ? std::string("any host") : name_list({names.begin(), names.end()});
    };
    throw Refused(
        fmt::format("all APIs of REST API \"{}\" share their domains: {} would move from {} to {} as well",
                    api.rest_api, fmt::join(others, ", "), words(before), words(after)),
        "the same command with --yes");
  }

  Published publish(const ApiRow& api, bool moved) {
    const PublishChoice choice =
        request_.choose ? request_.choose(api) : PublishChoice{request_.version, request_.service};
    const Rows version = find_version(api, choice.version);
    if (request_.weight.value_or(100) < 100) return publish_canary(api, version);
    const Rows before = catalog_.query(
        "SELECT version, service, canary_version FROM tablegate.published_api WHERE gateway = $1 AND api_id "
        "= "
        "$2",
        {request_.gateway, api.id});
    const bool canary = !before.empty() && !before.null(0, 2);
    // To keep a canary that is the wanted version is to keep what is published beside it.
    const bool is_canary = request_.keep_canary && canary && before.text(0, 2) == version.text(0, 0);
    const std::string number = is_canary ? before.string(0, 0) : version.string(0, 0);
    const bool same = !before.empty() && before.text(0, 0) == number;
    const bool keeps = request_.keep_canary && same && canary;
    const std::string service =
        choice.service.value_or(before.empty() ? kDefaultService : before.string(0, 1));
    check_service(api, service, version.string(0, 2));
    if (keeps) check_service(api, service, group_of(api, before.string(0, is_canary ? 0 : 2)));
    Published published{api.name, std::stoi(number), 0, false};
    if (!moved && same && before.text(0, 1) == service && (!canary || keeps)) {
      published.unchanged = true;
      published.publication = publication_of(catalog_, request_.gateway);
      return published;
    }
    if (!same) require_columns(catalog_, api.id, api.name, number);
    if (!request_.breaking && !before.empty() && !same) {
      refuse_breaks(api,
                    breaks_text(api, read_version(catalog_, api, static_cast<int>(before.integer(0, 0))),
                                read_version(catalog_, api, published.version.value_or(0))),
                    "publish");
    }
    catalog_.query(
        "INSERT INTO tablegate.published_api (gateway, api_id, version, service) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (gateway, api_id) DO UPDATE SET version = $3, service = $4, published_by = "
        "session_user,"
        " published_at = clock_timestamp(), canary_version = CASE WHEN $5 THEN published_api.canary_version "
        "END,"
        " canary_weight = CASE WHEN $5 THEN published_api.canary_weight END",
        {request_.gateway, api.id, number, service, keeps ? "true" : "false"});
    published.publication = next_publication(catalog_, request_.gateway, api.id, number);
    return published;
  }

  // Beside what is published, with the same domains and the same service.
  Published publish_canary(const ApiRow& api, const Rows& version) {
    const Canary canary{static_cast<int>(version.integer(0, 0)), *request_.weight};
    Published published{api.name, canary.version, 0, false, canary.weight};
    published.unchanged = !start_canary(catalog_, api, request_.gateway, canary);
    if (published.unchanged) {
      published.publication = publication_of(catalog_, request_.gateway);
      return published;
    }
    const Rows now = catalog_.query(
        "SELECT version, service FROM tablegate.published_api WHERE gateway = $1 AND api_id = $2",
        {request_.gateway, api.id});
    check_service(api, now.string(0, 1), version.string(0, 2));
    require_columns(catalog_, api.id, api.name, version.string(0, 0));
    if (!request_.breaking) {
      refuse_breaks(api,
                    breaks_text(api, read_version(catalog_, api, static_cast<int>(now.integer(0, 0))),
                                read_version(catalog_, api, canary.version)),
                    "publish");
    }
    published.publication = next_publication(catalog_, request_.gateway, api.id, now.string(0, 0));
    return published;
  }

  // version, status, resource group
  Rows find_version(const ApiRow& api, std::optional<int> wanted) {
    Rows rows = catalog_.query(
        "SELECT version, status, resource_group FROM tablegate.api_version"
        " WHERE api_id = $1 AND ($2::integer IS NULL OR version = $2::integer) ORDER BY version DESC LIMIT 1",
        {api.id, wanted ? Parameter(std::to_string(*wanted)) : std::nullopt});
    if (rows.empty()) {
      throw wanted ? Refused(fmt::format("API \"{}\" has no version {}", api.name, *wanted),
                             fmt::format("tablegate api versions \"{}\"", api.name))
                   : Refused(fmt::format("API \"{}\" has no version yet", api.name),
                             fmt::format("tablegate api commit \"{}\"", api.name));
    }
    if (rows.text(0, 1) != "Publishable") {
      const bool waits = rows.text(0, 1).rfind("Pending", 0) == 0 &&
                         !requires_approval(catalog_, api, static_cast<int>(rows.integer(0, 0)));
      throw Refused(
          fmt::format(
              "version {} of API \"{}\" is {}, not Publishable{}", rows.text(0, 0), api.name, rows.text(0, 1),
              waits ? "; its workspace requires no approval any more, an operator can approve it" : ""),
          waits ? fmt::format("tablegate api approve \"{}\" --version {}", api.name, rows.text(0, 0))
                : fmt::format("tablegate api versions \"{}\"", api.name));
    }
    return rows;
  }

  std::string group_of(const ApiRow& api, const std::string& version) {
    return catalog_
        .query("SELECT resource_group FROM tablegate.api_version WHERE api_id = $1 AND version = $2",
               {api.id, version})
        .string(0, 0);
  }

  void check_service(const ApiRow& api, const std::string& service, const std::string& group) {
    const GatewayDefinition& gateway = gateway_definition();
    const std::string next = fmt::format("tablegate get gatewayinstance {} -o json", request_.gateway);
    if (!gateway.has_service(service)) {
      std::vector<std::string> names;
      for (const auto& [name, groups] : gateway.services) names.push_back(name);
      throw Refused(fmt::format("gateway instance \"{}\" has no service \"{}\" (services: {})",
                                request_.gateway, service, name_list(names)),
                    next);
    }
    if (!gateway.has_group(service, group)) {
      throw Refused(fmt::format("service \"{}\" of gateway instance \"{}\" has no resource group \"{}\", "
                                "which API \"{}\" requires",
                                service, request_.gateway, group, api.name),
                    next);
    }
  }

  // Read once a command.
  const GatewayDefinition& gateway_definition() {
    if (!gateway_) {
      const Rows rows = catalog_.query(
          "SELECT definition::text FROM tablegate.gateway_instance WHERE name = $1", {request_.gateway});
      if (rows.empty()) find_gateway(catalog_, request_.gateway);  // tells which there are
      gateway_ = read_gateway_definition(rows.string(0, 0),
                                         fmt::format("gateway instance \"{}\"", request_.gateway));
    }
    return *gateway_;
  }

  Database& catalog_;
  const std::vector<ApiRow>& apis_;
  const PublishRequest& request_;
  std::optional<GatewayDefinition> gateway_;
};

}  // namespace

void notify_change(Database& catalog, const std::string& about) {
  catalog.query("SELECT tablegate.changed($1)", {about});
}

std::vector<Published> publish_apis(Database& catalog, const std::vector<ApiRow>& apis,
                                    const PublishRequest& request) {
  return Publisher(catalog, apis, request).run();
}

std::vector<Published> unpublish_apis(Database& catalog, const std::vector<ApiRow>& apis,
                                      const UnpublishRequest& request) {
  const std::string& gateway = request.gateway;
  Transaction transaction(catalog);
  lock_catalog(catalog);
  std::vector<Published> results;
  for (const ApiRow& api : apis) {
    Published result{api.name, std::nullopt, 0, false};
    if (request.version) {
      result.version = stop_canary(catalog, api, gateway, *request.version);
      result.publication = next_publication(catalog, gateway, api.id, std::to_string(*result.version));
      results.push_back(result);
      continue;
    }
    if (!request.yes) refuse_while_called(catalog, api, gateway);
    const Rows gone = catalog.query("DELETE FROM tablegate.published_api WHERE gateway = $1 AND api_id = $2",
                                    {gateway, api.id});
    result.unchanged = gone.affected() == 0;
    result.publication = result.unchanged ? publication_of(catalog, gateway)
                                          : next_publication(catalog, gateway, api.id, std::nullopt);
    results.push_back(result);
  }
  const bool changed =
      std::any_of(results.begin(), results.end(), [](const Published& one) { return !one.unchanged; });
  if (changed) notify_change(catalog, gateway);
  transaction.commit();
  return results;
}

}  // namespace tablegate::loader
