// core/nonce_times: which signed times count after a change of the window. A model of the table stands beside
// it: no request is accepted twice.
#include "core/shared/nonce_times.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

constexpr int64_t kNow = 1750000000;

// As HmacVerifier::check_time() with the policy of ngx/config.cpp.
bool is_in_time(const NonceTimes& times, int64_t window, int64_t signed_at, int64_t now) {
  const NonceTimes::Limits limits = times.limits(window);
  window = std::min(window, limits.window);
  if (signed_at < now - window || signed_at > now + window) return false;
  return signed_at >= limits.valid_from &&
         (signed_at >= limits.aged_until || signed_at >= now - limits.aged_window);
}

START_TEST(after_a_start) {
  NonceTimes times;
  times.begin(kNow);
  times.serve(900, kNow);
  ck_assert(!is_in_time(times, 900, kNow - 1, kNow + 5));
  ck_assert(is_in_time(times, 900, kNow, kNow + 5));
  ck_assert(is_in_time(times, 900, kNow + 5, kNow + 5));
  ck_assert_int_eq(times.limits(900).hold, 1800);
}
END_TEST

START_TEST(a_window_that_grows) {
  NonceTimes times;
  times.begin(kNow - 10000);
  times.serve(2, kNow - 10000);
  ck_assert_int_eq(times.limits(2).hold, 4);
  times.serve(900, kNow);
  times.serve(900, kNow);                        // the second worker
  ck_assert_int_eq(times.limits(2).hold, 1800);  // an old worker that still serves
  ck_assert(is_in_time(times, 900, kNow, kNow));
  ck_assert(is_in_time(times, 900, kNow - 2, kNow));
  ck_assert(!is_in_time(times, 900, kNow - 3, kNow));
  ck_assert(!is_in_time(times, 900, kNow + 2, kNow + 5));  // taken before the change, two seconds ahead
  ck_assert(is_in_time(times, 900, kNow + 3, kNow + 300));
  times.serve(3000, kNow + 2);  // once more, before the first change is forgotten
  ck_assert(!is_in_time(times, 3000, kNow - 3, kNow + 2));
  ck_assert(!is_in_time(times, 3000, kNow + 2, kNow + 5));
}
END_TEST

START_TEST(a_window_that_shrinks_and_grows_again) {
  NonceTimes times;
  times.begin(kNow - 10000);
  times.serve(900, kNow - 10000);
  times.serve(2, kNow - 5000);
  ck_assert_int_eq(times.limits(2).hold, 4);
  ck_assert_int_eq(times.limits(900).hold, 1800);
  times.serve(900, kNow);
  ck_assert(!is_in_time(times, 900, kNow - 3, kNow));
  ck_assert(is_in_time(times, 900, kNow, kNow));
}
END_TEST

START_TEST(after_a_window_of_0) {
  NonceTimes times;
  times.begin(kNow - 10000);
  times.serve(0, kNow - 10000);
  times.serve(900, kNow);
  ck_assert(!is_in_time(times, 900, kNow - 1, kNow));
  ck_assert(is_in_time(times, 900, kNow + 1, kNow + 100));
}
END_TEST

// Windows change at random; a process of before may serve 20 s longer. Each request comes again and again.
START_TEST(nothing_is_accepted_twice) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    srandom(seed);
    const auto random_below = [](int64_t end) { return ::random() % end; };
    NonceTimes times;
    times.begin(kNow - 1);
    int64_t window = 1 + random_below(20);
    int64_t older = window;
    int64_t older_until = 0;
    times.serve(window, kNow - 1);
    std::map<int64_t, int64_t> held;  // by signed time: until when its nonce is known
    std::map<int64_t, int> accepted;
    for (int64_t now = kNow; now < kNow + 300; ++now) {
      if (random_below(30) == 0) {
        older = window;
        older_until = now + 20;
        window = random_below(2) == 0 ? 1 + random_below(20) : 1 + random_below(90);
        times.serve(window, now);
      }
      // A request that was not signed ahead of the start is the only kind that a start can know.
      for (int64_t signed_at = std::max(kNow + 90, now - 100); signed_at < now + 100; ++signed_at) {
        for (const int64_t served : {window, now < older_until ? older : window}) {
          if (!is_in_time(times, served, signed_at, now)) continue;
          if (const auto found = held.find(signed_at); found != held.end() && found->second >= now) continue;
          held[signed_at] = now + times.limits(served).hold;
          ++accepted[signed_at];
        }
      }
    }
    for (const auto& [signed_at, count] : accepted)
      ck_assert_msg(count == 1, "seed %u: signed at +%d, accepted %d times", seed,
                    static_cast<int>(signed_at - kNow), count);
  }
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_nonce_times", after_a_start, a_window_that_grows, a_window_that_shrinks_and_grows_again,
                after_a_window_of_0, nothing_is_accepted_twice);
