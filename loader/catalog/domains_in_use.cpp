#include "catalog/domains_in_use.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/refusal.hpp"
#include "model/name_rules.hpp"

namespace tablegate::loader {
namespace {

DomainDefinition read_domain(const Rows& rows, int row) {
  const Hint next = Hint::command({"get", "Domain", "-o", "json"});
  // The name itself may hold any characters, which must not reach a terminal.
  if (const std::string fault = bad_host(rows.text(row, 0)); !fault.empty())
    throw Refused("a Domain in the catalog has no host name: it " + fault, next);
  DomainDefinition domain =
      read_domain_definition(rows.string(row, 1), fmt::format("Domain \"{}\"", rows.text(row, 0)));
  domain.name = rows.string(row, 0);
  if (domain.protocol != "HTTP" && domain.protocol != "HTTPS")
    throw Refused(fmt::format("domain \"{}\": its protocol is neither HTTP nor HTTPS", domain.name), next);
  return domain;
}

bool has_tls_block(const DomainDefinition& domain) {
  return domain.server_block && domain.protocol == "HTTPS";
}

}  // namespace

std::vector<DomainDefinition> domains_in_use(Database& catalog, const std::string& gateway,
                                             std::vector<std::string>* faults) {
  const Rows rows = catalog.query(
      "SELECT d.name, d.definition FROM tablegate.domain d WHERE EXISTS ("
      "  SELECT FROM tablegate.rest_api_domain r JOIN tablegate.business_process b USING (rest_api_id)"
      "  JOIN tablegate.api a USING (business_process_id)"
      "  JOIN tablegate.published_api p ON p.api_id = a.api_id AND p.gateway = r.gateway"
      "  WHERE r.domain = d.name AND r.gateway = $1) ORDER BY d.name COLLATE \"C\"",
      {gateway});
  std::vector<DomainDefinition> domains;
  for (int row = 0; row < rows.size(); ++row) {
    try {
      domains.push_back(read_domain(rows, row));
    } catch (const Failure& failure) {
      if (faults == nullptr) throw;
      faults->push_back(fmt::format("{}; it is left out", failure.what()));
    }
  }
  return domains;
}

std::string socket_difference(const DomainDefinition& one, const DomainDefinition& other) {
  if (!has_tls_block(one) || !has_tls_block(other)) return {};
  const auto differ = [](const char* field, const std::string& first, const std::string& second) {
    return first == second ? std::string() : fmt::format("differ in {} ({} and {})", field, first, second);
  };
  const auto text = [](bool value) { return value ? "true" : "false"; };
  for (std::string found :
       {differ("http2", text(one.http2), text(other.http2)), differ("tls_min", one.tls_min, other.tls_min),
        differ("tls_max", one.tls_max, other.tls_max)}) {
    if (!found.empty()) return found;
  }
  return {};
}

std::string socket_fault(Database& catalog, const std::string& gateway) {
  std::vector<std::string> unusable;  // a row that nobody can serve differs from nothing
  const DomainDefinition* first = nullptr;
  const std::vector<DomainDefinition> domains = domains_in_use(catalog, gateway, &unusable);
  for (const DomainDefinition& domain : domains) {
    if (!has_tls_block(domain)) continue;
    if (first == nullptr) first = &domain;
    const std::string difference = socket_difference(*first, domain);
    if (difference.empty()) continue;
    return fmt::format(
        "domains \"{}\" and \"{}\" of gateway {} {}, which nginx sets for all names of a socket", first->name,
        domain.name, gateway, difference);
  }
  return {};
}

}  // namespace tablegate::loader
