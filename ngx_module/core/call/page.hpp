// Which page of its rows a request asks for: the parameters pageNum, pageSize,
// returnTotalNum and cursor, checked, and the values that the statement gets for
// them. Part of bind_parameters(). Also how a cursor's content is made of the sort
// values of a row, which is the one place that knows its form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "core/answer/json_writer.hpp"
#include "core/answer/problem.hpp"
#include "core/arena.hpp"
#include "core/digest.hpp"
#include "core/manifest/manifest.hpp"
#include "core/plan/bound_values.hpp"

namespace tablegate::core {

// How far from the first row a page may end by its number. A cursor has no such bound.
constexpr uint64_t kMaxPageDepth = 1000000;

// The parameters that pages add to an API, in their order in Api::parameters. Only pageSize has a default.
struct PageParameter {
  std::string_view name;
  ParameterType type;
  ColumnType column_type;
};
constexpr PageParameter kPageParameters[] = {{"pageNum", ParameterType::long_, ColumnType::int8},
                                             {"pageSize", ParameterType::long_, ColumnType::int8},
                                             {"returnTotalNum", ParameterType::boolean, ColumnType::boolean},
                                             {"cursor", ParameterType::string, ColumnType::text}};
constexpr size_t kPageParameterCount = std::size(kPageParameters);
enum PagePlace : size_t { kPageNum, kPageSize, kReturnTotalNum, kCursor };  // in kPageParameters

struct BoundPage {
  uint64_t number = 1;      // from 1; 0: it continues after a cursor
  uint32_t size = 0;        // rows
  bool with_total = false;  // the caller asks how many rows there are
  // Of the API, its version and the conditions: equal for requests that ask for pages of the same rows.
  Digest conditions{};
  const char** count = nullptr;  // the bound value page_total; null: there is none

  // Whether the statement counts the rows. It does where with_total.
  void set_counting(bool counting) {
    if (count != nullptr) *count = counting ? "t" : nullptr;
  }
};

// What is wrong with a value that does not have the type of its parameter: of pageNum and pageSize their own
// range in place of that of a LONG. `detail`: of another parameter, unchanged.
std::string_view page_detail(const Api& api, size_t parameter, std::string_view detail);

// Checks what the request says of pages, of an API that has them, and fills in the internal values. `values`:
// of all parameters and internal values, NUL-terminated; `items`: BoundValues'.
Problem bind_page(const Api& api, const char** values, const BoundItems* items, Arena& arena,
                  BoundPage& page);

// The cursor that continues after a row. `keys`: its sort values, Pages::key_count of them. Null data(): no
// memory.
std::string_view cursor_after(const Pages& pages, const BoundPage& page, const Cell* keys, Arena& arena);

// Reads the content of a cursor into Pages::key_count values, NUL-terminated in the arena, null for NULL.
// False: it has another form, or there is no memory.
bool read_cursor_content(std::string_view content, size_t count, Arena& arena, const char** values);

}  // namespace tablegate::core
