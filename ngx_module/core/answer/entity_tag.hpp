// Entity tags (RFC 9110 section 8.8.3) of rows, and what If-None-Match says of them. A tag is made of the
// digest of the call and of the generations that its rows were read from.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/call/call_digest.hpp"

namespace tablegate::core {

// W/, quotes, 32 and 16 hexadecimal digits and what is between them.
constexpr size_t kEntityTagRoom = 2 + 2 + 32 + 1 + 16;

// `weak`: the bytes of equal answers may differ. `out` has kEntityTagRoom bytes and outlives the result.
std::string_view write_entity_tag(const CallDigest& call, uint64_t generations, bool weak, char* out);

// Whether a value of If-None-Match names the tag, by weak comparison (section 13.1.2), or is `*`. What has
// another form than a list of tags names none from there on.
bool names_entity_tag(std::string_view value, std::string_view tag);

}  // namespace tablegate::core
