#include "model/script_rules.hpp"

#include <fmt/format.h>

#include "core/manifest/manifest.hpp"
#include "model/value_rules.hpp"

namespace tablegate::loader {
namespace {

class ScriptCheck {
 public:
  ScriptCheck(const ApiDefinition& api, const Place& place, Problems& problems)
      : api_(api), place_(place), problems_(problems) {}

  void run() {
    if (api_.data_source.empty()) refuse("", "\"data_source\" is missing: mode script requires it");
    // After a file was read its text is `sql`.
    if (!api_.sql && !api_.sql_file)
      refuse("", "\"sql\" is missing: mode script requires it, or \"sql_file\"");
    if (api_.sql && api_.sql_file) refuse("/sql_file", "excludes \"sql\": write only one of them");
    if (!api_.table.empty()) refuse("/table", "is for mode wizard: the script names its tables");
    if (!api_.order_by.empty()) refuse("/order_by", "is for mode wizard: write ORDER BY in the script");
    for (size_t i = 0; i < api_.request_parameters.size(); ++i)
      request(api_.request_parameters[i], "/request_parameters" + pointer_token(i));
    for (size_t i = 0; i < api_.response_parameters.size(); ++i)
      response(api_.response_parameters[i], "/response_parameters" + pointer_token(i));
  }

 private:
  void refuse(const std::string& pointer, const std::string& reason) {
    problems_.add(place_, pointer, reason);
  }

  void request(const RequestParameter& one, const std::string& here) {
    if (one.column_given)
      refuse(here + "/column", "is for mode wizard: the script says what it is compared with");
    if (one.comparison_given)
      refuse(here + "/operator", "is for mode wizard: the script has its own operators");
    const auto type = core::parse_parameter_type(one.type);
    if (!type) return refuse(here + "/type", fmt::format("\"{}\" is not known", one.type_text()));
    core::Parameter checked;
    checked.name = one.name;
    checked.type = *type;
    checked.column_type = script_type(*type);
    checked.list = one.list;
    check_default_and_sample(one, checked, "types such as LONG_LIST", place_, here, problems_);
  }

  void response(const ResponseParameter& one, const std::string& here) {
    if (one.column_given)
      refuse(here + "/column", "is for mode wizard: \"name\" is the column's name in the script");
    if (one.mask) refuse(here + "/mask", "is for mode wizard: write the masking in the script");
  }

  const ApiDefinition& api_;
  const Place& place_;
  Problems& problems_;
};

}  // namespace

core::ColumnType script_type(core::ParameterType type) {
  switch (type) {
    case core::ParameterType::string:
      return core::ColumnType::text;
    case core::ParameterType::int_:
      return core::ColumnType::int4;
    case core::ParameterType::long_:
      return core::ColumnType::int8;
    case core::ParameterType::float_:
      return core::ColumnType::float4;
    case core::ParameterType::double_:
      return core::ColumnType::float8;
    case core::ParameterType::boolean:
      return core::ColumnType::boolean;
    case core::ParameterType::decimal:
      return core::ColumnType::numeric;
    case core::ParameterType::date:
      return core::ColumnType::date;
    case core::ParameterType::datetime:
      return core::ColumnType::timestamptz;
  }
  return core::ColumnType::text;
}

void check_script_shape(const ApiDefinition& api, const Place& place, Problems& problems) {
  ScriptCheck(api, place, problems).run();
}

}  // namespace tablegate::loader
