// The committed versions of an API and its draft as texts, what differs between
// two of them, and the guard that lets no break of the contract pass unasked.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "catalog/lookup.hpp"
#include "compile/contract_check.hpp"
#include "model/definition_diff.hpp"

namespace tablegate::loader {

struct StoredVersion {
  int version = 0;  // 0: the draft
  std::string status;
  std::string definition;
  std::string source;

  // Both read. Throws SystemFailure when they are damaged.
  ContractSide contract() const;
  // "version 2" or "the draft".
  std::string label() const;
};

// One for each API: `versions` has its number. Throws Refused where there is none.
std::vector<StoredVersion> read_versions(Database& catalog, const std::vector<const ApiRow*>& apis,
                                         const std::vector<int>& versions);
StoredVersion read_version(Database& catalog, const ApiRow& api, int version);
// The latest that was not rejected.
std::optional<StoredVersion> latest_version(Database& catalog, const ApiRow& api);

// What callers of `before` lose, each break on a line of its own; empty: nothing.
std::string breaks_text(const ApiRow& api, const StoredVersion& before, const StoredVersion& after);
// Throws Refused when there is one of breaks_text(): all of a command, because one --breaking allows all.
void refuse_breaks(const std::vector<std::string>& breaks);

// What a commit of `after` breaks: callers of a version that was published, now or before, or only what the
// latest version had, which never was.
struct CommitBreaks {
  std::optional<StoredVersion> published;  // whose callers it breaks
  std::string note;                        // in words, or empty
};
CommitBreaks commit_breaks(Database& catalog, const ApiRow& api, const StoredVersion& after);

// Definitions field by field, what they are compiled against below /source.
std::vector<FieldChange> changed_fields(const StoredVersion& from, const StoredVersion& to);

}  // namespace tablegate::loader
