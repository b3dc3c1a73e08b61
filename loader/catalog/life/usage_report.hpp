// Who called what: the sums of what nodes reported (node/usage.hpp brings it in),
// kept by the hour for 90 days.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "catalog/lookup.hpp"

namespace tablegate::loader {

struct UsageQuestion {
  std::string workspace, gateway, api, consumer;  // names; empty: all
  std::string since;                              // "24h", "7d", "30m", or an ISO 8601 time
};

struct UsageSum {
  std::string gateway, api, consumer;  // consumer empty: callers of an open API
  long long requests = 0;
  std::string last_call;  // "2027-01-31T00:00:00Z"
};

// Some node has reported calls of the gateway; empty: of any.
bool is_usage_reported(Database& catalog, const std::string& gateway);

// By requests, most first. Throws WrongUsage for a `since` that is no such thing, Refused for an API that
// never was.
std::vector<UsageSum> find_usage(Database& catalog, const UsageQuestion& question);

// Throws Refused when APIs were called in the last 7 days, naming all of them and by whom.
void refuse_while_called(Database& catalog, const std::vector<ApiRow>& apis, const std::string& gateway);

// By id, of the APIs that were called in the last 7 days, by whom: "called on G in the last 7 days by partner
// (7 times, the last ...)".
std::map<std::string, std::string> recent_callers(Database& catalog, const std::vector<std::string>& api_ids,
                                                  const std::string& gateway);

}  // namespace tablegate::loader
