// A column's type as MaxCompute's record stream needs it: the stream itself
// does not say how long a value is. Made from a type of a DDL or of a table's
// schema; a plain value, copied freely.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/ddl_type.hpp"

namespace tablegate::loader {

struct MaxComputeType {
  enum class Kind : uint8_t {
    tinyint,
    smallint,
    int_,
    bigint,
    interval_year_month,  // months
    boolean,
    float_,
    double_,
    string,
    varchar,
    char_,  // padded with spaces
    binary,
    json,
    decimal,   // its digits as text
    datetime,  // milliseconds since 1970
    date,      // days since 1970
    timestamp,
    timestamp_ntz,
    interval_day_time,  // as timestamp: seconds and nanoseconds
    array,
    map,
    struct_
  };

  Kind kind = Kind::string;
  std::vector<MaxComputeType> children;  // array: element; map: key, value; struct: fields
  std::vector<std::string> fields;       // names of a struct's fields
};

// Sets `type`; returns "", or the reason when the stream cannot be read with this type.
std::string maxcompute_type(const DdlType& ddl, MaxComputeType& type);

}  // namespace tablegate::loader
