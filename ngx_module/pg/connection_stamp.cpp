// Connection, sixth part of six: the stamp of mirror.tablegate_tables that rows were read under. All
// statements up to a Sync are one transaction. Each locks its tables when it begins and keeps the locks until
// the Sync, and a table is replaced only by who has locked it alone. So a stamp that is read behind the
// queries of a batch is that of their rows, and they share one; their answers wait for it. A query that takes
// its rows in chunks cannot wait: there the tables are locked and the stamp is read before it.
#include <utility>

#include "core/plan/table_generations.hpp"
#include "pg/cells.hpp"
#include "pg/connection.hpp"

namespace tablegate::pg {
namespace {

constexpr uint32_t kStampMs = 10000;  // it waits for no lock

// 0: there is none.
uint64_t stamp_in(const PGresult* result) {
  if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1 || PQgetisnull(result, 0, 0) != 0)
    return 0;
  const char* text = PQgetvalue(result, 0, 0);
  const bool negative = *text == '-';
  if (negative) ++text;
  uint64_t stamp = 0;  // a bigint of PostgreSQL's: no overflow
  for (; *text >= '0' && *text <= '9'; ++text) stamp = stamp * 10 + static_cast<uint64_t>(*text - '0');
  if (*text != '\0') return 0;
  return negative ? 0 - stamp : stamp;
}

}  // namespace

// Behind the last query of the batch: an error of it takes nothing from them.
bool Connection::send_stamp() {
  stamp_due_ = false;
  PGconn* const connection = connection_.get();
  if (!config_.prepare) {
    return PQsendQueryParams(connection, core::kPoolerStampSql, 0, nullptr, nullptr, nullptr, nullptr, 0) ==
               1 &&
           push(Operation::Kind::stamp, nullptr, nullptr, kStampMs);
  }
  if (stamp_name_.empty()) {
    stamp_name_ = "tg_stamp_" + std::to_string(++stamp_names_);
    if (PQsendPrepare(connection, stamp_name_.c_str(), core::kStampSql, 0, nullptr) != 1) return false;
    push(Operation::Kind::prepare_stamp, nullptr, nullptr, kStampMs);
  }
  return PQsendQueryPrepared(connection, stamp_name_.c_str(), 0, nullptr, nullptr, nullptr, 0) == 1 &&
         push(Operation::Kind::stamp, nullptr, nullptr, kStampMs);
}

// It waits for locks, as the query behind it would.
bool Connection::send_first_stamp(Query& query, uint32_t limit_ms) {
  if (!query.stamped || query.delivery != Delivery::chunks) return true;
  const std::string sql = query.stamp_sql();
  if (sql.empty()) return true;
  return PQsendQueryParams(connection_.get(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0) == 1 &&
         push(Operation::Kind::first_stamp, nullptr, nullptr, limit_ms);
}

// False: there is no memory for it.
bool Connection::hold(const Operation& operation, ResultPointer& result) noexcept {
  try {
    held_.push_back({operation, nullptr});
  } catch (...) {
    return false;
  }
  held_.back().result = std::move(result);
  operation.query->operation_ = &held_.back().operation;  // a deque: the address stays
  return true;
}

void Connection::finish_stamp(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  // Its own error: perhaps somebody has dropped the prepared statement.
  if (status != PGRES_TUPLES_OK && status != PGRES_PIPELINE_ABORTED) stamp_name_.clear();
  deliver_held(stamp_in(result));
}

void Connection::finish_first_stamp(const Operation& operation, const PGresult* result) {
  if (PQresultStatus(result) != PGRES_TUPLES_OK) return note_prefix_error(operation, result);
  if (!operations_.empty() && operations_.front().query != nullptr)
    operations_.front().query->stamp = stamp_in(result);
}

void Connection::deliver_held(uint64_t stamp) {
  while (!held_.empty()) {
    Query* const query = held_.front().operation.query;  // null: abandoned
    const ResultPointer result = std::move(held_.front().result);
    held_.pop_front();
    if (query == nullptr) continue;
    query->operation_ = nullptr;
    query->stamp = stamp;
    owner_.on_answer(*query);
    query->on_rows(Cells(result.get()), true);
  }
}

}  // namespace tablegate::pg
