#include "model/api_definition.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "model/stored_json.hpp"

namespace tablegate::loader {
namespace {

std::optional<DefaultOrSample> default_or_sample(const JsonValue& from, const char* name) {
  const JsonValue* const value = json_find(from, name);
  if (value == nullptr) return std::nullopt;
  DefaultOrSample out;
  if (!value->IsArray()) {
    out.plain = json_scalar_text(*value, out.text);
    return out;
  }
  out.array = true;
  for (const JsonValue& item : value->GetArray()) {
    std::string text;
    out.plain = json_scalar_text(item, text) && out.plain;
    out.text += (out.array_items.empty() ? "" : ",") + text;
    out.array_items.push_back(std::move(text));
  }
  return out;
}

// As people read it: a string without its quotes.
std::optional<std::string> written(const JsonValue& from, const char* name) {
  const JsonValue* const value = json_find(from, name);
  if (value == nullptr || value->IsNull()) return std::nullopt;
  return value->IsString() ? std::string(json_string(*value)) : json_text(*value);
}

// Whether the type is one of lists; then it becomes that of their items.
bool take_list_suffix(std::string& type) {
  const std::string_view suffix = kListSuffix;
  if (type.size() <= suffix.size() || type.compare(type.size() - suffix.size(), suffix.size(), suffix) != 0)
    return false;
  type.resize(type.size() - suffix.size());
  return true;
}

constexpr std::pair<Comparison, std::string_view> kComparisons[] = {
    {Comparison::equal, "="},   {Comparison::not_equal, "!="},
    {Comparison::less, "<"},    {Comparison::less_or_equal, "<="},
    {Comparison::greater, ">"}, {Comparison::greater_or_equal, ">="},
    {Comparison::like, "LIKE"}, {Comparison::not_like, "NOT LIKE"},
    {Comparison::in, "IN"},     {Comparison::not_in, "NOT IN"}};

template <class Named>
const Named* find_named(const std::vector<Named>& list, std::string_view name) {
  const auto found =
      std::find_if(list.begin(), list.end(), [&](const Named& one) { return one.name == name; });
  return found == list.end() ? nullptr : &*found;
}

class Reader {
 public:
  explicit Reader(const JsonValue& from) : from_(from) {}

  ApiDefinition read() {
    for (auto& [name, target] : std::initializer_list<std::pair<const char*, std::string*>>{
             {"name", &api_.name},
             {"description", &api_.description},
             {"business_process", &api_.business_process},
             {"path", &api_.path},
             {"table", &api_.table},
             {"data_source", &api_.data_source},
             {"method", &api_.method},
             {"mode", &api_.mode},
             {"envelope", &api_.envelope},
             {"result", &api_.result},
             {"resource_group", &api_.resource_group},
             {"unknown_parameters", &api_.unknown_parameters}})
      *target = json_member(from_, name, *target);
    api_.sql = written(from_, "sql");
    api_.sql_file = written(from_, "sql_file");
    api_.timeout_ms = integer(from_, "timeout_ms", api_.timeout_ms);
    api_.stream_timeout_ms = integer(from_, "stream_timeout_ms", api_.stream_timeout_ms);
    api_.max_records = integer(from_, "max_records", api_.max_records);
    api_.max_records_given = json_find(from_, "max_records") != nullptr;
    api_.query_method = json_truth(from_, "query_method", api_.query_method);
    api_.coalesce = json_truth(from_, "coalesce", api_.coalesce);
    if (const JsonValue* const formats = json_find(from_, "formats")) api_.formats = json_names(formats);
    if (api_.formats.empty()) fault("/formats", "is empty");
    api_.csv_safe = json_truth(from_, "csv_safe", api_.csv_safe);
    authentication();
    cache();
    request_parameters();
    response_parameters();
    order_by();
    if (const JsonValue* const pages = json_find(from_, "pagination")) pagination(*pages);
    api_.tags = json_names(json_find(from_, "tags"));
    return std::move(api_);
  }

 private:
  void fault(const std::string& pointer, const std::string& reason) {
    api_.faults.push_back({pointer, reason});
  }

  // `above`: the pointer of `from`.
  int64_t integer(const JsonValue& from, const char* name, int64_t otherwise, const std::string& above = {}) {
    const JsonValue* const value = json_find(from, name);
    if (value == nullptr) return otherwise;
    if (value->IsInt64()) return value->GetInt64();
    fault(above + pointer_token(std::string_view(name)), "is no integer");
    return otherwise;
  }

  void authentication() {
    const JsonValue* const list = json_find(from_, "authentication");
    // Never open by omission.
    if (list == nullptr || !list->IsArray()) {
      fault("/authentication", "is missing");
    } else {
      for (const JsonValue& type : list->GetArray())
        api_.authentication.emplace_back(type.IsString() ? json_string(type) : std::string_view("?"));
    }
    if (const JsonValue* const hmac = json_find(from_, "hmac")) {
      HmacRule& rule = api_.hmac.emplace();
      if (const JsonValue* const methods = json_find(*hmac, "methods")) {
        rule.methods = json_names(methods);
        if (rule.methods.empty()) fault("/hmac/methods", "is empty");
      }
      rule.require_nonce = json_truth(*hmac, "require_nonce", rule.require_nonce);
      rule.require_content_md5 = json_truth(*hmac, "require_content_md5", rule.require_content_md5);
    }
    if (const JsonValue* const source = json_find(from_, "api_key_source"))
      api_.api_key_source = ApiKeySource{json_member(*source, "in"), json_member(*source, "name")};
  }

  void cache() {
    const JsonValue* const cache = json_find(from_, "cache");
    if (cache == nullptr) return;
    if (!cache->IsObject()) {
      api_.cache.kept = !cache->IsFalse();
    } else if (json_find(*cache, "max_age") != nullptr) {
      api_.cache.max_age = integer(*cache, "max_age", 0, "/cache");
    }
  }

  void request_parameters() {
    const JsonValue* const list = json_find(from_, "request_parameters");
    if (list == nullptr || !list->IsArray()) return;
    api_.request_parameters_given = true;
    for (const JsonValue& from : list->GetArray()) {
      RequestParameter parameter;
      parameter.name = json_member(from, "name");
      parameter.type = json_member(from, "type");
      parameter.list = take_list_suffix(parameter.type);
      parameter.column_given = json_find(from, "column") != nullptr;
      parameter.column = json_member(from, "column", parameter.name);
      comparison(from, pointer_token(api_.request_parameters.size()), parameter);
      parameter.place = json_member(from, "in", api_.method == "POST" ? "body" : "query");
      parameter.in_json = api_.query_method && parameter.place == "query";
      parameter.required = json_truth(from, "required", parameter.required);
      parameter.default_value = default_or_sample(from, "default");
      parameter.sample = default_or_sample(from, "sample");
      parameter.description = json_member(from, "description");
      api_.request_parameters.push_back(std::move(parameter));
    }
  }

  void comparison(const JsonValue& from, const std::string& place, RequestParameter& parameter) {
    parameter.comparison_given = json_find(from, "operator") != nullptr;
    const std::string text = json_member(from, "operator", comparison_text(parameter.comparison));
    if (const auto known = read_comparison(text)) {
      parameter.comparison = *known;
    } else {
      fault("/request_parameters" + place + "/operator", fmt::format("\"{}\" is no operator", text));
    }
  }

  void order_by() {
    const JsonValue* const list = json_find(from_, "order_by");
    if (list == nullptr || !list->IsArray()) return;
    for (const JsonValue& from : list->GetArray())
      api_.order_by.push_back({json_member(from, "column"), json_member(from, "direction", "asc") == "desc"});
  }

  void response_parameters() {
    const JsonValue* const list = json_find(from_, "response_parameters");
    api_.response_parameters_given = list != nullptr;
    if (list == nullptr && api_.is_script()) return;
    if (list == nullptr || !list->IsArray() || list->Empty())
      return fault("/response_parameters", "is empty");
    for (const JsonValue& from : list->GetArray()) {
      ResponseParameter parameter;
      parameter.name = json_member(from, "name");
      parameter.column_given = json_find(from, "column") != nullptr;
      parameter.column = json_member(from, "column", parameter.name);
      parameter.type = written(from, "type");
      parameter.as = json_member(from, "as");
      parameter.mask = written(from, "mask");
      parameter.sample = default_or_sample(from, "sample");
      parameter.description = json_member(from, "description");
      api_.response_parameters.push_back(std::move(parameter));
    }
  }

  void pagination(const JsonValue& from) {
    Pagination& pages = api_.pagination.emplace();
    pages.enabled = json_truth(from, "enabled", pages.enabled);
    pages.max_size = integer(from, "max_size", pages.max_size, "/pagination");
    pages.default_size =
        integer(from, "default_size", std::min(pages.default_size, pages.max_size), "/pagination");
    pages.total = json_truth(from, "total", pages.total);
  }

  const JsonValue& from_;
  ApiDefinition api_;
};

}  // namespace

std::vector<std::string> DefaultOrSample::items() const {
  if (array) return array_items;
  std::vector<std::string> out;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

std::string_view comparison_text(Comparison comparison) {
  return kComparisons[static_cast<size_t>(comparison)].second;
}

std::optional<Comparison> read_comparison(std::string_view text) {
  for (const auto& [comparison, name] : kComparisons) {
    if (name == text) return comparison;
  }
  return std::nullopt;
}

bool RequestParameter::may_be_empty() const {
  const bool only_texts = (place == "query" && !in_json) || place == "header" || place == "path";
  return !takes_list() || !only_texts || (default_value && default_value->items().empty());
}

std::string bad_comparison(const RequestParameter& parameter) {
  if (!parameter.takes_pattern() || parameter.type == "STRING") return {};
  return fmt::format("{} is for type STRING, and \"{}\" is {}", comparison_text(parameter.comparison),
                     parameter.name, parameter.type);
}

std::string order_words(const std::vector<SortColumn>& order) {
  std::string words;
  for (const SortColumn& one : order)
    words += fmt::format("{}{}{}", words.empty() ? "" : ", ", one.column, one.descending ? " desc" : "");
  return words.empty() ? "none" : words;
}

const std::string& ApiDefinition::script_text() const {
  static const std::string none;
  return sql ? *sql : none;
}

bool ApiDefinition::takes(std::string_view type) const {
  return std::find(authentication.begin(), authentication.end(), type) != authentication.end();
}

bool ApiDefinition::answers_in(std::string_view format) const {
  return std::find(formats.begin(), formats.end(), format) != formats.end();
}

std::string ApiDefinition::format_names() const {
  return fmt::format("{}", fmt::join(formats, ", "));
}

const RequestParameter* ApiDefinition::request_parameter(std::string_view parameter) const {
  return find_named(request_parameters, parameter);
}

const ResponseParameter* ApiDefinition::response_parameter(std::string_view parameter) const {
  return find_named(response_parameters, parameter);
}

ApiDefinition read_api_definition(const JsonValue& definition) {
  return Reader(definition).read();
}

ApiDefinition read_api_definition(const std::string& text, const std::string& what) {
  return read_api_definition(stored_object(text, what));
}

std::string renamed_definition(const std::string& text, const std::string& name) {
  JsonDocument document = stored_object(text, fmt::format("the definition of API \"{}\"", name));
  JsonValue value(name.c_str(), static_cast<rapidjson::SizeType>(name.size()), document.GetAllocator());
  if (!document.HasMember("name")) document.AddMember("name", JsonValue(), document.GetAllocator());
  document["name"] = value;
  return json_text(document);
}

}  // namespace tablegate::loader
