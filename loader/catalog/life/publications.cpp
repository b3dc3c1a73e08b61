#include "catalog/life/publications.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/sql_array.hpp"
#include "catalog/domains_in_use.hpp"
#include "catalog/life/approval.hpp"
#include "catalog/life/canary.hpp"
#include "catalog/life/domain_moves.hpp"
#include "catalog/life/publish_states.hpp"
#include "catalog/life/route_conflicts.hpp"
#include "catalog/life/usage_report.hpp"
#include "catalog/life/version_reads.hpp"
#include "catalog/life/versions.hpp"
#include "catalog/near_object.hpp"
#include "catalog/row_lock.hpp"
#include "model/gateway_definition.hpp"

namespace tablegate::loader {
void number_publications(Database& catalog, const std::string& gateway, const std::vector<ApiRow>& apis,
                         std::vector<Published>& results) {
  SqlArray ids, versions;
  long long count = 0;
  for (size_t i = 0; i < results.size(); ++i) {
    if (results[i].unchanged) continue;
    ids.add(apis[i].id);
    versions.add_or_null(results[i].now ? Parameter(std::to_string(*results[i].now)) : std::nullopt);
    ++count;
  }
  long long number = publication_of(catalog, gateway);
  if (count > 0) {
    // The row is updated once: each update of a transaction leaves a dead version that the next one passes.
    number = catalog
                 .query(
                     "UPDATE tablegate.gateway_instance SET publication = publication + $2 WHERE name = $1"
                     " RETURNING publication - $2",
                     {gateway, std::to_string(count)})
                 .integer(0, 0);
    catalog.query(
        "INSERT INTO tablegate.publication (gateway, publication, api_id, version, service, canary_version, "
        "canary_weight)"
        " SELECT $1, $2::bigint + x.place, x.api_id, x.version, p.service, p.canary_version, p.canary_weight"
        " FROM unnest($3::bigint[], $4::integer[]) WITH ORDINALITY AS x (api_id, version, place)"
        " LEFT JOIN tablegate.published_api p ON p.gateway = $1 AND p.api_id = x.api_id",
        {gateway, std::to_string(number), ids.take(), versions.take()});
    notify_change(catalog, gateway);
  }
  for (Published& result : results) result.publication = result.unchanged ? number : ++number;
}

long long publication_of(Database& catalog, const std::string& gateway) {
  return catalog.query("SELECT publication FROM tablegate.gateway_instance WHERE name = $1", {gateway})
      .integer(0, 0);
}

namespace {

constexpr size_t kRows = 1000;  // definitions that are read at once

// One API's version to be written.
struct Change {
  const ApiRow* api = nullptr;
  int version = 0;
  std::string service;
  bool keeps_canary = false;
  int before = 0;  // the version that was published; 0: none
};

class Publisher {
 public:
  Publisher(Database& catalog, const std::vector<ApiRow>& apis, const PublishRequest& request)
      : catalog_(catalog), apis_(apis), request_(request) {}

  std::vector<Published> run() {
    Transaction transaction(catalog_);
    lock_catalog(catalog_);
    check_domains();
    find_taken_hosts();
    const bool differed = !socket_fault(catalog_, request_.gateway).empty();
    read_choices();
    ChangedRoutes changed;
    std::map<std::string, bool> moved;  // REST APIs whose domains this command changed
    for (const ApiRow& api : apis_) {
      const auto [entry, first] = moved.try_emplace(api.rest_api_id, false);
      if (!first || !set_domains(api)) continue;
      entry->second = true;
      changed.rest_apis.push_back(api.rest_api_id);
    }
    std::vector<Published> published;
    published.reserve(apis_.size());
    for (size_t i = 0; i < apis_.size(); ++i) published.push_back(publish(i, moved[apis_[i].rest_api_id]));
    check_changes();
    write_changes();
    for (size_t i = 0; i < apis_.size(); ++i) {
      if (!published[i].unchanged) changed.apis.push_back(apis_[i].id);
    }
    refuse_unconfirmed();
    refuse_route_conflicts(catalog_, request_.gateway, changed);
    if (const std::string fault = socket_fault(catalog_, request_.gateway); !differed && !fault.empty())
      throw Refused(fault + "; nothing was published", Hint::command({"get", "Domain", "-o", "json"}));
    number_publications(catalog_, request_.gateway, apis_, published);
    transaction.commit();
    return published;
  }

 private:
  void check_domains() {
    for (const std::string& domain : request_.domains) check_domain(domain);
  }

  // It is there, and shared or the workspace's of these APIs.
  void check_domain(const std::string& domain) {
    const Rows rows = catalog_.query(
        "SELECT w.name, d.shared FROM tablegate.domain d JOIN tablegate.workspace w USING (workspace_id)"
        " WHERE d.name = $1",
        {domain});
    if (rows.empty())
      throw Refused(missing_object(catalog_, Kind::domain, domain), Hint::command({"get", "domains"}));
    const bool own = std::all_of(apis_.begin(), apis_.end(),
                                 [&](const ApiRow& api) { return api.workspace == rows.text(0, 0); });
    if (!own && !rows.boolean(0, 1)) {
      throw Refused(
          fmt::format("domain \"{}\" belongs to workspace {} and is not shared", domain, rows.text(0, 0)),
          Hint::command({"get", "domains"}));
    }
  }

  void find_taken_hosts() {
    if (request_.yes || request_.domains.empty()) return;
    moves_ = hosts_taken(catalog_, request_.gateway, apis_,
                         Domains(request_.domains.begin(), request_.domains.end()));
  }

  // True when the domains of the API's REST API changed.
  bool set_domains(const ApiRow& api) {
    if (request_.domains.empty() && !request_.no_domain) return false;
    const Domains before = domains_of(catalog_, request_.gateway, api.rest_api_id);
    const Domains after(request_.domains.begin(), request_.domains.end());
    if (before == after) return false;
    if (!request_.yes) {
      for (std::string& move : domain_moves(catalog_, request_.gateway, api, apis_, before, after))
        moves_.push_back(std::move(move));
    }
    catalog_.query(
        "SELECT FROM tablegate.delete_as_operator('rest_api_domain', "
        "json_build_array(json_build_object('gateway', $1::text, 'rest_api_id', $2::text)))",
        {request_.gateway, api.rest_api_id});
    for (const std::string& domain : after) {
      catalog_.query(
          "INSERT INTO tablegate.rest_api_domain (gateway, rest_api_id, domain) VALUES ($1, $2, $3)",
          {request_.gateway, api.rest_api_id, domain});
    }
    return true;
  }

  // All of a command at once: the flag that allows one allows all.
  void refuse_unconfirmed() const {
    if (moves_.empty()) return refuse_breaks(breaks_);
    std::vector<std::string> reasons = moves_;
    reasons.insert(reasons.end(), breaks_.begin(), breaks_.end());
    const Hint confirmed = Hint::again().flag("--yes");
    throw Refused(fmt::format("{}", fmt::join(reasons, "\n")),
                  breaks_.empty() ? confirmed : confirmed.flag("--breaking"));
  }

  void find_breaks(const ApiRow& api, const StoredVersion& before, const StoredVersion& after) {
    std::string breaks = breaks_text(api, before, after);
    if (!breaks.empty()) breaks_.push_back(std::move(breaks));
  }

  // What is to be published of each API, and what is published now.
  void read_choices() {
    std::vector<std::optional<int>> versions;
    for (const ApiRow& api : apis_) {
      choices_.push_back(request_.choose ? request_.choose(api)
                                         : PublishChoice{request_.version, request_.service});
      versions.push_back(choices_.back().version);
    }
    states_ = read_publish_states(catalog_, request_.gateway, apis_, versions);
  }

  // Decides about one API. A version is written later, with those of the others; a canary now.
  Published publish(size_t place, bool moved) {
    const ApiRow& api = apis_[place];
    const PublishState& state = states_[place];
    check_version(api, choices_[place].version, state);
    if (request_.weight.value_or(100) < 100) return publish_canary(api, state);
    const bool canary = state.now && state.now->canary != 0;
    // To keep a canary that is the wanted version is to keep what is published beside it.
    const bool is_canary = request_.keep_canary && canary && state.now->canary == state.version;
    const int number = is_canary ? state.now->version : state.version;
    const bool same = state.now && state.now->version == number;
    const bool keeps = request_.keep_canary && same && canary;
    const std::string service =
        choices_[place].service.value_or(state.now ? state.now->service : kDefaultService);
    check_service(api, service, state.group);
    if (keeps) check_service(api, service, is_canary ? state.now->group : state.now->canary_group);
    Published published{api.name, number, 0, false, 100, number};
    published.unchanged = !moved && same && state.now->service == service && (!canary || keeps);
    if (!published.unchanged)
      changes_.push_back({&api, number, service, keeps, state.now ? state.now->version : 0});
    return published;
  }

  // Of all APIs before the first is written: callers of what is published, and the mirror.
  void check_changes() {
    std::vector<VersionName> versions;
    std::vector<const Change*> breakable;
    for (const Change& change : changes_) {
      if (change.before == change.version) continue;
      versions.push_back({change.api->id, change.api->name, std::to_string(change.version)});
      if (!request_.breaking && change.before != 0) breakable.push_back(&change);
    }
    require_columns(catalog_, versions);
    for (size_t first = 0; first < breakable.size(); first += kRows) {
      std::vector<const ApiRow*> apis;
      std::vector<int> before, after;
      for (size_t i = first; i < std::min(first + kRows, breakable.size()); ++i) {
        apis.push_back(breakable[i]->api);
        before.push_back(breakable[i]->before);
        after.push_back(breakable[i]->version);
      }
      const std::vector<StoredVersion> from = read_versions(catalog_, apis, before);
      const std::vector<StoredVersion> to = read_versions(catalog_, apis, after);
      for (size_t i = 0; i < apis.size(); ++i) find_breaks(*apis[i], from[i], to[i]);
    }
  }

  void write_changes() {
    for (const bool keeps : {false, true}) {
      SqlArray ids, versions, services;
      size_t count = 0;
      for (const Change& change : changes_) {
        if (change.keeps_canary != keeps) continue;
        ids.add(change.api->id);
        versions.add(std::to_string(change.version));
        services.add(change.service);
        ++count;
      }
      if (count == 0) continue;
      catalog_.query(
          "INSERT INTO tablegate.published_api (gateway, api_id, version, service)"
          " SELECT $1, * FROM unnest($2::bigint[], $3::integer[], $4::text[])"
          " ON CONFLICT (gateway, api_id) DO UPDATE SET version = excluded.version, service = "
          "excluded.service, "
          "published_by = session_user, published_at = clock_timestamp(),"
          " canary_version = CASE WHEN $5 THEN published_api.canary_version END,"
          " canary_weight = CASE WHEN $5 THEN published_api.canary_weight END",
          {request_.gateway, ids.take(), versions.take(), services.take(), keeps ? "true" : "false"});
    }
  }

  // Beside what is published, with the same domains and the same service.
  Published publish_canary(const ApiRow& api, const PublishState& state) {
    const Canary canary{state.version, *request_.weight};
    Published published{api.name, canary.version, 0, false, canary.weight};
    published.unchanged = !start_canary(catalog_, api, request_.gateway, canary);
    if (published.unchanged) return published;
    published.now = state.now->version;
    check_service(api, state.now->service, state.group);
    require_columns(catalog_, {{api.id, api.name, std::to_string(canary.version)}});
    if (!request_.breaking) {
      find_breaks(api, read_version(catalog_, api, state.now->version),
                  read_version(catalog_, api, canary.version));
    }
    return published;
  }

  void check_version(const ApiRow& api, std::optional<int> wanted, const PublishState& state) {
    if (state.version == 0) {
      throw wanted ? Refused(fmt::format("API \"{}\" has no version {}", api.name, *wanted),
                             Hint::command({"api", "versions", api.name}))
                   : Refused(fmt::format("API \"{}\" has no version yet", api.name),
                             Hint::command({"api", "commit", api.name}));
    }
    if (state.status != "Publishable") refuse_unapproved(api, state.version, state.status);
  }

  [[noreturn]] void refuse_unapproved(const ApiRow& api, int version, const std::string& status) {
    const std::string what =
        fmt::format("version {} of API \"{}\" is {}, not Publishable", version, api.name, status);
    const bool unasked = status == "Pending for Application", asked = status == "Pending for Approval";
    if (!unasked && !asked) throw Refused(what, Hint::command({"api", "versions", api.name}));
    const bool waits = requires_approval(catalog_, api, version);
    throw Refused(
        what + (!waits    ? "; its workspace requires no approval any more, an operator can approve it"
                : unasked ? "; submit it, then another user approves it"
                          : "; a member of tablegate_approver other than the submitter must approve it"),
        Hint::command({"api", waits && unasked ? "submit" : "approve", api.name, "--version",
                       std::to_string(version)}));
  }

  void check_service(const ApiRow& api, const std::string& service, const std::string& group) {
    const GatewayDefinition& gateway = gateway_definition();
    const Hint next = Hint::command({"get", "gatewayinstance", request_.gateway, "-o", "json"});
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
  // In the order of the APIs.
  std::vector<PublishChoice> choices_;
  std::vector<PublishState> states_;
  std::vector<Change> changes_;
  std::vector<std::string> moves_;   // what --yes would allow
  std::vector<std::string> breaks_;  // what --breaking would allow
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
  results.reserve(apis.size());
  if (request.version) {
    for (const ApiRow& api : apis) {
      const int version = stop_canary(catalog, api, gateway, *request.version);
      results.push_back({api.name, version, 0, false, 100, version});
    }
  } else {
    if (!request.yes) refuse_while_called(catalog, apis, gateway);
    const std::vector<std::string> gone = first_column(
        catalog.query("SELECT gone ->> 'api_id' FROM tablegate.delete_as_operator('published_api', (SELECT "
                      "json_agg(json_build_object('gateway', $1::text, 'api_id', api_id)) FROM "
                      "unnest($2::bigint[]) api_id)) gone",
                      {gateway, id_array(apis)}));
    const std::set<std::string> ids(gone.begin(), gone.end());
    for (const ApiRow& api : apis) results.push_back({api.name, std::nullopt, 0, ids.count(api.id) == 0});
  }
  number_publications(catalog, gateway, apis, results);
  transaction.commit();
  return results;
}

}  // namespace tablegate::loader
