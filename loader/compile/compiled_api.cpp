#include "compile/compiled_api.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>

#include "base/json_text.hpp"
#include "base/refusal.hpp"
#include "core/manifest/types.hpp"
#include "core/plan/statement.hpp"
#include "model/api_rules.hpp"
#include "model/definition_rules.hpp"

namespace tablegate::loader {
namespace {

// '...' with quotes doubled; standard_conforming_strings is on in every session of ours.
std::string quote_literal(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + '\'';
}

bool is_utc(const std::string& zone) {
  return zone.empty() || zone == "UTC";
}

class Compiler {
 public:
  explicit Compiler(const ApiEntry& entry) : entry_(entry) {
    parse(entry.definition, definition_, "definition");
    api_.name = entry.name.empty() ? json_member(definition_, "name") : entry.name;
    parse(entry.source, source_, "source");
    table_ = json_member(source_, "table");
    time_zone_ = json_member(source_, "time_zone", "UTC");
    read_source_columns();
  }

  CompiledApi compile() {
    refuse_later_fields();
    compile_route();
    compile_limits();
    compile_authentication();
    compile_parameters();
    compile_columns();
    compile_statement();
    api_.point = api_.result == "object" && finds_by_key();
    return std::move(api_);
  }

 private:
  [[noreturn]] void refuse(const std::string& pointer, const std::string& reason) const {
    throw Refused(fmt::format("Api \"{}\": {}: {}", api_.name, pointer, reason));
  }

  void parse(const std::string& text, JsonDocument& document, std::string_view what) const {
    const std::string fault = parse_json(text, document);
    if (fault.empty() && document.IsObject()) return;
    throw Refused(fmt::format("Api {}: its {} is damaged: {}", entry_.api_id, what, fault));
  }

  void read_source_columns() {
    const JsonValue* columns = json_find(source_, "columns");
    if (columns == nullptr || !columns->IsArray()) refuse("/columns", "the table's columns are missing");
    for (const auto& column : columns->GetArray()) {
      types_[json_member(column, "name")] = json_member(column, "type");
    }
  }

  const std::string& type_of(const std::string& column, const std::string& pointer) const {
    const auto found = types_.find(column);
    if (found == types_.end())
      refuse(pointer, fmt::format("table \"{}\" has no column \"{}\"", table_, column));
    return found->second;
  }

  void refuse_later_fields() const {
    const std::string mode = json_member(definition_, "mode", "wizard");
    if (mode != "wizard") refuse("/mode", mode + " is not supported yet");
    for (const char* field : {"sql", "sql_file", "order_by", "pagination"}) {
      if (json_find(definition_, field) != nullptr) refuse(std::string("/") + field, "is not supported yet");
    }
    const std::string envelope = json_member(definition_, "envelope", "tablegate");
    if (envelope != "tablegate") refuse("/envelope", envelope + " is not supported yet");
  }

  void compile_route() {
    api_.method = json_member(definition_, "method", "GET");
    if (api_.method != "GET" && api_.method != "POST")
      refuse("/method", api_.method + " is not supported yet");
    std::string base = entry_.base_path;
    while (!base.empty() && base.back() == '/') base.pop_back();
    api_.path = base + json_member(definition_, "path");
    api_.resource_group = json_member(definition_, "resource_group", "default");
    api_.result = json_member(definition_, "result", "list");
    if (api_.result != "object" && api_.result != "list")
      refuse("/result", api_.result + " is not supported yet");
  }

  int64_t integer(const char* field, int64_t otherwise) const {
    const JsonValue* value = json_find(definition_, field);
    if (value == nullptr) return otherwise;
    if (!value->IsInt64()) refuse(std::string("/") + field, "is no integer");
    return value->GetInt64();
  }

  void compile_limits() {
    api_.timeout_ms = integer("timeout_ms", api_.timeout_ms);
    api_.max_records = integer("max_records", api_.max_records);
  }

  void compile_authentication() {
    const JsonValue* list = json_find(definition_, "authentication");
    // Never open by omission.
    if (list == nullptr || !list->IsArray()) refuse("/authentication", "is missing");
    for (const auto& type : list->GetArray()) {
      const std::string name(type.IsString() ? json_string(type) : std::string_view("?"));
      if (name != "api_key" && name != "jwt" && name != "hmac")
        refuse("/authentication", name + " is not supported yet");
      api_.authentication.push_back(name);
    }
    if (authenticates_by(definition_, "hmac")) compile_hmac();
    if (const JsonValue* source = json_find(definition_, "api_key_source")) {
      api_.api_key_source.emplace(json_member(*source, "in"), json_member(*source, "name"));
    }
  }

  void compile_hmac() {
    CompiledHmac& hmac = api_.hmac.emplace();
    const JsonValue* const from = json_find(definition_, "hmac");
    if (from == nullptr) return;
    if (const JsonValue* const methods = json_find(*from, "methods")) {
      if (!methods->IsArray() || methods->Empty()) refuse("/hmac/methods", "is empty");
      hmac.methods = read_names(json_text(*methods));
    }
    const auto truth = [from](const char* name, bool otherwise) {
      const JsonValue* const value = json_find(*from, name);
      return value != nullptr && value->IsBool() ? value->GetBool() : otherwise;
    };
    hmac.require_nonce = truth("require_nonce", hmac.require_nonce);
    hmac.require_content_md5 = truth("require_content_md5", hmac.require_content_md5);
  }

  void compile_parameters() {
    const JsonValue* list = json_find(definition_, "request_parameters");
    if (list == nullptr || !list->IsArray()) return;
    for (rapidjson::SizeType i = 0; i < list->Size(); ++i) {
      compile_parameter((*list)[i], "/request_parameters" + pointer_token(size_t{i}));
    }
  }

  void compile_parameter(const JsonValue& from, const std::string& here) {
    CompiledParameter parameter;
    parameter.name = json_member(from, "name");
    parameter.place = json_member(from, "in", default_place(definition_));
    constexpr std::string_view kPlaces[] = {"query", "path", "header", "body"};
    if (std::find(std::begin(kPlaces), std::end(kPlaces), parameter.place) == std::end(kPlaces)) {
      refuse(here + "/in", parameter.place + " is not supported yet");
    }
    parameter.type = json_member(from, "type");
    const std::string sign = json_member(from, "operator", "=");
    if (sign != "=") refuse(here + "/operator", sign + " is not supported yet");
    const std::string column = json_member(from, "column", parameter.name);
    parameter.column_type = type_of(column, here + "/column");
    const JsonValue* required = json_find(from, "required");
    parameter.required = required == nullptr || !required->IsFalse();
    parameter.default_value = scalar(from, "default", here);
    if (parameter.type == "DATETIME" && parameter.column_type == "timestamptz")
      parameter.time_zone = time_zone_;
    if (const auto sample = scalar(from, "sample", here)) {
      parameter.has_sample = true;
      parameter.sample = *sample;
    }
    if (parameter.required) key_columns_.push_back(column);
    add_condition(parameter, core::quote_identifier(column) + " = ");
    api_.parameters.push_back(std::move(parameter));
  }

  // Of the next parameter. One that may be absent takes its condition along.
  void add_condition(const CompiledParameter& parameter, const std::string& sql) {
    const auto number = static_cast<uint32_t>(api_.parameters.size());
    core::Nodes condition{{core::TextNode{" AND " + sql}}, {core::ValueNode{number}}};
    if (parameter.required || parameter.default_value) {
      std::move(condition.begin(), condition.end(), std::back_inserter(conditions_));
    } else {
      conditions_.push_back({core::IfNode{{number}, std::move(condition)}});
    }
  }

  void compile_statement() {
    const int64_t limit = api_.result == "object" ? 1 : api_.max_records;
    api_.statement.push_back({core::TextNode{fmt::format("SELECT {} FROM ", selected_)}});
    api_.statement.push_back({core::TableNode{table_}});
    if (!conditions_.empty()) api_.statement.push_back({core::WhereNode{std::move(conditions_)}});
    api_.statement.push_back({core::TextNode{fmt::format(" LIMIT {}", limit)}});
  }

  std::optional<std::string> scalar(const JsonValue& from, const char* field, const std::string& here) const {
    const JsonValue* value = json_find(from, field);
    if (value == nullptr) return std::nullopt;
    std::string text;
    if (!json_scalar_text(*value, text)) refuse(here + "/" + field, "is to be written as a string");
    return text;
  }

  void compile_columns() {
    const JsonValue* list = json_find(definition_, "response_parameters");
    if (list == nullptr || !list->IsArray() || list->Empty()) refuse("/response_parameters", "is empty");
    for (rapidjson::SizeType i = 0; i < list->Size(); ++i) {
      const JsonValue& from = (*list)[i];
      const std::string here = "/response_parameters" + pointer_token(size_t{i});
      if (json_find(from, "mask") != nullptr) refuse(here + "/mask", "is not supported yet");
      CompiledColumn column;
      column.name = json_member(from, "name");
      const std::string source = json_member(from, "column", column.name);
      column.type = type_of(source, here + "/column");
      column.as_string = json_member(from, "as") == "string";
      column.wall = column.type == "timestamptz" && !is_utc(time_zone_);
      if (!selected_.empty()) selected_ += ", ";
      selected_ += core::quote_identifier(source);
      if (column.wall) {
        selected_ +=
            fmt::format(", {} AT TIME ZONE {}", core::quote_identifier(source), quote_literal(time_zone_));
      }
      api_.columns.push_back(std::move(column));
    }
  }

  // Whether required conditions fix the whole primary key.
  bool finds_by_key() const {
    const JsonValue* key = json_find(source_, "primary_key");
    if (key == nullptr || !key->IsArray() || key->Empty()) return false;
    return std::all_of(key->Begin(), key->End(), [this](const JsonValue& column) {
      return column.IsString() &&
             std::find(key_columns_.begin(), key_columns_.end(), json_string(column)) != key_columns_.end();
    });
  }

  const ApiEntry& entry_;
  JsonDocument definition_;
  JsonDocument source_;
  std::string table_;
  std::string time_zone_;
  std::map<std::string, std::string> types_;  // of the table's columns
  std::vector<std::string> key_columns_;      // with a required `=`
  core::Nodes conditions_;                    // what stands in the WHERE
  std::string selected_;                      // items of the SELECT
  CompiledApi api_;
};

}  // namespace

CompiledApi compile_api(const ApiEntry& entry) {
  return Compiler(entry).compile();
}

}  // namespace tablegate::loader
