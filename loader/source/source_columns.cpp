#include "source/source_columns.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "source/table_source.hpp"

namespace tablegate::loader {
namespace {

using core::ColumnType;

// The Table's ddl is to follow the source.
Hint apply_ddl() {
  return Hint::command({"apply", "-f", "FILE"});
}

// The numbers in "numeric(38,18)" or "timestamptz(3)"; -1 where there is none.
std::pair<int, int> arguments_of(const std::string& sql_type) {
  std::pair<int, int> numbers{-1, -1};
  const size_t open = sql_type.find('(');
  if (open == std::string::npos) return numbers;
  const char* const end = sql_type.data() + sql_type.size();
  const auto first = std::from_chars(sql_type.data() + open + 1, end, numbers.first);
  if (first.ptr != end && *first.ptr == ',') std::from_chars(first.ptr + 1, end, numbers.second);
  return numbers;
}

int size_of_integer(ColumnType type) {
  switch (type) {
    case ColumnType::int2:
      return 2;
    case ColumnType::int4:
      return 4;
    case ColumnType::int8:
      return 8;
    default:
      return 0;
  }
}

}  // namespace

bool column_fits(const TableColumn& source, const TableColumn& mirror) {
  const int integer = size_of_integer(source.type);
  if (integer > 0) return size_of_integer(mirror.type) >= integer;
  if (source.type == ColumnType::float4)
    return mirror.type == ColumnType::float4 || mirror.type == ColumnType::float8;
  if (source.type != mirror.type) return false;
  const auto [precision, scale] = arguments_of(source.sql_type);
  const auto [mirror_precision, mirror_scale] = arguments_of(mirror.sql_type);
  if (source.type == ColumnType::numeric)
    return mirror_precision < 0 ||
           (mirror_scale >= scale && mirror_precision - mirror_scale >= precision - scale);
  return mirror_precision < 0 || mirror_precision >= precision;  // fractions of a second
}

void refuse_missing_column(const std::string& source, const std::string& column) {
  throw SourceDrift({column}, fmt::format("{} has no column \"{}\"", source, column), apply_ddl());
}

void refuse_unfit_column(const TableColumn& mirror, const std::string& type) {
  throw SourceDrift({mirror.name},
                    fmt::format("column \"{}\" is {} in the source, which does not fit into the Table's {}",
                                mirror.name, type, mirror.sql_type),
                    apply_ddl());
}

void require_count(const std::string& source, int64_t rows, uint64_t sent) {
  if (static_cast<uint64_t>(rows) != sent)
    throw SystemFailure(fmt::format("{}: the mirror has {} rows, the source sent {}", source, rows, sent));
}

}  // namespace tablegate::loader
