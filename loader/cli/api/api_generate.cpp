// `tablegate api generate`, the wizard: from a loaded table to a complete
// definition, with types from its columns and samples from its rows.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "catalog/near_object.hpp"
#include "cli/api/api_verbs.hpp"
#include "cli/api/asked_conditions.hpp"
#include "cli/output.hpp"
#include "compile/generated_script.hpp"
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
    find_conditions();
    for (const std::string& column : options_.returned) require_column(table_, column);
    for (const std::string& text : options_.order) order_.push_back(read_asked_order(text, table_));
    std::vector<SampleColumn> columns;
    for (const AskedCondition& condition : conditions_) columns.push_back(sample_column(condition));
    Database mirror = settings_.open_mirror();
    build(sample_values(mirror, table_.name, columns));
    check();
    std::string note;
    if (options_.script) {
      note = lost_cursors(read_api_definition(document_), table_);
      make_script();
      check();
    }
    print();
    if (!note.empty()) fmt::print(stderr, "note: {}\n", note);
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
    const DefinedTable defined = list_tables(catalog, options_.table).front();
    data_source_ = defined.data_source;
    if (!defined.loaded) {
      throw Refused(fmt::format("table \"{}\" was never loaded", options_.table),
                    Hint::command({"table", "load", options_.table}));
    }
  }

  // --by, then --where; the primary key where there is neither of them, nor pages.
  void find_conditions() {
    std::vector<std::string> by = options_.by;
    if (by.empty() && options_.where.empty() && !options_.paginate) {
      by = table_.primary_key;
      if (by.empty()) {
        throw Refused(fmt::format("table \"{}\" has no primary key: name a column with --by", options_.table),
                      Hint::again().add("--by", "COLUMN"));
      }
    }
    std::vector<AskedCondition> where;
    for (const std::string& text : options_.where) where.push_back(read_asked_condition(text, table_));
    std::set<std::string> taken(by.begin(), by.end());
    for (const AskedCondition& condition : where) taken.insert(condition.name);
    for (const std::string& column : by) conditions_.push_back({column, free_name(column, taken)});
    conditions_.insert(conditions_.end(), where.begin(), where.end());
  }

  // A name for the parameter of a column, which is in `taken` from now on.
  std::string free_name(const std::string& column, std::set<std::string>& taken) const {
    const auto number = static_cast<size_t>(&require_column(table_, column) - table_.columns.data()) + 1;
    std::string proposed = proposed_name(column, number);
    // Conditions of a script read '-' as a minus and '.' as a dot.
    if (options_.script)
      for (char& c : proposed)
        if (c == '-' || c == '.') c = '_';
    std::string name = proposed;
    for (size_t i = 2; name != column && !taken.insert(name).second; ++i)
      name = fmt::format("{}_{}", proposed, i);
    return name;
  }

  core::ParameterType type_of(const TableColumn& column) const {
    const auto type = core::natural_parameter_type(column.type);
    if (type) return *type;
    throw Refused(fmt::format("column \"{}\" is {}, a type that parameters cannot be compared with",
                              column.name, core::column_type_name(column.type)),
                  Hint::command({"table", "columns", table_.name}));
  }

  SampleColumn sample_column(const AskedCondition& condition) const {
    const TableColumn& column = require_column(table_, condition.column);
    type_of(column);
    switch (condition.comparison) {
      case Comparison::greater:
      case Comparison::greater_or_equal:
        return {column, SampleColumn::Wanted::least};
      case Comparison::less:
      case Comparison::less_or_equal:
        return {column, SampleColumn::Wanted::greatest};
      case Comparison::in:
      case Comparison::not_in:
        return {column, SampleColumn::Wanted::without_comma};
      default:
        return {column};
    }
  }

  JsonValue text(std::string_view value) {
    return JsonValue(value.data(), static_cast<rapidjson::SizeType>(value.size()), document_.GetAllocator());
  }

  // Numbers as JSON numbers where they stay exact.
  JsonValue scalar(const std::string& value, core::ParameterType type) {
    JsonDocument parsed;
    std::string back;
    const bool plain = type != core::ParameterType::string && type != core::ParameterType::date &&
                       type != core::ParameterType::datetime;
    if (plain && parse_json(value, parsed).empty() && json_scalar_text(parsed, back) && back == value) {
      return JsonValue(parsed, document_.GetAllocator());
    }
    return text(value);
  }

  // A list has one item, a pattern finds what begins as the value does.
  JsonValue sample(const std::string& value, core::ParameterType type, Comparison comparison) {
    if (comparison == Comparison::like || comparison == Comparison::not_like)
      return text(sample_pattern(value));
    if (comparison != Comparison::in && comparison != Comparison::not_in) return scalar(value, type);
    JsonValue list(rapidjson::kArrayType);
    list.PushBack(scalar(value, type), document_.GetAllocator());
    return list;
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
    JsonValue request(rapidjson::kArrayType), response(rapidjson::kArrayType);
    for (size_t i = 0; i < conditions_.size(); ++i)
      request.PushBack(request_parameter(conditions_[i], values.empty() ? nullptr : &values[i]), allocator);
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
    add_rows(defaults);
    document_.AddMember("timeout_ms", JsonValue(defaults.timeout_ms), allocator);
    if (!options_.paginate) document_.AddMember("max_records", JsonValue(defaults.max_records), allocator);
    document_.AddMember("resource_group", text(defaults.resource_group), allocator)
        .AddMember("unknown_parameters", "reject", allocator);
    JsonValue authentication(rapidjson::kArrayType);
    authentication.PushBack("api_key", allocator);
    document_.AddMember("authentication", authentication, allocator);
  }

  // Which rows an answer has, and in which order.
  void add_rows(const ApiDefinition& defaults) {
    auto& allocator = document_.GetAllocator();
    if (!order_.empty()) {
      JsonValue order(rapidjson::kArrayType);
      for (const SortColumn& one : order_) {
        JsonValue item(rapidjson::kObjectType);
        item.AddMember("column", text(one.column), allocator)
            .AddMember("direction", text(one.descending ? "desc" : "asc"), allocator);
        order.PushBack(item, allocator);
      }
      document_.AddMember("order_by", order, allocator);
    }
    if (!options_.paginate) {
      document_.AddMember("result", text(finds_one_row() ? "object" : defaults.result), allocator);
      return;
    }
    const Pagination sizes;
    JsonValue pages(rapidjson::kObjectType);
    pages.AddMember("enabled", true, allocator)
        .AddMember("default_size", JsonValue(sizes.default_size), allocator)
        .AddMember("max_size", JsonValue(sizes.max_size), allocator)
        .AddMember("total", sizes.total, allocator);
    document_.AddMember("result", "page", allocator).AddMember("pagination", pages, allocator);
  }

  // Whether the whole primary key is compared by a required "=".
  bool finds_one_row() const {
    const auto fixed = [this](const std::string& key) {
      return std::any_of(conditions_.begin(), conditions_.end(), [&key](const AskedCondition& one) {
        return one.column == key && one.comparison == Comparison::equal && one.required;
      });
    };
    return !table_.primary_key.empty() &&
           std::all_of(table_.primary_key.begin(), table_.primary_key.end(), fixed);
  }

  JsonValue request_parameter(const AskedCondition& condition, const std::string* value) {
    auto& allocator = document_.GetAllocator();
    const TableColumn& column = require_column(table_, condition.column);
    const core::ParameterType type = type_of(column);
    JsonValue item(rapidjson::kObjectType);
    const bool in_path = options_.path.find("{" + condition.name + "}") != std::string::npos;
    item.AddMember("name", text(condition.name), allocator).AddMember("column", text(column.name), allocator);
    item.AddMember("type", text(core::parameter_type_name(type)), allocator)
        .AddMember("operator", text(comparison_text(condition.comparison)), allocator);
    item.AddMember("in", JsonValue(rapidjson::StringRef(in_path ? "path" : "query")), allocator)
        .AddMember("required", condition.required, allocator);
    if (value != nullptr) item.AddMember("sample", sample(*value, type, condition.comparison), allocator);
    if (!column.comment.empty()) item.AddMember("description", text(column.comment), allocator);
    return item;
  }

  // What is printed can be applied.
  void check() {
    const ApiDefinition definition = read_api_definition(document_);
    const Place place{"the definition", ""};
    Problems problems;
    if (check_api_shape(definition, place, problems) && !definition.is_script())
      check_api_columns(definition, place, table_, problems);
    if (definition.is_script())
      for (const std::string& fault : script_faults(definition)) problems.add(place, "/sql", fault);
    if (!problems.empty())
      throw Refused(fmt::format("{}", fmt::join(problems.lines(), "\n")),
                    Hint::command({"api", "generate", "--help"}));
  }

  // The wizard's definition with the text of its statement in place of what that is made from.
  void make_script() {
    const std::string sql = generated_script(read_api_definition(document_), table_);
    auto& allocator = document_.GetAllocator();
    JsonValue script(rapidjson::kObjectType);
    for (auto& member : document_.GetObject()) {
      const std::string_view name = json_string(member.name);
      if (name == "order_by" || name == "response_parameters") continue;
      if (name == "request_parameters")
        for (JsonValue& parameter : member.value.GetArray()) strip(parameter);
      if (name == "table") {
        script.AddMember("data_source", text(data_source_), allocator).AddMember("sql", text(sql), allocator);
      } else if (name == "mode") {
        script.AddMember("mode", "script", allocator);
      } else {
        script.AddMember(member.name, member.value, allocator);
      }
    }
    static_cast<JsonValue&>(document_).Swap(script);
  }

  // What a parameter is compared with is in the script.
  void strip(JsonValue& parameter) {
    const std::string comparison = json_member(parameter, "operator");
    if (comparison == comparison_text(Comparison::in) || comparison == comparison_text(Comparison::not_in))
      parameter["type"] = text(json_member(parameter, "type") + "_LIST");
    parameter.RemoveMember("column");
    parameter.RemoveMember("operator");
  }

  void print() const { print_line(pretty_json_text(document_)); }

  const Settings& settings_;
  const ApiOptions& options_;
  TableInfo table_;
  std::string data_source_;
  std::vector<AskedCondition> conditions_;
  std::vector<SortColumn> order_;
  JsonDocument document_;
};

}  // namespace

void api_generate(const Settings& settings, const ApiOptions& options) {
  Wizard(settings, options).run();
}

}  // namespace tablegate::loader
