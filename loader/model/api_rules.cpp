#include "model/api_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <set>

#include "base/near_name.hpp"
#include "core/text/ascii.hpp"
#include "model/format_rules.hpp"
#include "model/mask_rules.hpp"
#include "model/name_rules.hpp"
#include "model/page_rules.hpp"
#include "model/script_rules.hpp"
#include "model/value_rules.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kMaxParameters = 64;
constexpr size_t kMaxTag = 20;

// Headers that an HMAC signature covers by rules of its own: as a parameter, one would be signed twice or not
// at all.
bool is_signature_header(std::string_view lower_name) {
  constexpr std::string_view kNames[] = {"accept", "content-md5", "content-type", "date"};
  return lower_name.substr(0, 5) == "x-ca-" ||
         std::find(std::begin(kNames), std::end(kNames), lower_name) != std::end(kNames);
}

class ShapeCheck {
 public:
  ShapeCheck(const ApiDefinition& api, const Place& place, Problems& problems)
      : api_(api), place_(place), problems_(problems) {}

  void run() {
    refuse("/name", bad_display_name(api_.name));
    refuse("/path", bad_path(api_.path, true, path_names_));
    hmac_ = api_.takes("hmac");
    if (!hmac_ && api_.hmac) refuse("/hmac", "requires \"hmac\" in authentication");
    if (api_.query_method && api_.method != "GET") refuse("/query_method", "requires method GET");
    key_source();
    request_parameters();
    response_names();
    api_.is_script() ? check_script_shape(api_, place_, problems_) : wizard();
    check_pages(api_, place_, problems_);
    check_formats(api_, place_, problems_);
    refuse("/resource_group", bad_plain_name(api_.resource_group));
    for (size_t i = 0; i < api_.tags.size(); ++i)
      refuse("/tags" + pointer_token(i), bad_text(api_.tags[i], kMaxTag));
  }

 private:
  void refuse(const std::string& pointer, const std::string& reason) {
    if (!reason.empty()) problems_.add(place_, pointer, reason);
  }

  void wizard() {
    for (const char* const field : {"table", "response_parameters"}) {
      const bool given =
          field == std::string_view("table") ? !api_.table.empty() : api_.response_parameters_given;
      if (!given) refuse("", fmt::format("\"{}\" is missing", field));
    }
    for (const auto& [field, given] :
         std::initializer_list<std::pair<const char*, bool>>{{"data_source", !api_.data_source.empty()},
                                                             {"sql", api_.sql.has_value()},
                                                             {"sql_file", api_.sql_file.has_value()}}) {
      if (given) refuse(pointer_token(std::string_view(field)), "requires \"mode\": \"script\"");
    }
    for (size_t i = 0; i < api_.request_parameters.size(); ++i) {
      const RequestParameter& one = api_.request_parameters[i];
      if (one.list)
        refuse("/request_parameters" + pointer_token(i) + "/type",
               fmt::format("{} is for mode script: use {} with \"operator\": \"IN\"", one.type_text(),
                           one.type));
    }
    check_order(api_, place_, problems_);
    check_masks(api_, place_, problems_);
  }

  void key_source() {
    if (!api_.api_key_source) return;
    if (!api_.takes("api_key")) refuse("/api_key_source", "requires \"api_key\" in authentication");
    key_name_ = api_.api_key_source->name;
    key_in_header_ = api_.api_key_source->in == "header";
    refuse("/api_key_source/name",
           key_in_header_ ? bad_credential_header(key_name_) : bad_parameter_name(key_name_));
  }

  void request_parameters() {
    const std::vector<RequestParameter>& list = api_.request_parameters;
    if (list.empty() && !api_.paginates()) {
      return refuse(
          api_.request_parameters_given ? "/request_parameters" : "",
          api_.is_script()
              ? "an API without request parameters must paginate: add the line \"pagination\": "
                "{\"enabled\": true}, and ORDER BY to the script"
              : "an API without request parameters must paginate: add the line \"pagination\": "
                "{\"enabled\": true}, and \"order_by\": [{\"column\": \"COLUMN\"}] if the table has no "
                "primary key");
    }
    if (list.size() > kMaxParameters) {
      refuse("/request_parameters", fmt::format("must have at most {} items", kMaxParameters));
    }
    std::set<std::string> names, in_path;
    for (size_t i = 0; i < list.size(); ++i) {
      const std::string here = "/request_parameters" + pointer_token(i);
      const std::string& name = list[i].name;
      refuse(here + "/name", bad_parameter_name(name));
      if (!names.insert(name).second)
        refuse(here + "/name", fmt::format("parameter \"{}\" is repeated", name));
      if (is_page_name(api_, name)) refuse(here + "/name", page_name_fault(list[i]));
      place_of(list[i], here, in_path);
      if (list[i].default_value && list[i].required)
        refuse(here + "/default", "requires \"required\": false");
      if (!api_.is_script()) refuse(here + "/operator", bad_comparison(list[i]));
    }
    for (const std::string& name : path_names_) {
      if (in_path.count(name) == 0) {
        refuse("/path", fmt::format("{{{0}}} has no request parameter \"{0}\" with \"in\": \"path\"", name));
      }
    }
  }

  std::string page_name_fault(const RequestParameter& parameter) const {
    if (api_.is_script())
      return "this name is a parameter of pages, which callers send without a declaration: remove it, and "
             "remove LIMIT and OFFSET from the script";
    return fmt::format("this name is a parameter of pages: choose another one, with \"column\": \"{}\"",
                       parameter.column);
  }

  void place_of(const RequestParameter& parameter, const std::string& here, std::set<std::string>& in_path) {
    const std::string& name = parameter.name;
    const std::string& in = parameter.place;
    if (in == "path") {
      in_path.insert(name);
      if (std::find(path_names_.begin(), path_names_.end(), name) == path_names_.end()) {
        refuse(here + "/in", fmt::format("the path has no segment {{{}}}", name));
      }
      if (!parameter.required) refuse(here + "/required", "a path parameter is always required");
    } else if (in == "header") {
      const std::string header = core::to_lower(name);
      if (header == "authorization" || (key_in_header_ && header == core::to_lower(key_name_))) {
        refuse(here + "/name", "this header carries the credential");
      } else if (hmac_ && is_signature_header(header)) {
        refuse(here + "/name", "this header belongs to the HMAC signature");
      } else {
        refuse(here + "/name", bad_own_header(name));
      }
      if (!headers_.insert(header).second)
        refuse(here + "/name", fmt::format("header \"{}\" is repeated", name));
    } else if (in == "body") {
      if (api_.method != "POST") refuse(here + "/in", "a body parameter requires method POST");
    } else if (!key_in_header_ && !key_name_.empty() && name == key_name_) {
      refuse(here + "/name", "this query parameter carries the credential");
    }
  }

  void response_names() {
    const std::vector<ResponseParameter>& list = api_.response_parameters;
    std::set<std::string> names;
    for (size_t i = 0; i < list.size(); ++i) {
      const std::string here = "/response_parameters" + pointer_token(i) + "/name";
      refuse(here, bad_text(list[i].name, 64));
      if (!names.insert(list[i].name).second) refuse(here, fmt::format("\"{}\" is repeated", list[i].name));
    }
  }

  const ApiDefinition& api_;
  const Place& place_;
  Problems& problems_;
  std::vector<std::string> path_names_;
  std::set<std::string> headers_;
  std::string key_name_;
  bool hmac_ = false;
  bool key_in_header_ = false;
};

class ColumnCheck {
 public:
  ColumnCheck(const Place& place, const TableInfo& table, Problems& problems, const Hint& columns)
      : place_(place), table_(table), problems_(problems), columns_(columns) {}

  void request(const RequestParameter& parameter, const std::string& here) {
    const TableColumn* const column = column_of(parameter, here);
    if (column == nullptr) return;
    const auto type = core::parse_parameter_type(parameter.type);
    if (!type || !core::compatible(*type, column->type)) return wrong_type(*column, parameter.type, here);
    core::Parameter checked;
    checked.name = parameter.name;
    checked.type = *type;
    checked.column_type = column->type;
    checked.time_zone = table_.time_zone;
    checked.list = parameter.takes_list();
    checked.pattern = parameter.takes_pattern();
    check_default_and_sample(parameter, checked, "IN and NOT IN", place_, here, problems_);
  }

  void response(const ResponseParameter& parameter, const std::string& here) {
    const TableColumn* const column = column_of(parameter, here);
    if (column == nullptr) return;
    if (parameter.mask) return check_masked_column(parameter, *column, place_, here, problems_);
    if (parameter.type) {
      const auto type = core::parse_parameter_type(*parameter.type);
      if (!type || !core::compatible(*type, column->type)) wrong_type(*column, *parameter.type, here);
    }
    const bool number = column->type == core::ColumnType::int2 || column->type == core::ColumnType::int4 ||
                        column->type == core::ColumnType::int8 || column->type == core::ColumnType::numeric;
    if (!parameter.as.empty() && !number) {
      problems_.add(place_, here + "/as",
                    fmt::format("is for integers and decimals; column \"{}\" is {}", column->name,
                                shown_type(*column)));
    }
  }

 private:
  template <class Of>
  const TableColumn* column_of(const Of& parameter, const std::string& here) {
    const TableColumn* const column = table_.find(parameter.column);
    if (column == nullptr) {
      problems_.add(place_, here + (parameter.column_given ? "/column" : "/name"),
                    fmt::format("table \"{}\" has no column \"{}\"{}", table_.name, parameter.column,
                                did_you_mean(parameter.column, column_names(table_.columns))),
                    columns_);
    }
    return column;
  }

  void wrong_type(const TableColumn& column, const std::string& type, const std::string& here) {
    const auto natural = core::natural_parameter_type(column.type);
    problems_.add(
        place_, here + "/type",
        fmt::format("{} does not go with column \"{}\" ({}){}", type, column.name, shown_type(column),
                    natural ? fmt::format("; use {}", core::parameter_type_name(*natural)) : std::string{}));
  }

  const Place& place_;
  const TableInfo& table_;
  Problems& problems_;
  const Hint& columns_;
};

}  // namespace

std::string bad_version_header(const std::string& name) {
  const std::string header = core::to_lower(name);
  if (header == "authorization") return "this header carries the credential";
  return is_signature_header(header) ? "this header belongs to the HMAC signature" : bad_own_header(name);
}

bool check_api_shape(const ApiDefinition& api, const Place& place, Problems& problems) {
  const size_t before = problems.size();
  ShapeCheck(api, place, problems).run();
  return problems.size() == before;
}

bool check_version_name(const ApiDefinition& api, const Place& place, const core::VersionKey& key,
                        Problems& problems) {
  if (key.in == core::VersionKey::In::none) return true;
  const size_t before = problems.size();
  const bool header = key.in == core::VersionKey::In::header;
  const std::string in = header ? "header" : "query";
  const auto is_key = [&](const std::string& name) {
    return header ? core::to_lower(name) == core::to_lower(key.name) : name == key.name;
  };
  const std::string reason =
      fmt::format("this {} selects the version of the REST API", header ? "header" : "query parameter");
  for (size_t i = 0; i < api.request_parameters.size(); ++i) {
    const RequestParameter& parameter = api.request_parameters[i];
    if (parameter.place == in && is_key(parameter.name))
      problems.add(place, "/request_parameters" + pointer_token(i) + "/name", reason);
  }
  check_page_version(api, place, key, problems);
  check_format_version(api, place, key, problems);
  if (api.api_key_source && api.api_key_source->in == in && is_key(api.api_key_source->name))
    problems.add(place, "/api_key_source/name", reason);
  return problems.size() == before;
}

bool check_api_columns(const ApiDefinition& api, const Place& place, const TableInfo& table,
                       Problems& problems, const Hint& columns) {
  const size_t before = problems.size();
  ColumnCheck check(place, table, problems, columns);
  for (size_t i = 0; i < api.request_parameters.size(); ++i)
    check.request(api.request_parameters[i], "/request_parameters" + pointer_token(i));
  for (size_t i = 0; i < api.response_parameters.size(); ++i)
    check.response(api.response_parameters[i], "/response_parameters" + pointer_token(i));
  check_sorted_table(api, place, table, problems, columns);
  return problems.size() == before;
}

void check_exposure(const ApiDefinition& api, const Place& place, const TableInfo& table,
                    Problems& problems) {
  check_masks(api, place, problems);
  for (size_t i = 0; i < api.response_parameters.size(); ++i) {
    const ResponseParameter& one = api.response_parameters[i];
    const TableColumn* const column = table.find(one.column);
    if (one.mask && column != nullptr)
      check_masked_column(one, *column, place, "/response_parameters" + pointer_token(i), problems);
  }
  check_order(api, place, problems);
  check_pages(api, place, problems);
  check_sorted_table(api, place, table, problems);
}

}  // namespace tablegate::loader
