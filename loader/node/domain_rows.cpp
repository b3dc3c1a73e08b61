#include "node/domain_rows.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/json_text.hpp"
#include "model/definition_rules.hpp"

namespace tablegate::loader {
namespace {

JsonDocument parsed(const Rows& rows, int row, int column, const char* what) {
  JsonDocument definition;
  if (const std::string fault = parse_json(rows.text(row, column), definition); !fault.empty())
    throw SystemFailure(fmt::format("a {} is damaged in the catalog: {}", what, fault));
  return definition;
}

bool json_flag(const JsonValue& object, const char* name, bool otherwise) {
  const JsonValue* const value = json_find(object, name);
  return value == nullptr ? otherwise : value->IsTrue();
}

}  // namespace

void read_domains(Database& catalog, ManifestContents& contents) {
  const Rows rows = catalog.query(
      "SELECT d.name, d.definition FROM tablegate.domain d WHERE EXISTS ("
      "  SELECT FROM tablegate.rest_api_domain r JOIN tablegate.business_process b USING (rest_api_id)"
      "  JOIN tablegate.api a USING (business_process_id)"
      "  JOIN tablegate.published_api p ON p.api_id = a.api_id AND p.gateway = r.gateway"
      "  WHERE r.domain = d.name AND r.gateway = $1) ORDER BY d.name COLLATE \"C\"",
      {contents.gateway});
  for (int row = 0; row < rows.size(); ++row) {
    const JsonDocument definition = parsed(rows, row, 1, "Domain");
    DomainEntry domain;
    domain.name = rows.string(row, 0);
    domain.protocol = json_member(definition, "protocol", "HTTP");
    domain.force_https = json_flag(definition, "force_https", false);
    domain.certificate = json_member(definition, "certificate");
    domain.certificate_key = json_member(definition, "certificate_key");
    domain.tls_min = json_member(definition, "tls_min", domain.tls_min);
    domain.tls_max = json_member(definition, "tls_max", domain.tls_max);
    domain.http2 = json_flag(definition, "http2", true);
    domain.server_block = json_flag(definition, "server_block", true);
    contents.domains.push_back(std::move(domain));
  }
}

void read_listen(Database& catalog, ManifestContents& contents) {
  const Rows rows =
      catalog.query("SELECT definition FROM tablegate.gateway_instance WHERE name = $1", {contents.gateway});
  if (rows.empty()) return;
  const JsonDocument definition = parsed(rows, 0, 0, "GatewayInstance");
  contents.http_listen = listen_of(definition, "http_listen");
  contents.https_listen = listen_of(definition, "https_listen");
}

}  // namespace tablegate::loader
