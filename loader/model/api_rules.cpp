#include "model/api_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <set>

#include "core/call/parameters.hpp"
#include "core/text/ascii.hpp"
#include "model/definition_rules.hpp"
#include "model/name_rules.hpp"

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
  ShapeCheck(const Definition& definition, Problems& problems)
      : api_(definition.document), place_(definition.place), problems_(problems) {}

  void run() {
    refuse("/name", bad_display_name(json_member(api_, "name")));
    refuse("/path", bad_path(json_member(api_, "path"), true, path_names_));
    hmac_ = authenticates_by(api_, "hmac");
    if (!hmac_ && json_find(api_, "hmac") != nullptr) refuse("/hmac", "wants \"hmac\" in authentication");
    default_place_ = default_place(api_);
    key_source();
    request_parameters();
    response_names();
    if (const JsonValue* const group = json_find(api_, "resource_group")) {
      refuse("/resource_group", bad_plain_name(json_string(*group)));
    }
    if (const JsonValue* const tags = json_find(api_, "tags")) {
      for (rapidjson::SizeType i = 0; i < tags->Size(); ++i) {
        refuse("/tags" + pointer_token(size_t{i}), bad_text(json_string((*tags)[i]), kMaxTag));
      }
    }
  }

 private:
  void refuse(const std::string& pointer, const std::string& reason) {
    if (!reason.empty()) problems_.add(place_, pointer, reason);
  }

  void key_source() {
    const JsonValue* const source = json_find(api_, "api_key_source");
    if (source == nullptr) return;
    if (!authenticates_by(api_, "api_key")) refuse("/api_key_source", "wants \"api_key\" in authentication");
    key_name_ = json_member(*source, "name");
    key_in_header_ = json_member(*source, "in") == "header";
    refuse("/api_key_source/name",
           key_in_header_ ? bad_header_name(key_name_) : bad_parameter_name(key_name_));
  }

  void request_parameters() {
    const JsonValue* const list = json_find(api_, "request_parameters");
    if (list == nullptr || list->Empty()) {
      return refuse(
          list == nullptr ? "" : "/request_parameters",
          "an API with no request parameter must paginate, and pagination is not supported yet: give it a "
          "request parameter");
    }
    if (list->Size() > kMaxParameters) {
      refuse("/request_parameters", fmt::format("must have at most {} items", kMaxParameters));
    }
    std::set<std::string> names, in_path;
    for (rapidjson::SizeType i = 0; i < list->Size(); ++i) {
      const JsonValue& parameter = (*list)[i];
      const std::string here = "/request_parameters" + pointer_token(size_t{i});
      const std::string name = json_member(parameter, "name");
      refuse(here + "/name", bad_parameter_name(name));
      if (!names.insert(name).second)
        refuse(here + "/name", fmt::format("parameter \"{}\" stands twice", name));
      place_of(parameter, name, here, in_path);
      const JsonValue* const required = json_find(parameter, "required");
      if (json_find(parameter, "default") != nullptr && (required == nullptr || required->IsTrue())) {
        refuse(here + "/default", "stands only with \"required\": false");
      }
    }
    for (const std::string& name : path_names_) {
      if (in_path.count(name) == 0) {
        refuse("/path", fmt::format("{{{0}}} has no request parameter \"{0}\" with \"in\": \"path\"", name));
      }
    }
  }

  void place_of(const JsonValue& parameter, const std::string& name, const std::string& here,
                std::set<std::string>& in_path) {
    const std::string in = json_member(parameter, "in", default_place_);
    const JsonValue* const required = json_find(parameter, "required");
    if (in == "path") {
      in_path.insert(name);
      if (std::find(path_names_.begin(), path_names_.end(), name) == path_names_.end()) {
        refuse(here + "/in", fmt::format("the path has no segment {{{}}}", name));
      }
      if (required != nullptr && required->IsFalse())
        refuse(here + "/required", "a path parameter is always required");
    } else if (in == "header") {
      refuse(here + "/name", bad_header_name(name));
      const std::string header = core::to_lower(name);
      if (header == "authorization" || (key_in_header_ && header == core::to_lower(key_name_))) {
        refuse(here + "/name", "this header carries the credential");
      } else if (hmac_ && is_signature_header(header)) {
        refuse(here + "/name", "this header belongs to the HMAC signature");
      }
      if (!headers_.insert(header).second)
        refuse(here + "/name", fmt::format("header \"{}\" stands twice", name));
    } else if (in == "body") {
      if (default_place_ != "body") refuse(here + "/in", "a body parameter wants method POST");
    } else if (!key_in_header_ && !key_name_.empty() && name == key_name_) {
      refuse(here + "/name", "this query parameter carries the credential");
    }
  }

  void response_names() {
    const JsonValue& list = *json_find(api_, "response_parameters");
    std::set<std::string> names;
    for (rapidjson::SizeType i = 0; i < list.Size(); ++i) {
      const std::string here = "/response_parameters" + pointer_token(size_t{i}) + "/name";
      const std::string name = json_member(list[i], "name");
      refuse(here, bad_text(name, 64));
      if (!names.insert(name).second) refuse(here, fmt::format("\"{}\" stands twice", name));
    }
  }

  const JsonValue& api_;
  const Place& place_;
  Problems& problems_;
  std::vector<std::string> path_names_;
  std::set<std::string> headers_;
  std::string default_place_;
  std::string key_name_;
  bool hmac_ = false;
  bool key_in_header_ = false;
};

class ColumnCheck {
 public:
  ColumnCheck(const Place& place, const TableInfo& table, Problems& problems)
      : place_(place), table_(table), problems_(problems) {}

  void request(const JsonValue& parameter, const std::string& here) {
    const std::string type_name = json_member(parameter, "type");
    const TableColumn* const column = column_of(parameter, here);
    if (column == nullptr) return;
    const auto type = core::parse_parameter_type(type_name);
    if (!type || !core::compatible(*type, column->type)) return wrong_type(*column, type_name, here);
    core::Parameter checked;
    checked.name = json_member(parameter, "name");
    checked.type = *type;
    checked.column_type = column->type;
    checked.time_zone = table_.time_zone;
    for (const char* const field : {"default", "sample"}) {
      if (const JsonValue* const value = json_find(parameter, field))
        check_value(checked, *value, here + "/" + field);
    }
  }

  void response(const JsonValue& parameter, const std::string& here) {
    const TableColumn* const column = column_of(parameter, here);
    if (column == nullptr) return;
    if (const JsonValue* const type = json_find(parameter, "type")) {
      const auto wanted = core::parse_parameter_type(json_string(*type));
      if (!wanted || !core::compatible(*wanted, column->type))
        wrong_type(*column, std::string(json_string(*type)), here);
    }
    const bool number = column->type == core::ColumnType::int2 || column->type == core::ColumnType::int4 ||
                        column->type == core::ColumnType::int8 || column->type == core::ColumnType::numeric;
    if (json_find(parameter, "as") != nullptr && !number) {
      problems_.add(place_, here + "/as",
                    fmt::format("is for integers and decimals; column \"{}\" is {}", column->name,
                                core::column_type_name(column->type)));
    }
  }

 private:
  const TableColumn* column_of(const JsonValue& parameter, const std::string& here) {
    const bool given = json_find(parameter, "column") != nullptr;
    const std::string name = json_member(parameter, given ? "column" : "name");
    const TableColumn* const column = table_.find(name);
    if (column == nullptr) {
      problems_.add(place_, here + (given ? "/column" : "/name"),
                    fmt::format("table \"{}\" has no column \"{}\"", table_.name, name));
    }
    return column;
  }

  void wrong_type(const TableColumn& column, const std::string& type, const std::string& here) {
    const auto natural = core::natural_parameter_type(column.type);
    problems_.add(
        place_, here + "/type",
        fmt::format("{} does not go with column \"{}\" ({}){}", type, column.name,
                    core::column_type_name(column.type),
                    natural ? fmt::format("; use {}", core::parameter_type_name(*natural)) : std::string{}));
  }

  void check_value(const core::Parameter& parameter, const JsonValue& value, const std::string& here) {
    std::string text;
    if (!json_scalar_text(value, text))
      return problems_.add(place_, here, "must be plain: write it as a string");
    core::BlockArena arena;
    std::string_view detail;
    if (core::check_value(parameter, text, arena, detail).data() == nullptr) {
      problems_.add(place_, here,
                    fmt::format("is no {}{}{}", core::parameter_type_name(parameter.type),
                                detail.empty() ? "" : ": ", detail));
    }
  }

  const Place& place_;
  const TableInfo& table_;
  Problems& problems_;
};

}  // namespace

std::string default_place(const JsonValue& api) {
  return json_member(api, "method", "GET") == "POST" ? "body" : "query";
}

bool authenticates_by(const JsonValue& api, std::string_view type) {
  const JsonValue* const list = json_find(api, "authentication");
  return list != nullptr && list->IsArray() &&
         std::any_of(list->Begin(), list->End(),
                     [type](const JsonValue& one) { return one.IsString() && json_string(one) == type; });
}

std::string bad_version_header(const std::string& name) {
  if (std::string reason = bad_header_name(name); !reason.empty()) return reason;
  const std::string header = core::to_lower(name);
  if (header == "authorization") return "this header carries the credential";
  return is_signature_header(header) ? "this header belongs to the HMAC signature" : "";
}

bool check_api_shape(const Definition& definition, Problems& problems) {
  const size_t before = problems.size();
  ShapeCheck(definition, problems).run();
  return problems.size() == before;
}

bool check_version_name(const JsonValue& api, const Place& place, const core::VersionKey& key,
                        Problems& problems) {
  if (key.in == core::VersionKey::In::none) return true;
  const size_t before = problems.size();
  const bool header = key.in == core::VersionKey::In::header;
  const std::string in = header ? "header" : "query";
  const auto is_key = [&](const std::string& name) {
    return header ? core::to_lower(name) == core::to_lower(key.name) : name == key.name;
  };
  const std::string reason =
      fmt::format("this {} tells the versions of the REST API apart", header ? "header" : "query parameter");
  const JsonValue* const list = json_find(api, "request_parameters");
  for (rapidjson::SizeType i = 0; list != nullptr && i < list->Size(); ++i) {
    const JsonValue& parameter = (*list)[i];
    if (json_member(parameter, "in", default_place(api)) == in && is_key(json_member(parameter, "name")))
      problems.add(place, "/request_parameters" + pointer_token(size_t{i}) + "/name", reason);
  }
  const JsonValue* const source = json_find(api, "api_key_source");
  if (source != nullptr && json_member(*source, "in") == in && is_key(json_member(*source, "name")))
    problems.add(place, "/api_key_source/name", reason);
  return problems.size() == before;
}

bool check_api_columns(const JsonValue& api, const Place& place, const TableInfo& table, Problems& problems) {
  const size_t before = problems.size();
  ColumnCheck check(place, table, problems);
  if (const JsonValue* const list = json_find(api, "request_parameters")) {
    for (rapidjson::SizeType i = 0; i < list->Size(); ++i) {
      check.request((*list)[i], "/request_parameters" + pointer_token(size_t{i}));
    }
  }
  if (const JsonValue* const list = json_find(api, "response_parameters")) {
    for (rapidjson::SizeType i = 0; i < list->Size(); ++i) {
      check.response((*list)[i], "/response_parameters" + pointer_token(size_t{i}));
    }
  }
  return problems.size() == before;
}

}  // namespace tablegate::loader
