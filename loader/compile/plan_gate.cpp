#include "compile/plan_gate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/refusal.hpp"
#include "compile/plan_mirror.hpp"
#include "compile/plan_scans.hpp"
#include "compile/sample_call.hpp"
#include "compile/script_statement.hpp"
#include "script/program_paths.hpp"

namespace tablegate::loader {
namespace {

using ValueKind = core::InternalValue::Kind;

// The parameter of a request that makes a value of the gateway present. Empty: the value is always there.
std::string_view request_name(const core::InternalValue& value) {
  switch (value.kind) {
    case ValueKind::page_offset:
      return "pageNum";
    case ValueKind::page_total:
      return "returnTotalNum";
    case ValueKind::cursor_key:
      return "cursor";
    default:
      return {};
  }
}

// Above this share of a table's rows, PostgreSQL reads the table rather than an index.
constexpr double kManyRows = 0.25;

// A statement may take as long to plan as its calls may take, and at least this long: the mirror may be busy.
constexpr std::chrono::milliseconds kPlanTime{3000};
// All paths of an API together.
constexpr std::chrono::minutes kAllPlansTime{5};
constexpr const char* kCancelled = "57014";  // SQLSTATE query_canceled: by statement_timeout

// The scans of large tables, by table.
using Scans = std::map<std::string, PlanScan>;

class PathCheck {
 public:
  PathCheck(const ApiEntry& entry, PlanMirror& mirror)
      : entry_(entry), call_(entry, {}), api_(call_.manifest().apis.front()), mirror_(mirror) {}

  PlanReport run() {
    mirror_.limit(plan_time_);
    mirror_.locate(call_.manifest());
    if (entry_.definition.is_script()) fixed_ = script_of(entry_).fixed;
    const PathParameters parameters{[this](uint32_t number) { return always(number); },
                                    [this](uint32_t number) { return items(number); },
                                    [this](uint32_t number) { return may_be_empty(number); }};
    const std::vector<ProgramPath> paths = program_paths(api_.program.nodes(), parameters).paths;
    only_ = paths.size() == 1;
    const auto begin = std::chrono::steady_clock::now();
    for (const ProgramPath& path : paths) {
      if (std::chrono::steady_clock::now() - begin > kAllPlansTime)
        reject(fmt::format("PostgreSQL takes longer than {} minutes to plan its {} kinds of calls{}",
                           kAllPlansTime.count(), paths.size(), constant_words()));
      explain(path);
    }
    return std::move(report_);
  }

 private:
  // Of a value that the gateway makes itself.
  const core::InternalValue& internal(uint32_t number) const {
    return api_.internal[number - api_.parameters.size()];
  }

  // Present in each request.
  bool always(uint32_t number) const {
    if (number >= api_.parameters.size()) return request_name(internal(number)).empty();
    return api_.parameters[number].required || api_.parameters[number].default_value.has_value();
  }

  bool may_be_empty(uint32_t number) const {
    const std::vector<RequestParameter>& all = entry_.definition.request_parameters;
    return number >= all.size() || all[number].may_be_empty();
  }

  bool bound() const { return !call_.problem() && call_.api() != nullptr; }

  size_t items(uint32_t number) const {
    const core::BoundItems* const all = bound() ? call_.bound().items : nullptr;
    return all == nullptr ? 1 : std::max<size_t>(1, all[number].count);
  }

  // Null: it has no sample.
  const char* sample(const PathValue& value) const {
    if (!value.number.empty()) return value.number.c_str();
    if (!bound()) return nullptr;
    if (value.parameter >= api_.parameters.size()) {
      // A typical page.
      const ValueKind kind = internal(value.parameter).kind;
      if (kind == ValueKind::page_rows || kind == ValueKind::page_offset) return page_size_.c_str();
    }
    if (!value.item) return call_.bound().values[value.parameter];
    const core::BoundItems all = call_.bound().items_of(value.parameter);
    return *value.item < all.count ? all.items[*value.item] : nullptr;
  }

  // As callers know what is present, each once.
  std::vector<std::string> names(const std::vector<uint32_t>& numbers) const {
    std::vector<std::string> names;
    for (const uint32_t number : numbers) {
      std::string name = number < api_.parameters.size() ? api_.parameters[number].name
                                                         : std::string(request_name(internal(number)));
      if (!name.empty() && (names.empty() || names.back() != name)) names.push_back(std::move(name));
    }
    return names;
  }

  std::string call(const PathPlan& plan) const { return call_words(plan.with, only_); }

  bool has(const ProgramPath& path, ValueKind kind) const {
    return std::any_of(path.present.begin(), path.present.end(), [&](uint32_t number) {
      return number >= api_.parameters.size() && internal(number).kind == kind;
    });
  }

  [[noreturn]] void reject(const std::string& reason) const {
    reject(reason, Hint::command({"api", "test", entry_.definition.name, "--explain"}));
  }
  [[noreturn]] void reject(const std::string& reason, Hint next) const {
    throw Refused(fmt::format("API \"{}\" cannot be committed: {}", entry_.definition.name, reason),
                  std::move(next));
  }

  // What makes plans of a script slow.
  std::string constant_words() const {
    return entry_.definition.is_script() ? "; what has neither placeholders nor columns, such as "
                                           "factorial(30000), is computed while the statement is planned: "
                                           "write its value"
                                         : "";
  }

  void explain(const ProgramPath& path) {
    PathPlan plan;
    plan.with = names(path.present);
    const core::Statement statement = api_.program.statement(path.path(), mirror_.generations());
    plan.statement = statement.sql;
    std::vector<const char*> values;
    std::vector<uint32_t> unknown;
    for (const PathValue& value : path.values) {
      values.push_back(sample(value));
      if (values.back() == nullptr) unknown.push_back(value.parameter);
    }
    try {
      const PlanMirror::Plans plans = mirror_.explain(statement, unknown.empty() ? &values : nullptr);
      plan.samples = plans.samples;
      plan.generic = plans.generic;
    } catch (const DatabaseError& error) {
      if (error.sqlstate == "42P01") throw;  // undefined_table: it was never loaded
      if (error.sqlstate == kCancelled)
        reject(fmt::format("PostgreSQL takes longer than {} ms to plan the statement of {}{}",
                           plan_time_.count(), call(plan), constant_words()));
      reject(fmt::format("PostgreSQL does not accept the statement of {}: {}", call(plan), error.what()),
             Hint::command({"table", "columns", entry_.source.read_tables().front()->name}));
    }
    judge(path, plan, names(unknown));
    report_.paths.push_back(std::move(plan));
  }

  Scans scans_of(const std::string& explained, const WantedIndex& wanted) {
    JsonDocument document;
    if (!parse_json(explained, document).empty()) throw SystemFailure("EXPLAIN did not return JSON");
    Scans scans;
    for (PlanScan& scan : plan_scans(document, mirror_.first_columns())) {
      const double rows = mirror_.rows(scan.relation);
      if (rows <= kLargeTable) continue;
      // A list with all conditions absent reads no more rows than it returns.
      if (scan.bounded && !scan.filtered) continue;
      // An index in the order of the sort. What no index could find has to be looked for in this way.
      if (scan.index && scan.bounded && wanted.equal.empty() && scan.share * rows <= kLargeTable) continue;
      scans.emplace(mirror_.table(scan.relation), std::move(scan));
    }
    return scans;
  }

  // Of a script on one table: what required parameters are compared with.
  WantedIndex wanted_by(const PathPlan& plan) const {
    if (!entry_.definition.is_script()) {
      return wanted_index(entry_.definition, entry_.source, [&](const RequestParameter& one) {
        return one.required || one.default_value ||
               std::find(plan.with.begin(), plan.with.end(), one.name) != plan.with.end();
      });
    }
    WantedIndex wanted;
    if (entry_.source.tables.size() == 1) wanted.equal.assign(fixed_.begin(), fixed_.end());
    return wanted;
  }

  bool mixed_order() const {
    const std::vector<SortColumn>& order = entry_.definition.order_by;
    return std::any_of(order.begin(), order.end(), [&order](const SortColumn& one) {
      return one.descending != order.front().descending;
    });
  }

  // `unknown`: parameters without a sample.
  void judge(const ProgramPath& path, const PathPlan& plan, const std::vector<std::string>& unknown) {
    // Rows after a cursor are found as those of the first page are, which has its own path.
    if (has(path, ValueKind::cursor_key)) return;
    const WantedIndex wanted = wanted_by(plan);
    const Scans generic = scans_of(plan.generic, wanted);
    if (generic.empty()) return;
    // Without the total it is another path.
    if (has(path, ValueKind::page_total)) return note_total(plan, generic);
    const Scans samples = plan.samples.empty() ? generic : scans_of(plan.samples, wanted);
    for (const auto& [table, scan] : generic) {
      const double rows = mirror_.rows(scan.relation);
      TableScan found;
      found.call = call(plan);
      found.table = table;
      found.rows = rows;
      const bool script = entry_.definition.is_script();
      found.advised = !script || !wanted.columns().empty();
      if (table == entry_.source.name || (script && found.advised)) {
        found.index = wanted.columns();
        found.like = wanted.like;
        const std::vector<IndexColumns> indexes = mirror_.indexes(scan.relation);
        found.exists = std::any_of(indexes.begin(), indexes.end(),
                                   [&](const IndexColumns& one) { return wanted.served_by(one); });
        found.sorted_only = wanted.equal.empty() && wanted.range.empty();
        found.mixed_order = mixed_order();
        const auto sampled = samples.find(table);
        const double matching = sampled == samples.end() ? 0 : sampled->second.found;
        // In the order of a sort, an index ends early however many rows match.
        if (!found.sorted_only && wanted.sort.empty() && matching > kManyRows * rows)
          found.matching = matching;
      }
      if (samples.count(table) != 0) {
        report_.scans.push_back(std::move(found));
        if (plan.samples.empty() && !unknown.empty()) note_unknown(unknown);
      } else {
        report_.warnings.push_back(
            fmt::format("{} may read all {:.0f} rows of table \"{}\" for values that match many rows; "
                        "it does not for the samples",
                        call(plan), rows, table));
      }
    }
  }

  // Once a table.
  void note_total(const PathPlan& plan, const Scans& scans) {
    for (const auto& [table, scan] : scans) {
      if (!noted_.insert("total of " + table).second) continue;
      report_.warnings.push_back(
          fmt::format("the total of {} reads all {:.0f} rows of table \"{}\" (estimated cost {:.0f})",
                      call(plan), mirror_.rows(scan.relation), table, scan.cost));
    }
  }

  void note_unknown(const std::vector<std::string>& unknown) {
    if (!noted_.insert(unknown.front()).second) return;
    report_.warnings.push_back(fmt::format(
        "parameter \"{}\" has no sample, so its plans were made for unknown values", unknown.front()));
  }

  const ApiEntry& entry_;
  SampleCall call_;
  const core::Api& api_;
  PlanMirror& mirror_;
  PlanReport report_;
  const std::chrono::milliseconds plan_time_ =
      std::max(kPlanTime, std::chrono::milliseconds(entry_.definition.timeout_ms));
  bool only_ = false;            // there is one path
  std::set<std::string> fixed_;  // Script::fixed
  std::set<std::string> noted_;
  const std::string page_size_ =
      std::to_string(entry_.definition.pagination.value_or(Pagination{}).default_size);
};

}  // namespace

PlanGate::PlanGate(std::string mirror_dsn) : mirror_dsn_(std::move(mirror_dsn)) {}
PlanGate::~PlanGate() = default;

const PlanReport& PlanGate::check(const ApiEntry& api, const std::string& digest) {
  const auto found = known_.find(digest);
  return found != known_.end() ? found->second : known_.emplace(digest, ask(api)).first->second;
}

PlanReport PlanGate::ask(const ApiEntry& api) {
  PlanReport unchecked;
  unchecked.unchecked = unreachable_;
  if (!unreachable_.empty()) return unchecked;
  try {
    if (!mirror_) mirror_ = std::make_unique<PlanMirror>(mirror_dsn_);
  } catch (const SystemFailure& failure) {
    unchecked.unchecked = unreachable_ = failure.what();
    return unchecked;
  }
  try {
    return PathCheck(api, *mirror_).run();
  } catch (const SystemFailure& failure) {
    unchecked.unchecked = failure.what();
    mirror_.reset();
  } catch (const Refused&) {  // what was prepared last is still there
    mirror_.reset();
    throw;
  }
  return unchecked;
}

}  // namespace tablegate::loader
