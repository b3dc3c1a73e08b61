// Connection, sixth part of six: the stamp of mirror.tablegate_tables that rows were read under. All
// statements up to a Sync are one transaction. Each locks its tables when it begins and keeps the locks until
// the Sync, and a table is replaced only by who has locked it alone. So a stamp that is read behind the
// queries of a batch is that of their rows, and they share one; their answers wait for it. A query that takes
// its rows in chunks cannot wait: there the tables are locked and the stamp is read before it.
#include <charconv>

#include "core/plan/table_generations.hpp"
#include "pg/cells.hpp"
#include "pg/connection.hpp"
#include "pg/wire_writer.hpp"

namespace tablegate::pg {
namespace {

constexpr uint32_t kStampMs = 10000;  // it waits for no lock

}  // namespace

// Behind the last query of the batch: an error of it takes nothing from them.
void Connection::send_stamp() {
  stamp_due_ = false;
  if (!config_.prepare) {
    send_plain(core::kPoolerStampSql, nullptr, 0);
    return push(Operation::Kind::stamp, nullptr, nullptr, kStampMs);
  }
  if (stamp_name_.empty()) {
    stamp_name_ = "tg_stamp_" + std::to_string(++stamp_names_);
    write_parse(outbox_, stamp_name_, core::kStampSql, {});
    push(Operation::Kind::prepare_stamp, nullptr, nullptr, kStampMs);
  }
  write_run(outbox_, stamp_name_, nullptr, 0);
  push(Operation::Kind::stamp, nullptr, nullptr, kStampMs);
}

// It waits for locks, as the query behind it would.
void Connection::send_first_stamp(Query& query, uint32_t limit_ms) {
  if (!query.stamped || query.delivery != Delivery::chunks) return;
  const std::string sql = query.stamp_sql();
  if (sql.empty()) return;
  send_plain(sql.c_str(), nullptr, 0);
  push(Operation::Kind::first_stamp, nullptr, nullptr, limit_ms);
}

// False: there is no memory for it.
bool Connection::hold(const Operation& operation) noexcept {
  try {
    held_.push_back({operation, statement_rows()});
  } catch (...) {
    return false;
  }
  operation.query->operation_ = &held_.back().operation;  // a deque: the address stays
  return true;
}

// 0: there is none.
uint64_t Connection::stamp_in(const Answer& answer) const {
  const Cells cells = cells_of(statement_rows(), false);
  if (answer.status != Answer::Status::rows || cells.rows() != 1 || cells.columns() == 0) return 0;
  const core::Cell cell = cells.cell(0, 0);
  int64_t stamp = 0;
  const auto read = std::from_chars(cell.data, cell.data + cell.size, stamp);
  return read.ec == std::errc() && read.ptr == cell.data + cell.size ? static_cast<uint64_t>(stamp) : 0;
}

void Connection::finish_stamp(const Answer& answer) {
  // Its own error: perhaps somebody has dropped the prepared statement.
  if (answer.status == Answer::Status::failed) stamp_name_.clear();
  deliver_held(stamp_in(answer));
}

void Connection::finish_first_stamp(const Operation& operation, const Answer& answer) {
  if (!answer.good()) return note_prefix_error(operation, answer);
  if (!operations_.empty() && operations_.front().query != nullptr)
    operations_.front().query->stamp = stamp_in(answer);
}

void Connection::deliver_held(uint64_t stamp) {
  while (!held_.empty()) {
    Query* const query = held_.front().operation.query;  // null: abandoned
    const RowRange rows = held_.front().rows;
    held_.pop_front();
    if (query == nullptr) continue;
    query->operation_ = nullptr;
    query->stamp = stamp;
    owner_.on_answer(*query);
    query->on_rows(cells_of(rows, false), true);
  }
}

}  // namespace tablegate::pg
