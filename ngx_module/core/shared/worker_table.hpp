// The workers of a node and the state of their pools, each in a slot of its own
// in shared memory (a part of tablegate_zone): only the worker writes there,
// every process reads. The slot of a worker that has ended is reused; the
// caller decides whether a process is alive.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "core/shared/counter_table.hpp"

namespace tablegate::core {

// The state of one pool.
struct PoolNumbers {
  uint64_t open = 0;
  uint64_t busy = 0;
  uint64_t waiting = 0;
};

struct WorkerSlot {
  struct Pool {
    SharedWord name;  // pool_name(); 0: none
    SharedWord open;
    SharedWord busy;
    SharedWord waiting;
  };
  SharedWord pid;         // 0: free
  SharedWord generation;  // of its configuration
  SharedWord publication;
  SharedWord leaving;
  SharedWord seen;  // when it last wrote, in seconds since 1970
  std::array<Pool, 28> pools;
};

struct WorkerEntry {
  uint64_t pid = 0;
  uint64_t generation = 0;
  uint64_t publication = 0;
  bool leaving = false;
  const WorkerSlot* slot = nullptr;
};

class WorkerTable {
 public:
  using IsAlive = std::function<bool(uint64_t pid)>;

  // As for CounterTable: zeroed once, aligned, outlives the table.
  WorkerTable(void* memory, size_t size);

  // A slot for the calling worker, cleared; null: none is free. `now` in seconds since 1970.
  WorkerSlot* take(uint64_t pid, uint64_t generation, uint64_t publication, int64_t now,
                   const IsAlive& is_alive) const;
  static void give_back(WorkerSlot& slot) { slot.pid.store(0, std::memory_order_relaxed); }

  // The live workers, by pid. A worker with an older generation than another one's is shutting down.
  std::vector<WorkerEntry> read(int64_t now, const IsAlive& is_alive) const;

  // Sums the numbers of the pool with this name over `workers`.
  static PoolNumbers sum(const std::vector<WorkerEntry>& workers, uint64_t name);
  // The number for a pool's name ("service/group"); never 0.
  static uint64_t pool_name(std::string_view name);

  size_t slots() const { return count_; }

 private:
  WorkerSlot* slots_;
  size_t count_;
};

}  // namespace tablegate::core
