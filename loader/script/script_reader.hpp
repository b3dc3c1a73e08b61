// read_script() in its steps, for script.cpp: the SQL of each path is checked, and what
// the paths have in common becomes the script.
#pragma once

#include <string>
#include <vector>

#include "core/plan/program.hpp"
#include "script/program_paths.hpp"
#include "script/script.hpp"
#include "script/script_leaves.hpp"
#include "script/script_parts.hpp"
#include "script/sql_check.hpp"

namespace tablegate::loader {

class ScriptReader {
 public:
  ScriptReader(const ScriptInput& input, std::vector<ScriptFault>& faults) : input_(input), faults_(faults) {}

  Script read();

 private:
  struct PathSql {
    ProgramPath path;
    std::string sql;
    std::vector<ScriptLeaves::Piece> pieces;
    SqlFacts facts;
    std::string reason;  // why it is no statement; empty: it is one
  };

  PathParameters ways() const;
  core::Result<core::Program> program_of(core::Nodes nodes) const;
  void fault(size_t script_byte, std::string text);
  void fault(const PathSql& path, size_t offset, std::string text);
  bool check_paths(const core::Program& draft);
  void find_invalid(Script& script);
  void check_clauses(Script& script);
  bool clause_is_written(const PathSql& path, const std::optional<size_t>& begin,
                         std::optional<size_t> end) const;
  void find_tables(ScriptParts& parts);
  void find_unreached(const ScriptParts& parts);
  void find_parts(ScriptParts& parts);
  void common_facts(Script& script) const;
  void check_outputs(Script& script);
  void check_parts(const core::Nodes& draft, ScriptParts& parts);
  void warn_of_absent(const core::Nodes& draft, Script& script) const;
  std::string with_parameters(const PathSql& path) const;

  const ScriptInput& input_;
  std::vector<ScriptFault>& faults_;
  std::optional<ScriptLeaves> leaves_;
  std::vector<PathSql> paths_;
  bool complete_ = false;  // no call takes another path
  bool combined_ = true;   // ProgramPaths::combined
  std::vector<const PathSql*> valid_;
};

}  // namespace tablegate::loader
