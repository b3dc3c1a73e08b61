#include "pg/page_cells.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace tablegate::pg {
namespace {

constexpr std::size_t kAfterKeys = 2;  // marker and generation; the total may follow

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

}  // namespace

bool is_page_size(const core::Api& api, std::size_t columns) {
  const std::size_t least = first_key(api) + api.pages.key_count + kAfterKeys;
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
  const core::Cell generation = cells.cell(0, marker + 1);
  if (generation.data != nullptr && !read_number(generation, answer.generation)) return false;
  if (cells.columns() > marker + kAfterKeys && !read_number(cells.cell(0, marker + 2), answer.total))
    return false;
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
