#include "pg/inbox.hpp"

#include <algorithm>
#include <cstring>

namespace tablegate::pg {
namespace {

constexpr std::size_t kSmall = 16384;  // what a connection keeps
constexpr std::size_t kUsual = 65536;  // while much comes; the most that is read at once
constexpr std::size_t kLeastRoom = 4096;

}  // namespace

bool Inbox::grow(std::size_t capacity) {
  void* data = std::realloc(data_.get(), capacity);  // NOLINT(cppcoreguidelines-no-malloc)
  if (data == nullptr) return false;
  static_cast<void>(data_.release());  // realloc has taken it
  data_.reset(static_cast<char*>(data));
  capacity_ = capacity;
  return true;
}

Inbox::Room Inbox::room() {
  if (capacity_ == 0 && !grow(kSmall)) return {};
  if (filled_ && capacity_ < kUsual && !grow(kUsual)) return {};
  if (capacity_ - end_ < kLeastRoom) {
    // What moves is at most as much as what came since it moved last.
    if (kept_ >= capacity_ / 2) {
      std::memmove(data_.get(), data_.get() + kept_, end_ - kept_);
      origin_ += kept_;
      read_ -= kept_;
      end_ -= kept_;
      kept_ = 0;
    } else if (!grow(capacity_ * 2)) {
      return {};
    }
  }
  return {data_.get() + end_, std::min(capacity_ - end_, kUsual)};
}

void Inbox::add(std::size_t size) {
  filled_ = size == std::min(capacity_ - end_, kUsual);
  end_ += size;
}

Frame Inbox::next(Message& message) {
  const Frame frame = read_frame(data_.get() + read_, end_ - read_, message);
  if (frame == Frame::whole) read_ += kFrameHeader + message.size;
  return frame;
}

bool Inbox::has_end_of_rows(std::size_t size) const {
  const std::size_t end = std::min(end_, read_ + size);
  Message message;
  for (std::size_t at = read_; read_frame(data_.get() + at, end - at, message) == Frame::whole;
       at += kFrameHeader + message.size) {
    if (message.type != 'D') return true;
  }
  return false;
}

void Inbox::forget_before(uint64_t position) {
  kept_ = static_cast<std::size_t>(position - origin_);
  if (kept_ != end_) return;
  origin_ += end_;
  kept_ = read_ = end_ = 0;
  if (capacity_ > kUsual) {
    data_.reset();
    capacity_ = 0;
  }
}

void Inbox::rest() {
  if (end_ != 0 || capacity_ <= kSmall) return;
  data_.reset();
  capacity_ = 0;
  filled_ = false;
}

}  // namespace tablegate::pg
