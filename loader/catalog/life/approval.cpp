#include "catalog/life/approval.hpp"

#include <fmt/format.h>

namespace tablegate::loader {
namespace {

// The latest version that waits for the step, else the latest: the catalog then tells why it cannot be.
std::string version_for(Database& catalog, const ApiRow& api, const StepRequest& request, bool operates) {
  if (request.version) return std::to_string(*request.version);
  const char* const waiting =
      request.step == "submit" ? "status IN ('Pending for Application', 'Rejected')"
      : request.step == "approve" && operates
          ? "status = 'Pending for Approval' OR (status = 'Pending for Application' AND "
            "NOT tablegate.requires_approval(api_id, version))"
          : "status = 'Pending for Approval'";
  const Rows rows = catalog.query(
      fmt::format(
          "SELECT version FROM tablegate.api_version WHERE api_id = $1 ORDER BY ({}) DESC, version DESC "
          "LIMIT 1",
          waiting),
      {api.id});
  if (rows.empty())
    throw Refused(fmt::format("API \"{}\" has no version yet", api.name),
                  fmt::format("tablegate api commit \"{}\"", api.name));
  return rows.string(0, 0);
}

// Command that helps, by the SQLSTATE that the catalog's functions raise.
std::string next_of(const std::string& sqlstate, const ApiRow& api, const StepRequest& request) {
  if (sqlstate == "TG002")
    return fmt::format("tablegate api {} \"{}\" as somebody else", request.step, api.name);
  if (sqlstate == "TG003") return fmt::format("tablegate api {} \"{}\" without --as", request.step, api.name);
  return fmt::format("tablegate api versions \"{}\"", api.name);
}

}  // namespace

bool requires_approval(Database& catalog, const ApiRow& api, int version) {
  return catalog.query("SELECT tablegate.requires_approval($1, $2)", {api.id, std::to_string(version)})
      .boolean(0, 0);
}

StepOutcome take_step(Database& catalog, const ApiRow& api, const StepRequest& request) {
  const bool operates =
      catalog.query("SELECT pg_catalog.pg_has_role(session_user, 'tablegate_operator', 'MEMBER')")
          .boolean(0, 0);
  const std::string version = version_for(catalog, api, request, operates);
  // Where nothing requires an approval any more, an operator releases what still waits.
  const bool releases =
      request.step == "approve" && operates && !requires_approval(catalog, api, std::stoi(version));
  const std::string step = releases ? "release" : request.step;
  try {
    const Rows rows = catalog.query(fmt::format("SELECT tablegate.{}_version($1, $2, $3, $4)", step),
                                    {api.id, version, request.message, request.as_user});
    return {std::stoi(version), rows.string(0, 0)};
  } catch (const DatabaseError& error) {
    if (error.sqlstate.rfind("TG", 0) != 0) throw;
    throw Refused(fmt::format("version {} of API \"{}\" cannot be {}: {}", version, api.name,
                              request.step == "submit"    ? "submitted"
                              : request.step == "approve" ? "approved"
                                                          : "rejected",
                              error.what()),
                  next_of(error.sqlstate, api, request));
  }
}

}  // namespace tablegate::loader
