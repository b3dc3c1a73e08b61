// What a server may send, any bytes: the same messages however the bytes are cut; rows, columns and errors
// are within their message, and a row that is accepted is exactly its cells. First byte: the size of the
// pieces.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "fuzzing.hpp"
#include "pg/inbox.hpp"

using namespace tablegate;

namespace {

bool is_within(std::string_view part, const pg::Message& message) {
  return part.empty() ||
         (part.data() >= message.body && part.data() + part.size() <= message.body + message.size);
}

void check_row(const pg::Message& message, std::size_t columns) {
  if (!pg::is_row(message, columns)) return;
  std::vector<core::Cell> cells(columns + 1);
  pg::read_row(message.body, columns, cells.data());
  std::size_t size = 2;
  for (std::size_t i = 0; i < columns; ++i) {
    const core::Cell cell = pg::read_cell(message.body, i);
    INVARIANT(cell.data == cells[i].data && cell.size == cells[i].size);
    INVARIANT(is_within({cell.data, cell.size}, message));
    size += 4 + cell.size;
  }
  INVARIANT(size == message.size);
}

void check(const pg::Message& message, std::size_t& columns) {
  std::vector<uint32_t> types;
  if (pg::read_columns(message, types)) {
    INVARIANT(types.size() * 19 + 2 <= message.size);
    columns = types.size();
  }
  for (std::size_t count = 0; count < 4; ++count) check_row(message, count);
  check_row(message, columns);
  pg::ErrorFields fields;
  if (!pg::read_error(message, fields)) return;
  INVARIANT(is_within(fields.severity, message) && is_within(fields.sqlstate, message));
  INVARIANT(is_within(fields.message, message));
}

// The messages as they are found. `keep`: some of them stay in the buffer for a while.
std::string read(const uint8_t* data, size_t size, size_t step, bool keep) {
  pg::Inbox inbox;
  std::string found;
  std::vector<std::pair<uint64_t, std::string>> kept;
  std::size_t columns = 0;
  for (size_t at = 0; at < size;) {
    const pg::Inbox::Room room = inbox.room();
    const size_t piece = std::min({step, size - at, room.size});
    std::memcpy(room.data, data + at, piece);
    inbox.add(piece);
    at += piece;
    pg::Message message;
    pg::Frame frame = pg::Frame::whole;
    while ((frame = inbox.next(message)) == pg::Frame::whole) {
      check(message, columns);
      found += message.type;
      found.append(message.body, message.size);
      if (keep) kept.emplace_back(inbox.position_of(message.body), std::string(message.body, message.size));
    }
    if (frame == pg::Frame::invalid) return found + "invalid";
    if (kept.empty()) {
      inbox.forget_all();
    } else {
      inbox.forget_before(kept.front().first);
    }
    for (const auto& [place, body] : kept)
      INVARIANT(std::memcmp(inbox.at(place), body.data(), body.size()) == 0);
    if (kept.size() > 8) kept.erase(kept.begin(), kept.begin() + 4);
  }
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t step = 1 + data[0];
  const std::string whole = read(data + 1, size - 1, size, false);
  INVARIANT(read(data + 1, size - 1, step, true) == whole);
  return 0;
}
