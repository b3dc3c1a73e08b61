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

// Throws Refused where there is none.
StoredVersion read_version(Database& catalog, const ApiRow& api, int version);
// The latest that was not rejected.
std::optional<StoredVersion> latest_version(Database& catalog, const ApiRow& api);

// What callers of `before` lose, each break on a line of its own; empty: nothing.
std::string breaks_text(const ApiRow& api, const StoredVersion& before, const StoredVersion& after);
// Throws Refused for such a text, unless it is empty; `verb`: commit or publish, for the suggested command.
void refuse_breaks(const ApiRow& api, const std::string& breaks, const std::string& verb);

// What a commit of `after` breaks. Callers know versions that were published, now or before: `error`, else
// empty. What only the latest version had, which never was: `note`.
struct CommitBreaks {
  std::string error, note;
};
CommitBreaks commit_breaks(Database& catalog, const ApiRow& api, const StoredVersion& after);

// Definitions field by field, what they are compiled against below /source.
std::vector<FieldChange> changed_fields(const StoredVersion& from, const StoredVersion& to);

}  // namespace tablegate::loader
