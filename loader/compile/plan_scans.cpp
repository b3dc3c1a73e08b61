#include "compile/plan_scans.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "core/plan/statement.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kPlans = "Plans";

std::string_view node_text(const JsonValue& node, const char* name) {
  const JsonValue* const found = json_find(node, name);
  return found != nullptr && found->IsString() ? json_string(*found) : std::string_view();
}

double node_number(const JsonValue& node, const char* name) {
  const JsonValue* const found = json_find(node, name);
  return found != nullptr && found->IsNumber() ? found->GetDouble() : 0;
}

template <class Use>
void each_child(const JsonValue& node, Use use) {
  const JsonValue* const plans = json_find(node, kPlans);
  if (plans == nullptr || !plans->IsArray()) return;
  for (const JsonValue& child : plans->GetArray()) use(child);
}

bool is_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// The LIMIT above a node that can end it early.
struct Limit {
  bool open = false;
  double share = 1;
};

// Whether a node asks a child for no more rows than it is asked for itself.
bool passes_on(const JsonValue& node, const JsonValue& child) {
  const std::string_view type = node_text(node, "Node Type");
  if (is_any(node_text(child, "Parent Relationship"), {"InitPlan", "SubPlan"})) return false;
  for (const char* const filter : {"Filter", "Join Filter", "One-Time Filter"}) {
    if (json_find(node, filter) != nullptr) return false;
  }
  if (type == "Nested Loop") return node_text(child, "Parent Relationship") == "Outer";
  return is_any(type, {"Limit", "Gather", "Gather Merge", "Append", "Merge Append", "Subquery Scan", "Result",
                       "ProjectSet", "LockRows"});
}

bool is_word(char c) {
  return c == '_' || c == '$' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) >= 0x80U;
}

// The end of a text in these quotes, which are doubled inside it. `at`: of the first quote.
size_t end_of_quoted(std::string_view sql, size_t at) {
  const char quote = sql[at];
  for (++at; at < sql.size(); ++at) {
    if (sql[at] != quote) continue;
    if (at + 1 == sql.size() || sql[at + 1] != quote) return at + 1;
    ++at;
  }
  return at;
}

// Whether a condition as EXPLAIN prints it names the column: not a value, a type or the table before a point.
bool names_column(std::string_view condition, const std::string& column) {
  const std::string quoted = core::quote_identifier(column);
  for (size_t at = 0; at < condition.size();) {
    const size_t begin = at;
    if (condition[at] == '\'' || condition[at] == '"') {
      at = end_of_quoted(condition, at);
    } else if (is_word(condition[at])) {
      while (at < condition.size() && is_word(condition[at])) ++at;
    } else {
      ++at;
      continue;
    }
    const std::string_view word = condition.substr(begin, at - begin);
    const bool type = begin >= 2 && condition.substr(begin - 2, 2) == "::";
    const bool table = at < condition.size() && condition[at] == '.';
    if (!type && !table && (word == column || word == quoted)) return true;
  }
  return false;
}

class ScanReader {
 public:
  explicit ScanReader(const FirstColumns& first_columns) : first_columns_(first_columns) {}

  // `heap`: the relation of a bitmap's index scans.
  void read(const JsonValue& node, Limit limit, std::string_view heap = {}) {
    const std::string_view type = node_text(node, "Node Type");
    if (json_find(node, "Workers Planned") != nullptr)
      processes_ = parallel_divisor(node_number(node, "Workers Planned"));
    std::string_view relation = node_text(node, "Relation Name");
    if (type == "Bitmap Heap Scan") heap = relation;
    const bool index = is_any(type, {"Index Scan", "Index Only Scan", "Bitmap Index Scan"});
    const bool finds = index && finds_rows(node);
    if (type == "Bitmap Index Scan") relation = heap;
    if (type == "Seq Scan" || (index && !finds)) {
      PlanScan scan;
      scan.relation = relation;
      scan.cost = node_number(node, "Total Cost");
      scan.index = index;
      scan.filtered = json_find(node, "Filter") != nullptr || json_find(node, kCondition) != nullptr;
      scan.bounded = limit.open;
      scan.share = limit.open ? limit.share : 1;
      const JsonValue* const parallel = json_find(node, "Parallel Aware");
      const bool shared = parallel != nullptr && parallel->IsBool() && parallel->GetBool();
      scan.found = node_number(node, "Plan Rows") * (shared ? processes_ : 1);
      scans_.push_back(std::move(scan));
    }
    each_child(node, [&](const JsonValue& child) { read(child, below(node, child, limit), heap); });
  }

  std::vector<PlanScan> take() { return std::move(scans_); }

 private:
  // A parallel node's rows are those of one process, of which the leader counts the less the more workers it
  // has (PostgreSQL, get_parallel_divisor).
  static double parallel_divisor(double workers) { return workers + std::max(0.0, 1 - 0.3 * workers); }

  static constexpr const char* kCondition = "Index Cond";

  // A condition on a later column alone is looked for in the whole index.
  bool finds_rows(const JsonValue& scan) const {
    const std::string_view condition = node_text(scan, kCondition);
    const auto first = first_columns_.find(node_text(scan, "Index Name"));
    return !condition.empty() && (first == first_columns_.end() || names_column(condition, first->second));
  }

  static Limit below(const JsonValue& node, const JsonValue& child, Limit limit) {
    if (node_text(node, "Node Type") == "Limit") {
      const double all = node_number(child, "Total Cost");
      return {true, all > 0 ? std::min(1.0, node_number(node, "Total Cost") / all) : 1.0};
    }
    limit.open = limit.open && passes_on(node, child);
    return limit;
  }

  const FirstColumns& first_columns_;
  std::vector<PlanScan> scans_;
  double processes_ = 1;
};

// The conditions and keys of a node, as EXPLAIN's text format orders them.
constexpr std::array<const char*, 14> kDetails = {
    "Sort Key",  "Presorted Key", "Group Key",       "Index Cond",     "Recheck Cond",
    "TID Cond",  "Hash Cond",     "Merge Cond",      "Join Filter",    "Order By",
    "Cache Key", "Filter",        "One-Time Filter", "Workers Planned"};

std::string detail_text(const JsonValue& value) {
  if (value.IsString()) return std::string(json_string(value));
  if (!value.IsArray()) return json_text(value);
  std::string list;
  for (const JsonValue& item : value.GetArray()) list += (list.empty() ? "" : ", ") + detail_text(item);
  return list;
}

class PlanPrinter {
 public:
  void print(const JsonValue& node, size_t depth) {
    std::string indent(depth * 6, ' ');
    if (const std::string_view name = node_text(node, "Subplan Name"); !name.empty()) {
      text_ += fmt::format("{}{}\n", std::string(depth * 6 - (depth > 0 ? 4 : 0), ' '), name);
    }
    if (depth > 0) indent.replace(indent.size() - 4, 4, "->  ");
    text_ += fmt::format("{}{}  (cost={:.2f}..{:.2f} rows={:.0f} width={:.0f})\n", indent, title(node),
                         node_number(node, "Startup Cost"), node_number(node, "Total Cost"),
                         node_number(node, "Plan Rows"), node_number(node, "Plan Width"));
    for (const char* const name : kDetails) {
      if (const JsonValue* const value = json_find(node, name))
        text_ += fmt::format("{}{}: {}\n", std::string(depth * 6 + 2, ' '), name, detail_text(*value));
    }
    each_child(node, [&](const JsonValue& child) { print(child, depth + 1); });
  }

  std::string take() { return std::move(text_); }

 private:
  // "Parallel Index Scan Backward using cities_pkey on cities"
  static std::string title(const JsonValue& node) {
    const JsonValue* const parallel = json_find(node, "Parallel Aware");
    std::string text = parallel != nullptr && parallel->IsTrue() ? "Parallel " : "";
    const std::string_view type = node_text(node, "Node Type");
    text += type;
    if (node_text(node, "Scan Direction") == "Backward") text += " Backward";
    if (const std::string_view index = node_text(node, "Index Name"); !index.empty())
      text += fmt::format(" {} {}", type == "Bitmap Index Scan" ? "on" : "using", index);
    for (const char* const name : {"Relation Name", "Function Name", "CTE Name"}) {
      const std::string_view relation = node_text(node, name);
      if (relation.empty()) continue;
      text += fmt::format(" on {}", relation);
      if (const std::string_view alias = node_text(node, "Alias"); alias != relation)
        text += fmt::format(" {}", alias);
    }
    return text;
  }

  std::string text_;
};

// Null: it is no such list.
const JsonValue* plan_of(const JsonValue& explained) {
  return explained.IsArray() && !explained.Empty() ? json_find(explained[0], "Plan") : nullptr;
}

}  // namespace

std::vector<PlanScan> plan_scans(const JsonValue& explained, const FirstColumns& first_columns) {
  ScanReader reader(first_columns);
  if (const JsonValue* const plan = plan_of(explained)) reader.read(*plan, {});
  return reader.take();
}

std::string plan_text(const JsonValue& explained) {
  PlanPrinter printer;
  if (const JsonValue* const plan = plan_of(explained)) printer.print(*plan, 0);
  return printer.take();
}

}  // namespace tablegate::loader
