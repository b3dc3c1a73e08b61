// Base64 (RFC 4648): the URL alphabet without padding for tokens and keys
// (RFC 7515 section 2), the standard one with padding for signatures and
// Content-MD5. Decoding is strict, so that one value has one spelling: no other
// character, no blank or line end, no missing or extra padding, zero trailing
// bits. Not constant in time: what is compared are decoded bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tablegate::core {

// Section 5, no padding.
std::string base64url_encode(std::string_view bytes);
// Section 4, with padding.
std::string base64_encode(std::string_view bytes);

// Room that decoding a text of this size may need, of either kind.
constexpr size_t base64_decoded_room(size_t text_size) {
  return text_size / 4 * 3 + 3;
}

// Section 5, no padding, into `out`, which has base64_decoded_room(text.size()) bytes; `size` is what was
// written. False: not canonical, and `out` holds anything.
bool base64url_decode(std::string_view text, char* out, size_t& size);
std::optional<std::string> base64url_decode(std::string_view text);

// Section 4, with padding, as above.
bool base64_decode(std::string_view text, char* out, size_t& size);
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace tablegate::core
