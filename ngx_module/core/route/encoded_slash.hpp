// Slashes that a path holds percent-encoded (RFC 3986 section 2.2: "%2F" is data,
// "/" separates segments). nginx decodes both to '/'. Here an encoded one
// becomes a NUL byte, which nginx lets into no path, so that the router keeps it
// in its segment and the value of a path parameter gets its '/' back.
#pragma once

#include <string_view>

#include "core/arena.hpp"

namespace tablegate::core {

// `target`: as received (path[?query]); `path`: what nginx made of it. Returns the path with NUL bytes for
// encoded slashes, in the arena; `path` itself where there are none, where the path is not that of the target
// (a rewrite), and where nginx left out dot segments: nginx has chosen the location by `path`, and a caller
// must not reach with "%2F.." what another location guards. Merged slashes do not count.
std::string_view mark_encoded_slashes(std::string_view target, std::string_view path, Arena& arena);

}  // namespace tablegate::core
