// core/counter_table, usage_table, worker_table: each request is counted once,
// by many processes; full tables; workers that end.
#include "core/shared/counter_table.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "core/shared/usage_table.hpp"
#include "core/shared/worker_table.hpp"
#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

constexpr int64_t kNow = 1750000000;

uint64_t value(const SharedWord& word) {
  return word.load();
}

// Zeroed memory that forked children share.
void* shared(size_t size) {
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ck_assert(memory != MAP_FAILED);
  return memory;
}

// Runs `work` in `count` processes that start together.
void in_processes(int count, const std::function<void(int)>& work) {
  auto* ready = static_cast<std::atomic<int>*>(shared(sizeof(std::atomic<int>)));
  std::vector<pid_t> children;
  for (int child = 0; child < count; ++child) {
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid > 0) {
      children.push_back(pid);
      continue;
    }
    ++*ready;
    while (*ready < count) {
    }
    work(child);
    _exit(0);
  }
  for (const pid_t pid : children) {
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
  }
}

START_TEST(an_answer_counts_for_its_version_and_slug) {
  CounterTable table(shared(65536), 65536);
  ck_assert_ptr_null(table.find(7, 1));
  table.take(7, 1, 1).count(Slug::none, 12);
  table.take(7, 1, 1).count(Slug::queue_full, 0);
  table.take(7, 2, 1).count(Slug::none, 1);
  const CounterCell* cell = table.find(7, 1);
  ck_assert_ptr_nonnull(cell);
  ck_assert_uint_eq(value(cell->requests), 2);
  ck_assert_uint_eq(value(cell->milliseconds), 12);
  ck_assert_uint_eq(value(cell->errors[static_cast<size_t>(Slug::queue_full)]), 1);
  ck_assert_uint_eq(value(cell->errors[static_cast<size_t>(Slug::query_failed)]), 0);
  ck_assert_uint_eq(value(table.find(7, 2)->requests), 1);
  ck_assert_uint_eq(value(table.other().requests), 0);
  // Another process that attaches later sees the same.
  ck_assert(&table.take(7, 1, 1) == cell);
}
END_TEST

START_TEST(a_full_table_counts_in_the_other_cell) {
  CounterTable table(shared(8192), 8192);
  std::set<const CounterCell*> cells;
  for (uint32_t id = 1; id <= 1000; ++id) {
    CounterCell& cell = table.take(id, 1, 1);
    cell.count(Slug::none, 0);
    if (&cell != &table.other()) cells.insert(&cell);
  }
  ck_assert_uint_eq(cells.size(), table.cells());
  ck_assert_uint_eq(value(table.other().requests), 1000 - cells.size());
  ck_assert_ptr_null(table.find(1001, 1));
}
END_TEST

START_TEST(a_table_of_the_size_for_its_versions_has_room_for_each) {
  for (const uint32_t versions : {1U, 20U, 64U, 600U, 5000U, 100000U}) {
    const size_t size = CounterTable::size_for(versions);
    CounterTable table(shared(size), size);
    for (uint32_t id = 1; id <= versions; ++id) table.take(id, 3, 1).count(Slug::none, 0);
    ck_assert_uint_eq(value(table.other().requests), 0);
  }
}
END_TEST

START_TEST(versions_that_no_configuration_knows_any_more_give_their_cells) {
  CounterTable table(shared(8192), 8192);
  for (uint32_t version = 1; version <= 1000; ++version) {
    // One publication each: the previous one stays for workers that are shutting down.
    for (uint32_t api = 1; api <= 3; ++api) table.keep(api, 1, version);
    if (version > 1) table.keep(9, version - 1, version);
    for (uint32_t api = 1; api <= 3; ++api) table.take(api, 1, version).count(Slug::none, 1);
    CounterCell& cell = table.take(9, version, version);
    ck_assert_uint_eq(value(cell.requests), 0);  // nothing of the previous one
    ck_assert_uint_eq(value(cell.errors[static_cast<size_t>(Slug::query_failed)]), 0);
    cell.count(Slug::query_failed, 5);
  }
  ck_assert_uint_eq(value(table.other().requests), 0);
  for (uint32_t api = 1; api <= 3; ++api) ck_assert_uint_eq(value(table.find(api, 1)->requests), 1000);
  ck_assert_ptr_nonnull(table.find(9, 999));
  ck_assert_ptr_null(table.find(9, 1));
}
END_TEST

START_TEST(many_processes_take_over) {
  constexpr size_t kSize = 8192;
  void* memory = shared(kSize);
  CounterTable table(memory, kSize);
  for (uint32_t id = 1; id <= table.cells(); ++id) table.take(id, 1, 1).count(Slug::none, 1);
  in_processes(4, [memory](int child) {
    CounterTable mine(memory, kSize);
    for (uint32_t i = 0; i < 200; ++i)
      mine.take(1000 + i % 10, 1, 9).count(child == 0 ? Slug::none : Slug::queue_full, 0);
  });
  for (uint32_t id = 1000; id < 1010; ++id) ck_assert_ptr_nonnull(table.find(id, 1));
  ck_assert_uint_eq(value(table.other().requests), 0);
}
END_TEST

START_TEST(many_processes_count_every_answer) {
  constexpr int kProcesses = 4;
  constexpr uint32_t kApis = 500;
  constexpr uint64_t kRounds = 200;
  constexpr size_t kSize = 1 << 20;
  void* memory = shared(kSize);
  in_processes(kProcesses, [memory](int) {
    CounterTable table(memory, kSize);
    for (uint64_t round = 0; round < kRounds; ++round) {
      for (uint32_t id = 1; id <= kApis; ++id) table.take(id, 3, 1).count(Slug::query_timeout, 2);
    }
  });
  CounterTable table(memory, kSize);
  for (uint32_t id = 1; id <= kApis; ++id) {
    const CounterCell* cell = table.find(id, 3);
    ck_assert_ptr_nonnull(cell);
    ck_assert_uint_eq(value(cell->requests), kProcesses * kRounds);
    ck_assert_uint_eq(value(cell->milliseconds), 2 * kProcesses * kRounds);
  }
  ck_assert_uint_eq(value(table.other().requests), 0);
}
END_TEST

void call(UsageTable& table, uint32_t api, const std::string& consumer, int64_t now = kNow) {
  table.count(UsageTable::key_of(api, consumer), api, consumer, now);
}

std::map<std::pair<uint32_t, std::string>, UsageEntry> read(const UsageTable& table) {
  std::map<std::pair<uint32_t, std::string>, UsageEntry> found;
  for (const UsageEntry& entry : table.read()) found[{entry.api_id, entry.consumer}] = entry;
  return found;
}

START_TEST(a_call_counts_for_api_and_consumer) {
  UsageTable table(shared(65536), 65536);
  const std::string longest(kUsageName, 'x');
  call(table, 1, "demo");
  call(table, 1, "demo", kNow + 5);
  call(table, 2, "demo");
  call(table, 1, "");
  call(table, 1, longest);
  auto found = read(table);
  ck_assert_uint_eq(found.size(), 4);
  ck_assert_uint_eq((found[{1, "demo"}].calls), 2);
  ck_assert_int_eq((found[{1, "demo"}].last), kNow + 5);
  ck_assert_uint_eq((found[{1, ""}].calls), 1);
  ck_assert_uint_eq((found[{1, longest}].calls), 1);
  // The slot found earlier is used while it is the pair's.
  const uint64_t key = UsageTable::key_of(2, "demo");
  UsageSlot& slot = table.count(key, 2, "demo", kNow);
  ck_assert(UsageTable::count_in(slot, key, kNow));
  ck_assert(!UsageTable::count_in(slot, key + 1, kNow));
  ck_assert_uint_eq((read(table)[{2, "demo"}].calls), 3);
}
END_TEST

START_TEST(the_pair_called_longest_ago_makes_room) {
  UsageTable table(shared(8192), 8192);
  constexpr int kMany = 2000;
  for (int i = 0; i < kMany; ++i) call(table, 1, "c" + std::to_string(i), kNow + i);
  const auto found = read(table);
  ck_assert_uint_gt(found.size(), table.slots() * 3 / 4);
  ck_assert(found.count({1, "c" + std::to_string(kMany - 1)}) == 1);
  ck_assert(found.count({1, "c0"}) == 0);
  uint64_t old = 0;
  for (const auto& [pair, entry] : found) {
    ck_assert_uint_eq(entry.calls, 1);
    if (entry.last < kNow + kMany - 8 * static_cast<int64_t>(table.slots())) ++old;
  }
  ck_assert_uint_eq(old, 0);
  // A pair that returns begins again, as another instance.
  call(table, 1, "c0", kNow + kMany);
  const auto again = read(table);
  ck_assert_uint_eq(again.at({1, "c0"}).calls, 1);
  ck_assert_uint_gt(again.at({1, "c0"}).instance, kMany);
}
END_TEST

START_TEST(ten_thousand_pairs_are_remembered) {
  constexpr size_t kSize = 16384 * sizeof(UsageSlot) + 64;
  UsageTable table(shared(kSize), kSize);
  for (int i = 0; i < 10000; ++i)
    call(table, static_cast<uint32_t>(1 + i % 100), "c" + std::to_string(i), kNow);
  ck_assert_uint_ge(table.read().size(), 9990);
}
END_TEST

START_TEST(a_pair_that_recent_ones_push_out_is_counted_as_lost) {
  UsageTable table(shared(8192), 8192);
  // Each pair long after the last call of the one before it: nothing of use is lost.
  for (int i = 0; i < 500; ++i) call(table, 1, "c" + std::to_string(i), kNow + i * kUsageRecent * 20);
  ck_assert_uint_eq(table.lost(), 0);
  const int64_t later = kNow + 500 * kUsageRecent * 20;
  for (int i = 0; i < 500; ++i) call(table, 2, "c" + std::to_string(i), later);
  ck_assert_uint_ge(table.lost(), 500 - table.slots());
}
END_TEST

START_TEST(a_process_that_died_while_it_filled_a_slot_is_repaired) {
  constexpr size_t kSize = 65536;
  void* memory = shared(kSize);
  UsageTable table(memory, kSize);
  const uint64_t key = UsageTable::key_of(1, "demo");
  UsageSlot& slot = table.count(key, 1, "demo", kNow);
  slot.filled.store(0);
  ck_assert_uint_eq(table.read().size(), 0);
  ck_assert(!UsageTable::count_in(slot, key, kNow + 10));
  call(table, 1, "demo", kNow + 10);
  ck_assert_uint_eq(table.read().size(), 1);
  ck_assert_uint_eq(table.read()[0].calls, 1);
}
END_TEST

START_TEST(many_processes_count_every_call) {
  constexpr int kProcesses = 4;
  constexpr int kConsumers = 300;
  constexpr uint64_t kRounds = 200;
  constexpr size_t kSize = 1 << 20;
  void* memory = shared(kSize);
  UsageTable table(memory, kSize);
  // If two processes make the very first call of a pair at once, its count is approximate: avoided here.
  for (int i = 0; i < kConsumers; ++i) call(table, 1, "c" + std::to_string(i));
  in_processes(kProcesses, [memory](int) {
    UsageTable mine(memory, kSize);
    for (uint64_t round = 0; round < kRounds; ++round) {
      for (int i = 0; i < kConsumers; ++i) call(mine, 1, "c" + std::to_string(i));
    }
  });
  const auto found = read(table);
  ck_assert_uint_eq(found.size(), kConsumers);
  for (const auto& [pair, entry] : found) ck_assert_uint_eq(entry.calls, 1 + kProcesses * kRounds);
}
END_TEST

// Pairs come and go in a table that is far too small, while another process reads: what it reads is
// consistent.
START_TEST(readers_never_see_a_mixture) {
  constexpr size_t kSize = 4096;
  void* memory = shared(kSize);
  in_processes(4, [memory](int child) {
    UsageTable table(memory, kSize);
    for (int i = 0; i < 30000; ++i) {
      const auto api = static_cast<uint32_t>(1 + i % 97);
      if (child > 0) {
        call(table, api, std::string(static_cast<size_t>(api % 60), static_cast<char>('a' + api % 26)),
             kNow + i);
      } else if (i % 100 == 0) {
        for (const UsageEntry& entry : table.read()) {
          const std::string wanted(static_cast<size_t>(entry.api_id % 60),
                                   static_cast<char>('a' + entry.api_id % 26));
          if (entry.consumer != wanted) _exit(1);
        }
      }
    }
  });
}
END_TEST

START_TEST(workers_have_slots_and_old_generations_leave) {
  WorkerTable table(shared(4 * sizeof(WorkerSlot)), 4 * sizeof(WorkerSlot));
  std::set<uint64_t> dead;
  const auto alive = [&dead](uint64_t pid) { return dead.count(pid) == 0; };
  WorkerSlot* first = table.take(10, 1, 5, kNow, alive);
  WorkerSlot* second = table.take(11, 1, 5, kNow, alive);
  ck_assert(first != nullptr && second != nullptr && first != second);
  first->pools[0].name.store(WorkerTable::pool_name("default/default"));
  first->pools[0].open.store(3);
  second->pools[1].name.store(WorkerTable::pool_name("default/default"));
  second->pools[1].open.store(4);
  second->pools[1].busy.store(1);
  auto workers = table.read(kNow, alive);
  ck_assert_uint_eq(workers.size(), 2);
  ck_assert(!workers[0].leaving && !workers[1].leaving);
  ck_assert_uint_eq(WorkerTable::sum(workers, WorkerTable::pool_name("default/default")).open, 7);
  ck_assert_uint_eq(WorkerTable::sum(workers, WorkerTable::pool_name("default/other")).open, 0);
  ck_assert_ptr_nonnull(table.take(12, 2, 6, kNow, alive));
  workers = table.read(kNow, alive);
  ck_assert(workers[0].leaving && workers[1].leaving && !workers[2].leaving);
  WorkerTable::give_back(*first);
  dead.insert(11);
  ck_assert_uint_eq(table.read(kNow, alive).size(), 1);
  // A dead worker's slot is taken again, cleared.
  for (uint64_t pid = 20; pid < 23; ++pid) ck_assert_ptr_nonnull(table.take(pid, 2, 6, kNow, alive));
  ck_assert_uint_eq(WorkerTable::sum(table.read(kNow, alive), WorkerTable::pool_name("default/default")).open,
                    0);
  ck_assert_ptr_null(table.take(30, 2, 6, kNow, alive));
  ck_assert_ptr_nonnull(table.take(31, 2, 6, kNow + 7200, alive));  // silent for too long
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_counter_table", an_answer_counts_for_its_version_and_slug,
                a_full_table_counts_in_the_other_cell, a_table_of_the_size_for_its_versions_has_room_for_each,
                versions_that_no_configuration_knows_any_more_give_their_cells, many_processes_take_over,
                many_processes_count_every_answer, a_call_counts_for_api_and_consumer,
                the_pair_called_longest_ago_makes_room, ten_thousand_pairs_are_remembered,
                a_pair_that_recent_ones_push_out_is_counted_as_lost,
                a_process_that_died_while_it_filled_a_slot_is_repaired, many_processes_count_every_call,
                readers_never_see_a_mixture, workers_have_slots_and_old_generations_leave);
