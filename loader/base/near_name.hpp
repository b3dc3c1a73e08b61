// Which name was meant: how many letters two names are apart, and the nearest of
// some ("did you mean"). Letters are characters of UTF-8. Upper and lower case of
// ASCII count as the same in nearest_name() and did_you_mean().
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tablegate::loader {

// Letters to insert, remove, replace or swap with the next one (optimal string alignment).
size_t letters_apart(std::string_view one, std::string_view other);

// At most two letters apart, fewer where the name is short: "ds" is not nearly "cn".
bool is_near(std::string_view text, std::string_view name);

// The nearest to `text`, of any distance that is_near() allows; or empty. Of several at one distance, the one
// that begins like it, then the first. `<>`, `varchar` and other words of SQL have the name that is meant.
std::string nearest_name(std::string_view text, const std::vector<std::string>& names);

// ` (did you mean "Users"?)`, to stand behind the name that is not there; empty where none is near.
std::string did_you_mean(std::string_view text, const std::vector<std::string>& names);

}  // namespace tablegate::loader
