// core/answer_store: what is found is what was kept, whatever is replaced meanwhile, by however many
// processes, and whenever one of them dies.
#include "core/shared/answer_store.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/mix.hpp"
#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

constexpr size_t kMiB = size_t{1} << 20U;

// Memory that forked children share, with a store in it.
struct Shared {
  explicit Shared(size_t bytes) : size(bytes) {
    memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(memory != MAP_FAILED && AnswerStore::begin(memory, size));
  }
  ~Shared() { munmap(memory, size); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  AnswerStore store() const { return {memory, size}; }

  size_t size;
  void* memory = nullptr;
};

// A call's number says its text, and with the generation its answer.
std::string call_text(uint64_t number) {
  return "call " + std::to_string(number) + std::string(number % 90, '.');
}

AnswerKey key_of(uint64_t number, uint64_t generation, const std::string& text) {
  return {mix(mix(number) + generation) | 1U, generation, text};
}

std::string answer_text(uint64_t number, uint64_t generation, size_t size) {
  std::string text = std::to_string(number) + "/" + std::to_string(generation) + ":";
  uint64_t word = mix(number + generation);
  while (text.size() < size) {
    word = mix(word);
    text.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  return text;
}

size_t size_of(uint64_t number) {
  return number % 50 == 0 ? 20000 + number % 30000 : number % 3000;
}

bool keep(AnswerStore& store, uint64_t number, uint64_t generation, size_t size) {
  const std::string text = call_text(number);
  const std::string answer = answer_text(number, generation, size);
  const size_t half = answer.size() / 2;
  const std::string_view pieces[] = {std::string_view(answer).substr(0, half), "",
                                     std::string_view(answer).substr(half)};
  return store.keep(key_of(number, generation, text), pieces, 3);
}

// "": not found. Aborts where what is found is something else.
std::string found(const AnswerStore& store, uint64_t number, uint64_t generation, size_t size) {
  BlockArena arena;
  const std::string text = call_text(number);
  std::string_view value;
  if (!store.find(key_of(number, generation, text), arena, value)) return {};
  ck_text_eq(value, answer_text(number, generation, size));
  return std::string(value);
}

void within_bounds(const AnswerStore& store) {
  const AnswerStore::Numbers numbers = store.numbers();
  ck_assert_msg(numbers.bytes <= numbers.size, "%zu of %zu bytes", static_cast<size_t>(numbers.bytes),
                static_cast<size_t>(numbers.size));
}

START_TEST(what_is_kept_is_found) {
  const Shared shared(AnswerStore::kLeastSize);
  AnswerStore store = shared.store();
  ck_text_eq(found(store, 1, 1, 10), "");
  ck_assert(keep(store, 1, 1, 10));
  ck_assert(found(store, 1, 1, 10) != "");
  ck_text_eq(found(store, 1, 2, 10), "");
  ck_text_eq(found(store, 2, 1, 10), "");
  ck_assert(keep(store, 1, 1, 10));  // once more: it is there
  const AnswerStore::Numbers numbers = store.numbers();
  ck_assert_uint_eq(numbers.hits, 1);
  ck_assert_uint_eq(numbers.misses, 3);
  ck_assert_uint_eq(numbers.bytes, 64);
  ck_assert_uint_eq(numbers.evictions, 0);
}
END_TEST

// The hash says where to look, and the text and the generations are compared.
START_TEST(equal_hashes_are_no_equal_calls) {
  const Shared shared(AnswerStore::kLeastSize);
  AnswerStore store = shared.store();
  for (const char* text : {"one", "two", "six"}) {
    for (uint64_t generation = 1; generation <= 2; ++generation) {
      const std::string value = text + std::to_string(generation);
      const std::string_view piece = value;
      ck_assert(store.keep({77, generation, text}, &piece, 1));
    }
  }
  BlockArena arena;
  std::string_view value;
  for (const char* text : {"one", "two", "six"}) {
    for (uint64_t generation = 1; generation <= 2; ++generation) {
      ck_assert(store.find({77, generation, text}, arena, value));
      ck_text_eq(value, text + std::to_string(generation));
    }
  }
  ck_assert(!store.find({77, 3, "one"}, arena, value) && !store.find({77, 1, "on"}, arena, value));
}
END_TEST

START_TEST(large_answers) {
  for (const size_t size : {2 * kMiB, 16 * kMiB}) {
    const Shared shared(size);
    AnswerStore store = shared.store();
    ck_assert_uint_ge(store.max_value(), size == 16 * kMiB ? AnswerStore::kMaxValue : 256 << 10U);
    ck_assert(!keep(store, 1, 1, AnswerStore::kMaxValue + 100));
    for (uint64_t number = 0; number < 100; ++number) {
      ck_assert(keep(store, number, 1, 260000 - number));
      ck_assert(found(store, number, 1, 260000 - number) != "");
      within_bounds(store);
    }
    ck_assert_uint_gt(store.numbers().evictions, 0);
  }
}
END_TEST

// A call that comes again and again stays while others pass by.
START_TEST(the_answers_that_are_used_stay) {
  const Shared shared(2 * kMiB);
  AnswerStore store = shared.store();
  for (uint64_t number = 0; number < 100; ++number) ck_assert(keep(store, number, 1, 1000));
  for (uint64_t other = 1000; other < 20000; ++other) {
    ck_assert(keep(store, other, 1, 1000));
    for (uint64_t number = 0; other % 200 == 0 && number < 100; ++number)
      ck_assert_msg(found(store, number, 1, 1000) != "", "%zu is gone after %zu others",
                    static_cast<size_t>(number), static_cast<size_t>(other));
  }
  within_bounds(store);
}
END_TEST

// Against a map: nothing else is found than what was kept, and what was kept just now is there.
START_TEST(any_order_of_calls) {
  std::mt19937_64 random(20261201);
  for (const size_t size : {kMiB, 3 * kMiB, 9 * kMiB}) {
    const Shared shared(size);
    AnswerStore store = shared.store();
    std::map<uint64_t, bool> kept;
    size_t hits = 0;
    for (int step = 0; step < 60000; ++step) {
      const uint64_t number = random() % 4000;
      if (random() % 2 == 0) {
        ck_assert(keep(store, number, number % 3, size_of(number)));
        kept[number] = true;
        ck_assert(found(store, number, number % 3, size_of(number)) != "");
      } else if (found(store, number, number % 3, size_of(number)) != "") {
        ck_assert(kept[number]);
        ++hits;
      }
      if (step % 100 == 0) within_bounds(store);
    }
    ck_assert_uint_gt(hits, 1000);
  }
}
END_TEST

// Several processes read and write until the time is over. `die`: each kills itself at a random moment, and
// another one comes in its place.
void storm(const Shared& shared, int processes, int milliseconds, bool die) {
  timespec begin{};
  clock_gettime(CLOCK_MONOTONIC, &begin);
  const auto left = [begin, milliseconds] {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return milliseconds - ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000);
  };
  std::mt19937_64 random(7);
  std::vector<pid_t> children;
  const auto start = [&] {
    const uint64_t seed = random();
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid > 0) return pid;
    std::mt19937_64 own(seed);
    AnswerStore store = shared.store();
    while (left() > 0) {
      for (int i = 0; i < 50; ++i) {
        const uint64_t number = own() % 3000;
        if (found(store, number, 1, size_of(number)).empty()) keep(store, number, 1, size_of(number));
      }
    }
    _exit(0);
  };
  for (int i = 0; i < processes; ++i) children.push_back(start());
  while (die && left() > 0) {
    usleep(static_cast<useconds_t>(random() % 1500));
    pid_t& child = children[random() % children.size()];
    kill(child, SIGKILL);
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ||
                      (WIFEXITED(status) && WEXITSTATUS(status) == 0),
                  "a process ended with status %d", status);
    child = start();
  }
  for (const pid_t pid : children) {
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
  }
}

// Each shard can be written to, and all of the memory holds answers.
void is_whole(const Shared& shared) {
  AnswerStore store = shared.store();
  within_bounds(store);
  for (uint64_t number = 100000; number < 103000; ++number) {
    ck_assert_msg(keep(store, number, 9, 3000), "%zu is not kept", static_cast<size_t>(number));
    ck_assert(found(store, number, 9, 3000) != "");
  }
  size_t there = 0;
  for (uint64_t number = 100000; number < 103000; ++number)
    there += found(store, number, 9, 3000).empty() ? 0 : 1;
  const AnswerStore::Numbers numbers = store.numbers();
  ck_assert_uint_gt(there * 3100, shared.size * 7 / 10);
  ck_assert_uint_gt(numbers.bytes, shared.size * 7 / 10);
  within_bounds(store);
}

START_TEST(processes_share_it) {
  const Shared shared(9 * kMiB);
  storm(shared, 3, 1500, false);
  ck_assert_uint_gt(shared.store().numbers().hits, 1000);
  is_whole(shared);
}
END_TEST

START_TEST(processes_die_at_any_moment) {
  const Shared shared(2 * kMiB);
  storm(shared, 3, 2500, true);
  ck_assert_uint_gt(shared.store().numbers().hits, 1000);
  is_whole(shared);
}
END_TEST

TABLEGATE_SUITE("core_answer_store", what_is_kept_is_found, equal_hashes_are_no_equal_calls, large_answers,
                the_answers_that_are_used_stay, any_order_of_calls, processes_share_it,
                processes_die_at_any_moment);

}  // namespace
