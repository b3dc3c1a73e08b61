#include "pg/cells.hpp"

#include <array>

#include "pg/page_cells.hpp"

namespace tablegate::pg {
namespace {

// Values of these types are written without quotes.
bool is_written_raw(core::ColumnType type) {
  switch (type) {
    case core::ColumnType::int2:
    case core::ColumnType::int4:
    case core::ColumnType::int8:
    case core::ColumnType::float4:
    case core::ColumnType::float8:
    case core::ColumnType::numeric:
    case core::ColumnType::boolean:
    case core::ColumnType::json:
    case core::ColumnType::jsonb:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool has_columns_of(const core::Api& api, const Cells& cells) {
  if (api.result == core::ResultShape::page ? !is_page_size(api, cells.columns())
                                            : cells.columns() != core::output_columns(api))
    return false;
  std::size_t place = 0;
  for (const core::Column& column : api.columns) {
    if (is_written_raw(column.type) && cells.type(place) != core::column_type_oid(column.type)) return false;
    place += column.wall ? 2 : 1;
  }
  return true;
}

bool write_rows(const Cells& cells, core::RowWriter& writer, core::Cell* scratch) {
  for (std::size_t row = 0; row < cells.rows(); ++row) {
    cells.read_row(row, scratch);
    if (!writer.row(scratch)) return false;
  }
  return true;
}

bool read_generations(const Cells& cells, core::TableGenerations& generations) {
  const bool stamped = cells.columns() == core::kStampedGenerationColumns;
  if (!stamped && cells.columns() != core::kGenerationColumns) return false;
  generations.begin();
  for (std::size_t row = 0; row < cells.rows(); ++row) {
    std::array<core::Cell, core::kStampedGenerationColumns> values;
    cells.read_row(row, values.data());
    generations.row(values.data(), stamped);
  }
  generations.end();
  return true;
}

core::Slug slug_of(Failure::Kind kind) {
  switch (kind) {
    case Failure::Kind::query_failed:
      return core::Slug::query_failed;
    case Failure::Kind::query_timeout:
      return core::Slug::query_timeout;
    case Failure::Kind::database_unavailable:
      return core::Slug::database_unavailable;
    case Failure::Kind::queue_full:
      return core::Slug::queue_full;
  }
  return core::Slug::internal_error;
}

}  // namespace tablegate::pg
