// Room for one row of an answer, reserved at once in the real sink: what is written
// into it costs no call of that sink. Where a value needs more than was expected,
// more is reserved. The row is committed when the room goes; after a null
// from reserve() nothing more may be written.
#pragma once

#include <cstring>

#include "core/answer/json_writer.hpp"

namespace tablegate::core {

class RowRoom final : public ByteSink {
 public:
  RowRoom(ByteSink& sink, size_t size) : sink_(sink) { open(size); }
  ~RowRoom() override { close(); }
  RowRoom(const RowRoom&) = delete;
  RowRoom& operator=(const RowRoom&) = delete;

  char* reserve(size_t size) override {
    const auto left = static_cast<size_t>(end_ - next_);
    if (size > left) {
      close();
      open(size + left);  // what is left is for the values after this one
    }
    return next_;
  }
  void commit(size_t size) override { next_ += size; }
  bool put(char c) {
    char* room = reserve(1);
    if (room == nullptr) return false;
    *room = c;
    commit(1);
    return true;
  }

 private:
  void open(size_t size) {
    begin_ = next_ = sink_.reserve(size);
    end_ = begin_ == nullptr ? nullptr : begin_ + size;
  }
  void close() {
    if (next_ != begin_) sink_.commit(static_cast<size_t>(next_ - begin_));
  }

  ByteSink& sink_;
  char* begin_ = nullptr;
  char* next_ = nullptr;
  char* end_ = nullptr;
};

// A row as a JSON object. `put` writes one value: (column, cell, wall), as of write_value().
template <class Put>
bool put_object(const Api& api, const Cell* cells, RowRoom& room, Put put) {
  char before = '{';
  for (const Column& column : api.columns) {
    char* const out = room.reserve(column.key.size() + 1);
    if (out == nullptr) return false;
    *out = before;
    std::memcpy(out + 1, column.key.data(), column.key.size());
    room.commit(column.key.size() + 1);
    before = ',';
    const Cell& cell = *cells++;
    const Cell wall = column.wall ? *cells++ : Cell{};
    if (!put(column, cell, wall)) return false;
  }
  return room.put('}');
}

}  // namespace tablegate::core
