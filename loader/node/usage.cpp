#include "node/usage.hpp"

#include <fmt/format.h>

#include "base/json_text.hpp"
#include "base/refusal.hpp"

namespace tablegate::loader {
bool has_usage(const std::string& json) {
  JsonDocument report;
  return parse_json(json, report).empty() && report.IsObject() && json_find(report, "usage") != nullptr;
}

long long collect_usage(Database& catalog, const std::string& gateway, const std::string& node,
                        const std::string& json) {
  JsonDocument report;
  if (!parse_json(json, report).empty() || !report.IsObject() || json_find(report, "usage") == nullptr ||
      json_find(report, "epoch") == nullptr) {
    throw Refused(
        "this is not an answer of tablegate_status with the argument usage; --status takes the URL of a "
        "location with tablegate_status on this node",
        Hint::again().set("--status", "URL"));
  }
  if (const std::string of = json_member(report, "gateway"); of != gateway) {
    throw Refused(fmt::format("this nginx serves gateway \"{}\", not \"{}\"", of, gateway),
                  Hint::again().set("--gateway", of));
  }
  return catalog.query("SELECT tablegate.record_usage($1, $2, $3::json)", {gateway, node, json})
      .integer(0, 0);
}

}  // namespace tablegate::loader
