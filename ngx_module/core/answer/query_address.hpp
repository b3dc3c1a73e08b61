// The address of the GET that asks for the same rows as a QUERY (RFC 10008): its
// path, and the parameters of its URL and of its body in one query. It never holds
// a credential, and only what the API declares: whatever else a caller sent is not
// repeated. For the headers Content-Location and Link.
#pragma once

#include <string>
#include <string_view>

#include "core/arena.hpp"
#include "core/call/parameters.hpp"
#include "core/manifest/manifest.hpp"

namespace tablegate::core {

// Longer addresses are not given.
constexpr size_t kMaxAddress = 2000;  // bytes

// For a QUERY whose parameters are bound. Empty: it has no such address (too long, a list without items or
// with a comma in an item, a parameter with the name of a credential, a path that begins with "//").
std::string get_address(const Api& api, const RequestData& request, Arena& arena);

// Appends what is percent-encoded already; bytes that a URI's query cannot have (RFC 3986 section 3.4) are
// encoded.
void append_encoded_text(std::string& to, std::string_view text);

}  // namespace tablegate::core
