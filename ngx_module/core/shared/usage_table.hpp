// Who called what lately: pairs of API and consumer with the number of calls
// and the time of the last, in fixed slots over memory that processes share (a
// part of tablegate_zone), without a lock. A new pair takes the place of the one
// among sixteen that was called longest ago, so the table holds the latest pairs,
// nearly. Every taking gives the slot a new instance number: a reader that keeps
// numbers sees that a pair began again from 0.
//
// Each datum is one word. A process that dies while it fills a slot leaves one
// that readers pass over and that the pair's next call fills again. When a pair
// loses its slot at the very moment another process counts there, one call may
// count for the new pair.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/shared/counter_table.hpp"

namespace tablegate::core {

constexpr size_t kUsageName = 64;  // bytes of a consumer's name that are kept (the catalog allows no more)

struct UsageSlot {
  SharedWord key;     // of the pair; 0: free
  SharedWord filled;  // equals `key` once all of the slot is the pair's
  SharedWord api;     // api id << 32 | size of the name
  SharedWord instance;
  SharedWord calls;
  SharedWord last;  // seconds since 1970
  std::array<SharedWord, kUsageName / sizeof(uint64_t)> name;
};

// A pair as a reader sees it.
struct UsageEntry {
  uint32_t api_id = 0;
  std::string consumer;  // empty: nobody was proved (open APIs)
  uint64_t instance = 0;
  uint64_t calls = 0;
  int64_t last = 0;
};

class UsageTable {
 public:
  // As CounterTable: zeroed once, aligned, outlives the table. At least 2 KiB.
  UsageTable(void* memory, size_t size);

  // What count() takes for a pair; never 0.
  static uint64_t key_of(uint32_t api_id, std::string_view consumer);
  // Counts a call; the pair gets a slot where it has none. `now` in seconds since 1970.
  // Returns the slot, for a later count_in().
  UsageSlot& count(uint64_t key, uint32_t api_id, std::string_view consumer, int64_t now);
  // Counts in a slot of before. False: another pair has it now.
  static bool count_in(UsageSlot& slot, uint64_t key, int64_t now);

  // All pairs, in no order.
  std::vector<UsageEntry> read() const;
  size_t slots() const { return count_; }

 private:
  UsageSlot& find_place(uint64_t key, int64_t now, bool& fresh);
  void fill(UsageSlot& slot, uint64_t key, uint32_t api_id, std::string_view consumer);

  SharedWord* instances_;  // given so far
  UsageSlot* slots_;
  size_t count_;
};

}  // namespace tablegate::core
