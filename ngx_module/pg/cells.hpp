// Rows as the database sent them: the only reader of them. Also the three
// things that everybody does with rows: check that the columns are those of the
// manifest, write them as an API's answer, take over the generations of tables;
// and the one table that maps a pool's failures to error slugs.
// Cells is a view of the bytes where they came from the socket: everything it
// returns is valid only during Query::on_rows.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/answer/json_writer.hpp"
#include "core/answer/problem.hpp"
#include "core/manifest/manifest.hpp"
#include "core/plan/table_generations.hpp"
#include "pg/inbox.hpp"
#include "pg/query.hpp"

namespace tablegate::pg {

class Cells {
 public:
  // `rows`: where in `inbox` their bodies are; `types`: OIDs of the columns. `chunk`: there are other rows of
  // the same result.
  Cells(const Inbox& inbox, const uint64_t* rows, std::size_t count, const uint32_t* types,
        std::size_t columns, bool chunk)
      : inbox_(inbox), places_(rows), rows_(count), types_(types), columns_(columns), chunk_(chunk) {}

  // `rows` of them from `first` on, with the first `columns` of theirs.
  Cells part(std::size_t first, std::size_t rows, std::size_t columns) const {
    return {inbox_, places_ + first, rows, types_, columns, chunk_};
  }

  // Of a result that did not come as a whole.
  bool is_chunk() const { return chunk_; }
  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  // The OID of a column's type; 0: there is no such column.
  uint32_t type(std::size_t column) const { return column < columns_ ? types_[column] : 0; }
  // The value in PostgreSQL's text form; null data(): SQL NULL.
  core::Cell cell(std::size_t row, std::size_t column) const {
    return read_cell(inbox_.at(places_[row]), column);
  }
  // All values of one row. `cells` has room for columns().
  void read_row(std::size_t row, core::Cell* cells) const {
    pg::read_row(inbox_.at(places_[row]), columns_, cells);
  }

 private:
  const Inbox& inbox_;
  const uint64_t* places_;
  std::size_t rows_;
  const uint32_t* types_;
  std::size_t columns_;
  bool chunk_;
};

// Whether the columns are those of the API's statement: their number, and the type of each column whose value
// is written without quotes. A column whose type changed under a live manifest could break the JSON
// otherwise.
bool has_columns_of(const core::Api& api, const Cells& cells);

// Writes all rows. `scratch` has room for Cells::columns(). False: no memory.
bool write_rows(const Cells& cells, core::RowWriter& writer, core::Cell* scratch);

// Takes over the rows of core::kGenerationsSql or core::kStampedGenerationsSql. False: they have other
// columns; nothing was changed.
bool read_generations(const Cells& cells, core::TableGenerations& generations);

// What the caller gets after a failure.
core::Slug slug_of(Failure::Kind kind);

}  // namespace tablegate::pg
