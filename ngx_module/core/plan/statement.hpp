// The SQL of one path of a statement program, as a connection prepares it, and
// how names stand in SQL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tablegate::core {

struct Statement {
  std::string sql;              // with $1, $2, ...
  std::vector<uint32_t> types;  // of the placeholders: PostgreSQL's OIDs, never 0
};

// Byte `at` of the SQL is byte `origin` of the script (see TextNode), and so on up to the next mark; 0: it is
// of no script.
struct OriginMark {
  size_t at = 0;
  uint32_t origin = 0;
};

// Where byte `offset` of the SQL is in the script, from 1; 0: that is not known. What has no mark of its own
// is at the end of the text before it.
size_t origin_at(const std::vector<OriginMark>& origins, size_t offset);

// "name" with quotes doubled, as PostgreSQL reads identifiers (manual, 4.1.1).
std::string quote_identifier(std::string_view name);
// 'text' with quotes doubled; standard_conforming_strings is on in every session of ours.
std::string quote_literal(std::string_view text);
// "mirror"."name"
std::string mirror_relation(std::string_view name);

}  // namespace tablegate::core
