// core/nonce_table: each nonce is accepted once over all processes until it
// expires.
#include "core/shared/nonce_table.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

constexpr int64_t kNow = 1750000000;
constexpr int64_t kHold = 1800;
constexpr size_t kBytes = 64 * 1024;

struct Table {
  std::vector<uint64_t> memory;
  NonceTable table;
  Sha256 sha256;
  explicit Table(size_t bytes = kBytes) : memory(bytes / sizeof(uint64_t)), table(memory.data(), bytes) {}

  NonceTable::Outcome remember(const std::string& nonce, int64_t now = kNow, uint64_t key = 1) {
    Digest digest{};
    ck_assert(sha256.digest(nonce, digest));
    return table.remember(digest, key, now, kHold);
  }
};

constexpr auto kFresh = NonceTable::Outcome::fresh;
constexpr auto kReplayed = NonceTable::Outcome::replayed;
constexpr auto kFull = NonceTable::Outcome::full;

START_TEST(a_nonce_is_fresh_once) {
  Table table;
  ck_assert(table.remember("a") == kFresh);
  ck_assert(table.remember("a") == kReplayed);
  ck_assert(table.remember("b") == kFresh);
  ck_assert(table.remember("a", kNow, 2) == kReplayed);  // the digest includes the access key
}
END_TEST

START_TEST(it_is_remembered_as_long_as_asked_and_hardly_longer) {
  Table table;
  ck_assert(table.remember("a") == kFresh);
  ck_assert(table.remember("a", kNow + kHold) == kReplayed);
  ck_assert(table.remember("a", kNow + kHold + 16) == kFresh);
  ck_assert(table.remember("a", kNow + kHold + 16) == kReplayed);
}
END_TEST

START_TEST(it_works_where_the_time_in_a_slot_wraps) {
  Table table;
  const int64_t wrap = ((kNow / 8 / (1 << 24)) + 1) * 8 * (1 << 24);
  for (int64_t now : {wrap - 900, wrap - 8, wrap, wrap + 900}) {
    const std::string nonce = std::to_string(now);
    ck_assert(table.remember(nonce, now) == kFresh);
    ck_assert(table.remember(nonce, now + kHold - 8) == kReplayed);
  }
}
END_TEST

START_TEST(many_keys_fill_it_well_and_then_it_says_so) {
  Table table;
  size_t taken = 0;
  for (int i = 0; i < 40000; ++i) {
    const auto outcome = table.remember(std::to_string(i), kNow, static_cast<uint64_t>(i % 100));
    ck_assert(outcome != kReplayed);
    if (outcome == kFull) break;
    ++taken;
  }
  ck_assert_msg(taken > table.table.slots() * 2 / 3, "full after %zu of %zu", taken, table.table.slots());
  for (size_t i = 0; i < taken; ++i) ck_assert(table.remember(std::to_string(i), kNow, i % 100) == kReplayed);
  // Later all of it is free again.
  size_t again = 0;
  while (again < 40000 && table.remember(std::to_string(again), kNow + 2 * kHold + 16, again % 100) == kFresh)
    ++again;
  ck_assert_msg(again > table.table.slots() * 2 / 3, "full again after %zu", again);
}
END_TEST

START_TEST(one_key_has_half_of_it) {
  Table table;
  size_t taken = 0;
  while (table.remember(std::to_string(taken), kNow, 7) == kFresh) ++taken;
  ck_assert_uint_eq(taken, table.table.slots() / 2);
  ck_assert(table.remember("x", kNow, 7) == kFull);
  ck_assert(table.remember("x", kNow, 8) == kFresh);
  ck_assert(table.remember("y", kNow + kHold, 7) == kFull);  // the previous period is included
  ck_assert(table.remember("y", kNow + 2 * kHold, 7) == kFresh);
}
END_TEST

START_TEST(greedy_owners_leave_room_for_others) {
  for (uint64_t greedy = 1; greedy <= 8; ++greedy) {
    Table table;
    size_t taken = 0;
    size_t rejected = 0;
    for (int i = 0; i < 40000; ++i) {
      const auto outcome =
          table.remember("g" + std::to_string(i), kNow, 100 + static_cast<uint64_t>(i) % greedy);
      ++(outcome == kFresh ? taken : rejected);
    }
    const size_t slots = table.table.slots();
    const size_t share = slots / (greedy + 1);
    ck_assert_msg(taken <= slots - share + greedy, "%zu of %zu by %d", taken, slots,
                  static_cast<int>(greedy));
    ck_assert_msg(taken >= slots * 9 / 20, "%zu of %zu by %d", taken, slots, static_cast<int>(greedy));
    // Of a sixteenth of the store, or a third of what is free, hardly any is rejected.
    size_t out = 0;
    const size_t calls = std::min(share / 3, slots / 16);
    for (size_t i = 0; i < calls; ++i) {
      if (table.remember("v" + std::to_string(i), kNow, 7) != kFresh) ++out;
    }
    ck_assert_msg(out * 100 <= calls, "%zu of %zu beside %d", out, calls, static_cast<int>(greedy));
    ck_assert(table.remember("g0", kNow, 100) == kReplayed);
  }
}
END_TEST

// Who chooses nonces by their digests fills no bucket for others.
START_TEST(chosen_nonces_keep_nobody_out) {
  Table table;
  const size_t buckets = table.table.slots() / 32;
  const auto digest_at = [](uint64_t number, uint64_t one, uint64_t other) {
    Digest digest{};
    const uint64_t words[] = {number << 24U, one, other};
    std::memcpy(digest.data(), words, sizeof(words));
    return digest;
  };
  uint64_t number = 1;
  for (uint64_t bucket = 0; bucket < buckets / 2; ++bucket) {
    for (int i = 0; i < 40; ++i, ++number) {
      const uint64_t owner = 100 + number % 4;
      table.table.remember(digest_at(number, bucket, (bucket + 1) % (buckets / 2)), owner, kNow, kHold);
    }
  }
  // One in four would have both its buckets among those.
  size_t out = 0;
  for (int i = 0; i < 200; ++i) {
    if (table.remember("v" + std::to_string(i), kNow, 7) != kFresh) ++out;
  }
  ck_assert_msg(out <= 4, "%zu of 200", out);
}
END_TEST

// Processes that all bring the same nonces, in shared memory: each nonce is accepted exactly once.
START_TEST(racing_processes_let_each_nonce_in_once) {
  constexpr int kProcesses = 4;
  constexpr int kNonces = 20000;
  constexpr size_t kShared = 1 << 20;
  auto* memory = mmap(nullptr, kShared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto* counts = static_cast<std::atomic<int>*>(
      mmap(nullptr, (kNonces + 1) * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  ck_assert(memory != MAP_FAILED && static_cast<void*>(counts) != MAP_FAILED);
  std::atomic<int>& ready = counts[kNonces];
  std::vector<pid_t> children;
  for (int child = 0; child < kProcesses; ++child) {
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid > 0) {
      children.push_back(pid);
      continue;
    }
    NonceTable table(memory, kShared);
    Sha256 sha256;
    ++ready;
    while (ready < kProcesses) {
    }
    for (int i = 0; i < kNonces; ++i) {
      Digest digest{};
      if (!sha256.digest(std::to_string(i), digest)) _exit(1);
      if (table.remember(digest, static_cast<uint64_t>(i), kNow, kHold) == kFresh) ++counts[i];
    }
    _exit(0);
  }
  for (pid_t pid : children) {
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
  }
  for (int i = 0; i < kNonces; ++i)
    ck_assert_msg(counts[i] == 1, "nonce %d was let in %d times", i, counts[i].load());
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_nonce_table", a_nonce_is_fresh_once,
                it_is_remembered_as_long_as_asked_and_hardly_longer, it_works_where_the_time_in_a_slot_wraps,
                many_keys_fill_it_well_and_then_it_says_so, one_key_has_half_of_it,
                greedy_owners_leave_room_for_others, chosen_nonces_keep_nobody_out,
                racing_processes_let_each_nonce_in_once);
