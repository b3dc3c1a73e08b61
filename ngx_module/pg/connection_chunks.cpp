// Connection, fourth part of six: rows in chunks, and pauses. libpq hands out a result for each row; rows
// that arrived together are delivered together.
#include <utility>

#include "pg/cells.hpp"
#include "pg/connection.hpp"

namespace tablegate::pg {
namespace {

// A chunk is delivered at the latest when it has this many rows or bytes (PQresultMemorySize).
constexpr std::size_t kChunkRows = 64;
constexpr std::size_t kChunkBytes = 262144;

}  // namespace

bool Connection::has_paused_head() const {
  if (operations_.empty()) return false;
  const Query* query = operations_.front().query;
  return query != nullptr && query->paused_;
}

bool Connection::set_events() {
  return watch_ && watch_->want(!paused_, wants_write_);
}

// Reading stops while the query at the head is paused. It continues from the loop, because libpq may hold
// rows already and the socket would not report them.
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

// libpq keeps the mode for one query only, and takes the request only between the NULL that ends the answer
// before it and its own first row. Elsewhere the call does nothing.
void Connection::ask_for_single_rows() {
  if (!operations_.empty() && operations_.front().chunks) PQsetSingleRowMode(connection_.get());
}

void Connection::gather(ResultPointer row) {
  if (operations_.front().query == nullptr) return forget_chunk();  // abandoned
  gathered_bytes_ += PQresultMemorySize(row.get());
  gathered_.push_back(std::move(row));
  chunk_.push_back(gathered_.back().get());
  if (chunk_.size() >= kChunkRows || gathered_bytes_ >= kChunkBytes) deliver_chunk();
}

void Connection::deliver_chunk() {
  if (chunk_.empty()) return;
  Query* query = operations_.front().query;
  if (query != nullptr) {
    query->delivered_ = true;
    query->on_rows(Cells(chunk_.data(), chunk_.size()), false);
  }
  forget_chunk();
}

void Connection::forget_chunk() {
  chunk_.clear();
  gathered_.clear();
  gathered_bytes_ = 0;
}

void Connection::finish_rows(Query* query, const PGresult* result) {
  if (query != nullptr) {
    owner_.on_answer(*query);
    query->on_rows(chunk_.empty() ? Cells(result) : Cells(chunk_.data(), chunk_.size()), true);
  }
  if (!chunk_.empty()) forget_chunk();
}

}  // namespace tablegate::pg
