// Which of the representations on offer a request's Accept header asks for (RFC
// 9110 section 12.5.1).
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string_view>

namespace tablegate::core {

// The place in `offers` ("application/json") of the one with the largest weight; of equals the one that is
// named more exactly, then the first. The first as well where the header is empty, is broken or takes none.
size_t choose_representation(std::string_view accept, std::initializer_list<std::string_view> offers);

}  // namespace tablegate::core
