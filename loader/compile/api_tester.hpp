// `api test`: runs a draft through the gateway's own code (core's binder,
// statement and writer, pg's connection) as tablegate_tester.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compile/sample_request.hpp"
#include "model/manifest_entries.hpp"

namespace tablegate::loader {

// What a placeholder of a statement was bound to.
struct TestValue {
  std::string name;                 // of the parameter, or of a value that the gateway makes itself
  std::optional<std::string> text;  // nullopt: NULL, or not for people to see
};

struct TestOutcome {
  bool passed = false;   // status is 200
  bool empty = false;    // no row was found
  size_t truncated = 0;  // more rows matched than this max_records; 0: all are there
  int status = 0;        // as HTTP would say
  double duration_ms = 0;
  std::string response;              // the body
  std::vector<std::string> missing;  // required parameters with neither value nor sample
  std::string wrong;                 // the parameter whose value is not valid
  std::string statement;             // of the path taken; empty: none was run
  std::vector<TestValue> values;     // of its placeholders
  std::string detail;  // the database's text where it refused the statement; for people, never in `response`
};

class PlanMirror;

// Tests drafts one by one over one connection to the mirror, opened by the first and kept for the next.
class ApiTester {
 public:
  explicit ApiTester(std::string mirror_dsn);
  ~ApiTester();
  ApiTester(const ApiTester&) = delete;
  ApiTester& operator=(const ApiTester&) = delete;

  // `parameters` in the order given; names must be of the API (throws Refused). Parameters not given take
  // their sample.
  TestOutcome test(const ApiEntry& api, const Values& parameters);

  // The columns of a draft in mode script. Throws as describe_script() does, and SystemFailure when the
  // mirror cannot be asked.
  std::vector<TableColumn> describe(const ApiEntry& api);

 private:
  class Mirror;
  std::string mirror_dsn_;
  std::unique_ptr<Mirror> mirror_;
  std::unique_ptr<PlanMirror> descriptions_;
};

}  // namespace tablegate::loader
