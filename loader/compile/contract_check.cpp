#include "compile/contract_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/json_text.hpp"
#include "model/api_rules.hpp"
#include "model/definition_rules.hpp"

namespace tablegate::loader {
namespace {

// A value as people read it: texts without quotes, "-" for none.
std::string shown(const JsonValue* value) {
  if (value == nullptr || value->IsNull()) return "none";
  return value->IsString() ? std::string(json_string(*value)) : json_text(*value);
}

bool truth(const JsonValue& object, const char* name, bool otherwise) {
  const JsonValue* const value = json_find(object, name);
  return value != nullptr && value->IsBool() ? value->GetBool() : otherwise;
}

int64_t number(const JsonValue& object, const char* name, int64_t otherwise) {
  const JsonValue* const value = json_find(object, name);
  return value != nullptr && value->IsInt64() ? value->GetInt64() : otherwise;
}

std::vector<std::string> texts(const JsonValue& object, const char* name) {
  const JsonValue* const list = json_find(object, name);
  return list == nullptr ? std::vector<std::string>() : read_names(json_text(*list));
}

// One side, read: what the definition says with its defaults filled in.
class Side {
 public:
  explicit Side(const ContractSide& from) {
    parse_json(from.definition, definition_);
    parse_json(from.source, source_);
    if (const JsonValue* const columns = json_find(source_, "columns");
        columns != nullptr && columns->IsArray()) {
      for (const JsonValue& column : columns->GetArray())
        types_[json_member(column, "name")] = json_member(column, "type");
    }
  }

  const JsonValue& definition() const { return definition_; }
  std::string time_zone() const { return json_member(source_, "time_zone", "UTC"); }
  std::string place(const JsonValue& parameter) const {
    return json_member(parameter, "in", default_place(definition_));
  }
  bool paginates() const {
    const JsonValue* const pagination = json_find(definition_, "pagination");
    return pagination != nullptr && truth(*pagination, "enabled", true);
  }
  std::string result() const { return paginates() ? "page" : json_member(definition_, "result", "list"); }

  // The type of the column behind a parameter; what the definition says where the source knows none.
  std::string column_type(const JsonValue& parameter) const {
    const auto found = types_.find(json_member(parameter, "column", json_member(parameter, "name")));
    return found == types_.end() ? json_member(parameter, "type") : found->second;
  }
  const JsonValue* find(const char* list, const std::string& name) const {
    const JsonValue* const all = json_find(definition_, list);
    if (all == nullptr || !all->IsArray()) return nullptr;
    const auto found = std::find_if(all->Begin(), all->End(),
                                    [&](const JsonValue& one) { return json_member(one, "name") == name; });
    return found == all->End() ? nullptr : found;
  }
  // The objects of a list.
  std::vector<const JsonValue*> all(const char* list) const {
    std::vector<const JsonValue*> items;
    const JsonValue* const array = json_find(definition_, list);
    for (rapidjson::SizeType i = 0; array != nullptr && array->IsArray() && i < array->Size(); ++i)
      items.push_back(&(*array)[i]);
    return items;
  }

 private:
  JsonDocument definition_, source_;
  std::map<std::string, std::string> types_;
};

// Whether every value of column type `a` is one of `b`.
bool fits_into(const std::string& a, const std::string& b) {
  if (a == b) return true;
  static const std::map<std::string, std::vector<std::string>> wider = {{"int2", {"int4", "int8", "numeric"}},
                                                                        {"int4", {"int8", "numeric"}},
                                                                        {"int8", {"numeric"}},
                                                                        {"float4", {"float8"}}};
  const auto found = wider.find(a);
  return found != wider.end() && std::count(found->second.begin(), found->second.end(), b) != 0;
}

constexpr const char* kRequest = "request_parameters";
constexpr const char* kResponse = "response_parameters";

class Comparison {
 public:
  Comparison(const ContractSide& before, const ContractSide& after) : before_(before), after_(after) {}

  std::vector<ContractBreak> run() {
    changed("path", json_member(was(), "path"), json_member(is(), "path"));
    changed("method", json_member(was(), "method", "GET"), json_member(is(), "method", "GET"));
    for (const JsonValue* const parameter : before_.all(kRequest)) request(*parameter);
    for (const JsonValue* const parameter : after_.all(kRequest)) added(*parameter);
    for (const JsonValue* const field : before_.all(kResponse)) response(*field);
    changed("result", before_.result(), after_.result());
    changed("envelope", json_member(was(), "envelope", "tablegate"),
            json_member(is(), "envelope", "tablegate"));
    limits();
    authentication();
    return std::move(breaks_);
  }

 private:
  const JsonValue& was() const { return before_.definition(); }
  const JsonValue& is() const { return after_.definition(); }
  void add(const std::string& what, const std::string& reason) { breaks_.push_back({what, reason}); }
  void changed(const std::string& what, const std::string& from, const std::string& to) {
    if (from != to) add(what, fmt::format("was {} and is {}", from, to));
  }
  void smaller(const std::string& what, int64_t from, int64_t to) {
    if (to < from) add(what, fmt::format("was {} and is {}", from, to));
  }

  static bool required(const JsonValue& parameter) { return truth(parameter, "required", true); }

  void request(const JsonValue& old) {
    const std::string name = json_member(old, "name");
    const std::string what = "parameter " + name;
    const JsonValue* const found = after_.find(kRequest, name);
    if (found == nullptr) return add(what, "was removed");
    changed(what + ": type", json_member(old, "type"), json_member(*found, "type"));
    changed(what + ": in", before_.place(old), after_.place(*found));
    changed(what + ": operator", json_member(old, "operator", "="), json_member(*found, "operator", "="));
    const std::string column = before_.column_type(old), now = after_.column_type(*found);
    if (json_member(old, "type") == json_member(*found, "type") && !fits_into(column, now))
      add(what, fmt::format("takes fewer values: its column was {} and is {}", column, now));
    if (json_member(old, "type") == "DATETIME" && column == "timestamptz" && now == column)
      changed(what + ": time zone", before_.time_zone(), after_.time_zone());
    if (!required(old) && required(*found)) return add(what, "is required now");
    // Who has to send a value sees no default.
    if (required(old)) return;
    const JsonValue* const before = json_find(old, "default");
    const JsonValue* const after = json_find(*found, "default");
    changed(what + ": default", default_text(before), default_text(after));
  }

  static std::string default_text(const JsonValue* value) {
    std::string text;
    return value != nullptr && json_scalar_text(*value, text) ? "\"" + text + "\"" : "none";
  }

  void added(const JsonValue& parameter) {
    const std::string name = json_member(parameter, "name");
    if (before_.find(kRequest, name) == nullptr && required(parameter))
      add("parameter " + name, "is new and required");
  }

  void response(const JsonValue& old) {
    const std::string name = json_member(old, "name");
    const std::string what = "response field " + name;
    const JsonValue* const found = after_.find(kResponse, name);
    if (found == nullptr) return add(what, "was removed");
    const std::string type = before_.column_type(old), now = after_.column_type(*found);
    changed(what + ": type", type, now);
    changed(what + ": as", shown(json_find(old, "as")), shown(json_find(*found, "as")));
    changed(what + ": mask", shown(json_find(old, "mask")), shown(json_find(*found, "mask")));
    if (type == "timestamptz" && now == type)
      changed(what + ": time zone", before_.time_zone(), after_.time_zone());
  }

  void limits() {
    smaller("max_records", number(was(), "max_records", 2000), number(is(), "max_records", 2000));
    if (!before_.paginates() || !after_.paginates()) return;
    const JsonValue& old = *json_find(was(), "pagination");
    const JsonValue& now = *json_find(is(), "pagination");
    smaller("pagination: max_size", number(old, "max_size", 500), number(now, "max_size", 500));
    changed("pagination: default_size", std::to_string(number(old, "default_size", 10)),
            std::to_string(number(now, "default_size", 10)));
  }

  void authentication() {
    const std::vector<std::string> types = texts(was(), "authentication");
    const std::vector<std::string> now = texts(is(), "authentication");
    if (types.empty() && !now.empty())
      return add("authentication", "was open to all and now requires a credential");
    if (now.empty()) return;  // open to all: every credential still gets in
    for (const std::string& type : types) {
      if (std::find(now.begin(), now.end(), type) == now.end())
        add("authentication", fmt::format("no longer takes {}", type));
    }
    const auto both = [&](const char* type) {
      return authenticates_by(was(), type) && authenticates_by(is(), type);
    };
    if (both("hmac")) hmac();
    if (both("api_key")) changed("api_key_source", key_source(was()), key_source(is()));
  }

  static std::string key_source(const JsonValue& definition) {
    const JsonValue* const source = json_find(definition, "api_key_source");
    return source == nullptr ? "header Authorization"
                             : json_member(*source, "in") + " " + json_member(*source, "name");
  }

  void hmac() {
    const JsonValue none(rapidjson::kObjectType);
    const auto rule = [&none](const JsonValue& definition) -> const JsonValue& {
      const JsonValue* const found = json_find(definition, "hmac");
      return found == nullptr ? none : *found;
    };
    const auto methods = [](const JsonValue& of) {
      return json_find(of, "methods") == nullptr ? std::vector<std::string>{"HmacSHA256"}
                                                 : texts(of, "methods");
    };
    const std::vector<std::string> now = methods(rule(is()));
    for (const std::string& method : methods(rule(was()))) {
      if (std::find(now.begin(), now.end(), method) == now.end())
        add("hmac: methods", fmt::format("no longer has {}", method));
    }
    for (const auto& [name, otherwise] : {std::pair{"require_nonce", false}, {"require_content_md5", true}}) {
      if (!truth(rule(was()), name, otherwise) && truth(rule(is()), name, otherwise))
        add(fmt::format("hmac: {}", name), "was off and is on");
    }
  }

  Side before_, after_;
  std::vector<ContractBreak> breaks_;
};

}  // namespace

std::vector<ContractBreak> contract_breaks(const ContractSide& before, const ContractSide& after) {
  return Comparison(before, after).run();
}

}  // namespace tablegate::loader
