#include "core/shared/worker_table.hpp"

#include <algorithm>

#include "core/mix.hpp"

namespace tablegate::core {

namespace {

// A worker writes each second. One that was silent this long has ended, even if another process has its pid.
constexpr int64_t kSilence = 3600;

bool lives(const WorkerSlot& slot, uint64_t pid, int64_t now, const WorkerTable::IsAlive& is_alive) {
  return static_cast<int64_t>(slot.seen.load(kRelaxed)) + kSilence > now && is_alive(pid);
}

}  // namespace

WorkerTable::WorkerTable(void* memory, size_t size)
    : slots_(static_cast<WorkerSlot*>(memory)), count_(size / sizeof(WorkerSlot)) {}

WorkerSlot* WorkerTable::take(uint64_t pid, uint64_t generation, uint64_t publication, int64_t now,
                              const IsAlive& is_alive) const {
  for (size_t i = 0; i < count_; ++i) {
    WorkerSlot& slot = slots_[i];
    uint64_t owner = slot.pid.load(kRelaxed);
    // Its own pid: that of an earlier process with the same number.
    if (owner != 0 && owner != pid && lives(slot, owner, now, is_alive)) continue;
    const auto time = static_cast<uint64_t>(now);
    if (!slot.pid.compare_exchange_strong(owner, pid, kRelaxed)) continue;
    slot.seen.store(time, kRelaxed);
    slot.generation.store(generation, kRelaxed);
    slot.publication.store(publication, kRelaxed);
    slot.leaving.store(0, kRelaxed);
    for (WorkerSlot::Pool& pool : slot.pools) {
      for (SharedWord* word : {&pool.name, &pool.open, &pool.busy, &pool.waiting}) word->store(0, kRelaxed);
    }
    return &slot;
  }
  return nullptr;
}

std::vector<WorkerEntry> WorkerTable::read(int64_t now, const IsAlive& is_alive) const {
  std::vector<WorkerEntry> workers;
  uint64_t newest = 0;
  for (size_t i = 0; i < count_; ++i) {
    const WorkerSlot& slot = slots_[i];
    WorkerEntry worker;
    worker.pid = slot.pid.load(kRelaxed);
    if (worker.pid == 0 || !lives(slot, worker.pid, now, is_alive)) continue;
    worker.generation = slot.generation.load(kRelaxed);
    worker.publication = slot.publication.load(kRelaxed);
    worker.leaving = slot.leaving.load(kRelaxed) != 0;
    worker.slot = &slot;
    newest = std::max(newest, worker.generation);
    workers.push_back(worker);
  }
  for (WorkerEntry& worker : workers) worker.leaving = worker.leaving || worker.generation < newest;
  std::sort(workers.begin(), workers.end(),
            [](const WorkerEntry& a, const WorkerEntry& b) { return a.pid < b.pid; });
  return workers;
}

PoolNumbers WorkerTable::sum(const std::vector<WorkerEntry>& workers, uint64_t name) {
  PoolNumbers sum;
  for (const WorkerEntry& worker : workers) {
    for (const WorkerSlot::Pool& pool : worker.slot->pools) {
      if (pool.name.load(kRelaxed) != name) continue;
      sum.open += pool.open.load(kRelaxed);
      sum.busy += pool.busy.load(kRelaxed);
      sum.waiting += pool.waiting.load(kRelaxed);
    }
  }
  return sum;
}

uint64_t WorkerTable::pool_name(std::string_view name) {
  return std::max<uint64_t>(1, mix(name, 0));
}

}  // namespace tablegate::core
