// Answers that all workers of a node share, in one piece of shared memory. Each
// shard is a ring of records: a new record goes to its head, room is made at its
// tail. Readers take no lock: they copy a record and then look whether the tail
// has passed it meanwhile. Writers try a lock, and do not wait for it. A record
// at the tail that was asked for since it was written moves to the head again
// (second chance), so that the ring holds about the answers used last.
// A process may die at any moment: what it was writing is not reachable yet, all
// else stays, and the memory in use is always what is between tail and head.
//   store.find(key, arena, value) ... store.keep(key, pieces, count)
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/arena.hpp"
#include "core/shared/counter_table.hpp"

namespace tablegate::core {

// Calls with equal texts have the same answer from equal generations. `hash`, of both, says where to look; it
// is not 0.
struct AnswerKey {
  uint64_t hash = 0;
  uint64_t generations = 0;
  std::string_view call;
};

class AnswerStore {
 public:
  static constexpr size_t kLeastSize = size_t{1} << 20U;
  // Of a value, where the memory is large enough: a quarter of a ring is the limit otherwise.
  static constexpr size_t kMaxValue = (size_t{256} << 10U) + 1024;

  // Makes the locks, once, in `size` bytes at `memory` that are zero, at least kLeastSize, aligned for cache
  // lines. False: the system has no such locks.
  static bool begin(void* memory, size_t size);
  // Uses memory that begin() has prepared and that outlives the store.
  AnswerStore(void* memory, size_t size);

  // Copies the value into the arena. False: it is not there, it was just replaced, or there is no memory.
  // Counts a hit or a miss.
  bool find(const AnswerKey& key, Arena& arena, std::string_view& value) const;
  // The value is the pieces one after the other. False: it is not kept, because it is too large or because
  // another process writes into the same shard now.
  bool keep(const AnswerKey& key, const std::string_view* pieces, size_t count);

  struct Numbers {
    uint64_t size = 0;   // of the memory
    uint64_t bytes = 0;  // in use
    uint64_t hits = 0;
    uint64_t misses = 0;
    uint64_t evictions = 0;  // answers that made room for others
  };
  Numbers numbers() const;
  size_t max_value() const { return max_value_; }

 private:
  static constexpr size_t kBucket = 8;

  struct Lock;
  struct Header;
  struct Shard;
  struct Slot {
    SharedWord hash;      // 0: free
    SharedWord position;  // of the record
    SharedWord used;      // since it was written, or moved
  };
  struct Record {
    uint64_t hash;  // 0: fills the end of the ring
    uint64_t generations;
    uint32_t size;  // of all, a multiple of a cache line
    uint32_t call_size;
    uint32_t value_size;

    const char* call() const { return reinterpret_cast<const char*>(this + 1); }
    char* call() { return reinterpret_cast<char*>(this + 1); }
  };
  // A shard as one call sees it.
  struct View;

  View view(size_t shard) const;
  View view_of(uint64_t hash) const;
  Slot* bucket(const View& view, uint64_t hash) const;
  Record* record(const View& view, uint64_t position) const;
  bool copy(const View& view, uint64_t position, const AnswerKey& key, Arena* arena,
            std::string_view& value) const;
  uint64_t room_for(const View& view, uint64_t size) const;
  void make_room(const View& view, uint64_t size);
  bool move(const View& view, Record& from, Slot& slot);
  void pass_oldest(const View& view);
  Slot* slot_at(const View& view, uint64_t hash, uint64_t position) const;
  Record* append(const View& view, uint64_t size, uint64_t& position);
  void write(const View& view, uint64_t size, const AnswerKey& key, const std::string_view* pieces,
             size_t count);

  Header* header_;
  size_t size_;
  size_t shards_;
  size_t buckets_;  // of a shard
  size_t ring_;     // bytes of a shard
  size_t max_value_;
};

}  // namespace tablegate::core
