#include "model/gateway_definition.hpp"

#include <algorithm>
#include <optional>

#include "model/api_definition.hpp"
#include "model/listen_address.hpp"
#include "model/stored_json.hpp"

namespace tablegate::loader {

DomainDefinition read_domain_definition(const JsonValue& definition) {
  DomainDefinition domain;
  domain.name = json_member(definition, "name");
  domain.protocol = json_member(definition, "protocol", domain.protocol);
  domain.force_https = json_truth(definition, "force_https", domain.force_https);
  domain.certificate = json_member(definition, "certificate");
  domain.certificate_key = json_member(definition, "certificate_key");
  domain.tls_min = json_member(definition, "tls_min", domain.tls_min);
  domain.tls_max = json_member(definition, "tls_max", domain.tls_max);
  domain.http2 = json_truth(definition, "http2", domain.http2);
  domain.server_block = json_truth(definition, "server_block", domain.server_block);
  if (const JsonValue* const port = json_find(definition, "port"); port != nullptr && port->IsInt())
    domain.port = port->GetInt();
  if (const JsonValue* const cors = json_find(definition, "cors"); cors != nullptr && cors->IsObject())
    domain.cors_origins = json_names(json_find(*cors, "origins"));
  return domain;
}

DomainDefinition read_domain_definition(const std::string& text, const std::string& what) {
  return read_domain_definition(stored_object(text, what));
}

std::string DomainDefinition::url(const std::vector<std::string>& http_listen,
                                  const std::vector<std::string>& https_listen) const {
  const bool secure = protocol == "HTTPS";
  const int usual = secure ? 443 : 80;
  int shown = port;
  if (shown == 0 && server_block) {
    for (const std::string& listen : secure ? https_listen : http_listen) {
      const std::optional<ListenAddress> address = parse_listen(listen);
      if (address && (shown == 0 || address->port == usual)) shown = address->port;
    }
  }
  const bool named = shown != 0 && shown != usual;
  return (secure ? "https://" : "http://") + name + (named ? ":" + std::to_string(shown) : std::string());
}

GatewayDefinition::GatewayDefinition() : services{{kDefaultService, {kDefaultResourceGroup}}} {}

bool GatewayDefinition::has_group(const std::string& service, const std::string& group) const {
  const auto found = services.find(service);
  return found != services.end() &&
         std::find(found->second.begin(), found->second.end(), group) != found->second.end();
}

GatewayDefinition read_gateway_definition(const JsonValue& definition) {
  GatewayDefinition gateway;
  gateway.name = json_member(definition, "name");
  gateway.address = json_member(definition, "address");
  if (const JsonValue* const list = json_find(definition, "http_listen"))
    gateway.http_listen = json_names(list);
  if (const JsonValue* const list = json_find(definition, "https_listen"))
    gateway.https_listen = json_names(list);
  if (const JsonValue* const services = json_find(definition, "services");
      services != nullptr && services->IsObject()) {
    gateway.services.clear();
    for (const auto& service : services->GetObject())
      gateway.services[std::string(json_string(service.name))] = json_names(&service.value);
  }
  return gateway;
}

GatewayDefinition read_gateway_definition(const std::string& text, const std::string& what) {
  return read_gateway_definition(stored_object(text, what));
}

RestApiDefinition read_rest_api_definition(const JsonValue& definition) {
  RestApiDefinition rest_api;
  rest_api.name = json_member(definition, "name");
  rest_api.base_path = json_member(definition, "base_path");
  if (const JsonValue* const versioning = json_find(definition, "versioning")) {
    rest_api.versioning.scheme = json_member(*versioning, "scheme", rest_api.versioning.scheme);
    rest_api.versioning.name = json_member(*versioning, "name");
    rest_api.versioning.version = json_member(*versioning, "version");
  }
  return rest_api;
}

RestApiDefinition read_rest_api_definition(const std::string& text, const std::string& what) {
  return read_rest_api_definition(stored_object(text, what));
}

BusinessProcessDefinition read_business_process_definition(const JsonValue& definition) {
  const auto text = [&](const char* name) { return json_member(definition, name); };
  return {text("name"), text("description"), text("rest_api"), text("rest_api_version")};
}

BusinessProcessDefinition read_business_process_definition(const std::string& text, const std::string& what) {
  return read_business_process_definition(stored_object(text, what));
}

}  // namespace tablegate::loader
