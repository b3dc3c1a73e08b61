// `tablegate api generate`, the wizard: from a loaded table to a complete
// definition, with types from its columns and samples from one of its rows.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/near_name.hpp"
#include "catalog/near_object.hpp"
#include "cli/api/api_verbs.hpp"
#include "cli/output.hpp"
#include "core/text/ascii.hpp"
#include "mirror/sample_row.hpp"
#include "mirror/table_status.hpp"
#include "model/api_rules.hpp"
#include "model/name_rules.hpp"

namespace tablegate::loader {
namespace {

// A parameter's name for a column whose own name is none ("user name", "1st"): what may not be in a name
// becomes '_'. `number`: of the column in its table, for names of which nothing is left.
std::string proposed_name(const std::string& column, size_t number) {
  if (bad_parameter_name(column).empty()) return column;
  std::string name;
  for (const char c : column) {
    const bool good = core::is_letter(c) || core::is_digit(c) || c == '_' || c == '-' || c == '.';
    if (good || (!name.empty() && name.back() != '_')) name += good ? c : '_';
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  if (name.empty()) name = fmt::format("column_{}", number);
  if (!core::is_letter(name.front()) && name.front() != '_') name.insert(0, "_");
  return name;
}

class Wizard {
 public:
  Wizard(const Settings& settings, const ApiOptions& options) : settings_(settings), options_(options) {}

  void run() {
    Database catalog = settings_.open_catalog();
    const Workspace workspace = find_workspace(catalog, settings_.workspace);
    find_references(catalog, workspace);
    by_ = options_.by.empty() ? table_.primary_key : options_.by;
    if (by_.empty()) {
      throw Refused(fmt::format("table \"{}\" has no primary key: name a column with --by", options_.table),
                    Hint::again().add("--by", "COLUMN"));
    }
    std::vector<TableColumn> columns;
    for (const std::string& column : by_) columns.push_back(require(column));
    for (const std::string& column : options_.returned) require(column);
    Database mirror = settings_.open_mirror();
    build(sample_values(mirror, table_.name, columns));
    check();
    print();
  }

 private:
  void find_references(Database& catalog, const Workspace& workspace) {
    if (!has_business_process(catalog, workspace, options_.business_process)) {
      throw Refused(missing_object(catalog, Kind::business_process, options_.business_process, &workspace),
                    Hint::command({"get", "businessprocesses"}));
    }
    const std::optional<TableInfo> table = find_table(catalog, options_.table);
    if (!table)
      throw Refused(missing_object(catalog, Kind::table, options_.table), Hint::command({"get", "tables"}));
    table_ = *table;
    if (!list_tables(catalog, options_.table).front().loaded) {
      throw Refused(fmt::format("table \"{}\" was never loaded", options_.table),
                    Hint::command({"table", "load", options_.table}));
    }
  }

  const TableColumn& require(const std::string& name) const {
    const TableColumn* const column = table_.find(name);
    if (column != nullptr) return *column;
    throw Refused(fmt::format("table \"{}\" has no column \"{}\"{}", table_.name, name,
                              did_you_mean(name, column_names(table_.columns))),
                  Hint::command({"table", "columns", table_.name}));
  }

  JsonValue text(std::string_view value) {
    return JsonValue(value.data(), static_cast<rapidjson::SizeType>(value.size()), document_.GetAllocator());
  }

  // Numbers as JSON numbers where they stay exact.
  JsonValue sample(const std::string& value, core::ParameterType type) {
    JsonDocument parsed;
    std::string back;
    const bool plain = type != core::ParameterType::string && type != core::ParameterType::date &&
                       type != core::ParameterType::datetime;
    if (plain && parse_json(value, parsed).empty() && json_scalar_text(parsed, back) && back == value) {
      return JsonValue(parsed, document_.GetAllocator());
    }
    return text(value);
  }

  void build(const std::vector<std::string>& values) {
    auto& allocator = document_.GetAllocator();
    document_.SetObject();
    document_.AddMember("kind", "Api", allocator).AddMember("name", text(options_.name), allocator);
    document_.AddMember("business_process", text(options_.business_process), allocator)
        .AddMember("path", text(options_.path), allocator);
    const ApiDefinition defaults;
    document_.AddMember("method", text(defaults.method), allocator)
        .AddMember("response_type", "JSON", allocator)
        .AddMember("mode", text(defaults.mode), allocator);
    document_.AddMember("table", text(table_.name), allocator);
    propose_names();
    JsonValue request(rapidjson::kArrayType), response(rapidjson::kArrayType);
    for (size_t i = 0; i < by_.size(); ++i)
      request.PushBack(request_parameter(i, values.empty() ? nullptr : &values[i]), allocator);
    std::vector<std::string> returned = options_.returned;
    for (size_t i = 0; options_.returned.empty() && i < table_.columns.size(); ++i)
      returned.push_back(table_.columns[i].name);
    for (const std::string& name : returned) {
      JsonValue item(rapidjson::kObjectType);
      item.AddMember("name", text(name), allocator).AddMember("column", text(name), allocator);
      response.PushBack(item, allocator);
    }
    document_.AddMember("request_parameters", request, allocator)
        .AddMember("response_parameters", response, allocator);
    const bool whole_key =
        !table_.primary_key.empty() &&
        std::all_of(table_.primary_key.begin(), table_.primary_key.end(), [&](const std::string& key) {
          return std::find(by_.begin(), by_.end(), key) != by_.end();
        });
    document_.AddMember("result", text(whole_key ? "object" : defaults.result), allocator);
    document_.AddMember("timeout_ms", JsonValue(defaults.timeout_ms), allocator)
        .AddMember("max_records", JsonValue(defaults.max_records), allocator)
        .AddMember("resource_group", text(defaults.resource_group), allocator)
        .AddMember("unknown_parameters", "reject", allocator);
    JsonValue authentication(rapidjson::kArrayType);
    authentication.PushBack("api_key", allocator);
    document_.AddMember("authentication", authentication, allocator);
  }

  // Of the request parameters, each one once.
  void propose_names() {
    std::set<std::string> taken(by_.begin(), by_.end());
    for (const std::string& by : by_) {
      const auto number = static_cast<size_t>(&require(by) - table_.columns.data()) + 1;
      const std::string proposed = proposed_name(by, number);
      std::string name = proposed;
      for (size_t i = 2; name != by && !taken.insert(name).second; ++i)
        name = fmt::format("{}_{}", proposed, i);
      names_.push_back(name);
    }
  }

  JsonValue request_parameter(size_t place, const std::string* value) {
    auto& allocator = document_.GetAllocator();
    const TableColumn& column = require(by_[place]);
    const std::string& name = names_[place];
    const auto type = core::natural_parameter_type(column.type);
    if (!type) {
      throw Refused(fmt::format("column \"{}\" is {}, a type that parameters cannot be compared with",
                                column.name, core::column_type_name(column.type)),
                    Hint::command({"table", "columns", table_.name}));
    }
    JsonValue item(rapidjson::kObjectType);
    const bool in_path = options_.path.find("{" + name + "}") != std::string::npos;
    item.AddMember("name", text(name), allocator).AddMember("column", text(column.name), allocator);
    item.AddMember("type", text(core::parameter_type_name(*type)), allocator)
        .AddMember("operator", text(comparison_text(RequestParameter().comparison)), allocator);
    item.AddMember("in", JsonValue(rapidjson::StringRef(in_path ? "path" : "query")), allocator)
        .AddMember("required", true, allocator);
    if (value != nullptr) item.AddMember("sample", sample(*value, *type), allocator);
    if (!column.comment.empty()) item.AddMember("description", text(column.comment), allocator);
    return item;
  }

  // What is printed can be applied.
  void check() {
    const ApiDefinition definition = read_api_definition(document_);
    const Place place{"the definition", ""};
    Problems problems;
    if (check_api_shape(definition, place, problems)) check_api_columns(definition, place, table_, problems);
    problems.raise(Hint::command({"api", "generate", "--help"}));
  }

  void print() const { print_line(pretty_json_text(document_)); }

  const Settings& settings_;
  const ApiOptions& options_;
  TableInfo table_;
  std::vector<std::string> by_;
  std::vector<std::string> names_;  // of the parameters for them
  JsonDocument document_;
};

}  // namespace

void api_generate(const Settings& settings, const ApiOptions& options) {
  Wizard(settings, options).run();
}

}  // namespace tablegate::loader
