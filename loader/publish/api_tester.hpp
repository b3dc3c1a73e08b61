// `api test`: runs a draft through the gateway's own code (core's binder,
// statement and writer, pg's connection) as tablegate_reader.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "publish/manifest_writer.hpp"

namespace tablegate::loader {

struct TestOutcome {
  bool passed = false;  // status is 200
  bool empty = false;   // no row was found
  int status = 0;       // as HTTP would say
  double duration_ms = 0;
  std::string response;  // the body
  std::string detail;  // the database's text where it refused the statement; for people, never in `response`
};

// `parameters` in the order given; names must be of the API (throws Refused). Parameters not given take their
// sample.
TestOutcome test_api(const ApiEntry& api, const std::vector<std::pair<std::string, std::string>>& parameters,
                     const std::string& mirror_dsn);

}  // namespace tablegate::loader
