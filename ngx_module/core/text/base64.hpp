// Base64 (RFC 4648): the URL alphabet without padding for tokens and keys (RFC
// 7515 section 2), the standard one with padding for signatures and
// Content-MD5. Decoding is strict, so that a value has one spelling: no other
// character, no blank or line end, no missing or extra padding, zero trailing
// bits. Not constant in time: compare decoded bytes.
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

// The most bytes that decoding a text of this size may write, for both kinds.
constexpr size_t base64_decoded_room(size_t text_size) {
  return text_size / 4 * 3 + 3;
}

// Section 5, no padding, into `out`, which has base64_decoded_room(text.size()) bytes; sets `size` to the
// number of bytes written. False: not canonical; the contents of `out` are then undefined.
bool base64url_decode(std::string_view text, char* out, size_t& size);
std::optional<std::string> base64url_decode(std::string_view text);

// Section 4, with padding, otherwise the same.
bool base64_decode(std::string_view text, char* out, size_t& size);
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace tablegate::core
