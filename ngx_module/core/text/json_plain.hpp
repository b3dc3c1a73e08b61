// Finds what JSON must escape in a text (RFC 8259, section 7): control characters,
// quotes and backslashes. Most texts have none and are then copied as they are. 16 bytes
// at a time with SSE2; the portable form finds the same on every processor.
#pragma once

#include <cstddef>

namespace tablegate::core {

// How many of the first bytes need no escape: `size` if none does.
size_t plain_prefix(const char* text, size_t size);

// The same without SSE2.
size_t plain_prefix_portable(const char* text, size_t size);

}  // namespace tablegate::core
