#include "pg/page_cells.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "core/answer/totals.hpp"

namespace tablegate::pg {
namespace {

bool read_number(const core::Cell& cell, std::optional<uint64_t>& number) {
  uint64_t read = 0;
  const auto end = std::from_chars(cell.data, cell.data + cell.size, read);
  if (end.ec != std::errc() || end.ptr != cell.data + cell.size) return false;
  number = read;
  return true;
}

std::size_t first_key(const core::Api& api) {
  return core::output_columns(api);
}

// Also of a statement that reads no table.
std::size_t count_generations(const core::Api& api) {
  return std::max<std::size_t>(api.pages.tables.size(), 1);
}

// The generations in the first row, from this column on.
bool read_page_generations(const core::Api& api, const Cells& cells, std::size_t column,
                           core::PageAnswer& answer) {
  const std::size_t count = count_generations(api);
  uint64_t all = 0;
  bool known = true;
  for (std::size_t i = 0; i < count; ++i) {
    const core::Cell cell = cells.cell(0, column + i);
    std::optional<uint64_t> number;
    if (cell.data != nullptr && !read_number(cell, number)) return false;
    known = known && number;
    all = count == 1 ? number.value_or(0) : core::with_generation(all, number.value_or(0));
    if (count == 1) continue;
    answer.generations += i == 0 ? '{' : ',';
    answer.generations += api.pages.tables[i].key + (number ? std::to_string(*number) : "null");
  }
  if (count > 1) answer.generations += '}';
  if (known) answer.generation = all;
  return true;
}

}  // namespace

bool is_page_size(const core::Api& api, std::size_t columns) {
  const std::size_t least = first_key(api) + api.pages.key_count + 1 + count_generations(api);
  return columns == least || (columns == least + 1 && api.pages.total);
}

bool read_page(const core::Api& api, const core::BoundPage& page, const Cells& cells, core::Arena& arena,
               core::PageAnswer& answer) {
  const core::Pages& pages = api.pages;
  const std::size_t marker = first_key(api) + pages.key_count;
  answer.number = page.number;
  answer.size = page.size;
  answer.has_cursors = pages.key_count != 0 && pages.cursor_key->usable();
  if (cells.rows() == 0) return false;
  if (!read_page_generations(api, cells, marker + 1, answer)) return false;
  const std::size_t total = marker + 1 + count_generations(api);
  if (cells.columns() > total && !read_number(cells.cell(0, total), answer.total)) return false;
  if (cells.cell(0, marker).data == nullptr) return true;
  answer.rows = std::min<std::size_t>(cells.rows(), page.size);
  answer.more = cells.rows() > page.size;
  if (!answer.more || !answer.has_cursors) return true;
  auto* const keys = static_cast<core::Cell*>(arena.allocate(pages.key_count * sizeof(core::Cell)));
  if (keys == nullptr) return false;
  for (std::size_t i = 0; i < pages.key_count; ++i) keys[i] = cells.cell(answer.rows - 1, first_key(api) + i);
  answer.next_cursor = core::cursor_after(pages, page, keys, arena);
  return answer.next_cursor.data() != nullptr;
}

}  // namespace tablegate::pg
