// Rows as CSV (RFC 4180): lines end in CR LF, the first one has the names of the
// columns, also without rows. A cell is the text of the JSON value without its
// quotes; json and jsonb are compact. NULL is an empty cell, an empty text `""`,
// so that PostgreSQL's COPY (FORMAT csv, HEADER) reads both back.
#pragma once

#include <string>
#include <string_view>

#include "core/answer/json_writer.hpp"

namespace tablegate::core {

// `cells`: as in RowWriter::row. False: no memory.
bool write_csv_row(const Api& api, const Cell* cells, ByteSink& sink);

// The first line, for Api::csv.
std::string csv_header(const Api& api);
// The value of Content-Disposition (RFC 6266), for Api::csv: `attachment; filename="All-Users.csv"`.
std::string csv_disposition(std::string_view api_name);

}  // namespace tablegate::core
