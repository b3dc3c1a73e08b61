// COPY ... FROM STDIN of PostgreSQL, as every source uses it: begin, send,
// finish, and the report of PostgreSQL on a row that it rejects. One COPY at a
// time on a session. A stream that is destroyed without finish() ends as
// failed.
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
  std::string message;   // PostgreSQL's own message
  uint64_t line = 0;     // line of what was sent; 0: the fault is not in a line
  std::string column;    // or empty
  bool of_data = false;  // the fault is in a value or a row, and the line is known

  // PostgreSQL's message, or another one where its own would name the generation's table.
  std::string reason() const;
};

// Throws what PostgreSQL said of the rows of `source`: Refused where a row or a value is at fault, naming
// `place` and the column, with `advice` behind the reason; DatabaseError otherwise.
[[noreturn]] void refuse_rows(const CopyFault& fault, const std::string& source, const std::string& place,
                              const Hint& next = {}, const std::string& advice = {});

class CopyStream {
 public:
  // `table` is quoted already; `options` is the text inside COPY's parentheses ("FORMAT csv"), or empty.
  CopyStream(Database& database, const std::string& table, const std::vector<std::string>& columns,
             bool freeze, const std::string& options);
  ~CopyStream();
  CopyStream(const CopyStream&) = delete;
  CopyStream& operator=(const CopyStream&) = delete;

  // False: COPY has failed already; finish() gives the reason.
  bool send(std::string_view bytes);
  // True: `rows` is the number of rows. False: `fault` holds the reason. Throws SystemFailure when the
  // connection is lost.
  bool finish(int64_t& rows, CopyFault& fault);

 private:
  CopyFault read_fault(const PGresult* result) const;

  PGconn* connection_;
  std::vector<std::string> columns_;
  bool open_ = true;
};

// The text as an SQL literal. Throws Refused when it cannot be one.
std::string sql_literal(Database& database, const std::string& text);

}  // namespace tablegate::loader
