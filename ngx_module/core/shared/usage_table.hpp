// Who called what recently: pairs of API and consumer with the number of calls
// and the time of the last, in fixed slots in shared memory (a part of
// tablegate_zone), without a lock. A new pair replaces the one among sixteen
// that was called longest ago, so that the table holds roughly the latest
// pairs. Each time a slot is taken it gets a new instance number, by which a
// reader sees that a pair began again from 0.
// Each item is one word. If a process dies while it fills a slot, readers skip
// the slot and the pair's next call fills it again. If a pair loses its slot
// while another process counts there, one call may be counted for the new pair.
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

constexpr int64_t kUsageRecent = 600;  // seconds

struct UsageSlot {
  SharedWord key;     // of the pair; 0: free
  SharedWord filled;  // equals `key` once the whole slot is the pair's
  SharedWord api;     // api id << 32 | size of the name
  SharedWord instance;
  SharedWord calls;
  SharedWord last;  // seconds since 1970
  std::array<SharedWord, kUsageName / sizeof(uint64_t)> name;
};

// A pair as a reader sees it.
struct UsageEntry {
  uint32_t api_id = 0;
  std::string consumer;  // empty: no consumer was proved (open APIs)
  uint64_t instance = 0;
  uint64_t calls = 0;
  int64_t last = 0;
};

class UsageTable {
 public:
  // As for CounterTable: zeroed once, aligned, outlives the table. At least 2 KiB.
  UsageTable(void* memory, size_t size);

  // The key of a pair for count(); never 0.
  static uint64_t key_of(uint32_t api_id, std::string_view consumer);
  // Counts a call; the pair gets a slot if it has none. `now` in seconds since 1970. Returns the slot, for a
  // later count_in().
  UsageSlot& count(uint64_t key, uint32_t api_id, std::string_view consumer, int64_t now);
  // Counts in a slot found earlier. False: another pair has it now.
  static bool count_in(UsageSlot& slot, uint64_t key, int64_t now);

  // All pairs, in any order.
  std::vector<UsageEntry> read() const;
  size_t slots() const { return count_; }
  // How many pairs lost their slot within kUsageRecent of their last call: there are more of them than slots.
  uint64_t lost() const { return header_->lost.load(std::memory_order_relaxed); }

 private:
  struct Header {
    SharedWord instances;  // the last number given
    SharedWord lost;
  };

  UsageSlot& find_place(uint64_t key, int64_t now, bool& fresh);
  void fill(UsageSlot& slot, uint64_t key, uint32_t api_id, std::string_view consumer);

  Header* header_;
  UsageSlot* slots_;
  size_t count_;
};

}  // namespace tablegate::core
