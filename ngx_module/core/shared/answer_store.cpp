#include "core/shared/answer_store.hpp"

#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

namespace tablegate::core {

namespace {

constexpr size_t kLine = 64;                     // bytes of a cache line, and the unit of records
constexpr size_t kShardSize = size_t{4} << 20U;  // at least, where there are several
constexpr size_t kMaxShards = 16;
constexpr size_t kBytesOfSlot = 512;  // of a ring, for each slot of its index
constexpr size_t kLargest = 4;        // records that fit into a ring, of the largest ones
constexpr size_t kReserve = 16;       // this part of a ring stays free, so that records can move
constexpr uint64_t kMovedAtOnce = 64 << 10U;

uint64_t up(uint64_t size, uint64_t unit) {
  return (size + unit - 1) / unit * unit;
}

}  // namespace

// ---- the memory

// Robust: the kernel gives it up when its owner dies (pthread_mutexattr_setrobust(3)).
struct AnswerStore::Lock {
  pthread_mutex_t mutex;

  bool begin() {
    pthread_mutexattr_t attributes;
    if (pthread_mutexattr_init(&attributes) != 0) return false;
    const bool good = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) == 0 &&
                      pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0 &&
                      pthread_mutex_init(&mutex, &attributes) == 0;
    pthread_mutexattr_destroy(&attributes);
    return good;
  }
  bool try_take() {
    const int taken = pthread_mutex_trylock(&mutex);
    // Each step of a writer leaves a good shard behind: nothing has to be repaired.
    return taken == 0 || (taken == EOWNERDEAD && pthread_mutex_consistent(&mutex) == 0);
  }
  void give() { pthread_mutex_unlock(&mutex); }
};

struct alignas(kLine) AnswerStore::Header {
  SharedWord hits;
  SharedWord misses;
  SharedWord evictions;
};

// Positions only grow; `position % ring_` is the place in the ring.
struct alignas(kLine) AnswerStore::Shard {
  alignas(kLine) Lock lock;
  alignas(kLine) SharedWord head;  // where the next record will be
  alignas(kLine) SharedWord tail;  // the oldest record; what is before it may be overwritten
};

struct AnswerStore::View {
  Shard* shard;
  Slot* slots;
  char* ring;

  uint64_t head() const { return value_of(shard->head); }
  uint64_t tail() const { return value_of(shard->tail); }
};

AnswerStore::AnswerStore(void* memory, size_t size)
    : header_(static_cast<Header*>(memory)),
      size_(size),
      shards_(std::clamp<size_t>(size / kShardSize, 1, kMaxShards)) {
  const size_t each = (size - sizeof(Header) - shards_ * sizeof(Shard)) / shards_;
  buckets_ = each / (kBytesOfSlot * kBucket);
  ring_ = (each - up(buckets_ * kBucket * sizeof(Slot), kLine)) / kLine * kLine;
  max_value_ = std::min(kMaxValue, ring_ / kLargest);
}

bool AnswerStore::begin(void* memory, size_t size) {
  const AnswerStore store(memory, size);
  for (size_t shard = 0; shard < store.shards_; ++shard) {
    if (!store.view(shard).shard->lock.begin()) return false;
  }
  return true;
}

AnswerStore::View AnswerStore::view(size_t shard) const {
  auto* const shards = reinterpret_cast<Shard*>(header_ + 1);
  const size_t slots = up(buckets_ * kBucket * sizeof(Slot), kLine);
  char* const begin = reinterpret_cast<char*>(shards + shards_) + shard * (slots + ring_);
  return {shards + shard, reinterpret_cast<Slot*>(begin), begin + slots};
}

AnswerStore::View AnswerStore::view_of(uint64_t hash) const {
  return view((hash >> 48U) % shards_);
}

AnswerStore::Slot* AnswerStore::bucket(const View& view, uint64_t hash) const {
  return view.slots + (hash & UINT32_MAX) % buckets_ * kBucket;
}

AnswerStore::Record* AnswerStore::record(const View& view, uint64_t position) const {
  return reinterpret_cast<Record*>(view.ring + position % ring_);
}

AnswerStore::Numbers AnswerStore::numbers() const {
  Numbers all{size_, 0, value_of(header_->hits), value_of(header_->misses), value_of(header_->evictions)};
  for (size_t shard = 0; shard < shards_; ++shard) {
    const View one = view(shard);
    const uint64_t tail = one.tail();  // the older one first: never more than the head
    all.bytes += one.head() - tail;
  }
  return all;
}

// ---- readers

bool AnswerStore::find(const AnswerKey& key, Arena& arena, std::string_view& value) const {
  const View in = view_of(key.hash);
  Slot* const slots = bucket(in, key.hash);
  for (Slot* slot = slots; slot != slots + kBucket; ++slot) {
    if (slot->hash.load(kRelaxed) != key.hash) continue;
    if (!copy(in, slot->position.load(std::memory_order_acquire), key, &arena, value)) continue;
    if (slot->used.load(kRelaxed) == 0) slot->used.store(1, kRelaxed);
    header_->hits.fetch_add(1, kRelaxed);
    return true;
  }
  header_->misses.fetch_add(1, kRelaxed);
  return false;
}

// A sequence lock: a writer moves the tail before it writes where a record was, so what was read is good
// while the tail has not passed it. Until then each number read may be any.
bool AnswerStore::copy(const View& view, uint64_t position, const AnswerKey& key, Arena* arena,
                       std::string_view& value) const {
  const auto good = [&view, position] {
    std::atomic_thread_fence(std::memory_order_acquire);
    return view.tail() <= position;
  };
  if (!good()) return false;
  const Record& from = *record(view, position);
  const size_t call_size = from.call_size;
  const size_t value_size = from.value_size;
  const size_t room = ring_ - position % ring_;
  if (from.hash != key.hash || from.generations != key.generations || call_size != key.call.size() ||
      value_size > max_value_ || sizeof(Record) + call_size + value_size > room)
    return false;
  if (std::memcmp(from.call(), key.call.data(), call_size) != 0 || !good()) return false;
  if (arena == nullptr) return true;
  auto* const to = static_cast<char*>(arena->allocate(value_size));
  if (to == nullptr) return false;
  std::memcpy(to, from.call() + call_size, value_size);
  value = {to, value_size};
  return good();
}

// ---- writers: they hold the shard's lock

bool AnswerStore::keep(const AnswerKey& key, const std::string_view* pieces, size_t count) {
  uint64_t value_size = 0;
  for (size_t i = 0; i < count; ++i) value_size += pieces[i].size();
  const uint64_t size = up(sizeof(Record) + key.call.size() + value_size, kLine);
  if (value_size > max_value_ || size > ring_ / kLargest) return false;
  const View in = view_of(key.hash);
  if (!in.shard->lock.try_take()) return false;
  write(in, size, key, pieces, count);
  in.shard->lock.give();
  return true;
}

void AnswerStore::write(const View& view, uint64_t size, const AnswerKey& key, const std::string_view* pieces,
                        size_t count) {
  Slot* const slots = bucket(view, key.hash);
  for (Slot* slot = slots; slot != slots + kBucket; ++slot) {
    std::string_view none;
    // Another process was faster.
    if (value_of(slot->hash) == key.hash && copy(view, value_of(slot->position), key, nullptr, none)) return;
  }
  make_room(view, size);
  uint64_t position = 0;
  Record& to = *append(view, size, position);
  to = {key.hash, key.generations, static_cast<uint32_t>(size), static_cast<uint32_t>(key.call.size()), 0};
  char* at = to.call();
  at += key.call.copy(at, key.call.size());
  for (size_t i = 0; i < count; ++i) at += pieces[i].copy(at, pieces[i].size());
  to.value_size = static_cast<uint32_t>(at - to.call()) - to.call_size;
  view.shard->head.store(position + size, std::memory_order_release);

  // A free slot, or one whose record is gone, or the oldest one, at best one that was not used.
  const auto rank = [&view](const Slot& of) {
    if (value_of(of.hash) == 0 || value_of(of.position) < view.tail()) return uint64_t{0};
    return (value_of(of.used) << 63U) + value_of(of.position) + 1;
  };
  Slot* const slot = std::min_element(
      slots, slots + kBucket, [rank](const Slot& one, const Slot& other) { return rank(one) < rank(other); });
  if (value_of(slot->hash) != 0 && value_of(slot->position) >= view.tail())
    header_->evictions.fetch_add(1, kRelaxed);
  slot->hash.store(0, kRelaxed);
  slot->position.store(position, std::memory_order_release);
  slot->used.store(0, kRelaxed);
  slot->hash.store(key.hash, std::memory_order_release);
}

// Bytes at the head that a record needs: it does not go over the end of the ring.
uint64_t AnswerStore::room_for(const View& view, uint64_t size) const {
  const uint64_t rest = ring_ - view.head() % ring_;
  return size <= rest ? size : rest + size;
}

// Beyond the room for this record there is a reserve, in which records move. What one call moves is bounded:
// where that is not enough, the reserve becomes smaller, and the next call continues.
void AnswerStore::make_room(const View& view, uint64_t size) {
  uint64_t may_move = 2 * size + kMovedAtOnce;
  for (;;) {
    const uint64_t free = ring_ - (view.head() - view.tail());
    const uint64_t needed = room_for(view, size);
    if (free >= needed + ring_ / kReserve || view.head() == view.tail()) return;
    Record& oldest = *record(view, view.tail());
    Slot* const slot = slot_at(view, oldest.hash, view.tail());
    if (slot != nullptr && value_of(slot->used) != 0) {
      const bool may = oldest.size <= may_move;
      if (!may && free >= needed) return;
      if (may && move(view, oldest, *slot)) {
        may_move -= oldest.size;
        pass_oldest(view);
        continue;
      }
    }
    if (slot != nullptr) {
      slot->hash.store(0, kRelaxed);
      header_->evictions.fetch_add(1, kRelaxed);
    }
    pass_oldest(view);
  }
}

// To the head. The record is good in both places until the tail passes the first.
bool AnswerStore::move(const View& view, Record& from, Slot& slot) {
  const uint64_t free = ring_ - (view.head() - view.tail());
  if (free < room_for(view, from.size)) return false;
  uint64_t position = 0;
  Record* const to = append(view, from.size, position);
  std::memcpy(to, &from, from.size);
  view.shard->head.store(position + from.size, std::memory_order_release);
  slot.position.store(position, std::memory_order_release);
  slot.used.store(0, kRelaxed);
  return true;
}

// The tail passes one record.
void AnswerStore::pass_oldest(const View& view) {
  const uint64_t tail = view.tail();
  view.shard->tail.store(tail + record(view, tail)->size, kRelaxed);
  std::atomic_thread_fence(std::memory_order_release);
}

// Null: none points there.
AnswerStore::Slot* AnswerStore::slot_at(const View& view, uint64_t hash, uint64_t position) const {
  Slot* const slots = bucket(view, hash);
  for (Slot* slot = slots; hash != 0 && slot != slots + kBucket; ++slot) {
    if (value_of(slot->hash) == hash && value_of(slot->position) == position) return slot;
  }
  return nullptr;
}

// Where a record of this size goes. It is the ring's once the head has passed it.
AnswerStore::Record* AnswerStore::append(const View& view, uint64_t size, uint64_t& position) {
  position = view.head();
  const uint64_t rest = ring_ - position % ring_;
  if (size > rest) {
    *record(view, position) = {0, 0, static_cast<uint32_t>(rest), 0, 0};
    position += rest;
  }
  return record(view, position);
}

}  // namespace tablegate::core
