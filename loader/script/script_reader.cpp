#include "script/script_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "script/invalid_paths.hpp"
#include "script/template.hpp"
#include "script/unreached_tables.hpp"
#include "script/word_check.hpp"

namespace tablegate::loader {

namespace {

// Of the draft, where only the text of statements counts: any type of a value, and one of a list.
constexpr uint32_t kTextType = 25, kTextListType = 1009;
// How many faults of a script are reported.
constexpr size_t kMaxScriptFaults = 10;
// How many kinds of calls may be without a statement: each is looked for in each call.
constexpr size_t kMaxInvalidPaths = 32;

bool is_always_there(const RequestParameter& parameter) {
  return parameter.required || parameter.default_value.has_value();
}

std::string without_blanks(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != ' ' && (c < '\t' || c > '\r')) out += c;
  return out;
}

}  // namespace

PathParameters ScriptReader::ways() const {
  const auto always = [this](uint32_t place) {
    return place < input_.parameters.size() && is_always_there(input_.parameters[place]);
  };
  const auto may_be_empty = [this](uint32_t place) {
    return place >= input_.parameters.size() || input_.parameters[place].may_be_empty();
  };
  // Two items: so what is between them is read too.
  return {always, [](uint32_t) { return size_t{2}; }, may_be_empty};
}

core::Result<core::Program> ScriptReader::program_of(core::Nodes nodes) const {
  std::vector<core::PlaceholderType> types;
  for (const RequestParameter& parameter : input_.parameters)
    types.push_back(parameter.takes_list() ? core::PlaceholderType(kTextListType, kTextType)
                                           : core::PlaceholderType(kTextType));
  return core::Program::build(std::move(nodes), std::move(types));
}

void ScriptReader::fault(size_t script_byte, std::string text) {
  if (faults_.size() >= kMaxScriptFaults) return;
  ScriptFault found = fault_at(input_.text, std::min(script_byte, input_.text.size()), std::move(text));
  const bool known = std::any_of(faults_.begin(), faults_.end(), [&found](const ScriptFault& other) {
    return other.line == found.line && other.column == found.column && other.text == found.text;
  });
  if (!known) faults_.push_back(std::move(found));
}

void ScriptReader::fault(const PathSql& path, size_t offset, std::string text) {
  fault(leaves_->script_byte(path.pieces, offset), std::move(text));
}

// "with a, b", as callers know the path.
std::string ScriptReader::with_parameters(const PathSql& path) const {
  std::string names;
  for (const uint32_t place : path.path.present)
    if (place < input_.parameters.size())
      names.append(names.empty() ? "" : ", ").append(input_.parameters[place].name);
  return names.empty() ? "without optional parameters" : "with " + names;
}

Script ScriptReader::read() {
  Script script;
  ScriptTemplate read = read_template(input_, faults_);
  if (!faults_.empty()) return script;
  core::Nodes& draft = read.draft;
  script.unread = std::move(read.unread);
  warn_of_absent(draft, script);
  std::vector<SqlFault> words;
  check_words(draft, words);
  leaves_.emplace(draft);
  const core::Result<core::Program> program = program_of(draft);
  if (!program) {
    faults_.push_back({0, 0, "cannot be read: " + program.error().message});
    return script;
  }
  ProgramPaths found = program_paths(draft, ways());
  complete_ = found.complete;
  combined_ = found.combined;
  for (ProgramPath& path : found.paths) paths_.push_back({std::move(path), {}, {}, {}, {}});
  if (paths_.empty()) {
    faults_.push_back({0, 0, "its foreach tags write too much text to be checked; nest fewer of them"});
    return script;
  }
  const bool good = check_paths(*program);
  if (faults_.empty())
    for (SqlFault& each : words) fault(each.offset, std::move(each.text));
  if (!good || !faults_.empty()) return script;
  find_invalid(script);
  check_clauses(script);
  check_outputs(script);
  if (!faults_.empty()) return script;
  ScriptParts parts(*leaves_);
  find_tables(parts);
  find_unreached(parts);
  find_parts(parts);
  if (!faults_.empty()) return script;
  check_parts(draft, parts);
  PartNodes nodes = parts.split(draft, true);
  script.body = std::move(nodes.body);
  script.order = std::move(nodes.order);
  script.limit = std::move(nodes.limit);
  for (const auto& [at, table] : parts.tables())
    if (std::find(script.tables.begin(), script.tables.end(), table.name) == script.tables.end()) {
      script.tables.push_back(table.name);
      script.table_places.push_back(fault_at(input_.text, leaves_->script_byte(at), {}));
    }
  if (script.tables.empty() && faults_.empty())
    faults_.push_back({0, 0, "reads no table: write FROM and the name of a mirrored table"});
  common_facts(script);
  return script;
}

// False: no path is a statement, or one has what is not allowed.
bool ScriptReader::check_paths(const core::Program& draft) {
  std::vector<std::pair<size_t, std::string>> reasons;
  for (PathSql& path : paths_) {
    std::vector<core::OriginMark> marks;
    core::Statement statement = draft.statement(path.path.path(), nullptr, &marks);
    path.sql = std::move(statement.sql);
    path.pieces = leaves_->pieces(path.sql, marks);
    std::vector<bool> is_list;
    for (const uint32_t type : statement.types) is_list.push_back(type == kTextListType);
    std::vector<SqlFault> found;
    path.facts = check_sql(path.sql, is_list, found);
    for (const SqlFault& each : found) {
      if (!each.syntax) {
        fault(path, each.offset, each.text);
      } else if (path.reason.empty()) {
        const size_t at = leaves_->script_byte(path.pieces, each.offset);
        path.reason = fault_text(fault_at(input_.text, std::min(at, input_.text.size()), each.text), "");
        reasons.emplace_back(at, each.text);
      }
    }
    if (found.empty()) valid_.push_back(&path);
  }
  if (valid_.empty() && faults_.empty())
    for (auto& [at, text] : reasons) fault(at, std::move(text));
  return faults_.empty() && !valid_.empty();
}

void ScriptReader::find_invalid(Script& script) {
  if (valid_.size() == paths_.size()) return;
  std::vector<CheckedPath> checked;
  for (const PathSql& path : paths_) checked.push_back({&path.path, path.reason});
  std::vector<std::string> unsaid;
  script.invalid = invalid_paths(checked, complete_, input_.parameters, unsaid);
  for (std::string& reason : unsaid)
    script.warnings.push_back(
        {0, 0,
         "makes no statement for some items of a foreach; such a call is answered with 500: " +
             std::move(reason)});
  if (script.invalid.size() > kMaxInvalidPaths)
    faults_.push_back(
        {0, 0,
         fmt::format("makes no statement for {} combinations of its conditions; the first one: {}; put the "
                     "conditions into <where>, or write one that is always there in front of them, as "
                     "WHERE 1 = 1",
                     script.invalid.size(), script.invalid.front().reason)});
}

void ScriptReader::check_clauses(Script& script) {
  bool limited = false;
  for (const PathSql* path : valid_) {
    const SqlFacts& facts = path->facts;
    if (!clause_is_written(*path, facts.order, facts.limit))
      fault(*path, *facts.order,
            "write ORDER BY and its keys as text between tags, not in an attribute alone");
    if (!clause_is_written(*path, facts.limit, std::nullopt))
      fault(*path, *facts.limit,
            "write LIMIT and its number as text between tags, not in an attribute alone");
    if (!input_.paginates) continue;
    if (!facts.order)
      fault(*path, path->sql.size(),
            "pages require an ORDER BY" +
                (paths_.size() == 1 ? std::string() : ": there is none " + with_parameters(*path)));
    if (facts.with_ties)
      fault(*path, *facts.limit, "WITH TIES does not go with pagination; write LIMIT or nothing");
    if (!facts.limit) continue;
    if (path->sql.find('$', *facts.limit) != std::string::npos)
      fault(*path, *facts.limit,
            "a placeholder cannot be in LIMIT or OFFSET where the API has pages; callers send "
            "pageNum and pageSize");
    if (!std::exchange(limited, true))
      script.warnings.push_back(fault_at(input_.text, leaves_->script_byte(path->pieces, *facts.limit),
                                         "LIMIT and OFFSET are ignored: callers ask for pages"));
    if (faults_.size() >= kMaxScriptFaults) return;
  }
}

// Whether some of the clause is text of the script, so that it can be told from what is before it.
bool ScriptReader::clause_is_written(const PathSql& path, const std::optional<size_t>& begin,
                                     std::optional<size_t> end) const {
  if (!begin) return true;
  return std::any_of(path.pieces.begin(), path.pieces.end(), [&](const ScriptLeaves::Piece& piece) {
    const size_t from = std::max(piece.begin, *begin),
                 to = std::min(piece.end, end.value_or(path.sql.size()));
    return from < to && !without_blanks(std::string_view(path.sql).substr(from, to - from)).empty();
  });
}

void ScriptReader::find_tables(ScriptParts& parts) {
  for (const PathSql* path : valid_) {
    for (const size_t end : path->facts.ends) {
      const ScriptLeaves::Piece* piece = piece_at(path->pieces, end);
      if (piece == nullptr) return fault(*path, end, "remove the semicolon");
      parts.drop({piece->at.leaf, piece->at.byte + end - piece->begin});
    }
    for (const SqlTable& table : path->facts.tables) {
      const ScriptLeaves::Piece* piece = piece_at(path->pieces, table.begin);
      if (piece == nullptr || piece->end < table.end) {
        fault(*path, table.begin,
              "write the name of the table " + table.name + " in one piece, between tags");
        continue;
      }
      const LeafPlace at{piece->at.leaf, piece->at.byte + table.begin - piece->begin};
      const auto known = parts.tables().find(at);
      if (known != parts.tables().end() && known->second.has_alias != table.has_alias)
        fault(*path, table.begin,
              "the table " + table.name +
                  " has another name (an alias) on some calls only; write it outside of tags");
      else
        parts.add_table(at, {table.name, table.end - table.begin, table.has_alias});
    }
  }
  // A name that is a table on one path is one on each.
  for (const PathSql* path : valid_) {
    for (const ScriptLeaves::Piece& piece : path->pieces) {
      const LeafPlace last{piece.at.leaf, piece.at.byte + piece.end - piece.begin};
      for (auto at = parts.tables().lower_bound(piece.at); at != parts.tables().end() && at->first < last;
           ++at) {
        const size_t offset = piece.begin + at->first.byte - piece.at.byte;
        const bool here = std::any_of(path->facts.tables.begin(), path->facts.tables.end(),
                                      [offset](const SqlTable& table) { return table.begin == offset; });
        if (!here)
          fault(*path, offset,
                at->second.name +
                    " is a table on some calls and something else on others; give the "
                    "WITH query another name");
      }
    }
  }
}

void ScriptReader::find_unreached(const ScriptParts& parts) {
  std::set<size_t> reached;
  for (const PathSql& path : paths_) {
    // A call that takes an invalid path is rejected, if it is known that there is no other one.
    if (!complete_ && !path.reason.empty()) continue;
    for (const ScriptLeaves::Piece& piece : path.pieces) reached.insert(piece.at.leaf);
  }
  std::set<std::string> tables;
  for (const auto& [at, table] : parts.tables()) tables.insert(table.name);
  for (const LeafPlace& at : unreached_tables(*leaves_, reached, tables))
    fault(leaves_->script_byte(at),
          "no checked call reaches this table; write it where a call with two items of a list, or with one "
          "condition alone, has it");
}

void ScriptReader::find_parts(ScriptParts& parts) {
  for (const PathSql* path : valid_) parts.cut(path->pieces, path->facts.order, path->facts.limit);
  for (const PathSql* path : valid_) {
    if (const std::optional<LeafPlace> at =
            parts.place(path->sql, path->pieces, path->facts.order, path->facts.limit))
      return fault(
          leaves_->script_byte(*at),
          "this is a part of ORDER BY or LIMIT on some calls only; begin the clause outside of tags, or "
          "write it whole in each");
  }
}

// The parts together make the statements that the draft makes.
void ScriptReader::check_parts(const core::Nodes& draft, ScriptParts& parts) {
  PartNodes plain = parts.split(draft, false);
  if (parts.fault()) {
    const ScriptParts::Fault& found = *parts.fault();
    return fault(
        leaves_->script_byte(found.at),
        fmt::format("close <{}> before ORDER BY or LIMIT, and write the clause behind it", found.tag));
  }
  core::Nodes whole = std::move(plain.body);
  for (core::Nodes* part : {&plain.order, &plain.limit})
    std::move(part->begin(), part->end(), std::back_inserter(whole));
  const core::Result<core::Program> program = program_of(whole);
  if (!program) {
    faults_.push_back({0, 0, "cannot be read: " + program.error().message});
    return;
  }
  std::vector<const ProgramPath*> paths;
  for (const PathSql& path : paths_) paths.push_back(&path.path);
  const std::vector<std::optional<ProgramPath>> again = same_paths(whole, ways(), paths, combined_);
  for (size_t i = 0; i < again.size(); ++i) {
    if (!again[i]) continue;
    const std::string text = without_blanks(program->statement(again[i]->path()).sql);
    const std::string before = without_blanks(paths_[i].sql);
    if (text != before && text + ";" != before) {
      faults_.push_back({0, 0,
                         "cannot be taken apart into its ORDER BY, its LIMIT and the rest; write these two "
                         "clauses behind all tags, or each in a tag of its own"});
      return;
    }
  }
}

}  // namespace tablegate::loader
