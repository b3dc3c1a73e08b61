// The plan gate of `api commit`: each path of an API's statement is prepared on the
// real mirror as tablegate_tester, read-only, and explained with the samples and as a
// generic plan. A path that reads a whole large table in both plans is a scan that
// callers would wait for. One connection, opened by the first check and kept.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "compile/plan_report.hpp"
#include "model/manifest_entries.hpp"

namespace tablegate::loader {

class PlanMirror;

// Tables with more rows than this are not to be read from end to end by a call.
inline constexpr double kLargeTable = 10000;

class PlanGate {
 public:
  explicit PlanGate(std::string mirror_dsn);
  ~PlanGate();
  PlanGate(const PlanGate&) = delete;
  PlanGate& operator=(const PlanGate&) = delete;

  // Throws Refused when PostgreSQL does not accept the statement of a path. A mirror that cannot be reached,
  // or that does not have the table, leaves the report unchecked. What was checked with the same `digest`
  // before is not asked for again.
  const PlanReport& check(const ApiEntry& api, const std::string& digest);

 private:
  PlanReport ask(const ApiEntry& api);

  std::string mirror_dsn_;
  std::unique_ptr<PlanMirror> mirror_;
  std::string unreachable_;  // why; it is not tried again for each API
  std::map<std::string, PlanReport> known_;
};

}  // namespace tablegate::loader
