// Writes MaxCompute's values in PostgreSQL's form (table of types in
// loader/README.md): times in UTC with their offset, nested values as JSON. A
// value that PostgreSQL cannot hold throws BadValue.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "source/copy_text.hpp"
#include "source/maxcompute/maxcompute_record.hpp"
#include "source/maxcompute/maxcompute_type.hpp"

namespace tablegate::loader {

// The reason, without column and row.
struct BadValue : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Adds the value as the next field. NULL is \N.
void copy_value(const MaxComputeType& type, const RecordValue& value, CopyText& copy);

// Appends the value as JSON, for use inside a jsonb column.
void append_json(const MaxComputeType& type, const RecordValue& value, std::string& out);

// "2017-11-11", "0044-03-15 BC"; days since 1970.
std::string date_text(int64_t days);

}  // namespace tablegate::loader
