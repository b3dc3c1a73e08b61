// core/arena and core/result: memory of a request, errors as values.
#include "core/arena.hpp"

#include <cstdint>

#include "core/result.hpp"
#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

START_TEST(blocks_are_aligned_for_any_pointer_and_do_not_overlap) {
  BlockArena arena;
  std::vector<unsigned char*> blocks;
  for (size_t size = 0; size < 200; ++size) {
    auto* block = static_cast<unsigned char*>(arena.allocate(size));
    ck_assert_ptr_nonnull(block);
    ck_assert_uint_eq(reinterpret_cast<uintptr_t>(block) % alignof(void*), 0);
    for (size_t i = 0; i < size; ++i) block[i] = static_cast<unsigned char>(size);
    blocks.push_back(block);
  }
  for (size_t size = 0; size < blocks.size(); ++size) {
    for (size_t i = 0; i < size; ++i) ck_assert_uint_eq(blocks[size][i], size);
  }
}
END_TEST

START_TEST(copies_are_nul_terminated_and_keep_inner_nul) {
  BlockArena arena;
  const char* copy = arena.copy(std::string_view("a\0b", 3));
  ck_assert_ptr_nonnull(copy);
  ck_text_eq(std::string(copy, 4), std::string("a\0b\0", 4));
  ck_assert_int_eq(*arena.copy({}), '\0');
  ck_assert_int_eq(*arena.copy(std::string_view("abc").substr(3)), '\0');
}
END_TEST

START_TEST(no_memory_is_null) {
  testing::ScarceArena none(0);
  ck_assert_ptr_null(none.copy("a"));
}
END_TEST

START_TEST(an_error_tells_where_and_why) {
  ck_text_eq((Error{"is missing", "/name"}.text()), "/name: is missing");
  ck_text_eq((Error{"is damaged", {}}.text()), "is damaged");
}
END_TEST

START_TEST(a_result_is_a_value_or_an_error) {
  Result<std::string> good = std::string("yes");
  ck_assert(static_cast<bool>(good));
  ck_text_eq(*good, "yes");
  ck_assert_uint_eq(good->size(), 3);
  const Result<std::string> bad = Error{"no", "line 3"};
  ck_assert(!bad);
  ck_text_eq(bad.error().text(), "line 3: no");
  const Status done = Done{};
  ck_assert(static_cast<bool>(done));
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_arena", blocks_are_aligned_for_any_pointer_and_do_not_overlap,
                copies_are_nul_terminated_and_keep_inner_nul, no_memory_is_null, an_error_tells_where_and_why,
                a_result_is_a_value_or_an_error);
