// A row as one line of NDJSON: a JSON object and LF. Its values are those of
// JSON answers, apart from json and jsonb columns, which are compact: what
// PostgreSQL keeps of their blanks may contain the end of a line.
#pragma once

#include <string_view>

#include "core/answer/json_writer.hpp"

namespace tablegate::core {

// `cells`: as in RowWriter::row. False: no memory.
bool write_json_line(const Api& api, const Cell* cells, ByteSink& sink);

// Copies valid JSON without the blanks between its tokens; returns the end of it. `out` has room for
// text.size() bytes.
char* put_compact_json(std::string_view text, char* out);

}  // namespace tablegate::core
