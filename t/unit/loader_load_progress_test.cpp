// The progress of a load: rows, bytes, share, rate, remaining time.
#include "cli/table/load_progress.hpp"

#include "loader_testing.hpp"  // last: see there

using tablegate::loader::progress_text;
using tablegate::loader::testing::same_text;

namespace {

START_TEST(rows_and_bytes_where_nobody_knows_the_whole) {
  same_text(progress_text({1200, 4100000, 0, 0}, 0.5), "1200 rows, 4.1 MB");
  same_text(progress_text({1200, 4100000, 0, 0}, 4), "1200 rows, 4.1 MB, 300 rows/s");
}
END_TEST

START_TEST(share_and_time_left) {
  same_text(progress_text({1000, 25000000, 100000000, 0}, 10),
            "1000 rows, 25.0 MB of 100.0 MB (25 %), 100 rows/s, 30 s left");
  same_text(progress_text({1000, 1000000, 0, 100000}, 10),
            "1000 of 100000 rows, 1.0 MB (1 %), 100 rows/s, 16 min left");
  same_text(progress_text({1000, 1000000, 0, 1000000}, 10),
            "1000 of 1000000 rows, 1.0 MB (0 %), 100 rows/s, 2 h 46 min left");
  same_text(progress_text({500, 1000000, 1000000, 0}, 5), "500 rows, 1.0 MB of 1.0 MB (100 %), 100 rows/s");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_load_progress", rows_and_bytes_where_nobody_knows_the_whole, share_and_time_left);
