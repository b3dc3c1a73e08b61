#include "compile/plan_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/json_output.hpp"
#include "base/json_text.hpp"
#include "base/refusal.hpp"
#include "model/stored_json.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kNamedScans = 10;  // of a refusal

}  // namespace

std::vector<std::string> PlanReport::scanned_tables() const {
  std::set<std::string> tables;
  for (const TableScan& scan : scans) tables.insert(scan.table);
  return {tables.begin(), tables.end()};
}

std::string PlanReport::text() const {
  if (!unchecked.empty()) return {};
  JsonOutput json;
  json.begin_array();
  for (const PathPlan& path : paths) {
    json.object([&] {
      json.texts("with", path.with);
      json.text("statement", path.statement);
      json.key("samples");
      path.samples.empty() ? json.null() : json.raw(path.samples, rapidjson::kArrayType);
      json.key("generic").raw(path.generic, rapidjson::kArrayType);
    });
  }
  json.end_array();
  return json.take();
}

std::vector<PathPlan> read_path_plans(const std::string& text, const std::string& what) {
  JsonDocument list;
  if (!parse_json(text, list).empty() || !list.IsArray())
    throw SystemFailure(what + " is damaged in the catalog: its plan is no JSON list");
  std::vector<PathPlan> paths;
  for (const JsonValue& item : list.GetArray()) {
    PathPlan& path = paths.emplace_back();
    path.with = json_names(json_find(item, "with"));
    path.statement = json_member(item, "statement");
    const JsonValue* const samples = json_find(item, "samples");
    if (samples != nullptr && samples->IsArray()) path.samples = json_text(*samples);
    if (const JsonValue* const generic = json_find(item, "generic")) path.generic = json_text(*generic);
  }
  return paths;
}

std::string call_words(const std::vector<std::string>& with, bool only) {
  if (only) return "every call";
  if (with.empty()) return "a call without optional parameters";
  std::string words = "a call with \"" + with.front() + '"';
  for (size_t i = 1; i < with.size(); ++i)
    words += fmt::format("{} \"{}\"", i + 1 == with.size() ? " and" : ",", with[i]);
  return words;
}

std::string scan_text(const TableScan& scan) {
  const std::string what =
      fmt::format("{} reads all {:.0f} rows of table \"{}\"", scan.call, scan.rows, scan.table);
  if (scan.exists || scan.matching > 0) {
    if (!scan.sorted_only)
      return fmt::format("{}; {}, because too many rows match{}: a sample that matches few may help", what,
                         scan.exists ? "its index is not used" : "an index would not be used",
                         scan.matching > 0 ? fmt::format(" (about {:.0f})", scan.matching) : "");
    if (!scan.mixed_order) return what + "; its index is not used";
    return fmt::format(
        "{}; its index is not used: the directions of order_by differ, and an index gives the order of {} "
        "only",
        what, index_text(scan.index));
  }
  if (!scan.index.empty() && scan.sorted_only && scan.mixed_order)
    return fmt::format(
        "{}; an index on {} may help: it gives the order of no more columns, because the directions of "
        "order_by differ",
        what, index_text(scan.index));
  if (!scan.index.empty()) return fmt::format("{}; an index on {} would help", what, index_text(scan.index));
  if (scan.like.empty()) return what + "; no index of its columns would help";
  return fmt::format("{}; only a trigram index on {} would help, which `table advise` does not build", what,
                     index_text(scan.like));
}

void refuse_scans(const std::vector<ApiScans>& apis) {
  std::string lines;
  size_t count = 0;
  const TableScan* helped = nullptr;
  for (const auto& [api, scans] : apis) {
    if (!scans.empty() && count < kNamedScans) lines += fmt::format("\nAPI \"{}\" cannot be committed:", api);
    for (const TableScan& scan : scans) {
      if (++count <= kNamedScans) lines += "\n  " + scan_text(scan);
      if (helped == nullptr && scan.index_helps()) helped = &scan;
    }
  }
  if (count == 0) return;
  if (count > kNamedScans) lines += fmt::format("\nand {} more", count - kNamedScans);
  std::string ways = "--allow-scan accepts it";
  if (helped != nullptr)
    ways = fmt::format("`table advise {} --create` builds the index, {}", helped->table, ways);
  throw Refused(lines.substr(1) + "\n" + ways,
                helped == nullptr ? Hint::again().flag("--allow-scan")
                                  : Hint::command({"table", "advise", helped->table, "--create"}));
}

}  // namespace tablegate::loader
