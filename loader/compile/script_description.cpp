#include "compile/script_description.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/refusal.hpp"
#include "compile/plan_mirror.hpp"
#include "compile/prepare_advice.hpp"
#include "compile/script_statement.hpp"
#include "core/manifest/manifest.hpp"
#include "core/manifest/types.hpp"
#include "core/plan/program.hpp"
#include "script/program_paths.hpp"
#include "script/template.hpp"

namespace tablegate::loader {
namespace {

using core::ColumnType;

// libpq reads no description of more parameters: its message has at most 30,000 bytes.
constexpr size_t kMaxDescribed = 7000;

// Types whose text PostgreSQL prints as people expect it: answers have them as strings.
constexpr uint32_t kTexts[] = {
    18,    // "char"
    19,    // name
    1042,  // bpchar
    1043,  // varchar
    1083,  // time
    1266,  // timetz
    2950,  // uuid
};

std::optional<ColumnType> answer_type(uint32_t oid) {
  if (std::find(std::begin(kTexts), std::end(kTexts), oid) != std::end(kTexts)) return ColumnType::text;
  for (int type = 0; type <= static_cast<int>(ColumnType::interval); ++type) {
    if (core::column_type_oid(static_cast<ColumnType>(type)) == oid) return static_cast<ColumnType>(type);
  }
  return std::nullopt;
}

// Byte offset of the character at `position` (from 1) of UTF-8 text.
size_t byte_of(const std::string& text, size_t position) {
  size_t at = 0;
  for (size_t character = 1; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) continue;
    if (character++ == position) break;
  }
  return at;
}

class Description {
 public:
  Description(const ApiEntry& entry, PlanMirror& mirror)
      : entry_(entry), mirror_(mirror), script_(script_of(entry)) {}

  std::vector<TableColumn> run() {
    core::Result<core::Program> program = core::Program::build(script_nodes(entry_.definition, script_),
                                                               script_placeholders(entry_.definition));
    if (!program) refuse(program.error().text());
    core::Manifest manifest;
    manifest.tables = script_.tables;
    std::sort(manifest.tables.begin(), manifest.tables.end());
    mirror_.locate(manifest);
    const std::vector<RequestParameter>& parameters = entry_.definition.request_parameters;
    const auto always = [&](uint32_t number) {
      return parameters[number].required || parameters[number].default_value.has_value();
    };
    const auto may_be_empty = [&](uint32_t number) { return parameters[number].may_be_empty(); };
    const ProgramPaths all =
        program_paths(program->nodes(), {always, [](uint32_t) { return size_t{1}; }, may_be_empty});
    for (const ProgramPath& path : all.paths) take(*program, path);
    return std::move(columns_);
  }

 private:
  [[noreturn]] void refuse(const std::string& reason) const { refuse(reason, shown()); }
  [[noreturn]] void refuse(const std::string& reason, Hint next) const {
    throw Refused(fmt::format("API \"{}\": /sql: {}", entry_.definition.name, reason), std::move(next));
  }

  void take(const core::Program& program, const ProgramPath& path) {
    std::vector<core::OriginMark> marks;
    const core::Statement statement = program.statement(path.path(), mirror_.generations(), &marks);
    if (statement.types.size() > kMaxDescribed)
      refuse(fmt::format("it has {} values in one statement, more than {}: write a list parameter",
                         statement.types.size(), kMaxDescribed));
    std::vector<PlanMirror::Output> outputs;
    try {
      outputs = mirror_.describe(statement);
    } catch (const DatabaseError& error) {
      if (error.sqlstate.substr(0, 2) == "57" || error.sqlstate.substr(0, 2) == "53") throw;
      refuse(located(error, statement.sql, marks, path), next_of(error, statement.sql));
    }
    std::vector<TableColumn> columns;
    columns.reserve(outputs.size());
    for (const PlanMirror::Output& output : outputs) columns.push_back(column_of(output));
    if (columns_.empty())
      columns_ = std::move(columns);
    else
      compare(columns);
  }

  std::string located(const DatabaseError& error, const std::string& sql,
                      const std::vector<core::OriginMark>& marks, const ProgramPath& path) const {
    if (error.position == 0) return error.what();
    const size_t at = byte_of(sql, error.position);
    const std::string text = advised(error, sql, at, path.values, entry_.definition.request_parameters);
    const size_t origin = core::origin_at(marks, at);
    if (origin == 0) return text;
    return fault_text(fault_at(entry_.definition.script_text(), origin - 1, text), {});
  }

  // The tables' columns help where one is not there; a text in double quotes is none.
  Hint next_of(const DatabaseError& error, const std::string& sql) const {
    const bool quoted = error.position != 0 && sql.compare(byte_of(sql, error.position), 1, "\"") == 0;
    if (error.sqlstate == "42703" && !quoted)
      return Hint::command({"table", "columns", script_.tables.front()});
    return shown();
  }

  Hint shown() const { return Hint::command({"api", "show", entry_.definition.name}); }

  TableColumn column_of(const PlanMirror::Output& output) const {
    TableColumn column;
    column.name = output.name;
    column.sql_type = output.type;
    const std::optional<ColumnType> type = answer_type(output.oid);
    if (!type) {
      const bool array = output.type.size() > 2 && output.type.substr(output.type.size() - 2) == "[]";
      refuse(fmt::format("column \"{0}\" is of type {1}, which no answer has: {2}", output.name, output.type,
                         array ? "write array_to_json(...)" : "cast it to text"));
    }
    column.type = *type;
    return column;
  }

  void compare(const std::vector<TableColumn>& columns) const {
    for (size_t i = 0; i < std::min(columns.size(), columns_.size()); ++i) {
      if (columns[i].name == columns_[i].name && columns[i].type == columns_[i].type) continue;
      refuse(fmt::format("column \"{}\" is {} for some calls and {} for others: cast it to one type",
                         columns[i].name, columns_[i].sql_type, columns[i].sql_type));
    }
    if (columns.size() != columns_.size())
      refuse(
          fmt::format("it has {} columns for some calls and {} for others", columns_.size(), columns.size()));
  }

  const ApiEntry& entry_;
  PlanMirror& mirror_;
  const Script script_;
  std::vector<TableColumn> columns_;
};

}  // namespace

std::vector<TableColumn> describe_script(const ApiEntry& entry, PlanMirror& mirror) {
  return Description(entry, mirror).run();
}

}  // namespace tablegate::loader
