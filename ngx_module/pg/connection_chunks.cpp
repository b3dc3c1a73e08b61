// Connection, fourth part of six: rows in chunks, and pauses. libpq hands out a result for each row; rows
// that arrived together are delivered together.
#include <arpa/inet.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <utility>

#include "pg/cells.hpp"
#include "pg/connection.hpp"

namespace tablegate::pg {
namespace {

// A chunk is delivered at the latest when it has this many rows or bytes (PQresultMemorySize).
constexpr std::size_t kChunkRows = 64;
constexpr std::size_t kChunkBytes = 65536;
// So much is delivered in one turn of the event loop; the rest waits for the next one.
constexpr std::size_t kTurnBytes = 524288;
constexpr std::size_t kPeekBytes = 16384;

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
  if (!whole_ && !operations_.empty() && operations_.front().chunks) PQsetSingleRowMode(connection_.get());
}

// A row of its own costs libpq as much as ten of a whole result, so a small result is taken whole when all of
// it is in the socket: messages of the protocol (a type, then a length that counts itself), of which as many
// are ReadyForQuery ('Z') as there were Syncs. Only before the first read: then the socket begins with a
// message.
bool Connection::has_all() const {
  PGconn* connection = connection_.get();
  if (PQsslInUse(connection) != 0 || PQgssEncInUse(connection) != 0) return false;
  std::array<unsigned char, kPeekBytes>
      bytes;  // NOLINT(cppcoreguidelines-pro-type-member-init): written by recv
  const ssize_t got = recv(PQsocket(connection), bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
  if (got <= 0) return false;
  std::size_t ends = 0;
  const auto size = static_cast<std::size_t>(got);
  std::size_t at = 0;
  while (at + 5 <= size) {
    ends += bytes[at] == 'Z' ? 1 : 0;
    uint32_t length = 0;
    std::memcpy(&length, bytes.data() + at + 1, sizeof length);
    at += std::size_t{1} + ntohl(length);
  }
  if (at != size) return false;
  for (const Operation& operation : operations_) ends -= operation.kind == Operation::Kind::sync ? 1 : 0;
  return ends == 0;
}

void Connection::gather(ResultPointer row) {
  if (operations_.front().query == nullptr) return forget_chunk();  // abandoned
  const std::size_t size = PQresultMemorySize(row.get());
  gathered_bytes_ += size;
  turn_bytes_ += size;
  gathered_.push_back(std::move(row));
  chunk_.push_back(gathered_.back().get());
  if (chunk_.size() >= kChunkRows || gathered_bytes_ >= kChunkBytes) deliver_chunk();
}

// Whether the rest of what has arrived has to wait. What a lost connection has left is read at once.
bool Connection::ends_turn() {
  if (turn_bytes_ < kTurnBytes || PQstatus(connection_.get()) != CONNECTION_OK) return false;
  timer_->start(1);  // 0 would be this turn still
  return true;
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
