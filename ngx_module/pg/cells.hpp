// Rows as the database sent them: the only reader of a PGresult. Also the three
// things that everybody does with rows: check that the columns are those of the
// manifest, write them as an API's answer, take over the generations of tables;
// and the one table that maps a pool's failures to error slugs.
// Cells is a view: everything it returns is valid only during Query::on_rows.
#pragma once

#include <libpq-fe.h>

#include <cstddef>

#include "core/answer/json_writer.hpp"
#include "core/answer/problem.hpp"
#include "core/manifest/manifest.hpp"
#include "core/plan/table_generations.hpp"
#include "pg/query.hpp"

namespace tablegate::pg {

class Cells {
 public:
  // One result with all of its rows.
  explicit Cells(const PGresult* result);
  // A chunk: `count` results of one row each, at least one.
  Cells(const PGresult* const* results, std::size_t count);

  // `rows` of them from `first` on, with the first `columns` of theirs; of a result that was taken whole.
  Cells part(std::size_t first, std::size_t rows, std::size_t columns) const;

  // Of a result that was not taken whole.
  bool is_chunk() const { return results_ != nullptr; }
  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  // The OID of a column's type; 0: there is no such column.
  Oid type(std::size_t column) const;
  // The value in PostgreSQL's text form; null data(): SQL NULL.
  core::Cell cell(std::size_t row, std::size_t column) const;
  // All values of one row. `cells` has room for columns().
  void read_row(std::size_t row, core::Cell* cells) const;

 private:
  // A row of a chunk is row 0 of a result of its own.
  const PGresult* result_of(std::size_t row) const { return results_ == nullptr ? result_ : results_[row]; }
  int row_in_result(std::size_t row) const {
    return results_ == nullptr ? static_cast<int>(first_ + row) : 0;
  }

  const PGresult* result_;
  const PGresult* const* results_ = nullptr;  // null: all rows are in result_
  std::size_t first_ = 0;                     // row of result_
  std::size_t rows_;
  std::size_t columns_;
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
