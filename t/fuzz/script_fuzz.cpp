// read_script() with any bytes, the first one chooses whether the API has pages: faults
// with a place in the text; or parts that make a program, whose statements are read by
// PostgreSQL's grammar too and read the tables that the script names.
#include <algorithm>
#include <cstdint>

#include "core/plan/program.hpp"
#include "fuzzing.hpp"
#include "script/program_paths.hpp"
#include "script/script.hpp"
#include "script/sql_check.hpp"

using namespace tablegate;

namespace {

constexpr uint32_t kText = 25, kTexts = 1009;

std::vector<loader::RequestParameter> parameters() {
  std::vector<loader::RequestParameter> list;
  for (const char* name : {"id", "name", "sort", "ids", "n"}) {
    loader::RequestParameter parameter;
    parameter.name = name;
    parameter.type = parameter.name == "ids" ? "LONG_LIST" : "STRING";
    if (parameter.name == "ids") parameter.comparison = loader::Comparison::in;
    parameter.required = parameter.name == "n";
    list.push_back(std::move(parameter));
  }
  return list;
}

// Of the statement with its tables under their names in the mirror: what was `t` is `"mirror"."t" AS "t"`.
void check_statement(std::string sql, const loader::Script& script, const std::vector<bool>& is_list) {
  constexpr std::string_view kMirror = "\"mirror\".";
  for (size_t at = sql.find(kMirror); at != std::string::npos; at = sql.find(kMirror, at))
    sql.erase(at, kMirror.size());
  std::vector<loader::SqlFault> faults;
  const loader::SqlFacts facts = loader::check_sql(sql, is_list, faults);
  if (!faults.empty()) {
    // A call for which the script has no statement.
    INVARIANT(faults[0].syntax && !script.invalid.empty());
    return;
  }
  INVARIANT(facts.outputs == script.outputs);
  for (const loader::SqlTable& table : facts.tables)
    INVARIANT(std::find(script.tables.begin(), script.tables.end(), table.name) != script.tables.end());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  static const std::vector<loader::RequestParameter> list = parameters();
  std::vector<loader::ScriptFault> faults;
  const loader::Script script = loader::read_script({text, list, (data[0] & 1U) != 0}, faults);
  const auto lines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  for (const loader::ScriptFault& fault : faults) {
    INVARIANT(!fault.text.empty() && fault.line <= lines && fault.column <= text.size() + 1);
    INVARIANT((fault.line == 0) == (fault.column == 0));
  }
  if (!faults.empty() || text.find("mirror") != std::string::npos) return 0;
  core::Nodes nodes = script.body;
  for (const core::Nodes* part : {&script.order, &script.limit})
    nodes.insert(nodes.end(), part->begin(), part->end());
  std::vector<core::PlaceholderType> types;
  types.reserve(list.size());
  for (const loader::RequestParameter& parameter : list)
    types.push_back(parameter.takes_list() ? core::PlaceholderType(kTexts, kText)
                                           : core::PlaceholderType(kText));
  const core::Result<core::Program> program = core::Program::build(nodes, types);
  INVARIANT(static_cast<bool>(program));
  const loader::PathParameters ways{[](uint32_t place) { return list[place].required; },
                                    [](uint32_t) { return size_t{3}; }};
  for (const loader::ProgramPath& path : loader::program_paths(nodes, ways).paths) {
    const core::Statement statement = program->statement(path.path());
    std::vector<bool> is_list;
    for (const uint32_t type : statement.types) is_list.push_back(type == kTexts);
    check_statement(statement.sql, script, is_list);
  }
  return 0;
}
