#include "compile/compiled_api.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>

#include "base/near_name.hpp"
#include "base/refusal.hpp"
#include "compile/conditions.hpp"
#include "compile/page_statement.hpp"
#include "compile/program_nodes.hpp"
#include "compile/script_statement.hpp"
#include "compile/selected_columns.hpp"
#include "compile/sort.hpp"
#include "core/answer/format.hpp"
#include "core/call/page.hpp"
#include "core/manifest/types.hpp"
#include "core/plan/statement.hpp"
#include "model/api_rules.hpp"
#include "model/script_rules.hpp"

namespace tablegate::loader {
namespace {

class Compiler {
 public:
  explicit Compiler(const ApiEntry& entry)
      : entry_(entry), definition_(entry.definition), source_(entry.source) {
    api_.name = entry.name.empty() ? definition_.name : entry.name;
    if (source_.columns.empty() && !definition_.is_script())
      refuse("/columns", "the table's columns are missing");
  }

  CompiledApi compile() {
    check_mode();
    compile_route();
    compile_limits();
    compile_authentication();
    compile_parameters();
    if (api_.has_format_parameter()) add_format_parameter();
    if (definition_.paginates()) add_page_parameters(*definition_.pagination);
    if (definition_.is_script()) {
      compile_script(entry_, api_);
      return std::move(api_);
    }
    compile_columns();
    for (size_t i = 0; i < definition_.order_by.size(); ++i)
      type_of(definition_.order_by[i].column, "/order_by" + pointer_token(i) + "/column");
    check_what_it_shows();
    definition_.paginates() ? compile_pages() : compile_statement();
    api_.point = api_.result == "object" && finds_by_key();
    api_.by_keys = api_.point && api_.coalesce &&
                   std::none_of(api_.parameters.begin(), api_.parameters.end(),
                                [](const CompiledParameter& parameter) { return parameter.list; });
    for (auto& [table, columns] : reads_) api_.reads.push_back({table, std::move(columns)});
    return std::move(api_);
  }

 private:
  [[noreturn]] void refuse(const std::string& pointer, const std::string& reason) const {
    throw Refused(fmt::format("Api \"{}\": {}: {}", api_.name, pointer, reason));
  }

  // The type of a column that the API reads.
  const std::string& type_of(const std::string& column, const std::string& pointer) {
    const TableColumn* const found = source_.find(column);
    if (found == nullptr)
      refuse(pointer, fmt::format("table \"{}\" has no column \"{}\"{}", source_.name, column,
                                  did_you_mean(column, column_names(source_.columns))));
    return reads_[source_.name][column] = core::column_type_name(found->type);
  }

  void check_mode() const {
    if (definition_.mode != "wizard" && !definition_.is_script())
      refuse("/mode", definition_.mode + " is not supported yet");
    if (!definition_.faults.empty())
      refuse(definition_.faults.front().pointer, definition_.faults.front().reason);
  }

  // A version can come from another program than `apply`, so the rules that protect values are checked here
  // too.
  void check_what_it_shows() const {
    Problems problems;
    check_exposure(definition_, {fmt::format("Api \"{}\":", api_.name), ""}, source_, problems);
    if (!problems.empty()) throw Refused(problems.lines().front());
  }

  void compile_route() {
    api_.method = definition_.method;
    if (api_.method != "GET" && api_.method != "POST")
      refuse("/method", api_.method + " is not supported yet");
    if (definition_.query_method && api_.method != "GET") refuse("/query_method", "requires method GET");
    std::string base = entry_.base_path;
    while (!base.empty() && base.back() == '/') base.pop_back();
    api_.path = base + definition_.path;
    api_.resource_group = definition_.resource_group;
    api_.result = definition_.answer_form();
    if (api_.result == "page" && !definition_.paginates()) refuse("/result", "page requires pagination");
    if (api_.result != "object" && api_.result != "list" && api_.result != "page")
      refuse("/result", api_.result + " is not known");
    api_.envelope = definition_.envelope;
    if (api_.envelope != "tablegate" && api_.envelope != "dataworks")
      refuse("/envelope", api_.envelope + " is not supported yet");
    api_.formats = definition_.formats;
    api_.csv_safe = definition_.csv_safe;
    for (const std::string& format : api_.formats) {
      if (!core::parse_format(format)) refuse("/formats", format + " is not supported yet");
    }
  }

  void compile_limits() {
    api_.timeout_ms = definition_.timeout_ms;
    api_.stream_timeout_ms = definition_.stream_timeout_ms;
    api_.max_records = definition_.max_records;
    api_.rejects_unknown = definition_.rejects_unknown();
    api_.query_method = definition_.query_method;
    api_.coalesce = definition_.coalesce;
    api_.cache = definition_.cache;
  }

  void compile_authentication() {
    for (const std::string& type : definition_.authentication) {
      if (type != "api_key" && type != "jwt" && type != "hmac")
        refuse("/authentication", type + " is not supported yet");
    }
    api_.authentication = definition_.authentication;
    if (definition_.takes("hmac")) api_.hmac = definition_.hmac_rule();
    api_.api_key_source = definition_.api_key_source;
  }

  void compile_parameters() {
    const std::vector<RequestParameter>& list = definition_.request_parameters;
    for (size_t i = 0; i < list.size(); ++i)
      compile_parameter(list[i], "/request_parameters" + pointer_token(i));
  }

  void compile_parameter(const RequestParameter& from, const std::string& here) {
    CompiledParameter parameter;
    parameter.name = from.name;
    parameter.place = from.place;
    constexpr std::string_view kPlaces[] = {"query", "path", "header", "body"};
    if (std::find(std::begin(kPlaces), std::end(kPlaces), parameter.place) == std::end(kPlaces)) {
      refuse(here + "/in", parameter.place + " is not supported yet");
    }
    parameter.type = from.type;
    parameter.list = from.takes_list();
    parameter.pattern = from.takes_pattern();
    if (const std::string reason = bad_comparison(from); !reason.empty()) refuse(here + "/operator", reason);
    if (definition_.is_script()) {
      const auto type = core::parse_parameter_type(from.type);
      if (!type) refuse(here + "/type", from.type_text() + " is not known");
      parameter.column_type = core::column_type_name(script_type(*type));
    } else {
      parameter.column_type = type_of(from.column, here + "/column");
    }
    parameter.required = from.required;
    check_text(from.default_value, here + "/default");
    check_text(from.sample, here + "/sample");
    parameter.default_value = from.default_value;
    parameter.sample = from.sample;
    if (parameter.type == "DATETIME" && parameter.column_type == "timestamptz")
      parameter.time_zone = source_.time_zone;
    if (!definition_.is_script()) {
      if (fixes_column(from)) key_columns_.push_back(from.column);
      add_condition(from, static_cast<uint32_t>(api_.parameters.size()), conditions_);
    }
    api_.parameters.push_back(std::move(parameter));
  }

  void compile_statement() {
    // One more than is answered tells that there are more; a whole key finds no second row.
    const int64_t limit = api_.result == "object" ? 1 : api_.max_records + (finds_by_key() ? 0 : 1);
    const std::string order = order_text(sort_of(definition_.order_by, source_));
    add_text(api_.statement, "SELECT ");
    add_nodes(api_.statement, std::move(selected_));
    add_text(api_.statement, " FROM ");
    api_.statement.push_back({core::TableNode{source_.name}});
    if (!order.empty()) api_.statement.push_back({core::TextNode{fmt::format(" AS {}", kSortedTable)}});
    if (!conditions_.empty()) api_.statement.push_back({core::WhereNode{std::move(conditions_)}});
    api_.statement.push_back({core::TextNode{fmt::format("{} LIMIT {}", order, limit)}});
  }

  void compile_pages() {
    const Pagination& pages = *definition_.pagination;
    const std::vector<SortKey> sort = total_sort(definition_, source_);
    for (const SortKey& key : sort) type_of(key.column, "/pagination");
    const std::vector<std::string> tables{source_.name};
    PageStatement page(tables, sort, pages);
    page.selected = std::move(selected_);
    page.conditions = std::move(conditions_);
    for (const CompiledColumn& column : api_.columns) page.outputs += column.wall ? 2 : 1;
    page.has_cursors = has_cursors(definition_, source_);
    page.compile(static_cast<uint32_t>(api_.parameters.size()), api_.internal, api_.statement);
    api_.pages = CompiledPages{pages.default_size, pages.max_size, pages.total, page.has_cursors, {}};
  }

  void add_format_parameter() {
    CompiledParameter parameter;
    parameter.name = core::kFormatParameter;
    parameter.place = place_of_added();
    parameter.type = core::parameter_type_name(core::ParameterType::string);
    parameter.column_type = core::column_type_name(core::ColumnType::text);
    parameter.required = false;
    api_.parameters.push_back(std::move(parameter));
  }

  // Where callers send what the definition does not declare.
  const char* place_of_added() const { return api_.method == "POST" ? "body" : "query"; }

  void add_page_parameters(const Pagination& pages) {
    for (const core::PageParameter& one : core::kPageParameters) {
      CompiledParameter parameter;
      parameter.name = one.name;
      parameter.place = place_of_added();
      parameter.type = core::parameter_type_name(one.type);
      parameter.column_type = core::column_type_name(one.column_type);
      parameter.required = false;
      if (&one == &core::kPageParameters[core::kPageSize])
        parameter.default_value.emplace().text = std::to_string(pages.default_size);
      api_.parameters.push_back(std::move(parameter));
    }
  }

  void check_text(const std::optional<DefaultOrSample>& value, const std::string& pointer) const {
    if (value && !value->plain) refuse(pointer, "is to be written as a string");
  }

  // After the parameters: see selected_columns().
  void compile_columns() {
    const std::vector<ResponseParameter>& list = definition_.response_parameters;
    for (size_t i = 0; i < list.size(); ++i)
      type_of(list[i].column, "/response_parameters" + pointer_token(i) + "/column");
    selected_ = selected_columns(definition_, source_, api_);
  }

  // Whether required conditions fix the whole primary key.
  bool finds_by_key() const {
    const std::vector<std::string>& key = source_.primary_key;
    return !key.empty() && std::all_of(key.begin(), key.end(), [this](const std::string& column) {
      return std::find(key_columns_.begin(), key_columns_.end(), column) != key_columns_.end();
    });
  }

  const ApiEntry& entry_;
  const ApiDefinition& definition_;
  const TableInfo& source_;
  std::map<std::string, std::map<std::string, std::string>> reads_;  // table -> column -> type
  std::vector<std::string> key_columns_;                             // with a required `=`
  core::Nodes conditions_;                                           // content of the WHERE
  core::Nodes selected_;                                             // items of the SELECT
  CompiledApi api_;
};

}  // namespace

CompiledApi compile_api(const ApiEntry& entry) {
  return Compiler(entry).compile();
}

}  // namespace tablegate::loader
