// Connection, fourth part of six: the rows of the statement at the head, in chunks where its query asks for
// that, and pauses. Rows stay in the inbox, where they came, until they are delivered.
#include <utility>

#include "pg/cells.hpp"
#include "pg/connection.hpp"

namespace tablegate::pg {
namespace {

// A chunk is delivered at the latest when it has this many rows or bytes.
constexpr std::size_t kChunkRows = 64;
constexpr std::size_t kChunkBytes = 65536;
// A result that has arrived is not divided up to this size.
constexpr std::size_t kWholeBytes = 16384;

}  // namespace

bool Connection::has_paused_head() const {
  if (operations_.empty()) return false;
  const Query* query = operations_.front().query;
  return query != nullptr && query->paused_;
}

bool Connection::set_events() {
  return watch_ && watch_->want(!paused_, (write_blocked_ && !socket_.write_needs_read()) ||
                                              (!paused_ && socket_.read_needs_write()));
}

// Reading stops while the query at the head is paused. It continues from the loop, because rows may have been
// read already and the socket would not report them.
void Connection::update_reading() {
  if (lost_ || broken_ || has_paused_head() == paused_) return;
  paused_ = !paused_;
  if (!paused_) waiting_since_ms_ = loop_.now_ms();
  if (!set_events()) return break_later("reading failed");
  if (!paused_) timer_->start(0);
}

void Connection::set_paused(Query& query, bool paused) {
  query.paused_ = paused;
  if (query.operation_ != nullptr) query.operation_->connection->update_reading();
}

RowRange Connection::statement_rows() const {
  RowRange rows = statement_;
  rows.count = rows_.size() - rows.first;
  return rows;
}

Cells Connection::cells_of(const RowRange& rows, bool chunk) const {
  return {inbox_, rows_.data() + rows.first, rows.count, row_types_.data() + rows.first_type, rows.columns,
          chunk};
}

void Connection::keep_row(const Message& message) {
  const Operation& operation = operations_.front();
  const Query* const query = operation.query;
  if (query == nullptr && operation.kind != Operation::Kind::stamp &&
      operation.kind != Operation::Kind::first_stamp)
    return forget_rows();  // abandoned: also those before it; or nothing that is read
  rows_.push_back(inbox_.position_of(message.body));
  row_bytes_ += kFrameHeader + message.size;
  if (!operation.chunks || query == nullptr || whole_) return;
  if (rows_.size() - statement_.first < kChunkRows && row_bytes_ < kChunkBytes) return;
  whole_ = !query->delivered_ && row_bytes_ < kWholeBytes && inbox_.has_end_of_rows(kWholeBytes - row_bytes_);
  if (!whole_) deliver_chunk();
}

void Connection::deliver_chunk() {
  Query* query = operations_.front().query;
  if (query != nullptr && rows_.size() > statement_.first) {
    query->delivered_ = true;
    query->on_rows(cells_of(statement_rows(), true), false);
  }
  forget_rows();
}

void Connection::forget_rows() {
  rows_.resize(statement_.first);
  row_bytes_ = 0;
}

// `held`: its rows stay.
void Connection::end_statement(bool held) {
  if (!held) {
    forget_rows();
    row_types_.resize(held_.empty() ? 0 : statement_.first_type);
    if (held_.empty()) rows_.clear();
  }
  statement_ = {rows_.size(), 0, row_types_.size(), 0};
  described_ = whole_ = false;
  row_bytes_ = 0;
}

void Connection::forget_bytes() {
  if (rows_.empty()) {
    inbox_.forget_all();
  } else {
    inbox_.forget_before(rows_.front());
  }
}

void Connection::finish_rows(Query* query) {
  if (query == nullptr) return;
  const bool chunk = query->delivered_;
  owner_.on_answer(*query);
  query->on_rows(cells_of(statement_rows(), chunk), true);
}

}  // namespace tablegate::pg
