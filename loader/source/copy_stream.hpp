// COPY ... FROM STDIN of PostgreSQL, as every source uses it: begin, send, finish,
// and what PostgreSQL says of a row that it does not take. One at a time on a
// session; left without finish() it is ended as failed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/database.hpp"

namespace tablegate::loader {

struct CopyFault {
  std::string sqlstate;
  std::string message;   // PostgreSQL's own
  uint64_t line = 0;     // of what was sent, 0: not about a line
  std::string column;    // or empty
  bool of_data = false;  // a value or a row, and the line is known

  // PostgreSQL's words, or ours where its own would name the generation's table.
  std::string reason() const;
};

// Throws what PostgreSQL said of the rows of `source`: Refused where a row or a value is at fault, naming
// `place` and the column; DatabaseError otherwise.
[[noreturn]] void refuse_rows(const CopyFault& fault, const std::string& source, const std::string& place,
                              const std::string& next = {});

class CopyStream {
 public:
  // `table` is quoted already; `options` is what stands in COPY's parentheses ("FORMAT csv"), or empty.
  CopyStream(Database& database, const std::string& table, const std::vector<std::string>& columns,
             bool freeze, const std::string& options);
  ~CopyStream();
  CopyStream(const CopyStream&) = delete;
  CopyStream& operator=(const CopyStream&) = delete;

  // False: COPY has failed already, finish() tells why.
  bool send(std::string_view bytes);
  // True with the number of rows in `rows`, else what was wrong in `fault`. Throws SystemFailure when the
  // connection is lost.
  bool finish(int64_t& rows, CopyFault& fault);

 private:
  CopyFault read_fault(const PGresult* result) const;

  PGconn* connection_;
  std::vector<std::string> columns_;
  bool open_ = true;
};

// The text as a literal of SQL. Throws Refused when it cannot be one.
std::string sql_literal(Database& database, const std::string& text);

}  // namespace tablegate::loader
