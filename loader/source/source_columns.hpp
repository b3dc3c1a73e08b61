// The columns of a source against those of its Table: whether all values fit, and
// the refusals that every source has in common.
#pragma once

#include <cstdint>
#include <string>

#include "model/ddl.hpp"

namespace tablegate::loader {

// Whether every value of `source`, as PostgreSQL would have it, fits into a column of the mirror.
bool column_fits(const TableColumn& source, const TableColumn& mirror);

// Throw SourceDrift. `source` names the table or query; `type` is the source's own word.
[[noreturn]] void refuse_missing_column(const std::string& source, const std::string& column);
[[noreturn]] void refuse_unfit_column(const TableColumn& mirror, const std::string& type);

// Throws SystemFailure when the mirror has taken another number of rows than the source sent.
void require_count(const std::string& source, int64_t rows, uint64_t sent);

}  // namespace tablegate::loader
