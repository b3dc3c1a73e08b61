// Chooses a representation by a request's Accept header (RFC 9110 section
// 12.5.1).
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string_view>

namespace tablegate::core {

// The index in `offers` ("application/json") of the one with the largest weight; among equals the more
// specific match, then the first. Also the first if the header is empty, is invalid or matches none.
size_t choose_representation(std::string_view accept, std::initializer_list<std::string_view> offers);

}  // namespace tablegate::core
