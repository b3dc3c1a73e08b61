// The arena that flights use again and again: alignment, growth beyond its first block, clear().
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "core/arena.hpp"
#include "testing.hpp"

using namespace tablegate::core;

namespace {

bool is_aligned(const void* address) {
  return reinterpret_cast<uintptr_t>(address) % alignof(void*) == 0;
}

START_TEST(pieces_do_not_overlap) {
  ReusableArena arena;
  for (int round = 0; round < 3; ++round) {
    std::vector<char*> pieces;
    std::vector<size_t> sizes;
    for (const size_t size : {1U, 7U, 8U, 0U, 500U, 100U, 3000U, 100000U, 16U, 1024U, 1025U, 9U}) {
      for (int i = 0; i < 5; ++i) {
        char* piece = static_cast<char*>(arena.allocate(size));
        ck_assert_ptr_nonnull(piece);
        ck_assert(is_aligned(piece));
        if (size != 0) memset(piece, static_cast<int>(pieces.size() + 1), size);
        pieces.push_back(piece);
        sizes.push_back(size);
      }
    }
    for (size_t i = 0; i < pieces.size(); ++i) {
      for (size_t at = 0; at < sizes[i]; ++at) ck_assert_int_eq(pieces[i][at], static_cast<char>(i + 1));
    }
    arena.clear();
  }
}
END_TEST

START_TEST(the_first_block_is_used_again) {
  ReusableArena arena;
  void* first = arena.allocate(100);
  ck_assert_ptr_nonnull(arena.copy(std::string(5000, 'x')));
  arena.clear();
  ck_assert_ptr_eq(arena.allocate(100), first);
}
END_TEST

START_TEST(impossible_sizes_are_refused) {
  ReusableArena arena;
  ck_assert_ptr_null(arena.allocate(SIZE_MAX));
  ck_text_eq(arena.copy("after"), "after");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_reusable_arena", pieces_do_not_overlap, the_first_block_is_used_again,
                impossible_sizes_are_refused);
