// What a server has sent and what is still needed of it: one buffer that is read
// into, cut into messages in place, and used again. Rows stay where they came until
// they are forgotten: a position names a byte for as long as it is kept, also when
// the buffer grows or moves. Owned by a Connection. Memory is that of the largest
// message or of the rows that are kept, and is given back afterwards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "pg/wire_reader.hpp"

namespace tablegate::pg {

class Inbox {
 public:
  struct Room {
    char* data = nullptr;  // null: no memory
    std::size_t size = 0;
  };

  // Where to read to, then how many bytes came. Pointers into the buffer are void after room().
  Room room();
  void add(std::size_t size);

  // The next message, which is behind the last one.
  Frame next(Message& message);
  // Whether rows follow, and something else behind them: all within `size` bytes.
  bool has_end_of_rows(std::size_t size) const;

  uint64_t position_of(const char* byte) const {
    return origin_ + static_cast<std::size_t>(byte - data_.get());
  }
  const char* at(uint64_t position) const { return data_.get() + (position - origin_); }

  // How many bytes came in all.
  uint64_t received() const { return origin_ + end_; }

  // Before this position nothing is needed, except messages that next() has not given yet.
  void forget_before(uint64_t position);
  void forget_all() { forget_before(origin_ + read_); }
  // Nothing is expected soon: keeps little memory.
  void rest();

  std::size_t capacity() const { return capacity_; }

 private:
  struct Free {
    void operator()(char* data) const { std::free(data); }  // NOLINT(cppcoreguidelines-no-malloc)
  };

  bool grow(std::size_t capacity);

  std::unique_ptr<char, Free> data_;  // of malloc: realloc moves pages, not bytes
  std::size_t capacity_ = 0;
  std::size_t kept_ = 0;  // kept_ <= read_ <= end_ <= capacity_
  std::size_t read_ = 0;  // messages before it were given
  std::size_t end_ = 0;
  uint64_t origin_ = 0;  // position of the first byte of data_
  bool filled_ = false;  // the last bytes took all the room
};

}  // namespace tablegate::pg
