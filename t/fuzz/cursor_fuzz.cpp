// Cursors as callers send them: none opens that was not sealed for this call, what
// was sealed opens again, and its content is read without a byte past its end.
#include <cstdint>
#include <cstring>

#include "core/call/page.hpp"
#include "core/proof/cursor.hpp"
#include "fuzzing.hpp"

using namespace tablegate::core;

namespace {

const CursorKey kKey{Digest{1}};
const Digest kAbout{2};

// Any bytes as the content of a cursor.
void read_content(std::string_view content) {
  for (size_t count = 0; count < 4; ++count) {
    BlockArena arena;
    const char* values[4] = {};
    if (!read_cursor_content(content, count, arena, values)) continue;
    size_t size = 0;
    for (size_t i = 0; i < count; ++i) size += 4 + (values[i] == nullptr ? 0 : std::strlen(values[i]));
    INVARIANT(size == content.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  BlockArena arena;
  const std::string_view sealed = seal_cursor(kKey, kAbout, input, arena);
  INVARIANT(sealed.data() != nullptr && open_cursor(kKey, kAbout, sealed, arena) == input);
  INVARIANT(open_cursor(kKey, Digest{3}, sealed, arena).data() == nullptr);
  // Only a text that seal_cursor() makes of its content opens.
  const std::string_view opened = open_cursor(kKey, kAbout, input, arena);
  INVARIANT(opened.data() == nullptr || seal_cursor(kKey, kAbout, opened, arena) == input);
  read_content(input);
  return 0;
}
