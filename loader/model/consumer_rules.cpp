#include "model/consumer_rules.hpp"

#include "model/name_rules.hpp"

namespace tablegate::loader {
namespace {

void check_source(const JsonValue& source, const std::function<void(std::string, std::string)>& refuse) {
  const std::string name = json_member(source, "name");
  refuse("/jwt/source/name",
         json_member(source, "in") == "header" ? bad_credential_header(name) : bad_parameter_name(name));
}

}  // namespace

void check_consumer(const Definition& definition,
                    const std::function<void(std::string, std::string)>& refuse) {
  refuse("/name", bad_plain_name(definition.name));
  if (const JsonValue* const list = json_find(definition.document, "authorizations")) {
    for (rapidjson::SizeType i = 0; i < list->Size(); ++i) {
      const bool api = json_find((*list)[i], "api") != nullptr;
      const std::string here = "/authorizations" + pointer_token(size_t{i});
      if (api == (json_find((*list)[i], "rest_api") != nullptr))
        refuse(here, "requires one of \"api\" and \"rest_api\"");
      if (!api && json_find((*list)[i], "workspace") != nullptr)
        refuse(here + "/workspace", "requires \"api\"");
      if (api && json_find((*list)[i], "rest_api_version") != nullptr)
        refuse(here + "/rest_api_version", "requires \"rest_api\"");
    }
  }
  const JsonValue* const jwt = json_find(definition.document, "jwt");
  if (jwt == nullptr) return;
  if (const JsonValue* const source = json_find(*jwt, "source")) check_source(*source, refuse);
  const JsonValue& keys = *json_find(*jwt, "keys");
  for (rapidjson::SizeType i = 0; i < keys.Size(); ++i) {
    if (json_find(keys[i], "k") == nullptr) continue;
    refuse("/jwt/keys" + pointer_token(size_t{i}) + "/k",
           "is a secret and must not be in a definition: `tablegate consumer set-jwt` seals it in the "
           "catalog; then "
           "leave \"k\" out here");
  }
}

}  // namespace tablegate::loader
