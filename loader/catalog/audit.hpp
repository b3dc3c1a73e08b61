// The audit log of the catalog (tablegate.audit): who changed what, and when.
// Triggers write it; here it is read, and its oldest entries are removed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/database.hpp"

namespace tablegate::loader {

struct AuditQuestion {
  std::optional<std::string> since;  // as catalog/since.hpp reads it
  std::optional<std::string> api;    // its name; entries under older names of the same API count too
  std::optional<std::string> user;   // who signed in, or in whose name it was done
  std::optional<std::string> kind;   // any case, singular or plural
  std::string workspace;             // empty: all
  int limit = 100;                   // the latest so many
};

struct AuditEntry {
  std::string at;  // "2027-01-31T08:00:00.000Z"
  std::string user;
  std::optional<std::string> as_user;
  std::string action, kind, name;
  std::optional<std::string> workspace;  // none: the whole catalog
  std::string details;                   // a JSON object
};

// The oldest first. Throws WrongUsage for a wrong `since`.
std::vector<AuditEntry> find_audit(Database& catalog, const AuditQuestion& question);

constexpr int kLeastAuditDays = 30;  // the catalog keeps younger entries, too

// Removes the entries older than so many days, at least kLeastAuditDays. Returns how many were removed.
int64_t prune_audit(Database& catalog, int days);

}  // namespace tablegate::loader
